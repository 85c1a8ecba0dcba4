import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { Settings } from "../../src/settings/schema.ts";
import { launch, ready, type Server } from "../support/server.ts";
import { sdk5 } from "./sdk/sdk.ts";
import { callAsOwner, configure } from "./support/owner.ts";
import { useServers } from "./support/servers.ts";

const servers = useServers();

/** The data folder of a test's servers. */
const data = () => join(servers.folder, "data");

/** The output and exit code of a start that fails. */
async function refusal(args: string[], env: Record<string, string> = {}) {
  const { child, output } = launch(["--data", data(), ...args], env);
  const [code] = await once(child, "exit");
  return { code, output: output() };
}

function settings(server: Server): Promise<Settings> {
  return callAsOwner(server, "GET", "/admin/settings");
}

async function memberLimit(server: Server): Promise<unknown> {
  return (await settings(server)).limits.members;
}

/** Tom's side of his conversation with Jerry, by the official SDK. Messages are their ids. */
async function talk(server: Server) {
  const { Realtime, TextMessage } = sdk5.load();
  const realtime = new Realtime({ appId: "parley-dev", appKey: "parley-dev-key", server: server.url });
  const tom = await realtime.createIMClient("tom");
  const conversation = await tom.createConversation({ members: ["jerry"], unique: true });
  return {
    id: conversation.id,
    say: async (text: string) => (await conversation.send(new TextMessage(text))).id,
    history: async () => (await conversation.queryMessages({ limit: 100 })).map((message) => message.id),
    leave: () => realtime.pause(),
  };
}

/** Whether anything still listens there. */
async function answers(server: Server): Promise<boolean> {
  return fetch(server.url).then(
    () => true,
    () => false,
  );
}

describe("npm start", () => {
  test("npm start prints its address once, and serves the page, the API and sockets there", async () => {
    const server = await servers.start();
    expect(server.output().trim()).toBe(`Parley is ready on http://127.0.0.1:${server.port}`);

    const page = await fetch(server.url);
    expect(page.headers.get("Content-Type")).toMatch(/^text\/html/);
    expect(page.headers.get("Content-Security-Policy")).toContain("default-src 'self'");
    expect(await page.text()).toContain("Tom");
    expect((await fetch(`${server.url}/page.js`)).status).toBe(200);

    const route = await fetch(`${server.url}//v1/route?appId=parley-dev&secure=true`);
    const url = `ws://127.0.0.1:${server.port}/rtm`;
    expect(await route.json()).toMatchObject({ server: url, secondary: url });

    for (const path of ["/rtm", "/", "/any/other"]) {
      const socket = new WebSocket(new URL(path, url), "lc.protobuf2.3");
      await once(socket, "open");
      expect(socket.protocol).toBe("lc.protobuf2.3");
      socket.terminate();
    }
  });

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "npm start exits with 0 on %s and ends workerd",
    async (signal) => {
      const server = await servers.start();
      const socket = new WebSocket(`${server.url}/rtm`, "lc.protobuf2.3");
      await once(socket, "open");
      const closed = once(socket, "close");
      expect(await server.stop(signal)).toBe(0);
      await closed;
      expect(await answers(server)).toBe(false);
    },
  );

  test("npm start ends workerd even if it is killed itself", async () => {
    const server = await servers.start();
    process.kill(server.pid, "SIGKILL");
    await expect.poll(() => answers(server), { timeout: 5_000 }).toBe(false);
  });

  test("[I1] npm start has all acknowledged data after a kill of all its processes", async () => {
    const first = await servers.start();
    await configure(first, { limits: { members: 42 } });
    const sent: string[] = [];
    const conversation = await talk(first);
    for (let count = 0; count < 20; count++) sent.push(await conversation.say(`message ${count}`));
    conversation.leave();
    await first.kill();

    const second = await servers.start();
    expect(await memberLimit(second)).toBe(42);
    const again = await talk(second);
    expect(again.id).toBe(conversation.id);
    expect(await again.history()).toEqual(sent);
    again.leave();
  });

  test("npm start keeps the data of one folder apart from that of another", async () => {
    await configure(await servers.start(), { limits: { members: 42 } });
    expect(await memberLimit(await servers.start({ data: join(servers.folder, "another") }))).toBe(500);
  });

  test("npm start -- --demo allows editing and recalling", async () => {
    const server = await servers.start({ args: ["--demo"] });
    expect((await settings(server)).messages).toEqual({ allowEdit: true, allowRecall: true });
  });

  test("npm start as npm runs it serves, and exits with 0 on the signal that npm passes on", async () => {
    // By itself, without what was built for the tests.
    const env = { ...process.env, PARLEY_TEST_BUILD: "" };
    const child = spawn("npm", ["start", "--", "--port", "0", "--data", data()], { detached: true, env });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    const url = await ready({ child, output: () => text });
    expect((await fetch(url)).status).toBe(200);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
    await expect(fetch(url)).rejects.toThrow();
  });
});

