import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Server, startServer } from "../../support/server.ts";

/** What is done once a day, and at the start, on one's own box. */

let data: string;
const servers: Server[] = [];

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "parley-daily-"));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.kill()));
  await rm(data, { recursive: true, force: true, maxRetries: 5 });
});

const DAY = 24 * 60 * 60_000;
const headers = { "X-LC-Id": "parley-dev", "X-LC-Key": "parley-dev-master,master" };

async function start() {
  const server = await startServer({ data });
  servers.push(server);
  const ask = async <Answer>(method: string, path: string, body?: object): Promise<Answer> => {
    const sent = body && { body: JSON.stringify(body) };
    const response = await fetch(server.url + path, { method, headers, ...sent });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    const answer: Answer = await response.json();
    return answer;
  };
  const notifications = async (): Promise<string[]> => {
    const { results } = await ask<{ results: { objectId: string }[] }>("GET", "/1.1/notifications");
    return results.map(({ objectId }) => objectId);
  };
  return { server, ask, notifications };
}

/** D1's file in the data folder: the one that has the table. */
async function database(): Promise<DatabaseSync> {
  for (const file of await readdir(data, { recursive: true })) {
    if (!/d1.*\.sqlite$/i.test(file)) continue;
    const opened = new DatabaseSync(join(data, file));
    const found = opened.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'notifications'").all();
    if (found.length > 0) return opened;
    opened.close();
  }
  throw new Error("no database has the table");
}

test("[N-11] the cleanup deletes records of notifications after 7 days and keeps newer ones", async () => {
  const first = await start();
  await first.ask("PATCH", "/admin/settings", { push: { webhook: { url: "https://push.example.com/" } } });
  for (const id of ["old", "new"]) {
    await first.ask("POST", "/1.1/push", { data: "Cheese", notification_id: id });
  }
  expect((await first.notifications()).toSorted()).toEqual(["new", "old"]);
  await first.server.stop();

  const d1 = await database();
  const then = Date.now() - 7 * DAY - 1;
  d1.prepare("UPDATE notifications SET created_at = ?, push_at = ? WHERE id = 'old'").run(then, then);
  d1.close();

  const second = await start();
  await expect.poll(second.notifications, { timeout: 20_000 }).toEqual(["new"]);
});
