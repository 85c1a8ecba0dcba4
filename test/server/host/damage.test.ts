import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { history, logs, refusal, say, start as startChat } from "../../support/chat.ts";
import { NodeDevice } from "../support/node-device.ts";
import { useServers } from "../support/servers.ts";

/** One damaged file, of a conversation or of a client, among sound ones. */

const servers = useServers();

/** The files of a class of objects. */
async function filesOf(name: "Conversation" | "Client"): Promise<string[]> {
  const folder = join(servers.folder, `data/do/parley-${name}Object`);
  const names = await readdir(folder);
  return names.filter((file) => /^[0-9a-f]{64}\.sqlite$/.test(file)).map((file) => join(folder, file));
}

/** Overwrites all of it but the header, as a failing disk does. */
async function damage(path: string): Promise<void> {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  const file = await open(path, "r+");
  const { size } = await file.stat();
  await file.write(Buffer.alloc(size - 100, 0xee), 0, size - 100, 100);
  await file.close();
}

test("[I10] commands to a conversation whose file is damaged are answered with an error code, and other conversations work", async () => {
  const first = await servers.start();
  const tom = await NodeDevice.of(first, "Tom");
  const broken = await startChat(tom, ["Tom", "Jerry"]);
  await say(tom, broken, "before");
  const [path] = await filesOf("Conversation");
  const sound = await startChat(tom, ["Tom", "Spike"]);
  await say(tom, sound, "before");
  await first.kill();
  await damage(path ?? "");

  const second = await servers.start();
  const [again, spike] = [await NodeDevice.of(second, "Tom"), await NodeDevice.of(second, "Spike")];
  expect(refusal(await say(spike, sound, "after"))).toBe("");
  await again.message("after");
  const answers = [say(again, broken, "lost"), logs(again, broken)];
  expect(refusal(await say(again, sound, "meanwhile"))).toBe("");
  for (const answer of await Promise.all(answers)) expect(refusal(answer)).toMatch(/^\d{4} /);
  expect(await history(again, sound)).toEqual(["before", "after", "meanwhile"]);
  expect((await fetch(`${second.url}/healthz`)).status).toBe(200);
});
