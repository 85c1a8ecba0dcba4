import { type SQL, sql } from "drizzle-orm";
import type { Installation } from "../../model/installation.ts";
import { isObjectId, newObjectId } from "../../protocol/object-id.ts";
import { installations } from "../schema.ts";
import { LAST_SEEN_INTERVAL, renameDevice } from "./device-clients.ts";
import { removalOf } from "./installations.ts";
import {
  type Found,
  type InstallationNames,
  installationsNamed,
  retryOnConflict,
  writeInstallation,
} from "./write.ts";

/** What an app says of an installation; the rest the service says itself. */
export type Kept = Omit<Installation, "id" | "createdAt" | "updatedAt">;

export interface Save {
  /** The id of the one to change, and what else the changes call the device. */
  names: InstallationNames;
  /** Whether a new one takes that id. Those who only have the app key choose none: ids stand for the time of making. */
  takesId: boolean;
  /** What becomes of the installation, undefined where there is none yet; or why it cannot be. */
  change(before: Kept | undefined): Kept | { refused: string };
  now: number;
  /** Whether one may be added that is not known yet; asked as late as that is known. */
  admits(): Promise<boolean>;
}

export type Saved =
  | {
      outcome: "created" | "updated";
      installation: Installation;
      /** Of its channels, the clients that are logged in there. */
      clientIds: string[];
    }
  | { outcome: "refused"; why: string }
  /** It would be a new one, and there were too many of late. */
  | { outcome: "not admitted" }
  /** There is none by this id, and the changes do not tell which device it would be. */
  | { outcome: "missing" };

/**
 * Adds an installation, or changes the one that has these names already (N-01). Where several have, one is left, with
 * the channels of all: the one of the id, else the one of the installation id. An id that is not known becomes that of
 * the new one if the app's server says so: devices' ids come along when an app moves here.
 *
 * A save that says nothing new is noted once a day. D1 failing throws.
 */
export async function saveInstallation(db: D1Database, save: Save): Promise<Saved> {
  return retryOnConflict(() => attempt(db, save));
}

async function attempt(
  db: D1Database,
  { names, change, now, takesId, admits }: Save,
): Promise<Saved | undefined> {
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
  // Who of them is logged in there by its new name comes to its channels where it is written.
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
    ...{ before, joined },
    beside: (condition) => [
      ...renamings.flatMap((renaming) => renameDevice(renaming, condition)),
      ...(isNamed && registrationId !== before?.registrationId ? removeReinstalled(id, kept, condition) : []),
    ],
    names: { id, deviceToken, installationId, ...(!isNamed && { registrationId }) },
    after: {
      ...{ ...kept, id, createdAt: before?.createdAt ?? now },
      updatedAt: Math.max(now, (before?.updatedAt ?? 0) + 1),
    },
  });
  if (installation === undefined) return undefined;
  const added = installation.channels.filter((channel) => !kept.channels.includes(channel));
  const outcome = before === undefined ? "created" : "updated";
  return { outcome, installation, clientIds: [...new Set([...clientIds, ...added])] };
}

/** A vendor's token tells devices apart only where nothing better does. */
function lookupNames(names: InstallationNames): InstallationNames {
  const { deviceToken, installationId } = names;
  const isNamed = deviceToken !== undefined || installationId !== undefined;
  return isNamed ? { ...names, registrationId: undefined } : names;
}

function rowsOf(found: Found[], names: InstallationNames) {
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
 * Forgets what an app was on this phone before it was installed anew, by the vendor's token that it has again: both would
 * be pushed to there, one of them for whoever was logged in then.
 */
function removeReinstalled(id: string, { vendor, registrationId }: Kept, condition: SQL): SQL[] {
  if (vendor === undefined || registrationId === undefined) return [];
  return removalOf(sql`${installations.registrationId} = ${registrationId} AND ${installations.vendor} = ${vendor}
    AND ${installations.id} <> ${id} AND ${condition}`);
}

/** The names that a device has no more, with those it has in their place. */
function renamingsOf(before: Kept, after: Kept): { from: string; to: string }[] {
  return (["deviceToken", "installationId"] as const).flatMap((name) => {
    const [from, to] = [before[name], after[name]];
    return from === undefined || to === undefined || from === to ? [] : [{ from, to }];
  });
}

/** Channels in any order, and as often as they come. */
function isSame(one: Kept, other: Kept): boolean {
  const [left, right] = [one, other].map((each) => {
    const { deviceType, deviceToken, installationId, registrationId, vendor, valid, badge, fields } = each;
    const names = [deviceType, deviceToken, installationId, registrationId, vendor];
    return JSON.stringify([names, valid, badge, fields, [...new Set(each.channels)].sort()]);
  });
  return left === right;
}
