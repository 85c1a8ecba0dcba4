import { type SaveResult, saveInstallation } from "../database/installations/save.ts";
import {
  type InstallationNames,
  insertInstallations,
  installationsNamed,
  type KnownNames,
  namesKnown,
} from "../database/installations/write.ts";
import type { Installation } from "../model/installation.ts";
import type { JsonObject } from "../model/json.ts";
import { yieldToEventLoop } from "../yield-to-event-loop.ts";
import { INSTALLATIONS_KEPT } from "./cleanup.ts";
import { changeInstallation, namesIn } from "./installation-changes.ts";

/** What became of a row. `kept`: the device has said something here since, or the row is no newer. */
export type Imported = { outcome: "added" | "changed" | "kept" } | { outcome: "refused"; why: string };

/** The times (ms) of a row. */
export interface RowTimes {
  createdAt: number;
  updatedAt: number;
}

/** A row of `_Installation` of another service. */
export interface ImportedInstallation {
  id: string;
  /** What the row has beside its id and times. */
  row: JsonObject;
  times: RowTimes;
}

/**
 * Imports a device with its id and times. One that is here already, by its id or by a name of its own, is changed only
 * if the row is newer. Throws if D1 fails.
 */
export async function importInstallation(
  db: D1Database,
  imported: ImportedInstallation,
  now: number,
): Promise<Imported> {
  if (isIdle(imported, now)) return IDLE;
  const { createdAt, updatedAt } = imported.times;
  const names = namesOf(imported);
  const known = await installationsNamed(db, names);
  if (known.some(({ installation }) => installation.updatedAt >= updatedAt)) return { outcome: "kept" };
  const saved = await saveInstallation(db, {
    names,
    takesId: true,
    change: (before) => changeInstallation(before, imported.row),
    createdAt,
    now: updatedAt,
    admits: async () => true,
  });
  return outcomeOf(saved);
}

/**
 * Imports the devices among these of which nothing is known here, in one transaction. Returns what became of each;
 * `alone` for those that have to be imported one by one after these, in any order; `last` for those that are the same
 * device as an earlier row's, and come after that. Throws if D1 fails.
 */
export async function importNewInstallations(
  db: D1Database,
  given: readonly ImportedInstallation[],
  now: number,
): Promise<(Imported | "alone" | "last")[]> {
  const here = new DevicesByName(await namesKnown(db, given.map(namesOf)));
  const earlier = new DevicesByName([]);
  const added: Installation[] = [];
  const outcomes: (Imported | "alone" | "last" | { adds: string })[] = [];
  for (const imported of given) {
    const { id, times } = imported;
    const device = { ...namesOf(imported), updatedAt: times.updatedAt };
    const known = here.withNamesOf(device);
    const same = [device, ...known];
    if (isIdle(imported, now)) outcomes.push(IDLE);
    else if (same.some((each) => earlier.withNamesOf(each).length > 0)) outcomes.push("last");
    else if (known.some(({ updatedAt }) => updatedAt >= times.updatedAt)) outcomes.push({ outcome: "kept" });
    else {
      for (const each of same) earlier.add(each);
      const content = known.length > 0 ? undefined : changeInstallation(undefined, imported.row);
      const isNew = content !== undefined && !("refused" in content);
      if (isNew) added.push({ ...content, id, ...times });
      outcomes.push(isNew ? { adds: id } : "alone");
    }
    await yieldToEventLoop();
  }
  const written = await insertInstallations(db, added);
  return outcomes.map((each) => {
    if (typeof each === "string" || !("adds" in each)) return each;
    return written.has(each.adds) ? { outcome: "added" } : "alone";
  });
}

class DevicesByName {
  readonly #devices = new Map<string, KnownNames[]>();

  constructor(devices: readonly KnownNames[]) {
    for (const each of devices) this.add(each);
  }

  add(device: KnownNames): void {
    for (const key of keysOf(device)) this.#devices.set(key, [...(this.#devices.get(key) ?? []), device]);
  }

  /** The devices that have any of these names. */
  withNamesOf(names: InstallationNames): KnownNames[] {
    return keysOf(names).flatMap((key) => this.#devices.get(key) ?? []);
  }
}

function keysOf({ id, deviceToken, installationId, registrationId }: InstallationNames): string[] {
  const names = { id, deviceToken, installationId, registrationId };
  return Object.entries(names).flatMap(([kind, name]) => (name === undefined ? [] : [`${kind} ${name}`]));
}

const IDLE: Imported = { outcome: "refused", why: "updatedAt: idle for too long" };

const isIdle = ({ times }: ImportedInstallation, now: number): boolean =>
  times.updatedAt < now - INSTALLATIONS_KEPT;

const namesOf = ({ id, row }: ImportedInstallation): InstallationNames => ({ ...namesIn(row), id });

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
