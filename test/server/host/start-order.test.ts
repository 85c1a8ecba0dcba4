import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../../support/free-port.ts";
import { type Launched, launch, ready } from "../../support/server.ts";
import { callAsOwner, ownerHeaders } from "../support/owner.ts";
import { useServers } from "../support/servers.ts";

/** The order of a start, the failures of a start, and that a server stays up. */

const servers = useServers();
const launched: Launched[] = [];
let data: string;

beforeEach(() => {
  data = join(servers.folder, "data");
});
afterEach(() => {
  for (const { child } of launched.splice(0)) {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  }
});

const OWN_KEYS = {
  APP_ID: "our-own-app",
  APP_KEY: "our-own-key-of-24-letters",
  MASTER_KEY: "our-own-master-of-24-letters",
};

/** A conversation of Tom and Jerry with one message in it. */
async function conversation(url: string, text: string): Promise<string> {
  const { objectId } = await callAsOwner<{ objectId: string }>({ url }, "POST", "/1.2/rtm/conversations", {
    m: ["Tom", "Jerry"],
  });
  await say(url, objectId, text);
  return objectId;
}

async function say(url: string, id: string, message: string): Promise<void> {
  await callAsOwner({ url }, "POST", `/1.2/rtm/conversations/${id}/messages`, {
    from_client: "Tom",
    message,
  });
}

/** Tom's messages in D1. */
async function archived(url: string): Promise<string[]> {
  const messages = await callAsOwner<{ data: string }[]>({ url }, "GET", "/1.2/rtm/clients/Tom/messages");
  return messages.map(({ data: text }) => text).toSorted();
}

/** The file of D1 in the data folder. */
async function databaseFile(): Promise<string> {
  const folder = join(data, "d1/miniflare-D1DatabaseObject");
  const name = (await readdir(folder)).find((file) => /^[0-9a-f]{64}\.sqlite$/.test(file));
  if (name === undefined) throw new Error("there is no database");
  return join(folder, name);
}

/** Gives D1 the tables of the first migration, with what its rows have of them: an old version kept this folder. */
async function forgetMigrations(): Promise<void> {
  const path = await databaseFile();
  const old = new DatabaseSync(`${path}.old`);
  old.exec("PRAGMA journal_mode = WAL");
  const name = "0000_first.sql";
  old.exec((await readFile(join("migrations", name), "utf8")).replaceAll("--> statement-breakpoint", ""));
  old.exec(`ATTACH '${path}' AS present`);
  const columns = (schema: string, table: string) =>
    old
      .prepare(`PRAGMA ${schema}.table_info("${table}")`)
      .all()
      .map((column) => `"${column.name}"`);
  for (const row of old.prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table'").all()) {
    const table = String(row.name);
    const present = columns("present", table);
    const both = columns("main", table).filter((column) => present.includes(column));
    old.exec(`INSERT INTO main."${table}" (${both}) SELECT ${both} FROM present."${table}"`);
  }
  old.exec("CREATE TABLE d1_migrations AS SELECT * FROM present.d1_migrations LIMIT 1");
  old.exec("DETACH present");
  old.close();
  for (const suffix of ["", "-wal", "-shm"]) await rm(path + suffix, { force: true });
  await rename(`${path}.old`, path);
}

/** The children of a server that are workerd. */
async function runtimesOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    const status = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    const [, command, parent] = /^\d+ \((.*)\) \S (\d+)/.exec(status) ?? [];
    if (command === "workerd" && Number(parent) === pid) found.push(Number(name));
  }
  return found;
}

