import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { history, refusal, say, start as startChat } from "../../support/chat.ts";
import type { Server } from "../../support/server.ts";
import { NodeDevice } from "../support/node-device.ts";
import { callAsOwner, configure } from "../support/owner.ts";
import { useServers } from "../support/servers.ts";

/** `npm run backup` while clients write, and `npm run restore`. */

const servers = useServers();

async function command(script: "backup" | "restore", ...args: string[]) {
  const child = spawn("node_modules/.bin/node", [`scripts/${script}.ts`, ...args]);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  const [code] = await once(child, "close");
  return { code, output: output.trim() };
}

interface Chat {
  id: string;
  writer: string;
  reader: string;
  /** Acknowledged texts by their message's id, and when (ms); of an edit, the latest. */
  acknowledged: Map<string, { text: string; at: number; from: string }>;
}

const CHATS = 6;

/** Clients that write and edit, with readers of whom every other connects and leaves, until they are stopped. */
async function life(server: Server): Promise<{ chats: Chat[]; stop(): Promise<void> }> {
  let goesOn = true;
  const chats: Chat[] = [];
  const lives: Promise<void>[] = [];
  for (let count = 0; count < CHATS; count++) {
    const [writer, reader] = [`writer-${count}`, `reader-${count}`];
    const device = await NodeDevice.of(server, writer);
    const chat = { id: await startChat(device, [writer, reader]), writer, reader, acknowledged: new Map() };
    chats.push(chat);
    lives.push(write(device, chat, () => goesOn));
    if (count % 2 === 1) lives.push(comeAndGo(server, chat, () => goesOn));
  }
  const stop = async () => {
    goesOn = false;
    await Promise.all(lives);
  };
  return { chats, stop };
}

async function write(device: NodeDevice, chat: Chat, goesOn: () => boolean): Promise<void> {
  for (let count = 0; goesOn(); count++) {
    const accepted = await say(device, chat.id, `text ${count}`);
    // A busy server refuses commands, for another try.
    if (refusal(accepted) !== "") continue;
    const [id, sentAt] = [accepted.ackMessage?.uid ?? "", Number(accepted.ackMessage?.t)];
    chat.acknowledged.set(id, { text: `text ${count}`, at: Date.now(), from: `text ${count}` });
    if (count % 10 !== 9) continue;
    const patch = {
      cid: chat.id,
      mid: id,
      timestamp: sentAt,
      data: new TextEncoder().encode(`edited ${count}`),
    };
    const edited = await device.ask({ cmd: "patch", op: "modify", patchMessage: { patches: [patch] } });
    if (refusal(edited) !== "") continue;
    chat.acknowledged.set(id, { text: `edited ${count}`, at: Date.now(), from: `text ${count}` });
  }
  device.close();
}

