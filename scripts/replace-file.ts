import { chmod, readFile, rename, writeFile } from "node:fs/promises";

/** Written atomically, and only if it differs: another server may be serving the same folder. */
export async function replaceFile(path: string, contents: Uint8Array): Promise<void> {
  const former = await readFile(path).catch(() => undefined);
  if (former?.equals(contents)) return;
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, contents);
  // Readable by all: another user may run the server next, and nothing here is secret.
  await chmod(draft, 0o644);
  await rename(draft, path);
}
