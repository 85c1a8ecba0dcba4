import type { Objects } from "../model/objects.ts";
import type { AcceptedNotification, NumberedNotification, ScheduledNotification } from "./schedule.ts";

/** The one object that has what pushes have in common. */
export function pushesOf(env: { PUSH: Objects<PushStub> }): PushStub {
  return env.PUSH.getByName("push");
}

/** What the rest of the service may ask of the PushObject. */
export interface PushStub extends PushTokens, PushSchedule {}

/** Proofs of who we are, for providers: kept in one place, since Apple refuses who makes them too often. */
interface PushTokens {
  /** The token for one of the app's APNs keys; undefined where there is no such key. */
  apnsToken(teamId: string, keyId: string): Promise<string | undefined>;
  /** The access token for FCM; undefined where no service account is set. */
  fcmToken(): Promise<string | undefined>;
  /** A provider did not take this token: the next one asked for is another. */
  tokenRefused(token: string): Promise<void>;
}

/** Notifications from when they were asked for until all their devices were found (N-06, N-12). */
interface PushSchedule {
  /** What was answered to this request in the last five minutes; undefined if it is new. */
  answered(requestId: string): Promise<AcceptedNotification | undefined>;
  /**
   * Has a notification sent at its time. A request that is known changes nothing and is answered as before. `full`
   * where as many wait as may.
   */
  accept(
    notification: ScheduledNotification,
    requestId: string | undefined,
  ): Promise<AcceptedNotification | "full">;
  /** The notifications that wait for their time, the next one first. Not `scheduled`: the platform keeps that name. */
  waiting(): Promise<NumberedNotification[]>;
  /** The one under a number; undefined when all its devices were found, or it was taken back. */
  notification(number: number): Promise<NumberedNotification | undefined>;
  /** Forgets one: all its devices were found, or it was taken back. */
  remove(number: number): Promise<void>;
  /** Takes back whatever is on its way under this id. */
  removeAll(notificationId: string): Promise<void>;
  /** Forgets those that expired on their way. */
  removeExpired(): Promise<void>;
}