async function comeAndGo(server: Server, chat: Chat, goesOn: () => boolean): Promise<void> {
  while (goesOn()) {
    const device = await NodeDevice.of(server, chat.reader);
    await new Promise((resolve) => setTimeout(resolve, 300));
    device.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Checks what a restored server must have, whenever the backup was taken. */
async function expectSound(server: Server, chats: Chat[], began: number): Promise<void> {
  for (const { id, writer, reader, acknowledged } of chats) {
    const device = await NodeDevice.of(server, reader);
    const { unreadMessage } = await device.push("unread");
    const texts = new Set(await history(device, id));
    for (const { text, at } of acknowledged.values()) if (at < began) expect(texts).toContain(text);
    const known = new Set([...acknowledged.values()].flatMap(({ text, from }) => [text, from]));
    expect(known).toEqual(new Set([...known, ...texts]));
    expect(unreadMessage?.convs).toMatchObject([{ cid: id, unread: texts.size }]);

    const archived = async () => {
      const messages = await callAsOwner<{ data: string }[]>(
        server,
        "GET",
        `/1.2/rtm/clients/${writer}/messages?limit=1000`,
      );
      return messages.map(({ data }) => data).toSorted();
    };
    await expect.poll(archived, { timeout: 40_000 }).toEqual([...texts].toSorted());
    const again = await NodeDevice.of(server, writer);
    await say(again, id, "after the restoration");
    await device.message("after the restoration");
    for (const each of [device, again]) each.close();
  }
}

describe("a backup", () => {
  test("a backup of a running server has everything that was acknowledged before, as of one moment, and starts as after a crash", {
    tags: "linux",
  }, async () => {
    const data = join(servers.folder, "data");
    const server = await servers.start({ data: data });
    await configure(server, { limits: { sendsPerMinute: 0, otherCommandsPerMinute: 0 } });
    const { chats, stop } = await life(server);
    const backups: { folder: string; began: number }[] = [];
    for (const name of ["one", "two"]) {
      await new Promise((resolve) => setTimeout(resolve, 700));
      const folder = join(servers.folder, name);
      const began = Date.now();
      const { code, output } = await command("backup", "--to", folder, "--data", data);
      expect(output).toMatch(/^Backed up to .*: 6 conversations, 9 clients, .* stood still for \d+ ms\.$/);
      expect(code).toBe(0);
      backups.push({ folder, began });
    }
    await stop();
    await server.kill();

    for (const { folder, began } of backups) {
      const target = `${folder}-restored`;
      expect(await command("restore", "--from", folder, "--data", target)).toMatchObject({ code: 0 });
      const restored = await servers.start({ data: target });
      await expectSound(restored, chats, began);
      expect(
        (await callAsOwner<{ limits: { sendsPerMinute: number } }>(restored, "GET", "/admin/settings"))
          .limits,
      ).toMatchObject({
        sendsPerMinute: 0,
      });
      expect(restored.output()).not.toMatch(/rror/);
      await restored.kill();
    }
  });

  test("a backup of a stopped server can be restored", async () => {
    const data = join(servers.folder, "data");
    const server = await servers.start({ data: data });
    const tom = await NodeDevice.of(server, "Tom");
    const id = await startChat(tom, ["Tom", "Jerry"]);
    await say(tom, id, "hello");
    await server.stop();
    const { code, output } = await command("backup", "--to", join(servers.folder, "backup"), "--data", data);
    expect(output).toMatch(/^Backed up to .*: 1 conversations, 1 clients, [^.]*\.\d MB, as of \S+\.$/);
    expect(code).toBe(0);
    const restored = join(servers.folder, "restored");
    expect(
      await command("restore", "--from", join(servers.folder, "backup"), "--data", restored),
    ).toMatchObject({
      code: 0,
    });
    const again = await NodeDevice.of(await servers.start({ data: restored }), "Jerry");
    expect(await history(again, id)).toEqual(["hello"]);
  });
});

test("[I11] messages that D1 lacked when a backup was taken are copied after the restoration, though no client connects", async () => {
  const data = join(servers.folder, "data");
  const server = await servers.start({ data: data });
  const tom = await NodeDevice.of(server, "Tom");
  const id = await startChat(tom, ["Tom", "Jerry"]);
  await say(tom, id, "copied");
  const archived = async (from: Server) => {
    const messages = await callAsOwner<{ data: string }[]>(from, "GET", "/1.2/rtm/clients/Tom/messages");
    return messages.map((message) => message.data).toSorted();
  };
  await expect.poll(() => archived(server), { timeout: 20_000 }).toEqual(["copied"]);
  const [name = ""] = (await readdir(join(data, "d1"), { recursive: true })).filter((file) =>
    /[0-9a-f]{64}\.sqlite$/.test(file),
  );
  const database = new DatabaseSync(join(data, "d1", name));
  database.exec("BEGIN IMMEDIATE"); // D1 takes nothing
  await say(tom, id, "not copied");
  await server.kill();
  database.exec("ROLLBACK");
  const { total } = v.parse(Count, database.prepare("SELECT count(*) AS total FROM messages").get());
  expect(total).toBe(1);
  database.close();

  expect(await command("backup", "--to", join(servers.folder, "backup"), "--data", data)).toMatchObject({
    code: 0,
  });
  const target = join(servers.folder, "restored");
  expect(await command("restore", "--from", join(servers.folder, "backup"), "--data", target)).toMatchObject({
    code: 0,
  });
  const restored = await servers.start({ data: target });
  await expect.poll(() => archived(restored), { timeout: 40_000 }).toEqual(["copied", "not copied"]);
});

const Count = v.object({ total: v.number() });

describe("a restoration", () => {
  async function backup(): Promise<string> {
    const data = join(servers.folder, "data");
    await mkdir(join(data, "do/parley-AppObject"), { recursive: true });
    await writeFile(join(data, "do/parley-AppObject/plain"), "a file");
    const folder = join(servers.folder, "backup");
    expect(await command("backup", "--to", folder, "--data", data)).toMatchObject({ code: 0 });
    return folder;
  }
  const restore = (...args: string[]) =>
    command("restore", "--from", join(servers.folder, "backup"), ...args);

  test("a restoration overwrites nothing", async () => {
    await backup();
    const { code, output } = await restore("--data", join(servers.folder, "data"));
    expect(code).toBe(1);
    expect(output).toContain("is not empty");
    expect(
      await command("backup", "--to", join(servers.folder, "backup"), "--data", join(servers.folder, "data")),
    ).toMatchObject({
      code: 1,
      output: expect.stringContaining("is not empty"),
    });
  });

  test("a restoration refuses a backup in which a file is missing, changed, new, or elsewhere", async () => {
    const folder = await backup();
    const file = join(folder, "do/parley-AppObject/plain");
    expect(await restore("--check")).toMatchObject({ code: 0, output: expect.stringContaining("is whole") });
    await appendFile(file, "!");
    expect(await restore("--check")).toMatchObject({
      code: 1,
      output: expect.stringContaining("has changed"),
    });
    await writeFile(file, "a file");
    await writeFile(`${file}-more`, "another");
    expect(await restore("--check")).toMatchObject({ code: 1, output: expect.stringContaining("is new") });
    await rm(`${file}-more`);
    await rm(file);
    expect(await restore("--check")).toMatchObject({
      code: 1,
      output: expect.stringContaining("is missing"),
    });
    const manifest = join(folder, "manifest.json");
    const text = await readFile(manifest, "utf8");
    await writeFile(manifest, text.replace("do/parley-AppObject/plain", "../../escaped"));
    const { code, output } = await restore("--data", join(servers.folder, "target"));
    expect(code).toBe(1);
    expect(output).toContain("not one of ours");
    expect(await readdir(servers.folder)).not.toContain("target");
    await rm(manifest);
    expect(await restore("--check")).toMatchObject({
      code: 1,
      output: expect.stringContaining("no finished backup"),
    });
  });
});
