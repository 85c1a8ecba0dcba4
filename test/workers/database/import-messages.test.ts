import { beforeAll, expect, test } from "vitest";
import { saveConversation } from "../../../src/database/conversations/save.ts";
import { Archive } from "../../../src/database/messages/archive.ts";
import { archivedUpTo } from "../../../src/database/messages/archive-progress.ts";
import { importToArchive } from "../../../src/database/messages/import.ts";
import { conversation } from "../../support/records.ts";
import { database } from "../support/world.ts";
import { message, WatchedDatabase } from "./database.ts";

/** Imported messages in D1's archive: what they cost, and how far D1 says that it has the log. */

let db: D1Database;
beforeAll(async () => {
  db = await database();
});

const MESSAGES = 50;

async function imported(
  id: string,
  billed: D1Database = db,
  progress = { after: 0, upTo: MESSAGES, oldest: undefined },
) {
  const messages = Array.from({ length: MESSAGES }, (_, at) => message(at + 1));
  const rows = messages.map((each) => ({ ...each, conversationId: id }));
  await importToArchive(Archive.of(billed), rows, [{ conversationId: id, ...progress }]);
}

test("an imported message costs two rows in D1, and each import one for its conversation", async () => {
  await saveConversation(db, conversation("first"));
  const billed = new WatchedDatabase(db);
  await imported("first", billed);
  expect(billed.rowsWritten).toBe(MESSAGES + 1);
});

test("importing the same messages again costs no row in D1", async () => {
  await saveConversation(db, conversation("again"));
  await imported("again");
  const billed = new WatchedDatabase(db);
  await imported("again", billed);
  expect(billed.rowsWritten).toBe(0);
});

test("D1 says how far it has the log only if it has what comes before an import", async () => {
  await saveConversation(db, conversation("gap"));
  await imported("gap", db, { after: 7, upTo: MESSAGES, oldest: undefined });
  expect(await archivedUpTo(db, "gap")).toEqual({ timestamp: 0, patchedAt: 0 });
  await imported("gap");
  expect(await archivedUpTo(db, "gap")).toEqual({ timestamp: MESSAGES, patchedAt: 0 });
});