/** Kills so many runtimes of a server as they appear. Rejects if the server leaves. */
async function killRuntimes(pid: number, count: number): Promise<void> {
  const killed = new Set<number>();
  while (killed.size < count) {
    if (!existsSync(`/proc/${pid}`)) throw new Error("the server has left");
    for (const runtime of await runtimesOf(pid))
      if (!killed.has(runtime) && kill(runtime)) killed.add(runtime);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Whether the process was there: the one that migrates D1 ends by itself. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}

describe("starting", () => {
  test("a start migrates D1's tables before an object with an overdue alarm runs", async () => {
    const first = await servers.start();
    const ids = [];
    for (let count = 0; count < 8; count++) ids.push(await conversation(first.url, `before ${count}`));
    for (const id of ids) await say(first.url, id, `unarchived in ${id}`);
    await first.kill();
    await forgetMigrations();

    const second = await servers.start();
    for (const id of ids) await say(second.url, id, `after in ${id}`);
    const said = ids
      .flatMap((id, at) => [`before ${at}`, `unarchived in ${id}`, `after in ${id}`])
      .toSorted();
    await expect.poll(() => archived(second.url), { timeout: 40_000 }).toEqual(said);
    expect(second.output().trim()).toBe(`Parley is ready on ${second.url}`);
  });

  test("a server answers no request before it is ready", async () => {
    const port = await freePort();
    const started = launch(["--data", data, "--port", `${port}`]);
    launched.push(started);
    const url = `http://127.0.0.1:${port}`;
    const statuses: number[] = [];
    let isReady = false;
    const until = ready(started).finally(() => {
      isReady = true;
    });
    while (!isReady) {
      await fetch(`${url}/admin/settings`, {
        method: "PATCH",
        headers: ownerHeaders,
        body: '{"limits":{"members":42}}',
      }).then(
        ({ status }) => statuses.push(status),
        () => {},
      );
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until;
    expect(new Set([...statuses, 200])).toEqual(new Set([200]));
    const settings = await callAsOwner<{ limits: { members: number } }>({ url }, "GET", "/admin/settings");
    if (statuses.length > 0) expect(settings.limits.members).toBe(42);
  });
});

describe("staying up", { tags: "linux" }, () => {
  test("a runtime that is killed while the server starts is started again until it is ready", async () => {
    const started = launch(["--data", data, "--port", "0"]);
    launched.push(started);
    await killRuntimes(started.child.pid ?? 0, 4);
    const url = await ready(started);
    await conversation(url, "hello");
    expect(started.output()).toMatch(/next try in \d+ ms/);
  });

  test("a runtime that is killed later, twice in a row, is started again on the same port with all its data", async () => {
    const server = await servers.start();
    await conversation(server.url, "hello");
    await killRuntimes(server.pid, 3);
    await expect.poll(() => server.output(), { timeout: 20_000 }).toMatch(/Parley is ready again\n$/);
    expect(server.output()).toContain("the runtime (workerd) ended: killed (SIGKILL)");
    await expect.poll(() => archived(server.url), { timeout: 40_000 }).toEqual(["hello"]);
    expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ status: "ok" });
    const { host } = await callAsOwner<{ host: Record<string, number> }>(server, "GET", "/admin/health");
    expect(host.restarts).toBeGreaterThan(0);
    for (const name of ["upSeconds", "descriptors", "descriptorsMax", "memoryBytes"]) {
      expect(host[name]).toBeGreaterThan(0);
    }
  });
});

describe("a start that fails", () => {
  async function refusal(args: string[] = [], user?: number) {
    const started = launch(["--data", data, "--port", "0", ...args], OWN_KEYS, undefined, user);
    launched.push(started);
    const [code] = await once(started.child, "exit");
    return { code, lines: started.output().trim().split("\n") };
  }

  test("a start names a damaged database, and the remedy", async () => {
    const server = await servers.start();
    await conversation(server.url, "hello");
    await server.stop();
    const path = await databaseFile();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    database.close();
    const bytes = await readFile(path);
    bytes.fill(0xee, 4_096, Math.min(bytes.length, 40_000));
    await writeFile(path, bytes);
    const { code, lines } = await refusal();
    expect(code).toBe(1);
    expect(lines).toEqual([expect.stringContaining(`the database file ${path} is damaged`)]);
    expect(lines[0]).toContain("npm run restore");
  });

  test("a start reports a data folder that cannot be made, in one line", async () => {
    await writeFile(data, "a file");
    const { code, lines } = await refusal();
    expect(code).toBe(1);
    expect(lines).toEqual([expect.stringContaining(`the data folder ${data} cannot be made`)]);
  });

  test("a start reports a data folder of another user, in one line", { tags: "root" }, async () => {
    await mkdir(data);
    await chmod(servers.folder, 0o755);
    const { code, lines } = await refusal([], 65_534);
    expect(code).toBe(1);
    expect(lines).toEqual([expect.stringContaining(`${data} may not be written to by this user`)]);
  });

  test.each([
    ["203.0.113.9", "203.0.113.9 is no address of this machine"],
    ["nobody.invalid", "no address is known for the host name nobody.invalid"],
  ])("a start reports the unusable address %s in one line", async (host, why) => {
    const { code, lines } = await refusal(["--host", host]);
    expect(code).toBe(1);
    expect(lines.at(-1)).toContain(why);
  });
});

test("files in the data folder are for its user alone, also those that an earlier version left open", async () => {
  const first = await servers.start();
  await conversation(first.url, "hello");
  await first.stop();
  const modes = async () => {
    const entries = await readdir(data, { recursive: true });
    const found = await Promise.all(
      entries.map(async (entry) => (await stat(join(data, entry))).mode & 0o077),
    );
    return new Set([...found, (await stat(data)).mode & 0o077]);
  };
  expect(await modes()).toEqual(new Set([0]));
  execFileSync("chmod", ["-R", "go=rX", data]);
  await servers.start();
  for (const name of ["d1", "do"]) expect((await stat(join(data, name))).mode & 0o077).toBe(0);
  expect(existsSync(data)).toBe(true);
});
