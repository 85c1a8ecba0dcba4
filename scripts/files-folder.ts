import { mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";

/** What workerd's disk service names a file while it writes it. */
const UNFINISHED = /^\..*\.tmp$/;

/** The folder of the bytes of uploaded files, in the data folder. */
export function filesFolder(data: string): string {
  return resolve(data, "files");
}

/** Whether a file is one that is being written, or that was when the server was killed. */
export const isUnfinished = (name: string): boolean => UNFINISHED.test(name);

/** Makes the folder, and removes what was being written when the server was killed. Nothing may be using it yet. */
export async function prepareFilesFolder(data: string): Promise<void> {
  const folder = filesFolder(data);
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder))
    if (isUnfinished(name)) await rm(join(folder, name), { force: true });
}
