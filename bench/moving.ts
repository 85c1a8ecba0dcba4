import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AppData, type Row, randomApp } from "../test/server/support/leancloud/app-data.ts";
import { HostedApp } from "../test/server/support/leancloud/hosted-app.ts";
import { startServer } from "../test/support/server.ts";
import { table } from "./table.ts";

/*
 * `npm run bench:moving`: the commands of an owner's hour (docs/moving.md), one after the other, with their times. The
 * app is made up, and a stand-in for LeanCloud serves it on this machine: its own time is in that of the exports, and
 * no network is.
 */

const SIZE = { conversations: 2_000, messages: 100_000, users: 1_000 };
const MORE_USERS = 19_000;
const SEED = 15;
const KEYS = { APP_ID: "parley-dev", MASTER_KEY: "parley-dev-master" };

const root = fileURLToPath(new URL("..", import.meta.url));
await mkdir(join(root, "artifacts"), { recursive: true });
const folder = await mkdtemp(join(root, "artifacts/moving-"));
const app = new HostedApp(SEED, { appId: KEYS.APP_ID, masterKey: KEYS.MASTER_KEY });
await app.open();
const made = randomApp(SEED, SIZE, `${app.url}/files`);
app.data = withMoreUsers(made);
const server = await startServer({ data: join(folder, "data") });
const steps: [string, number][] = [];

async function timed(what: string, command: string, args: string[], codes = [0]): Promise<void> {
  const began = performance.now();
  const child = spawn(process.execPath, [join(root, `scripts/${command}.ts`), ...args], {
    cwd: folder,
    env: { ...process.env, ...KEYS },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code === null || !codes.includes(code)) throw new Error(`${command} ended with ${code}`);
  steps.push([what, (performance.now() - began) / 1_000]);
  console.error(`${what}: ${steps.at(-1)?.[1].toFixed(1)} s`);
}

try {
  const from = ["--server", app.url];
  const to = ["--server", server.url, "--files-url", `${server.url}/files`];
  // Chat rooms and others that are not served are refused: exit code 5.
  await timed("export", "export", [...from, "--to", "export-1"]);
  await timed("import", "import", ["export-1", ...to], [0, 5]);
  await timed("verify", "verify", ["export-1", "--server", server.url]);
  const newest = app.data.messages[0];
  if (newest === undefined) throw new Error("an app without messages");
  const news = { ...newest, "msg-id": "AYvOVgAAq3-NXrXVMZ0gVQ", timestamp: newest.timestamp + 1_000 };
  app.data = { ...app.data, messages: [news, ...app.data.messages] };
  const changes = ["--to", "export-2", "--since", "export-1", "--without", "files,blacklists,silences"];
  await timed("export of changes", "export", [...from, ...changes]);
  await timed("import of changes", "import", ["export-2", ...to], [0, 5]);
  await timed("verify of changes", "verify", ["export-2", "--server", server.url]);
} finally {
  await server.stop();
  await app.close();
  await rm(folder, { recursive: true, force: true });
}

const { classes, files } = app.data;
const counts = Object.entries(classes).map(([name, rows]) => `${rows.length} ${name}`);
console.log(
  `${app.data.messages.length} messages, ${counts.join(", ")}, ${Object.keys(files).length} files\n`,
);
const all = steps.reduce((sum, [, seconds]) => sum + seconds, 0);
console.log(
  table(
    ["step", "s"],
    [...steps, ["together", all] as const].map(([what, s]) => [what, s.toFixed(1)]),
  ),
);
process.exit();

/** A class is as large as it is; the lists of the other ones stay small. */
function withMoreUsers(data: AppData): AppData {
  const id = (kind: string, at: number) => `${kind}${at}`.padEnd(24, "0");
  const times = { createdAt: "2026-06-01T08:00:00.000Z", updatedAt: "2026-11-01T08:00:00.000Z" };
  const indexes = Array.from({ length: MORE_USERS }, (_, at) => at);
  const users = indexes.map((at): Row => {
    return { objectId: id("u", at), username: `more ${at}`, sessionToken: id("t", at), ...times };
  });
  const devices = indexes.map((at): Row => {
    const deviceToken = `${at}`.padStart(64, "0");
    return { objectId: id("d", at), deviceType: "ios", deviceToken, channels: [id("u", at)], ...times };
  });
  const byId = (rows: Row[]) => rows.toSorted((one, other) => (one.objectId < other.objectId ? -1 : 1));
  return {
    ...data,
    blacklists: {},
    silences: {},
    classes: {
      ...data.classes,
      _User: byId([...(data.classes._User ?? []), ...users]),
      _Installation: byId([...(data.classes._Installation ?? []), ...devices]),
    },
  };
}
