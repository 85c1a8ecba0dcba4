import { type SaveResult, saveInstallation } from "../database/installations/save.ts";
import { installationsNamed } from "../database/installations/write.ts";
import type { JsonObject } from "../model/json.ts";
import { INSTALLATIONS_KEPT } from "./cleanup.ts";
import { changeInstallation, namesIn } from "./installation-changes.ts";

/** What became of a row. `kept`: the device has said something here since, or the row is no newer. */
export type Imported = { outcome: "added" | "changed" | "kept" } | { outcome: "refused"; why: string };

/** The times (ms) of a row. */
export interface RowTimes {
  createdAt: number;
  updatedAt: number;
}

/**
 * Imports a row of `_Installation` of another service, with its id and times. A device that is here already, by its id
 * or by a name of its own, is changed only if the row is newer. Throws if D1 fails.
 */
export async function importInstallation(
  db: D1Database,
  { id, row, times }: { id: string; row: JsonObject; times: RowTimes },
  now: number,
): Promise<Imported> {
  const { createdAt, updatedAt } = times;
  if (updatedAt < now - INSTALLATIONS_KEPT)
    return { outcome: "refused", why: "updatedAt: idle for too long" };
  const names = { ...namesIn(row), id };
  const known = await installationsNamed(db, names);
  if (known.some(({ installation }) => installation.updatedAt >= updatedAt)) return { outcome: "kept" };
  const saved = await saveInstallation(db, {
    names,
    takesId: true,
    change: (before) => changeInstallation(before, row),
    createdAt,
    now: updatedAt,
    admits: async () => true,
  });
  return outcomeOf(saved);
}

function outcomeOf(saved: SaveResult): Imported {
  switch (saved.outcome) {
    case "created":
      return { outcome: "added" };
    case "updated":
      return { outcome: "changed" };
    case "refused":
      return { outcome: "refused", why: saved.why };
    case "missing":
      return { outcome: "refused", why: "objectId, deviceToken, installationId: must name a device" };
    case "not admitted":
      throw new Error("an import is always admitted");
  }
}
