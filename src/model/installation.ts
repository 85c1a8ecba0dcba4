import type { JsonObject } from "./json.ts";

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
  /** Grows with every change but that of the badge: who writes a row knows by it whether it is as it was read. */
  updatedAt: number;
}
