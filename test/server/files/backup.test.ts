import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { useServers } from "../support/servers.ts";
import { announce, rowStatus, SlowUpload } from "./uploads.ts";

const servers = useServers();

async function command(script: "backup" | "restore", ...args: string[]): Promise<void> {
  const child = spawn("node_modules/.bin/node", [`scripts/${script}.ts`, ...args], { stdio: "inherit" });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${script} left with ${code}`);
}

test("[B-15] a backup of a running server has the bytes of its files, and nothing of an upload in progress", {
  tags: ["linux"],
}, async () => {
  const server = await servers.start();
  const [file, late] = [await announce(server), await announce(server)];
  const bytes = "bytes".repeat(100_000);
  expect((await fetch(file.upload_url, { method: "PUT", body: bytes })).status).toBe(200);
  const upload = new SlowUpload(late, "length", 2_000_000);
  await upload.send(new Uint8Array(1_000_000));
  const [backup, restored] = ["backup", "restored"].map((name) => join(servers.folder, name));
  if (backup === undefined || restored === undefined) throw new Error("no folder");
  await command("backup", "--data", join(servers.folder, "data"), "--to", backup);
  expect(await readdir(join(backup, "files"))).toHaveLength(1);
  await server.kill();
  await command("restore", "--from", backup, "--data", restored);
  const again = await servers.start({ data: restored, args: ["--port", `${server.port}`] });
  expect(await (await fetch(file.url)).text()).toBe(bytes);
  expect(await rowStatus(again, late)).toBe(404);
});
