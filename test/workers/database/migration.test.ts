import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { Archive } from "../../../src/database/messages/archive.ts";
import { archivedUpTo } from "../../../src/database/messages/archive-progress.ts";
import { messagesOfApp, messagesSentBy } from "../../../src/database/messages/history.ts";
import { conversation } from "../../support/records.ts";
import { emptyWorld } from "../support/world.ts";
import { message } from "./database.ts";

test("the migration to an archive ordered by time keeps its messages and archive positions", async () => {
  const { DB, TEST_MIGRATIONS } = env;
  await emptyWorld();
  await applyD1Migrations(DB, TEST_MIGRATIONS.slice(0, 1));
  const { id, kind, creator, createdAt, updatedAt } = conversation("pairChat");
  for (const name of [id, "larder"]) {
    await DB.prepare(
      "INSERT INTO conversations (id, kind, creator, members, muted, attributes, columns, is_unique, created_at, " +
        "updated_at, last_message_at, archived_patch_at) VALUES (?, ?, ?, '[]', '[]', '{}', '{}', 0, ?, ?, 20, 30)",
    )
      .bind(name, kind, creator, createdAt, updatedAt)
      .run();
  }
  const old = DB.prepare(
    "INSERT INTO messages VALUES ('pairChat', ?, ?, 'tom', ?, unhex(?), 0, '[\"jerry\"]', 1, ?, 0)",
  );
  await old.bind(10, "m1", "first", null, 30).run();
  await old.bind(20, "m2", null, "0102", null).run();

  await applyD1Migrations(DB, TEST_MIGRATIONS);
  const request = { start: undefined, end: undefined, reversed: true, limit: 10, since: 0 };
  const carried = { from: "tom", mentions: ["jerry"], receipt: true };
  const expected = [
    { ...message(10, { ...carried, id: "m1", content: "first", patchedAt: 30 }), conversationId: id },
    { ...message(20, { ...carried, id: "m2", content: new Uint8Array([1, 2]) }), conversationId: id },
  ];
  expect(await messagesOfApp(Archive.of(DB), request)).toEqual(expected);
  expect(await messagesSentBy(Archive.of(DB), "tom", request)).toEqual(expected);
  expect(await archivedUpTo(DB, id)).toEqual({ timestamp: 20, patchedAt: 30 });
  expect(await archivedUpTo(DB, "larder")).toEqual({ timestamp: 0, patchedAt: 30 });
});
