import { createHash } from "node:crypto";
import { once } from "node:events";
import { realpath } from "node:fs/promises";
import { createServer } from "node:net";
import { Refusal } from "./options.ts";

/**
 * Locks the data folder for this process: two servers on one folder would write to the same conversations. The lock is
 * a Linux socket name without a file, which disappears with the process; other systems have no lock. Throws a `Refusal`
 * if the folder is locked.
 */
export async function lockDataFolder(folder: string): Promise<void> {
  if (process.platform !== "linux") return;
  const name = createHash("sha256")
    .update(await realpath(folder))
    .digest("hex");
  const server = createServer().unref();
  server.listen(`\0parley-${name}`);
  try {
    await once(server, "listening");
  } catch {
    throw new Refusal(`Not started: another Parley is running on the data in ${folder}.`, 1);
  }
}
