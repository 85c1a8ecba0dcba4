import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { startServer } from "../../../support/server.ts";
import type { Random } from "../random.ts";

/** Who is in everything that is heavy: several, so that the rates of one client are no end to it. */
export const HEAVY = ["mallory-0", "mallory-1", "mallory-2", "mallory-3"];
export const OWNER = { "X-LC-Id": "parley-dev", "X-LC-Key": "parley-dev-master,master" };
const EVERYBODY = [...HEAVY, "popular"];

/** Conversations with an object; those of which only the index knows are for queries. */
const REAL = 100;
const INDEXED = 3_000;
const MESSAGES = 30_000;
const FAT = 600;
const INSTALLATIONS = 2_000;
const SOME_TIME_AGO = 90_000_000; // ms

/** What there is to name. */
export interface Heavy {
  real: string[];
  indexed: string[];
  /** 30,000 short messages, one a second, the first of them so long ago. */
  long: string;
  /** 600 messages of 8 to 30 KB. */
  fat: string;
  first: number;
}

/** Fills an empty folder with what an app has after a while, most of it straight into its databases. */
export async function fillWithMuch(folder: string, random: Random): Promise<Heavy> {
  const server = await startServer({ data: folder });
  const create = async (name: string) => {
    const response = await fetch(`${server.url}/1.2/rtm/conversations`, {
      method: "POST",
      headers: OWNER,
      body: JSON.stringify({ name, m: EVERYBODY, attr: attributes(random, 200), tag: name }),
    });
    const { objectId }: { objectId?: string } = await response.json();
    if (objectId === undefined) throw new Error(`not created: ${response.status}`);
    return objectId;
  };
  const conversations = join(folder, "do/parley-ConversationObject");
  const withFile = async (name: string) => {
    const before = new Set(await databasesIn(conversations));
    const id = await create(name);
    const [file] = (await databasesIn(conversations)).filter((each) => !before.has(each));
    if (file === undefined) throw new Error("no file of a conversation");
    return { id, file };
  };
  const [long, fat] = [await withFile("long"), await withFile("fat")];
  const names = Array.from({ length: REAL }, (_, at) => `real ${at % 50}`);
  const real: string[] = [];
  while (names.length > 0) real.push(...(await Promise.all(names.splice(-20).map(create))));
  await server.stop();

  const first = Date.now() - SOME_TIME_AGO;
  write(long.file, (database) => addMessages(database, first, MESSAGES, (at) => text(at, 20)));
  write(fat.file, (database) =>
    addMessages(database, first, FAT, (at) => text(at, 8_000 + random.below(22_000))),
  );
  const d1 = join(folder, "d1/miniflare-D1DatabaseObject");
  const [index] = await databasesIn(d1);
  if (index === undefined) throw new Error("no file of D1");
  const indexed = Array.from({ length: INDEXED }, (_, at) => `c${at.toString(16).padStart(23, "0")}`);
  write(index, (database) => {
    addRows(database, indexed, first, random);
    addInstallations(database, first, random);
  });
  return { real, indexed, long: long.id, fat: fat.id, first };
}

async function databasesIn(folder: string): Promise<string[]> {
  const files = await readdir(folder);
  return files.filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)).map((name) => join(folder, name));
}

function write(file: string, run: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(file);
  database.exec("BEGIN");
  run(database);
  database.exec("COMMIT");
  database.close();
}

function addMessages(
  database: DatabaseSync,
  first: number,
  count: number,
  content: (at: number) => string,
): void {
  const insert = database.prepare(
    "INSERT INTO messages (timestamp, id, sender, token, origin, content, mentions, flags) VALUES (?, ?, ?, NULL, 0, ?, ?, 0)",
  );
  for (let at = 0; at < count; at += 1) {
    const mentions = at % 10 === 0 ? JSON.stringify(EVERYBODY) : null;
    insert.run(first + at * 1_000, messageId(at), EVERYBODY[at % 5] ?? "", content(at), mentions);
  }
}

/** A message's id as it is written: 22 characters. */
export const messageId = (at: number): string => at.toString(36).padStart(22, "A");

const text = (at: number, length: number) =>
  JSON.stringify({ _lctype: at % 997 === 0 ? 7 : -1, _lctext: `${at} ${"x".repeat(length)}` });

function addRows(database: DatabaseSync, ids: string[], first: number, random: Random): void {
  const row = {
    kind: "normal",
    creator: "mallory-0",
    muted: "[]",
    is_unique: 0,
    created_at: first,
    updated_at: first,
    last_message_at: null,
  };
  for (const member of EVERYBODY) insertInto(database, "clients", { client_id: member, since: 0 });
  for (const [at, id] of ids.entries()) {
    const big = at % 60 === 0 ? 60_000 : 200 + random.below(2_000);
    insertInto(database, "conversations", {
      id,
      ...row,
      name: `room ${at % 300}`,
      members: JSON.stringify(EVERYBODY),
      attributes: JSON.stringify(attributes(random, big)),
      columns: JSON.stringify({ tag: at % 7, n: at }),
      created_at: first + at,
      updated_at: first + at,
      last_message_at: first + random.below(1_000_000),
    });
    for (const member of EVERYBODY) {
      insertInto(database, "members", { client_id: member, conversation_id: id });
    }
  }
}

function addInstallations(database: DatabaseSync, first: number, random: Random): void {
  for (let at = 0; at < INSTALLATIONS; at += 1) {
    const id = `d${at.toString(16).padStart(23, "0")}`;
    const channels = [`channel ${at % 20}`, "news"];
    insertInto(database, "installations", {
      id,
      device_type: "ios",
      device_token: `token ${at}`,
      channels: JSON.stringify(channels),
      valid: 1,
      badge: 0,
      fields: JSON.stringify(attributes(random, 400)),
      created_at: first,
      updated_at: first,
    });
    for (const channel of channels)
      insertInto(database, "installation_channels", { channel, installation: id });
  }
}

function insertInto(database: DatabaseSync, table: string, row: Record<string, SQLInputValue>): void {
  const names = Object.keys(row);
  const places = names.map(() => "?").join();
  database.prepare(`INSERT INTO ${table} (${names.join()}) VALUES (${places})`).run(...Object.values(row));
}

/** Attributes of about so many characters, with what conditions look into: a list, a text, numbers, depth. */
export function attributes(random: Random, size: number): Record<string, unknown> {
  const words = Array.from({ length: Math.floor(size / 16) }, () => `w${random.below(5_000)}`);
  return {
    level: random.below(100),
    list: words,
    text: `${"ab".repeat(size / 8)}c`,
    deep: { a: { b: { c: { d: random.below(10), words: words.slice(0, 10) } } } },
  };
}
