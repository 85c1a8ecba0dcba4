import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** Packages may have to be fetched (ms). */
const DEADLINE = 300_000;
const DONE = "done";

/**
 * Does work that several test files need, such as compiling an SDK's program: the first file does it, others that run
 * at the same time wait for it. Throws in each of them if it fails.
 */
export async function oncePerRun(name: string, work: () => Promise<void>): Promise<void> {
  const { PARLEY_TEST_BUILD } = process.env;
  if (PARLEY_TEST_BUILD === undefined) throw new Error("the global set-up makes the folder of a run");
  const folder = join(dirname(PARLEY_TEST_BUILD), name);
  const outcome = join(folder, "outcome");
  if (await isMade(folder)) await writeFile(outcome, await work().then(() => DONE, String));
  const end = Date.now() + DEADLINE;
  for (;;) {
    const text = await readFile(outcome, "utf8").catch(() => "");
    if (text === DONE) return;
    if (text !== "" || Date.now() > end) throw new Error(text || `${name} takes too long`);
    await pause(100);
  }
}

/** Whether this call made the folder. */
async function isMade(folder: string): Promise<boolean> {
  return mkdir(folder).then(
    () => true,
    () => false,
  );
}
