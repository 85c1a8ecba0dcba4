import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Server, startServer } from "../../support/server.ts";
import { callAsOwner, configure, ownerHeaders } from "../support/owner.ts";
import { useServers } from "../support/servers.ts";

/** A server of its own whose messages are in several databases, named by ARCHIVE. */

const servers = useServers();
const HOUR = 60 * 60 * 1_000;
const began = Date.now();
const ARCHIVE = JSON.stringify([
  { since: 0, databases: ["DB"] },
  { since: "2025-01-01", databases: ["DB_1", "DB_2"] },
  { since: began - HOUR, databases: ["DB", "DB_1", "DB_2"] },
]);

interface Row {
  "msg-id": string;
  timestamp: number;
  to: string;
}

const chats = Array.from({ length: 6 }, (_, at) => ({
  objectId: `6500000000000000000000${at}a`,
  name: `chat ${at}`,
  c: "Tom",
  m: ["Tom", "Jerry"],
  createdAt: "2024-01-01T00:00:00.000Z",
  updatedAt: "2024-01-01T00:00:00.000Z",
}));

/** Messages of two earlier generations, imported, and of now. Returns how many. */
async function fill(server: Server): Promise<number> {
  const ages = [
    Date.UTC(2024, 5, 1),
    Date.UTC(2024, 11, 31, 23, 59, 59, 999),
    Date.UTC(2025, 0, 1),
    began - 2 * HOUR,
  ];
  const messages = chats.flatMap(({ objectId }, chat) =>
    ages.flatMap((age, at) =>
      [0, 1].map((more) => ({
        to: objectId,
        "msg-id": `imported-${at}-${more}-${chat}`,
        from: "Tom",
        // Of one millisecond in several conversations, and around the border of the second generation.
        timestamp: age + (at === 1 ? -more : more) * 3,
        data: `imported ${at}`,
      })),
    ),
  );
  await callAsOwner(server, "POST", "/admin/import/conversations", { results: chats, messages });
  for (const { objectId } of chats)
    for (const text of ["now", "and now"])
      await callAsOwner(server, "POST", `/1.2/rtm/conversations/${objectId}/messages`, {
        from_client: "Jerry",
        message: text,
      });
  return messages.length + 2 * chats.length;
}

async function pages(
  server: Server,
  reversed: boolean,
  limit: number,
  path = "/1.2/rtm/messages",
): Promise<Row[]> {
  const seen: Row[] = [];
  for (;;) {
    const last = seen.at(-1);
    const query = new URLSearchParams({ limit: `${limit}`, reversed: `${reversed}` });
    if (last !== undefined) {
      query.set("timestamp", `${last.timestamp}`);
      query.set("msgid", last["msg-id"]);
    }
    const page = await callAsOwner<Row[]>(server, "GET", `${path}?${query}`);
    seen.push(...page);
    if (page.length < limit) return seen;
  }
}

const places = (rows: Row[]) => rows.map((row) => `${row.timestamp} ${row["msg-id"]}`);

async function command(script: "backup" | "restore", ...args: string[]): Promise<number | null> {
  const child = spawn("node_modules/.bin/node", [`scripts/${script}.ts`, ...args], { stdio: "ignore" });
  const [code] = await once(child, "close");
  return code;
}

describe("several databases on one machine", () => {
  test("pages cross generations and databases in both orders, also after a restart and from a backup", async () => {
    const server = await servers.start({ env: { ARCHIVE } });
    const total = await fill(server);
    await expect.poll(() => pages(server, true, 1_000), { timeout: 30_000 }).toHaveLength(total);
    const whole = await pages(server, true, 1_000);
    const sorted = whole.toSorted(
      (one, other) => one.timestamp - other.timestamp || (one["msg-id"] < other["msg-id"] ? -1 : 1),
    );
    expect(places(whole)).toEqual(places(sorted));
    for (const limit of [1, 4, 7]) {
      expect(places(await pages(server, true, limit))).toEqual(places(sorted));
      expect(places(await pages(server, false, limit))).toEqual(places(sorted.toReversed()));
    }
    const jerrys = await pages(server, false, 5, "/1.2/rtm/clients/Jerry/messages");
    expect(jerrys).toHaveLength(2 * chats.length);
    const files = (await readdir(join(servers.folder, "data/d1"), { recursive: true })).filter((name) =>
      /[0-9a-f]{64}\.sqlite$/.test(name),
    );
    expect(files).toHaveLength(3);

    expect(
      await command("backup", "--data", join(servers.folder, "data"), "--to", join(servers.folder, "copy")),
    ).toBe(0);
    expect(await server.stop()).toBe(0);
    const target = join(servers.folder, "restored");
    expect(await command("restore", "--from", join(servers.folder, "copy"), "--data", target)).toBe(0);
    const restored = await servers.start({ data: target, env: { ARCHIVE } });
    expect(places(await pages(restored, false, 7))).toEqual(places(sorted.toReversed()));
  });

  test("a list that does not fit the data is refused at the start, and one that grows is taken", async () => {
    const server = await servers.start({ env: { ARCHIVE } });
    await fill(server);
    await server.stop();
    const list: unknown[] = JSON.parse(ARCHIVE);
    const begun = [...list, { since: began, databases: ["DB"] }];
    for (const wrong of [undefined, JSON.stringify(list.slice(0, 2)), JSON.stringify(begun)])
      await expect(start(wrong)).rejects.toThrow("ARCHIVE does not fit the data");
    await expect(start("[{]")).rejects.toThrow("ARCHIVE: is not JSON");
    const grown = JSON.stringify([...list, { since: Date.now() + 24 * HOUR, databases: ["DB_3"] }]);
    const again = await servers.start({ env: { ARCHIVE: grown } });
    expect((await pages(again, true, 5)).length).toBeGreaterThan(0);
  });

  const start = (variable: string | undefined) =>
    startServer({ data: join(servers.folder, "data"), env: { ARCHIVE: variable } });
});

test("queries across conversations are refused with a number and a sentence while D1 keeps no messages, and say where they begin afterwards", async () => {
  const server = await servers.start();
  await configure(server, { history: { archive: "off" } });
  await fill(server);
  const objectId = chats[0]?.objectId;
  for (const path of ["/1.2/rtm/messages", "/1.2/rtm/clients/Jerry/messages", "/1.1/rtm/messages/history"]) {
    const refused = await fetch(server.url + path, { headers: ownerHeaders });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({
      code: 403,
      error: expect.stringMatching(/history\.archive is off/),
    });
  }
  const own = `/1.2/rtm/conversations/${objectId}/messages`;
  expect(await callAsOwner<Row[]>(server, "GET", own)).toHaveLength(10);

  await configure(server, { history: { archive: "all" } });
  const answer = await fetch(`${server.url}/1.2/rtm/messages`, { headers: ownerHeaders });
  expect(await answer.json()).toEqual([]);
  expect(Number(answer.headers.get("X-Parley-Complete-Since"))).toBeGreaterThan(Date.now());
  const before = await fetch(`${server.url}/1.2/rtm/messages?timestamp=${began - 24 * HOUR}`, {
    headers: ownerHeaders,
  });
  expect(before.status).toBe(403);
});
