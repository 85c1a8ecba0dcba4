import type { JsonObject } from "./json.ts";

/** A browser's `PushSubscription`. */
export interface WebPushSubscription {
  /** The URL at which its push service accepts messages. */
  endpoint: string;
  /** Base64url: the browser's public key, and a shared secret. */
  keys: { p256dh: string; auth: string };
}

/** A device that receives mobile pushes (N-01). */
export interface Installation {
  id: string;
  /** `ios`, `android`, `web`, or an SDK's own name. */
  deviceType: string;
  /** Apple's token; for a browser the endpoint of its subscription. */
  deviceToken: string | undefined;
  /** Chosen by the device itself. */
  installationId: string | undefined;
  /** A vendor's token, and the vendor. */
  registrationId: string | undefined;
  vendor: string | undefined;
  channels: string[];
  /** False excludes it from every push. */
  valid: boolean;
  /** The number on the icon, as last pushed or set by the app (P-06). */
  badge: number;
  subscription: WebPushSubscription | undefined;
  /** Everything else: `timeZone`, `apnsTopic`, `apnsTeamId`, `deviceProfile`, and the app's own. */
  fields: JsonObject;
  /** Milliseconds. */
  createdAt: number;
  /** Grows with every change except of the badge: a writer recognizes by it whether the row is as it was read. */
  updatedAt: number;
}
