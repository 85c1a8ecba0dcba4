import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import type { Server } from "../../support/server.ts";
import { callAsOwner, configure } from "../support/owner.ts";
import { useServers } from "../support/servers.ts";

/** The cleanup that a self-hosted server does once a day and at its start. */

const DAY = 24 * 60 * 60_000;

const servers = useServers();

async function notifications(server: Server): Promise<string[]> {
  const { results } = await callAsOwner<{ results: { objectId: string }[] }>(
    server,
    "GET",
    "/1.1/notifications",
  );
  return results.map(({ objectId }) => objectId);
}

/** D1's file in the data folder: the one that has the table. */
async function database(): Promise<DatabaseSync> {
  for (const file of await readdir(servers.folder, { recursive: true })) {
    if (!/d1.*\.sqlite$/i.test(file)) continue;
    const opened = new DatabaseSync(join(servers.folder, file));
    const found = opened.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'notifications'").all();
    if (found.length > 0) return opened;
    opened.close();
  }
  throw new Error("no database has the table");
}

test("[N-11] the cleanup deletes records of notifications after 7 days and keeps newer ones", async () => {
  const first = await servers.start();
  await configure(first, { push: { webhook: { url: "https://push.example.com/" } } });
  for (const id of ["old", "new"]) {
    await callAsOwner(first, "POST", "/1.1/push", { data: "Cheese", notification_id: id });
  }
  expect((await notifications(first)).toSorted()).toEqual(["new", "old"]);
  await first.stop();

  const d1 = await database();
  const then = Date.now() - 7 * DAY - 1;
  d1.prepare("UPDATE notifications SET created_at = ?, push_at = ? WHERE id = 'old'").run(then, then);
  d1.close();

  const second = await servers.start();
  await expect.poll(() => notifications(second), { timeout: 20_000 }).toEqual(["new"]);
});
