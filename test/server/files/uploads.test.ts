import { readdir, readFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import type { Server } from "../../support/server.ts";
import { configure } from "../support/owner.ts";
import { useServers } from "../support/servers.ts";
import { type Announced, announce, appHeaders, rowStatus, SlowUpload, type Way } from "./uploads.ts";

const servers = useServers();
const MEGABYTE = 1024 * 1024;
const PATIENCE = { timeout: 20_000, interval: 50 };

/** What is in the folder of files, complete or not. */
const stored = () => readdir(join(servers.folder, "data", "files"));

const put = (file: Announced, body: BodyInit) => fetch(file.upload_url, { method: "PUT", body });

describe("[B-15] an upload that breaks off", () => {
  test.each<Way>(["length", "chunks", "form"])(
    "an upload by %s that breaks off leaves no row, no object and no half of one, and can be repeated",
    async (way) => {
      const server = await servers.start();
      const file = await announce(server);
      const upload = new SlowUpload(file, way, 40 * MEGABYTE);
      for (let count = 0; count < 12; count++) await upload.send(new Uint8Array(MEGABYTE));
      await vi.waitFor(async () => expect(await stored()).toHaveLength(1), PATIENCE);
      upload.breakOff();
      await vi.waitFor(async () => expect(await stored()).toEqual([]), PATIENCE);
      expect(await rowStatus(server, file)).toBe(404);
      expect((await put(file, "whole")).status).toBe(200);
      expect(await (await fetch(file.url)).text()).toBe("whole");
      expect(await stored()).toHaveLength(1);
    },
  );

  test("an upload that is too large is refused while it comes, and leaves nothing", async () => {
    const server = await servers.start();
    await configure(server, { files: { maxBytes: 5 * MEGABYTE } });
    const file = await announce(server);
    const upload = new SlowUpload(file, "chunks", 0);
    for (let count = 0; count < 7; count++) await upload.send(new Uint8Array(MEGABYTE));
    await vi.waitFor(() => expect(upload.answer).toMatch(/^HTTP\/1\.1 413 .*"code":129/s), PATIENCE);
    upload.breakOff();
    await vi.waitFor(async () => expect(await stored()).toEqual([]), PATIENCE);
  });
});

describe("[B-15] a kill -9", () => {
  test("in the middle of uploads, nothing half there is served or left afterwards, and a repeated one counts", async () => {
    const server = await servers.start();
    const ways: Way[] = ["length", "chunks", "form"];
    const done = await announce(server);
    expect((await put(done, "acknowledged")).status).toBe(200);
    const files = await Promise.all(ways.map(() => announce(server)));
    for (const [number, way] of ways.entries()) {
      const file = files[number];
      if (file === undefined) throw new Error("no file");
      const upload = new SlowUpload(file, way, 40 * MEGABYTE);
      for (let count = 0; count < 8; count++) await upload.send(new Uint8Array(MEGABYTE));
    }
    await vi.waitFor(async () => expect(await stored()).toHaveLength(1 + ways.length), PATIENCE);
    await server.kill();
    const again = await servers.start({ args: ["--port", `${server.port}`] });
    expect(await stored()).toHaveLength(1);
    expect(await (await fetch(done.url)).text()).toBe("acknowledged");
    for (const file of files) {
      expect(await rowStatus(again, file)).toBe(404);
      expect((await fetch(file.url)).status).toBe(404);
      expect((await put(file, "repeated")).status).toBe(200);
      expect(await (await fetch(file.url)).text()).toBe("repeated");
    }
  });

  test("while clients upload and call back, nothing acknowledged is lost and nothing half there is served", async () => {
    let server = await servers.start();
    const texts = new Map<string, string>();
    const acknowledged = new Set<string>();
    let goesOn = true;
    const client = async (name: string) => {
      for (let count = 0; goesOn; count++) {
        try {
          const file = await announce(server);
          const text = `${name} ${count} `.repeat(20_000);
          texts.set(file.url, text);
          const response = await put(file, text);
          if (response.status === 200) acknowledged.add(file.url);
          const body = JSON.stringify({ token: file.token, result: true });
          await fetch(`${server.url}/1.1/fileCallback`, { method: "POST", headers: appHeaders, body });
        } catch {
          await wait(50);
        }
      }
    };
    const clients = ["Tom", "Jerry", "Spike", "Tyke"].map(client);
    for (let kills = 0; kills < 3; kills++) {
      const before = acknowledged.size;
      await vi.waitFor(() => expect(acknowledged.size).toBeGreaterThan(before + 8), PATIENCE);
      await server.kill();
      server = await servers.start({ args: ["--port", `${server.port}`] });
    }
    goesOn = false;
    await Promise.all(clients);
    expect(acknowledged.size).toBeGreaterThan(24);
    for (const [url, text] of texts) {
      const response = await fetch(url);
      const isWhole = response.status === 200 && (await response.text()) === text;
      if (acknowledged.has(url)) expect([url, isWhole]).toEqual([url, true]);
      else expect([url, isWhole || response.status === 404]).toEqual([url, true]);
    }
  });
});

test("[I13] clients that send slowly hold up neither other uploads nor anything else", async () => {
  const server = await servers.start();
  const ways: Way[] = ["length", "chunks", "form"];
  const slow: SlowUpload[] = [];
  for (let count = 0; count < 60; count++) {
    const upload = new SlowUpload(await announce(server), ways[count % ways.length] ?? "length", MEGABYTE);
    await upload.send(new Uint8Array(1_000));
    slow.push(upload);
  }
  for (let count = 0; count < 10; count++) {
    const start = performance.now();
    const file = await announce(server);
    expect((await put(file, "quick")).status).toBe(200);
    expect(await (await fetch(file.url)).text()).toBe("quick");
    expect(performance.now() - start).toBeLessThan(5_000);
  }
  expect(slow.filter(({ answer }) => answer !== "")).toEqual([]);
  for (const upload of slow) upload.breakOff();
});

/** The memory of all processes of a server, in bytes. */
async function memoryOf({ pid }: Server): Promise<number> {
  let pages = 0;
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const [stat, memory] = await Promise.all(
      ["stat", "statm"].map((file) => readFile(`/proc/${name}/${file}`, "latin1").catch(() => "")),
    );
    // The group of a process comes third after its name, which may have spaces.
    const group = Number(stat?.slice(stat.lastIndexOf(")")).split(" ")[3]);
    if (group === pid) pages += Number(memory?.split(" ")[1] ?? 0);
  }
  return pages * 4_096;
}

