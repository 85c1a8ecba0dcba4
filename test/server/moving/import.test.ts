import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Server } from "../../support/server.ts";
import { randomApp, type Size } from "../support/leancloud/app-data.ts";
import { HostedApp } from "../support/leancloud/hosted-app.ts";
import { callAsOwner } from "../support/owner.ts";
import { Random, seedOfThisRun } from "../support/random.ts";
import { useServers } from "../support/servers.ts";
import { countsIn, runCommand, startCommand } from "./commands.ts";

/** An app at a stand-in for LeanCloud moves here: export, import, verify. */

const servers = useServers();
let app: HostedApp;
let folder: string;

beforeEach(async () => {
  folder = join(servers.folder, "export");
  app = new HostedApp();
  await app.open();
});
afterEach(() => app.close());

/** @param change to the app before it is exported */
async function exported(seed: number, size: Size, change: () => void = () => {}): Promise<void> {
  app.data = randomApp(seed, size, `${app.url}/files`);
  change();
  const args = ["--server", app.url, "--to", folder, "--unread", "--yes", "--part-megabytes", "0.2"];
  const { code, output } = await runCommand("export", args, app.environment);
  expect(code, output).toBe(0);
}

const importInto = ({ url }: Server) => [folder, "--server", url, "--files-url", `${url}/files`];
const verified = ({ url }: Server) => runCommand("verify", [folder, "--server", url, "--sample", "all"]);

async function countOf(server: Server): Promise<number> {
  const all = await callAsOwner<object[]>(server, "GET", "/1.2/rtm/messages?limit=1");
  return all.length;
}

describe("a random app", () => {
  test("is here exactly after kills at any point, and nothing is there twice after another import", async () => {
    const seed = seedOfThisRun();
    const random = new Random(seed);
    await exported(seed, { conversations: 80, messages: 3_000, users: 60 });
    const server = await servers.start();
    let kills = 0;
    for (let runs = 0; runs < 10; runs++) {
      const { child, ended } = startCommand("import", importInto(server));
      void sleep(300 + random.below(1_500)).then(() => child.kill("SIGKILL"));
      const { code } = await ended;
      if (code !== null) break;
      kills += 1;
    }
    expect(kills, `seed ${seed}`).toBeGreaterThan(0);
    const first = await runCommand("import", importInto(server));
    // Service conversations are refused.
    expect(first.code, `seed ${seed}: ${first.output}`).toBe(5);
    const found = await verified(server);
    expect(found.output, `seed ${seed}`).toContain("Nothing is missing, and nothing differs.");
    expect(found.code).toBe(0);
    const again = await runCommand("import", importInto(server));
    expect(again.code, again.output).toBe(5);
    for (const counts of Object.values(countsIn(again))) expect(counts).not.toMatch(/added|changed/);
    expect((await verified(server)).code).toBe(0);
  }, 300_000);
});

