import type { Deployment } from "../model/deployment.ts";
import type { Objects } from "../model/objects.ts";
import type { ProviderName, VendorName } from "../model/provider-name.ts";
import type { AcceptedNotification, NumberedNotification, ScheduledNotification } from "./schedule.ts";

/** The object with the schedule of pushes. */
export function pushesOf(env: { PUSH: Objects<PushStub> }): PushStub {
  return env.PUSH.getByName("push");
}

/**
 * The object with the tokens of a provider: each provider that gives tokens over the network has one of its own. On a
 * single machine, it is the one with everything else. So it is for Apple everywhere: its tokens are made here, and a new
 * object would make one too early.
 */
export function providerTokensOf(
  env: { PUSH: Objects<PushStub> } & Pick<Deployment, "SINGLE_MACHINE">,
  provider: ProviderName,
): PushStub {
  if (env.SINGLE_MACHINE === "1" || provider === "apns") return pushesOf(env);
  return env.PUSH.getByName(`tokens of ${provider}`);
}

/** The PushObject's calls. */
export interface PushStub extends PushTokens, PushSchedule {}

/** Access tokens for a provider, kept in one place, since providers limit how often they are created. */
interface PushTokens {
  /** The token for one of the app's APNs keys; undefined if the key does not exist. */
  apnsToken(teamId: string, keyId: string): Promise<string | undefined>;
  /** The access token for FCM; undefined without a service account. */
  fcmToken(): Promise<string | undefined>;
  /**
   * The access token for a profile of a phone maker's service, and whether the profile has worked with its keys;
   * undefined if there is no such profile.
   */
  vendorToken(
    vendor: VendorName,
    profile: string,
    region: string | undefined,
  ): Promise<VendorToken | undefined>;
  /** Notes that a profile has worked with keys of this fingerprint. */
  profileWorked(vendor: VendorName, profile: string, fingerprint: string): Promise<void>;
  hasProfileWorked(vendor: VendorName, profile: string, fingerprint: string): Promise<boolean>;
  /** Reports that a provider refused this token: the next call returns another one. */
  tokenRefused(token: string): Promise<void>;
}

export interface VendorToken {
  token: string;
  hasWorked: boolean;
}

/** Notifications from their request until all their devices were found (N-06, N-12). */
interface PushSchedule {
  /** The response to this request in the last five minutes; undefined without one. */
  acceptedBefore(requestId: string): Promise<AcceptedNotification | undefined>;
  /**
   * Schedules a notification. A repeated request changes nothing and gets its first response. `full` if too many wait
   * already.
   */
  accept(
    notification: ScheduledNotification,
    requestId: string | undefined,
  ): Promise<AcceptedNotification | "full">;
  /** The scheduled notifications, the next one first. Not named `scheduled`, which the platform reserves. */
  waiting(): Promise<NumberedNotification[]>;
  /** The notification with a number; undefined after all its devices were found, or it was cancelled. */
  notification(number: number): Promise<NumberedNotification | undefined>;
  /** Removes a notification after all its devices were found, or it was cancelled. */
  remove(number: number): Promise<void>;
  /** Cancels all notifications with this id. */
  removeAll(notificationId: string): Promise<void>;
  /** Removes expired notifications. */
  removeExpired(): Promise<void>;
}