test("[B-15] 200 MB go through a PUT without a tenth of it in memory, and come out as they went in", {
  tags: ["linux"],
}, async () => {
  const server = await servers.start();
  await configure(server, { files: { maxBytes: 300 * MEGABYTE } });
  // What any upload needs once.
  expect((await put(await announce(server), new Uint8Array(2 * MEGABYTE))).status).toBe(200);
  const file = await announce(server);
  const before = await memoryOf(server);
  let most = before;
  const watch = setInterval(() => {
    void memoryOf(server).then((memory) => {
      most = Math.max(most, memory);
    });
  }, 100);
  const status = await new Promise<number>((resolve, reject) => {
    const length = 200 * MEGABYTE;
    const sending = request(
      file.upload_url,
      { method: "PUT", headers: { "Content-Length": length } },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    sending.on("error", reject);
    const send = async () => {
      for (let count = 0; count < 200; count++) {
        const isTaken = sending.write(Buffer.alloc(MEGABYTE, count));
        if (!isTaken) await new Promise((drained) => sending.once("drain", drained));
      }
      sending.end();
    };
    send().catch(reject);
  });
  clearInterval(watch);
  expect(status).toBe(200);
  expect((most - before) / MEGABYTE).toBeLessThan(40);
  const [name = ""] = (await stored()).filter((each) => !each.startsWith("."));
  expect(name).not.toBe("");
  const headers = { Range: `bytes=${123 * MEGABYTE - 1}-${123 * MEGABYTE}` };
  const part = new Uint8Array(await (await fetch(file.url, { headers })).arrayBuffer());
  expect([...part]).toEqual([122, 123]);
});
