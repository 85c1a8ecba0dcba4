import { createHash } from "node:crypto";
import { once } from "node:events";
import { realpath } from "node:fs/promises";
import { createServer } from "node:net";
import { Refusal } from "./options.ts";

/**
 * Takes the data folder for this process: two servers on one folder would each hold
 * conversations the other writes to. The claim is a Linux socket name without a file, which goes with the
 * process however it ends; elsewhere nothing is claimed. Throws a `Refusal` when the folder is taken.
 */
export async function claim(folder: string): Promise<void> {
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