describe("npm start refuses", () => {
  test.each([["--bogus"], ["--port"], ["--port", "http"], ["--port", "65536"], ["--data", ""], ["stray"]])(
    "npm start refuses %s %s with its usage and exit code 2",
    async (...args) => {
      const { code, output } = await refusal(args);
      expect(code).toBe(2);
      expect(output).toContain("Usage: npm start");
    },
  );

  test.each(["0.0.0.0", "::", "192.168.1.5", "127.example.com"])(
    "[I12] npm start refuses to listen on %s with publicly known keys",
    async (host) => {
      const { code, output } = await refusal(["--host", host, "--port", "0"], {
        APP_KEY: "parley-dev-key",
        MASTER_KEY: "our-own-master-of-24-letters",
      });
      expect(code).toBe(1);
      expect(output.trim().split("\n")).toEqual([expect.stringContaining("APP_ID, APP_KEY must be set")]);
    },
  );

  test("npm start refuses a port that is in use, in one sentence", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" ? `${address?.port}` : "";
    const { code, output } = await refusal(["--port", port]);
    other.close();
    expect(code).toBe(1);
    expect(output.trim().split("\n")).toEqual([expect.stringContaining(`in use (127.0.0.1:${port})`)]);
  });

  test("npm start refuses a data folder that another server is using", { tags: "linux" }, async () => {
    await servers.start();
    const { code, output } = await refusal(["--port", "0"]);
    expect(code).toBe(1);
    expect(output).toContain("another Parley is running");
  });
});

test("npm start does not serve the data of an app with keys of its own under the publicly known keys", async () => {
  const env = {
    APP_ID: "our-own-app",
    APP_KEY: "our-own-key-0001",
    MASTER_KEY: "our-own-master-key-00001",
  };
  await (await servers.start({ env })).stop();
  await expect(servers.start()).rejects.toThrow("is of the app our-own-app, and APP_ID is not set");
});

test("npm start with keys of its own listens on other addresses and lists what strangers can do there", async () => {
  const MASTER_KEY = "our-own-master-of-24-letters";
  const env = { APP_ID: "our-own-app", APP_KEY: "our-own-key-1", MASTER_KEY };
  const server = await servers.start({ args: ["--host", "0.0.0.0"], env });
  const url = `http://127.0.0.1:${server.port}`;
  expect((await fetch(`${url}/v1/route?appId=our-own-app`)).status).toBe(200);
  expect((await fetch(`${url}/demo/config`)).status).toBe(404);
  expect(server.output()).toContain("security.signLogin or security.jwt: log in under any client id");
  const body = JSON.stringify({ security: { signLogin: true } });
  const headers = { "X-LC-Id": "our-own-app", "X-LC-Key": `${MASTER_KEY},master` };
  expect((await fetch(`${url}/admin/settings`, { method: "PATCH", headers, body })).status).toBe(200);
  await server.stop();

  const again = await servers.start({ args: ["--host", "0.0.0.0"], env });
  expect(again.output()).not.toContain("log in under any client id");
  expect(again.output()).toContain("security.join or security.signConversation: join any conversation");
});

test("npm start warns of a low limit of file descriptors before it is ready", { tags: "linux" }, async () => {
  const server = await servers.start({ descriptors: 4_096 });
  expect(server.output()).toMatch(/only 4096 file descriptors.*Parley is ready/s);
});