describe("an import", () => {
  test("waits for a server that died and came back, and goes on by itself", async () => {
    await exported(12, { conversations: 150, messages: 2_500, users: 30 });
    const data = join(servers.folder, "data");
    const first = await servers.start({ data });
    const { ended } = startCommand("import", importInto(first));
    await expect.poll(() => countOf(first), { timeout: 100_000, interval: 20 }).toBeGreaterThan(0);
    await first.kill();
    const server = await servers.start({ data, args: ["--port", `${first.port}`] });
    const { code, output } = await ended;
    expect(code, output).toBe(5);
    const found = await verified(server);
    expect(found.code, found.output).toBe(0);
  }, 240_000);

  test("writes what was refused into a file, each row with its reason", async () => {
    await exported(12, { conversations: 30, messages: 300, users: 20 });
    const { output } = await runCommand("import", importInto(await servers.start()));
    const path = /What was refused, and why: (.*)/.exec(output)?.[1] ?? "";
    const lines = (await readFile(path, "utf8")).split("\n").filter(Boolean);
    const rows: { kind: string; why: string; row: string }[] = lines.map((line) => JSON.parse(line));
    expect(rows.filter(({ kind }) => kind === "classes/_Conversation")).toEqual([]);
    // Those of this app tell no content.
    const broadcasts = Object.values(app.data.broadcasts).flat();
    const refused = rows.filter(({ kind }) => kind === "lists/broadcasts");
    expect(refused.length).toBe(broadcasts.length);
    expect(refused.length).toBeGreaterThan(0);
    for (const { why, row } of refused) {
      expect(why).not.toBe("");
      expect(broadcasts).toContainEqual(expect.objectContaining({ "msg-id": JSON.parse(row)["msg-id"] }));
    }
  });

  test("brings roles, silences and blacklists, which verify compares", async () => {
    await exported(9, { conversations: 40, messages: 100, users: 20 });
    const server = await servers.start();
    await runCommand("import", importInto(server));
    const chat = (app.data.classes._Conversation ?? []).find(
      ({ tr, sys, objectId }) => !tr && !sys && (app.data.silences[objectId] ?? []).length > 0,
    );
    const path = `/1.2/rtm/conversations/${chat?.objectId}`;
    const listOf = async (name: string) =>
      (await callAsOwner<{ client_ids: string[] }>(server, "GET", `${path}/${name}?limit=1000`)).client_ids;
    const there = (list: Record<string, string[]>) => (list[chat?.objectId ?? ""] ?? []).toSorted();
    expect(await listOf("permanent-silenceds")).toEqual(there(app.data.silences));
    expect(await listOf("blacklists")).toEqual(there(app.data.blacklists));
    const roles = await callAsOwner<{ results: { role: string }[] }>(
      server,
      "GET",
      "/1.1/classes/_ConversationMemberInfo?limit=1000",
    );
    expect(roles.results.length).toBeGreaterThan(5);
    const room = (app.data.classes._Conversation ?? []).find(
      ({ tr, objectId }) => tr && (app.data.silences[objectId] ?? []).length > 0,
    );
    const inRoom = await callAsOwner<{ client_ids: string[] }>(
      server,
      "GET",
      `/1.2/rtm/chatrooms/${room?.objectId}/permanent-silenceds?limit=1000`,
    );
    expect(inRoom.client_ids).toEqual((app.data.silences[room?.objectId ?? ""] ?? []).toSorted());
    const before = await verified(server);
    expect(before.code, before.output).toBe(0);
    const [silenced = ""] = there(app.data.silences);
    await callAsOwner(server, "DELETE", `${path}/permanent-silenceds`, { client_ids: [silenced] });
    const found = await verified(server);
    expect([found.code, found.output]).toEqual([5, expect.stringContaining("lists/silences")]);
  }, 240_000);

  test("brings subscribers and what users wrote to services, which verify compares", async () => {
    await exported(12, { conversations: 40, messages: 200, users: 20 });
    const server = await servers.start();
    const imported = await runCommand("import", importInto(server));
    const [service] = (app.data.classes._Conversation ?? []).filter(({ sys }) => sys === true);
    const path = `/1.2/rtm/service-conversations/${service?.objectId}/subscribers`;
    const { count } = await callAsOwner<{ count: number }>(server, "GET", `${path}/count`);
    expect(count, imported.output).toBe(app.data.subscribers[service?.objectId ?? ""]?.length);
    const before = await verified(server);
    expect(before.code, before.output).toBe(0);
    const [first] = app.data.subscribers[service?.objectId ?? ""] ?? [];
    await callAsOwner(server, "DELETE", `${path}/${encodeURIComponent(first?.subscriber ?? "")}`);
    const found = await verified(server);
    expect([found.code, found.output]).toEqual([5, expect.stringContaining("lists/subscribers")]);
    // What was done here stays.
    await runCommand("import", importInto(server));
    const after = await callAsOwner<{ count: number }>(server, "GET", `${path}/count`);
    expect(after.count).toBe(count - 1);
  }, 240_000);

  test("brings broadcasts to everybody, which verify compares", async () => {
    const timestamp = Date.now() - 3_600_000;
    const broadcast = { "msg-id": "b1", timestamp, from: "news", data: "to all", bin: false };
    await exported(12, { conversations: 40, messages: 200, users: 20 }, () => {
      for (const list of Object.values(app.data.broadcasts))
        list.splice(0, list.length, { ...broadcast, valid_till: Date.now() + 86_400_000 });
    });
    const server = await servers.start();
    await runCommand("import", importInto(server));
    const before = await verified(server);
    expect(before.code, before.output).toBe(0);
    const [id] = Object.keys(app.data.broadcasts);
    const listed = `/1.2/rtm/broadcasts?conv_id=${id}`;
    expect(await callAsOwner(server, "GET", listed)).toMatchObject([{ "msg-id": "b1", data: "to all" }]);
    await callAsOwner(server, "PUT", `/1.2/rtm/service-conversations/${id}/messages/b1`, {
      from_client: "news",
      timestamp,
      message: "to all of you",
    });
    const found = await verified(server);
    expect([found.code, found.output]).toEqual([5, expect.stringContaining(`lists/broadcasts ${id} b1`)]);
  }, 240_000);

  test("puts this server's address of a file into messages, by id or by key, and keeps the old one", async () => {
    await exported(6, { conversations: 30, messages: 300, users: 20 });
    const server = await servers.start();
    await runCommand("import", importInto(server));
    const served = (app.data.classes._Conversation ?? []).filter(({ sys }) => sys !== true);
    let shown = 0;
    for (const { objectId, tr } of served) {
      const path = `/1.2/rtm/${tr === true ? "chatrooms" : "conversations"}/${objectId}/messages?limit=1000`;
      for (const { data } of await callAsOwner<{ data: string }[]>(server, "GET", path)) {
        const url = /"_lcfile":.*?"url":"([^"]+)"/.exec(data)?.[1];
        if (url === undefined) continue;
        expect(url.startsWith(`${server.url}/files/`), url).toBe(true);
        const response = await fetch(url);
        const bytes = Buffer.from(await response.arrayBuffer());
        expect(bytes.equals(app.data.files[`/${url.split("/").at(-1)}`] ?? Buffer.from("?")), url).toBe(true);
        shown += 1;
      }
    }
    expect(shown).toBeGreaterThan(10);
    const [file] = app.data.classes._File ?? [];
    const where = encodeURIComponent(JSON.stringify({ url: file?.url }));
    const { results } = await callAsOwner<{ results: object[] }>(server, "GET", `/1.1/files?where=${where}`);
    expect(results).toMatchObject([{ objectId: file?.objectId, key: file?.key, importedFrom: file?.url }]);
  });

  test("leaves addresses alone with --keep-urls, and asks for one if the server is this machine", async () => {
    await exported(7, { conversations: 20, messages: 200, users: 12 });
    const server = await servers.start();
    const plain = [folder, "--server", server.url];
    const refusal = await runCommand("import", plain);
    expect([refusal.code, refusal.output]).toEqual([1, expect.stringContaining("--files-url")]);
    await runCommand("import", [...plain, "--keep-urls"]);
    const all = await callAsOwner<{ data: string }[]>(server, "GET", "/1.2/rtm/messages?limit=1000");
    const urls = all.flatMap(({ data }) => /"_lcfile":.*?"url":"([^"]+)"/.exec(data)?.[1] ?? []);
    expect(urls.length).toBeGreaterThan(5);
    for (const url of urls) expect(url).toMatch(new RegExp(`^${app.url}/files/`));
  });

  test("refuses an export that was changed, and a server with other keys", async () => {
    await exported(8, { conversations: 10, messages: 100, users: 8 });
    const server = await servers.start();
    const wrong = await runCommand("import", importInto(server), { MASTER_KEY: "another" });
    expect([wrong.code, wrong.output]).toEqual([1, expect.stringContaining("does not take this app id")]);
    const part = join(folder, "messages.00001.jsonl");
    const text = await readFile(part, "utf8");
    await writeFile(part, text.replace("message", "massage"));
    const changed = await runCommand("import", importInto(server));
    expect([changed.code, changed.output]).toEqual([1, expect.stringContaining("messages.00001.jsonl")]);
  });
});

