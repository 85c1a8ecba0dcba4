/** @module-tag prlimit */
import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { heard, history, logs, refusal, say, start as startChat } from "../../support/chat.ts";
import type { Server } from "../../support/server.ts";
import { NodeDevice } from "../support/node-device.ts";
import { useServers } from "../support/servers.ts";

/** A disk that takes nothing any more, played by the size up to which workerd may write files. */

const run = promisify(execFile);
/** A conversation that failed may be tried again after a second; a disk that has room is used within this (ms). */
const PATIENCE = 10_000;

const servers = useServers();

async function start(): Promise<Server> {
  const path = join(servers.folder, "workerd");
  const { default: workerd }: { default: string } = createRequire(import.meta.url)("workerd");
  // Without the trap the kernel ends a process that writes too much.
  await writeFile(path, `#!/bin/sh\ntrap '' XFSZ\nexec '${workerd}' "$@"\n`, { mode: 0o755 });
  return servers.start({ env: { MINIFLARE_WORKERD_PATH: path } });
}

async function runtimeOf(server: Server): Promise<string> {
  for (const name of await readdir("/proc")) {
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    const [, pid, parent] = /^(\d+) \(workerd\) \S (\d+)/.exec(stat) ?? [];
    if (pid !== undefined && parent === String(server.pid)) return pid;
  }
  throw new Error("no workerd");
}

async function fill(server: Server): Promise<void> {
  await run("prlimit", [`--pid=${await runtimeOf(server)}`, "--fsize=0:unlimited"]);
}

async function makeRoom(server: Server): Promise<void> {
  await run("prlimit", [`--pid=${await runtimeOf(server)}`, "--fsize=unlimited:unlimited"]);
}

/** Sends again until it succeeds, as a person does. */
async function sayUntilTaken(device: NodeDevice, chat: string, text: string): Promise<void> {
  const deadline = Date.now() + PATIENCE;
  while (refusal(await say(device, chat, text)) !== "") {
    if (Date.now() > deadline) throw new Error(`${text} is still refused`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

test("[I1] [I10] while the disk is full, sends are refused with an error code and sockets stay open, and afterwards sends succeed", async () => {
  const server = await start();
  const [tom, jerry] = [await NodeDevice.of(server, "Tom"), await NodeDevice.of(server, "Jerry")];
  const chat = await startChat(tom, ["Tom", "Jerry"]);
  for (const text of ["one", "two"]) {
    await say(tom, chat, text);
    await jerry.message(text);
  }
  await say(jerry, chat, "three");
  await tom.message("three");

  await fill(server);
  const sends = [1, 2, 3, 4, 5].map((number) => say(tom, chat, `lost ${number}`));
  for (const answer of await Promise.all(sends)) expect(refusal(answer)).toBe("4200 INTERNAL_ERROR");
  expect(refusal(await say(jerry, chat, "lost 6"))).toBe("4200 INTERNAL_ERROR");
  expect(refusal(await logs(tom, chat))).toMatch(/^(|4200 INTERNAL_ERROR)$/);

  await makeRoom(server);
  await sayUntilTaken(tom, chat, "four");
  await jerry.message("four");
  await sayUntilTaken(jerry, chat, "five");
  await tom.message("five");
  expect(await history(tom, chat)).toEqual(["one", "two", "three", "four", "five"]);
  expect(heard(jerry, chat)).toEqual(["one", "two", "four"]);
  for (const device of [tom, jerry]) expect(device.closed).toBeUndefined();
});

test("[I1] [I10] when the disk is full and a client's object fails too, unanswered commands are refused with an error code first", async () => {
  const server = await start();
  const tom = await NodeDevice.of(server, "Tom");
  const first = await startChat(tom, ["Tom", "Jerry"]);
  const second = await startChat(tom, ["Tom", "Spike"]);
  await say(tom, first, "before");

  await fill(server);
  // The second was never subscribed: that it may hold news is written down before it is.
  const answers = await Promise.all([say(tom, second, "lost"), say(tom, first, "lost")]);
  for (const answer of answers) expect(refusal(answer)).toBe("4200 INTERNAL_ERROR");

  await makeRoom(server);
  const again = await NodeDevice.of(server, "Tom");
  await sayUntilTaken(again, first, "after");
  await sayUntilTaken(again, second, "after");
  expect(await history(again, first)).toEqual(["before", "after"]);
  expect(await history(again, second)).toEqual(["after"]);
});
