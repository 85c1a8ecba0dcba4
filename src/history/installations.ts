import type { JsonObject } from "../protocol/json.ts";

/** What a browser's `PushSubscription` says of itself. */
export interface WebPushSubscription {
  /** Where its push service takes messages for it. */
  endpoint: string;
  /** Base64url: the browser's public key, and a secret it shares. */
  keys: { p256dh: string; auth: string };
}

/** A device that can be pushed to (N-01). */
export interface Installation {
  id: string;
  /** `ios`, `android`, `web`, or what an SDK calls it. */
  deviceType: string;
  /** Apple's token; of a browser the endpoint of its subscription. */
  deviceToken: string | undefined;
  /** Chosen by the device itself. */
  installationId: string | undefined;
  /** A vendor's token, and the vendor. */
  registrationId: string | undefined;
  vendor: string | undefined;
  channels: string[];
  /** False excludes it from every push. */
  valid: boolean;
  /** What the icon shows, as last pushed or set by the app (P-06). */
  badge: number;
  subscription: WebPushSubscription | undefined;
  /** Everything else: `timeZone`, `apnsTopic`, `apnsTeamId`, `deviceProfile`, and the app's own. */
  fields: JsonObject;
  /** Milliseconds. */
  createdAt: number;
  updatedAt: number;
}

const NOT_YET = "not written yet";

/** The installations that have any of these channels, each with every one of these it has. D1 failing throws. */
export async function installationsWithChannels(
  _db: D1Database,
  _channels: readonly string[],
): Promise<{ installation: Installation; channels: string[] }[]> {
  throw new Error(NOT_YET);
}

/** Those of these installations that are still there. */
export async function installationsById(_db: D1Database, _ids: readonly string[]): Promise<Installation[]> {
  throw new Error(NOT_YET);
}

/** Adds one to the badge of each; the new numbers by id (P-06). */
export async function incrementBadges(
  _db: D1Database,
  _ids: readonly string[],
): Promise<Map<string, number>> {
  throw new Error(NOT_YET);
}

/** Forgets devices, with their channels. */
export async function removeInstallations(_db: D1Database, _ids: readonly string[]): Promise<void> {
  throw new Error(NOT_YET);
}

/** Forgets devices that nothing was heard of since a time (ms), and who was logged in on devices unheard of since (N-02). */
export async function dropIdleInstallations(_db: D1Database, _before: number): Promise<void> {
  throw new Error(NOT_YET);
}

/** What a browser is registered by: it belongs to this client alone from then on. */
export interface BrowserRegistration {
  clientId: string;
  /** What the client's session calls its device: when it logs out, the browser is not his any more. */
  device: string;
  subscription: WebPushSubscription;
  now: number;
}

/** Adds a browser, or gives one that is known to another client. */
export async function registerBrowser(
  _db: D1Database,
  _registration: BrowserRegistration,
): Promise<Installation> {
  throw new Error(NOT_YET);
}