describe("verify", () => {
  test("tells what is missing, what differs, and what happened here since", async () => {
    await exported(9, { conversations: 20, messages: 400, users: 12 });
    const server = await servers.start();
    await runCommand("import", importInto(server));
    expect((await verified(server)).code).toBe(0);
    const normal = new Set(
      (app.data.classes._Conversation ?? [])
        .filter(({ tr, sys }) => tr !== true && sys !== true)
        .map(({ objectId }) => objectId),
    );
    const [gone, recalled] = app.data.messages.filter(({ to, bin }) => normal.has(to) && !bin);
    if (gone === undefined || recalled === undefined) throw new Error("an app without messages");
    const pathOf = (message: typeof gone) =>
      `/1.2/rtm/conversations/${message.to}/messages/${encodeURIComponent(message["msg-id"])}`;
    const { from, timestamp } = recalled;
    await callAsOwner(server, "PUT", `${pathOf(recalled)}/recall`, { from_client: from, timestamp });
    const sent = { from_client: from, message: "since" };
    await callAsOwner(server, "POST", `/1.2/rtm/conversations/${recalled.to}/messages`, sent);
    const found = await verified(server);
    expect(found.output).toMatch(/messages \(1\): was sent since/);
    expect(found.code, found.output).toBe(0);
    await callAsOwner(
      server,
      "DELETE",
      `${pathOf(gone)}?from_client=${gone.from}&timestamp=${gone.timestamp}`,
    );
    const missing = await verified(server);
    expect(missing.output).toContain(
      `messages ${gone.to} ${gone.timestamp} ${gone["msg-id"]}: is missing here`,
    );
    expect(missing.code).toBe(5);
  });
});

