import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Server, startServer } from "../support/server.ts";
import { callAsOwner, configure } from "./support/owner.ts";
import { useServers } from "./support/servers.ts";

const servers = useServers();
const ROOT = join(import.meta.dirname, "../..");

/** Long enough for everything to be said, on a busy machine (ms). */
const PATIENCE = 40_000;

interface Page<Row> {
  results: Row[];
}

interface Row {
  objectId: string;
  name?: string;
  m?: string[];
}

const listed = async <T>(server: Server, path: string): Promise<T[]> =>
  (await callAsOwner<Page<T>>(server, "GET", path)).results;

const conversations = (server: Server) => listed<Row>(server, "/1.2/rtm/all-conversations");

async function filled(data?: string): Promise<Server> {
  const server = await servers.start({ args: ["--demo"], ...(data === undefined ? {} : { data }) });
  await expect.poll(() => server.output(), { timeout: PATIENCE }).toMatch(/demo is (there|not)/);
  return server;
}

/** `npm run demo`, with its exit code. */
async function runDemo(args: string[], env: Record<string, string> = {}) {
  const child = spawn(join(ROOT, "node_modules/.bin/node"), ["scripts/demo.ts", ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, "exit");
  return { code, output };
}

describe("npm start -- --demo", () => {
  test("npm start -- --demo fills an empty server with something for each view of an owner", async () => {
    const server = await filled();
    expect(server.output()).not.toMatch(/not complete|Error|throttled/);
    await expect.poll(async () => (await conversations(server)).length, { timeout: PATIENCE }).toBe(8);
    const all = await conversations(server);
    const named = (name: string) => all.find((row) => row.name === name)?.objectId ?? name;

    const messages = `/1.2/rtm/conversations/${named("Cheese 奶酪")}/messages?reversed=true`;
    const said = await callAsOwner<{ data: string; from: string }[]>(server, "GET", messages);
    const types = said.map(({ data }) => (JSON.parse(data) as { _lctype: number })._lctype);
    expect(new Set(types)).toEqual(new Set([-1, -2, -3, 1, -127]));
    expect(said.map(({ data }) => data).join()).toContain("Meet me at the fridge");
    const picture = said.map(({ data }) => JSON.parse(data)).find(({ _lctype }) => _lctype === -2);
    const bytes = Buffer.from(await (await fetch(picture._lcfile.url)).arrayBuffer());
    expect([bytes.subarray(1, 4).toString(), bytes.length]).toEqual(["PNG", picture._lcfile.metaData.size]);

    const kitchen = `/1.2/rtm/conversations/${named("Kitchen 厨房")}`;
    const words = await callAsOwner<{ data: string }[]>(server, "GET", `${kitchen}/messages`);
    expect(words.map(({ data }) => data).join()).toContain("And who bought ***?");
    expect(await listed(server, `${kitchen}/member-infos`)).toMatchObject([
      { clientId: "Spike", role: "Manager" },
    ]);
    expect(await callAsOwner(server, "GET", `${kitchen}/permanent-silenceds`)).toMatchObject({
      client_ids: ["Butch"],
    });
    expect(await callAsOwner(server, "GET", `${kitchen}/blacklists`)).toMatchObject({
      client_ids: ["Meathead"],
    });
    expect(await callAsOwner(server, "GET", "/1.2/rtm/clients/Toodles/unread-count")).toMatchObject({
      count: expect.any(Number),
    });
    expect(await listed(server, "/admin/bans")).toMatchObject([{ client_id: "Meathead" }]);
    expect(await listed(server, "/1.1/installations")).toHaveLength(5);
    expect(await listed(server, "/1.1/notifications")).toHaveLength(2);
    expect(await listed(server, "/1.1/scheduledPushMessages")).toHaveLength(1);
    const room = `/1.2/rtm/chatrooms/${named("Saturday cartoons 周六动画")}/members`;
    expect(await callAsOwner(server, "GET", room)).toMatchObject({
      result: expect.arrayContaining(["Tuffy", "小鱼"]),
    });
    const service = `/1.2/rtm/service-conversations/${named("Cheese News 奶酪新闻")}/subscribers/count`;
    expect(await callAsOwner(server, "GET", service)).toMatchObject({ count: 5 });
    expect((await listed(server, "/admin/events")).length).toBeGreaterThan(20);
    expect(
      await callAsOwner(server, "POST", "/1.2/rtm/clients/check-online", {
        client_ids: ["Tom", "Jerry", "Spike", "Tuffy", "小鱼"],
      }),
    ).toMatchObject({ results: ["Spike", "Tuffy", "小鱼"] });
  });

  test("npm start -- --demo leaves a server alone that has a conversation already", async () => {
    const data = join(servers.folder, "filled");
    const first = await filled(data);
    const before = await conversations(first);
    await first.stop();
    const again = await servers.start({ args: ["--demo"], data });
    expect(await callAsOwner(again, "GET", "/1.1/installations?count=1&limit=0")).toMatchObject({ count: 5 });
    expect(await conversations(again)).toHaveLength(before.length);
    expect(again.output()).not.toContain("demo");
  });

  test("npm start -- --demo says that an earlier demo was broken off, and changes nothing", async () => {
    const data = join(servers.folder, "half");
    const first = await servers.start({ data });
    const row = { name: "Attic", c: "Toodles", m: ["Toodles", "Quacker"] };
    await callAsOwner(first, "POST", "/1.2/rtm/conversations", row);
    await expect.poll(async () => (await conversations(first)).length, { timeout: PATIENCE }).toBe(1);
    await first.stop();
    const again = await servers.start({ args: ["--demo"], data });
    await expect.poll(() => again.output(), { timeout: PATIENCE }).toContain("looks broken off");
    expect(await conversations(again)).toHaveLength(1);
  });
});

describe("npm run demo", () => {
  test("npm run demo fills the server that it is given, once", async () => {
    const server = await startServer();
    try {
      expect(await runDemo(["--server", server.url])).toMatchObject({ code: 0 });
      const again = await runDemo(["--server", server.url]);
      expect(again).toEqual({ code: 1, output: `Nothing was changed: ${server.url} is not empty.\n` });
    } finally {
      await server.stop();
    }
  });

  test("npm run demo changes nothing where one person has one conversation", async () => {
    const server = await servers.start();
    await callAsOwner(server, "POST", "/1.2/rtm/conversations", { name: "Real", m: ["Tom"] });
    await expect.poll(async () => (await conversations(server)).length, { timeout: PATIENCE }).toBe(1);
    await configure(server, { limits: { members: 42 } });
    expect((await runDemo(["--server", server.url])).code).toBe(1);
    const settings = await callAsOwner<{ events: object }>(server, "GET", "/admin/settings");
    expect(settings.events).toMatchObject({ logDays: 0 });
    expect(await conversations(server)).toMatchObject([{ name: "Real" }]);
  });

  test("npm run demo sends the public keys to no other machine", async () => {
    const { code, output } = await runDemo(["--server", "https://im.example.com"], { MASTER_KEY: "" });
    expect(code).toBe(1);
    expect(output).toContain("another machine");
  });
});
