import { type SQL, sql } from "drizzle-orm";
import type { Installation, WebPushSubscription } from "../../model/installation.ts";
import { newObjectId } from "../../protocol/object-id.ts";
import { deviceClients } from "../schema/push.ts";
import { LAST_SEEN_INTERVAL, recordLogin, textList } from "./device-clients.ts";
import { installationsNamed, retryOnConflict, writeInstallation } from "./write.ts";

/** A browser's registration. The browser belongs to this client alone from then on. */
export interface BrowserRegistration {
  clientId: string;
  /** The device name of the client's session. When the client logs out there, the browser is no longer theirs. */
  device: string;
  subscription: WebPushSubscription;
  now: number;
}

/** Adds a browser, or moves a known one to another client. Throws if D1 fails. */
export async function registerBrowser(
  db: D1Database,
  registration: BrowserRegistration,
): Promise<Installation> {
  return retryOnConflict(() => attempt(db, registration));
}

async function attempt(
  db: D1Database,
  { clientId, device, subscription, now }: BrowserRegistration,
): Promise<Installation | undefined> {
  const names = { deviceToken: subscription.endpoint, installationId: device };
  const found = await installationsNamed(db, names);
  const target = found.find(({ installation }) => installation.installationId === device) ?? found[0];
  const before = target?.installation;
  const clientIds = found.flatMap((each) => each.clientIds);
  const isOwnBrowser = clientIds.length === 1 && clientIds[0] === clientId;
  if (
    before !== undefined &&
    found.length === 1 &&
    isOwnBrowser &&
    isSame(before, { device, subscription })
  ) {
    if (now < before.updatedAt + LAST_SEEN_INTERVAL) return before;
  }
  const rows = found.map(({ installation }) => installation);
  const channels = new Set(rows.flatMap((row) => row.channels));
  for (const each of clientIds) channels.delete(each);
  const none = { registrationId: undefined, vendor: undefined, badge: 0, fields: {}, createdAt: now };
  return writeInstallation(db, {
    before,
    names,
    joined: rows.filter((row) => row !== before),
    after: {
      ...(before ?? { ...none, id: newObjectId(now) }),
      ...names,
      deviceType: "web",
      subscription,
      valid: true,
      channels: [...channels],
      updatedAt: Math.max(now, (before?.updatedAt ?? 0) + 1),
    },
    beside: (condition) => [
      nobodyOn([...namesOf(rows), ...Object.values(names)], condition),
      recordLogin({ device, clientId, now }, condition),
    ],
  });
}

const namesOf = (rows: Installation[]): string[] =>
  rows
    .flatMap(({ deviceToken, installationId }) => [deviceToken, installationId])
    .filter((name) => name !== undefined);

function nobodyOn(devices: string[], condition: SQL): SQL {
  return sql`DELETE FROM ${deviceClients} WHERE ${deviceClients.device} IN ${textList(devices)} AND ${condition}`;
}

function isSame(
  { valid, installationId, subscription: known }: Installation,
  { device, subscription }: Pick<BrowserRegistration, "device" | "subscription">,
): boolean {
  const { endpoint, keys } = subscription;
  const isKnown =
    known?.endpoint === endpoint && known.keys.p256dh === keys.p256dh && known.keys.auth === keys.auth;
  return isKnown && valid && installationId === device;
}