describe("an export of changes", () => {
  test("is imported on top: what is new and what was edited comes, and what was done here stays", async () => {
    await exported(11, { conversations: 30, messages: 600, users: 20 });
    const server = await servers.start();
    await runCommand("import", importInto(server));
    const { data } = app;
    const normal = (data.classes._Conversation ?? []).filter(({ tr, sys }) => tr !== true && sys !== true);
    const isNormal = new Set(normal.map(({ objectId }) => objectId));
    // The newest ones, which the overlap has.
    const texts = data.messages.filter(({ to, data: text }) => isNormal.has(to) && text.includes("_lctext"));
    const [edited, recalledHere, recalledThere] = texts;
    if (edited === undefined || recalledHere === undefined || recalledThere === undefined)
      throw new Error("an app without messages");
    const path = `/1.2/rtm/conversations/${recalledHere.to}/messages/${encodeURIComponent(recalledHere["msg-id"])}`;
    const { from: from_client, timestamp } = recalledHere;
    await callAsOwner(server, "PUT", `${path}/recall`, { from_client, timestamp });
    edited.data = '{"_lctype":-1,"_lctext":"edited there"}';
    recalledThere.data = '{"_lctype":-127}';
    const newest = data.messages[0]?.timestamp ?? 0;
    const added = { ...edited, "msg-id": "AYvOVgAAq3-NXrXVMZ0gVQ", timestamp: newest + 1_000, data: "new" };
    app.data = { ...data, messages: [added, ...data.messages] };
    const since = folder;
    folder = join(servers.folder, "since");
    const args = ["--server", app.url, "--to", folder, "--since", since];
    const changes = await runCommand("export", args, app.environment);
    expect(changes.code, changes.output).toBe(0);
    const imported = await runCommand("import", importInto(server));
    expect(countsIn(imported).messages).toMatch(/^1 added, 2 changed, /);
    const found = await verified(server);
    expect(found.output).toContain("messages (1): was recalled here");
    expect(found.code, found.output).toBe(0);
    const source = ["--source", app.url, "--source-app-id", app.appId, "--server", server.url];
    const whole = await runCommand("verify", [...source, "--sample", "all"], {
      SOURCE_MASTER_KEY: app.masterKey,
    });
    expect(whole.output).toContain("messages (1): was recalled here");
    expect(whole.code, whole.output).toBe(0);
  });
});

describe("another Parley", () => {
  test("has the same after an export from one and an import into the other", async () => {
    await exported(10, { conversations: 40, messages: 2_000, users: 20 });
    const one = await servers.start();
    await runCommand("import", importInto(one));
    folder = join(servers.folder, "second");
    const host = new URL(one.url).host;
    const args = ["--server", one.url, "--to", folder, "--unread", "--yes", "--file-host", host];
    const out = await runCommand("export", args);
    expect(out.code, out.output).toBe(0);
    const other = await servers.start({ data: join(servers.folder, "other") });
    const imported = await runCommand("import", importInto(other));
    expect(imported.code, imported.output).toBe(0);
    const same = await runCommand("verify", ["--source", one.url, "--server", other.url, "--sample", "all"], {
      SOURCE_MASTER_KEY: "parley-dev-master",
    });
    expect(same.output).toContain("Nothing is missing, and nothing differs.");
    expect(same.code).toBe(0);
    expect((await verified(other)).code).toBe(0);
    const start = async (server: Server) => {
      const body = { name: "later", m: ["Tom"] };
      const path = "/1.2/rtm/conversations";
      return (await callAsOwner<{ objectId: string }>(server, "POST", path, body)).objectId;
    };
    const [there, here] = [await start(one), await start(other)];
    const user = { username: "Spike", password: "gruyère" };
    const { objectId } = await callAsOwner<{ objectId: string }>(one, "POST", "/1.1/users", user);
    const later = await runCommand("verify", ["--source", one.url, "--server", other.url, "--json"], {
      SOURCE_MASTER_KEY: "parley-dev-master",
    });
    expect(later.code).toBe(5);
    const differences = later.output.split("\n").filter((line) => line.includes('"difference"'));
    expect(differences.map((line): unknown => JSON.parse(line))).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ what: "classes/_Conversation", id: there, isExpected: false }),
        expect.objectContaining({ what: "conversations", id: here, isExpected: true }),
        expect.objectContaining({ what: "classes/_User", id: objectId, isExpected: false }),
      ]),
    );
  });
});
