import { createServer, type Server as HttpServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Server } from "../../support/server.ts";
import { randomApp } from "../support/leancloud/app-data.ts";
import { HostedApp } from "../support/leancloud/hosted-app.ts";
import { callAsOwner } from "../support/owner.ts";
import { useServers } from "../support/servers.ts";
import { runCommand, startCommand, TRIAL_KEYS } from "./commands.ts";

/** What the server of an app that moves knows of the commands that move it. */

interface Run {
  command: string;
  state: string;
  source: string;
  started_at: number;
  stage?: string;
  share?: number;
  rows?: number;
  why?: string;
  stages?: { stage: string; added: number; refused: number }[];
  differences?: { what: string; why: string; count: number; expected: boolean; ids: string[] }[];
}

const servers = useServers();
const proxies: HttpServer[] = [];
let app: HostedApp;
let folder: string;

beforeEach(async () => {
  folder = join(servers.folder, "export");
  app = new HostedApp();
  await app.open();
  app.data = randomApp(12, { conversations: 40, messages: 1_500, users: 20 }, `${app.url}/files`);
});
afterEach(async () => {
  await app.close();
  for (const proxy of proxies.splice(0)) {
    proxy.closeAllConnections();
    proxy.close();
  }
});

const runsAt = async (server: { url: string }) =>
  (await callAsOwner<{ runs: Run[] }>(server, "GET", "/admin/moving")).runs;

const exporting = (more: string[] = [], env: Record<string, string> = {}) =>
  runCommand("export", ["--server", app.url, "--to", folder, ...more], { ...app.environment, ...env });

const importing = (server: { url: string }) => [
  folder,
  "--server",
  server.url,
  "--files-url",
  "https://im.example.com/files",
];

/** A server's address where reports are answered by others. Counts them. */
async function withReportsAnswered(
  { url }: Server,
  answer: (response: ServerResponse) => void,
): Promise<{ url: string; reports: () => number }> {
  let reports = 0;
  const proxy = createServer(async (request, response) => {
    if (request.url?.startsWith("/admin/moving/")) {
      reports += 1;
      request.resume();
      answer(response);
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "GET", headers } = request;
    const { "x-lc-id": id = "", "x-lc-key": key = "", "content-type": type = "" } = headers;
    const answered = await fetch(`${url}${request.url}`, {
      method,
      headers: { "X-LC-Id": `${id}`, "X-LC-Key": `${key}`, "Content-Type": type },
      ...(method === "GET" ? {} : { body: Buffer.concat(chunks) }),
    });
    response.writeHead(answered.status).end(Buffer.from(await answered.arrayBuffer()));
  });
  proxies.push(proxy);
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, reports: () => reports };
}

describe("the server", () => {
  test("knows how an export, an import and a verification ended, with counts, refusals and differences", async () => {
    const server = await servers.start();
    const own = { REPORT_APP_ID: TRIAL_KEYS.APP_ID, REPORT_MASTER_KEY: TRIAL_KEYS.MASTER_KEY };
    const exported = await exporting(["--report-to", server.url], own);
    expect(exported.code, exported.output).toBe(0);
    expect((await runCommand("import", importing(server))).code).toBe(5);
    const chat = (app.data.classes._Conversation ?? []).find(({ tr, sys }) => !tr && !sys);
    const path = `/1.2/rtm/conversations/${chat?.objectId}`;
    await callAsOwner(server, "DELETE", path);
    const verified = await runCommand("verify", [folder, "--server", server.url]);
    expect(verified.code, verified.output).toBe(5);

    const runs = await runsAt(server);
    expect(runs.map(({ command, state }) => `${command} ${state}`)).toEqual([
      "verify done",
      "import done",
      "export done",
    ]);
    const [verification, imported, written] = runs;
    expect([written?.source, imported?.source, verification?.source]).toEqual([app.url, folder, folder]);
    const countOf = (run: Run | undefined, kind: string) => run?.stages?.find(({ stage }) => stage === kind);
    expect(countOf(written, "messages")?.added).toBe(countOf(imported, "messages")?.added);
    expect(countOf(imported, "messages")?.added).toBeGreaterThan(1_000);
    expect(countOf(imported, "lists/broadcasts")?.refused).toBeGreaterThan(0);
    expect(verification?.differences?.find(({ what }) => what === "classes/_Conversation")).toEqual({
      what: "classes/_Conversation",
      why: "is missing here",
      count: 1,
      expected: false,
      ids: [chat?.objectId],
    });
    const { results } = await callAsOwner<{ results: { action: string }[] }>(server, "GET", "/admin/audit");
    expect(results.map(({ action }) => action)).not.toContain("reportMoving");
  }, 240_000);

  test("is told where an import is, and that Ctrl+C stopped it", async () => {
    await exporting();
    const server = await servers.start();
    const { child, ended } = startCommand("import", importing(server));
    await expect
      .poll(() => runsAt(server), { timeout: 100_000, interval: 20 })
      .toMatchObject([{ command: "import", state: "running", rows: expect.any(Number) }]);
    child.kill("SIGINT");
    const { code, output } = await ended;
    expect([code, output]).toEqual([130, expect.stringContaining("goes on from here")]);
    expect(await runsAt(server)).toMatchObject([{ state: "stopped", why: "It was stopped by Ctrl+C." }]);
  }, 240_000);

  test("is told why a command failed", async () => {
    const server = await servers.start();
    const { code } = await runCommand("verify", [join(servers.folder, "nowhere"), "--server", server.url]);
    expect(code).toBe(1);
    expect(await runsAt(server)).toMatchObject([
      { command: "verify", state: "stopped", why: expect.stringContaining("nowhere") },
    ]);
  });
});

describe("an import", () => {
  test("tells a server once that does not know of reports, as older ones", async () => {
    await exporting();
    const server = await servers.start();
    const older = await withReportsAnswered(server, (response) => response.writeHead(404).end("{}"));
    const { code, output } = await runCommand("import", importing(older));
    expect(code, output).toBe(5);
    expect(older.reports()).toBe(1);
    expect(await runsAt(server)).toEqual([]);
  }, 240_000);

  test.each<[string, (response: ServerResponse) => void]>([
    ["that fail", (response) => response.writeHead(500).end("{}")],
    ["whose connection breaks", (response) => response.destroy()],
    ["that are not answered", () => {}],
  ])(
    "is done all the same with reports %s",
    async (_, answer) => {
      await exporting();
      const server = await servers.start();
      const failing = await withReportsAnswered(server, answer);
      const { code, output } = await runCommand("import", importing(failing));
      expect(code, output).toBe(5);
      expect(output).toContain("The import is done.");
      expect(failing.reports()).toBeGreaterThan(0);
      expect((await runCommand("verify", [folder, "--server", server.url])).code).toBe(0);
    },
    240_000,
  );
});

describe("an export", () => {
  test.each([
    ["http://im.example.com", "--report-to must be a URL; https"],
    ["im.example.com", "--report-to must be a URL"],
  ])("does not send the master key to %s", async (url, why) => {
    const { code, output } = await exporting(["--report-to", url]);
    expect([code, output]).toEqual([2, expect.stringContaining(why)]);
  });
});
