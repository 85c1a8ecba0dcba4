import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { Archive } from "../../../src/database/messages/archive.ts";
import { archivedUpTo } from "../../../src/database/messages/archive-progress.ts";
import { bucketOf } from "../../../src/database/messages/buckets.ts";
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

test("the migration to one row a message gives each the bucket that is looked for, and lists their last messages", async () => {
  const { DB, TEST_MIGRATIONS } = env;
  await emptyWorld();
  const before = TEST_MIGRATIONS.findIndex(({ name }) => name.startsWith("0016"));
  await applyD1Migrations(DB, TEST_MIGRATIONS.slice(0, before));
  const senders = [
    "tom",
    "",
    "5f1a2b3c4d5e6f7081920a1b",
    "群聊",
    "😀",
    "a😀b",
    // SQLite reads these as U+FFFD.
    "\uffff",
    "a\ufffeb",
    "\u{1ffff}",
    "x".repeat(64),
    "y".repeat(70),
  ];
  const now = Date.UTC(2026, 10, 29);
  const said = senders.flatMap((sender, at) => [at, now - at * 2 ** 30].map((time) => ({ sender, time })));
  for (const { sender, time } of said)
    await DB.prepare(
      "INSERT INTO messages (timestamp, conversation_id, id, sender, content, mention_all, mentions, receipt, " +
        "recalled) VALUES (?1, 'pairChat', 'm' || ?1, ?2, 'hello', 0, '[]', 0, 0)",
    )
      .bind(time, sender)
      .run();
  const { kind, creator, createdAt, updatedAt } = conversation("pairChat");
  for (const [id, archivedAt] of Object.entries({ pairChat: now, larder: now, attic: null }))
    await DB.prepare(
      "INSERT INTO conversations (id, kind, creator, members, muted, attributes, columns, is_unique, created_at, " +
        "updated_at, last_message_at, archived_at) VALUES (?, ?, ?, '[]', '[]', '{}', '{}', 0, ?, ?, ?6, ?6)",
    )
      .bind(id, kind, creator, createdAt, updatedAt, archivedAt)
      .run();

  await applyD1Migrations(DB, TEST_MIGRATIONS);
  const { results } = await DB.prepare("SELECT bucket, timestamp, sender FROM messages").all();
  expect(results).toHaveLength(said.length);
  for (const { time, sender } of said)
    expect(results).toContainEqual({ bucket: bucketOf(sender, time), timestamp: time, sender });
  const rows = await DB.prepare("SELECT id, archived_bucket FROM conversations ORDER BY id").raw();
  expect(rows).toEqual([
    ["attic", null],
    ["larder", null],
    ["pairChat", bucketOf("tom", now)],
  ]);
});
