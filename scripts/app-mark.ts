import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { TRIAL } from "../src/demo-mode.ts";
import { Refusal } from "./options.ts";

/** The file in the data folder that names the app. */
const FILE = "app-id";

/**
 * Writes the app's name into the data folder at the first start with own keys. Throws a `Refusal` if such data would be
 * served with the publicly known keys, because the environment was forgotten.
 */
export async function checkApp(folder: string, { APP_ID: appId }: Record<string, string>): Promise<void> {
  const path = join(folder, FILE);
  const known = (await readFile(path, "utf8").catch(() => "")).trim();
  if (appId === TRIAL.APP_ID) {
    if (known === "") return;
    throw new Refusal(
      `Not started: the data in ${folder} is of the app ${known}, and APP_ID is not set. Set it, APP_KEY and ` +
        "MASTER_KEY in the environment, or try Parley out on another folder (--data).",
      1,
    );
  }
  if (known !== appId && appId !== undefined) await writeFile(path, `${appId}\n`);
}
