import type { Objects } from "../model/objects.ts";

/** The one object that knows what is true of the app as a whole. */
export function appOf(env: { APP: Objects<AppStub> }): AppStub {
  return env.APP.getByName("app");
}

/** A client is online now, or not any more. */
export interface PresenceChange {
  clientId: string;
  online: boolean;
}

/** What the rest of the service may ask of the AppObject. */
export interface AppStub {
  /** Takes one from a quota, or says after how many seconds there is more (L-10). */
  spend(quota: string, perMinute: number, count?: number): Promise<{ retryAfter: number } | undefined>;
  /** Which clients are online now, and which are not any more: at most `PRESENCE_AT_ONCE`, each once. */
  presenceChanged(changes: PresenceChange[]): Promise<void>;
  /** Those of some clients that are online, as far as their objects have told: one of them may be late. */
  onlineAmong(clientIds: string[]): Promise<string[]>;
  /** Clients online now, and those that were today (UTC). */
  presence(): Promise<{ online: number; today: number }>;
  /** A conversation could not copy to D1 what was said in it after a time (ms). */
  archiveBehind(conversationId: string, since: number): Promise<void>;
  archiveCaughtUp(conversationId: string): Promise<void>;
  /** Those of some conversations that are behind, or that D1 has not heard of at all. */
  archiveBehindAmong(conversationIds: string[]): Promise<string[]>;
  /** Up to when (ms) D1 has everything that was said. */
  archivedUntil(): Promise<number>;
  /** The overrides as last stored in D1, for when D1 does not answer: nobody may get in by that. */
  keepSettings(overrides: string): Promise<void>;
  keptSettings(): Promise<string | undefined>;
}
