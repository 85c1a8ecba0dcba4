import type { Skipped } from "../moving/format.ts";
import type { ExportFolder } from "./folder.ts";

const HOW =
  "LeanCloud's own export may have it: --by-archive _User in a new folder, or the console's by --from-archive";

/** What the rows of users lack: without it, people cannot log in, or have to log in again. An API may keep it back. */
export async function missingSecrets(folder: ExportFolder, kind: string): Promise<Skipped[]> {
  if (folder.count(kind) === 0) return [];
  const lacking = new Map([
    ["password", /"password"\s*:\s*"/],
    ["sessionToken", /"sessionToken"\s*:\s*"/],
  ]);
  for await (const text of folder.rows(kind)) {
    for (const [column, pattern] of lacking) if (pattern.test(text)) lacking.delete(column);
    if (lacking.size === 0) break;
  }
  return [...lacking.keys()].map((column) => ({
    what: kind,
    why: `no row has a ${column}; ${HOW}`,
    count: 1,
  }));
}
