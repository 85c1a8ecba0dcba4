import { type SQL, sql } from "drizzle-orm";
import type { Installation } from "../../model/installation.ts";
import { isObjectId, newObjectId } from "../../protocol/object-id.ts";
import { installations } from "../schema/push.ts";
import { LAST_SEEN_INTERVAL, renameDevice } from "./device-clients.ts";
import { removalOf } from "./installations.ts";
import {
  type InstallationMatch,
  type InstallationNames,
  installationsNamed,
  retryOnConflict,
  writeInstallation,
} from "./write.ts";

/** The fields that an app sets; the service sets the others. */
export type InstallationContent = Omit<Installation, "id" | "createdAt" | "updatedAt">;

export interface SaveRequest {
  /** The id of the installation to change, and the device names in the changes. */
  names: InstallationNames;
  /**
   * Whether a new installation takes that id. Callers with only the app key cannot choose ids, because ids stand for
   * the time of creation.
   */
  takesId: boolean;
  /** Applies the changes to the installation, undefined if there is none yet; or returns why that is impossible. */
  change(before: InstallationContent | undefined): InstallationContent | { refused: string };
  /** When a new installation was created (ms), if not now. */
  createdAt?: number;
  now: number;
  /** Whether a new installation may be added. Called as late as possible. */
  admits(): Promise<boolean>;
}

export type SaveResult =
  | {
      outcome: "created" | "updated";
      installation: Installation;
      /** The channels that are clients logged in there. */
      clientIds: string[];
    }
  | { outcome: "refused"; why: string }
  /** It would be new, and too many were created lately. */
  | { outcome: "not admitted" }
  /** No installation has this id, and the changes do not name the device. */
  | { outcome: "missing" };

/**
 * Adds an installation, or changes the one that has these names already (N-01). If several have them, one is left with
 * the channels of all: the one with the id, else the one with the installation id. An unknown id becomes the id of the
 * new installation if the app's server sends it: devices keep their ids when an app moves here.
 *
 * A save without changes is recorded once a day. Throws if D1 fails.
 */
export async function saveInstallation(db: D1Database, save: SaveRequest): Promise<SaveResult> {
  return retryOnConflict(() => attempt(db, save));
}

async function attempt(
  db: D1Database,
  { names, change, createdAt, now, takesId, admits }: SaveRequest,
): Promise<SaveResult | undefined> {
  const { target, joined, isMissing } = rowsOf(await installationsNamed(db, lookupNames(names)), names);
  if (isMissing) return { outcome: "missing" };
  if (joined.some(({ subscription }) => subscription !== undefined))
    return { outcome: "refused", why: "the installation is a browser's" };
  const before = target?.installation;
  const channels = [...new Set([before, ...joined].flatMap((each) => each?.channels ?? []))];
  const changed = change(before && { ...before, channels });
  if ("refused" in changed) return { outcome: "refused", why: changed.refused };
  if (before === undefined && !(await admits())) return { outcome: "not admitted" };

  const clientIds = target?.clientIds ?? [];
  const renamings = before === undefined ? [] : renamingsOf(before, changed);
  // The clients under its new name are added to its channels when it is written.
  const isKept = (channel: string) => renamings.length === 0 || !clientIds.includes(channel);
  const kept = { ...changed, channels: changed.channels.filter(isKept) };
  if (before !== undefined && joined.length === 0 && now < before.updatedAt + LAST_SEEN_INTERVAL) {
    if (isSame(before, { ...kept, channels: [...kept.channels, ...clientIds] }))
      return { outcome: "updated", installation: before, clientIds };
  }
  const { deviceToken, installationId, registrationId } = kept;
  const isNamed = deviceToken !== undefined || installationId !== undefined;
  const id = before?.id ?? (takesId ? names.id : undefined) ?? newObjectId(now);
  const installation = await writeInstallation(db, {
    before,
    joined,
    beside: (condition) => [
      ...renamings.flatMap((renaming) => renameDevice(renaming, condition)),
      ...(isNamed && registrationId !== before?.registrationId ? removeReinstalled(id, kept, condition) : []),
    ],
    names: { id, deviceToken, installationId, ...(!isNamed && { registrationId }) },
    after: {
      ...kept,
      id,
      createdAt: before?.createdAt ?? createdAt ?? now,
      updatedAt: Math.max(now, (before?.updatedAt ?? 0) + 1),
    },
  });
  if (installation === undefined) return undefined;
  const added = installation.channels.filter((channel) => !kept.channels.includes(channel));
  const outcome = before === undefined ? "created" : "updated";
  return { outcome, installation, clientIds: [...new Set([...clientIds, ...added])] };
}

/** A vendor's token identifies a device only if nothing better does. */
function lookupNames(names: InstallationNames): InstallationNames {
  const { deviceToken, installationId } = names;
  const isNamed = deviceToken !== undefined || installationId !== undefined;
  return isNamed ? { ...names, registrationId: undefined } : names;
}

function rowsOf(found: InstallationMatch[], names: InstallationNames) {
  const { id, deviceToken, installationId, registrationId } = names;
  const by = (name: keyof InstallationNames) =>
    names[name] === undefined
      ? undefined
      : found.find(({ installation }) => installation[name] === names[name]);
  const [byId, byInstallationId, byToken] = [by("id"), by("installationId"), by("deviceToken")];
  const target = byId ?? byInstallationId ?? byToken ?? by("registrationId");
  const others = [byInstallationId, byToken].filter((each) => each !== undefined && each !== target);
  return {
    target,
    joined: [...new Set(others)].flatMap((each) => (each === undefined ? [] : [each.installation])),
    isMissing:
      id !== undefined &&
      byId === undefined &&
      (!isObjectId(id) || (deviceToken ?? installationId ?? registrationId) === undefined),
  };
}

/**
 * Removes the installation from before the app was installed again on this phone, by its vendor's token: both would be
 * pushed to, one of them for the client that was logged in then.
 */
function removeReinstalled(
  id: string,
  { vendor, registrationId }: InstallationContent,
  condition: SQL,
): SQL[] {
  if (vendor === undefined || registrationId === undefined) return [];
  return removalOf(sql`${installations.registrationId} = ${registrationId} AND ${installations.vendor} = ${vendor}
    AND ${installations.id} <> ${id} AND ${condition}`);
}

/** The names that a device no longer has, with their replacements. */
function renamingsOf(
  before: InstallationContent,
  after: InstallationContent,
): { from: string; to: string }[] {
  return (["deviceToken", "installationId"] as const).flatMap((name) => {
    const [from, to] = [before[name], after[name]];
    return from === undefined || to === undefined || from === to ? [] : [{ from, to }];
  });
}

/** Channels compare in any order and without duplicates. */
function isSame(one: InstallationContent, other: InstallationContent): boolean {
  const [left, right] = [one, other].map((each) => {
    const { deviceType, deviceToken, installationId, registrationId, vendor, valid, badge, fields } = each;
    const names = [deviceType, deviceToken, installationId, registrationId, vendor];
    return JSON.stringify([names, valid, badge, fields, [...new Set(each.channels)].sort()]);
  });
  return left === right;
}
