import { DurableObject } from "cloudflare:workers";
import type { AppStub, Env } from "../env.ts";

/** What is true of the app as a whole and has no other owner. There is one, named `app`. */
export class AppObject extends DurableObject<Env> implements AppStub {
  async spend(_quota: string, _perMinute: number, _count = 1): Promise<{ retryAfter: number } | undefined> {
    return undefined;
  }

  async online(_clientId: string): Promise<void> {}

  async offline(_clientId: string): Promise<void> {}

  async presence(): Promise<{ online: number; today: number }> {
    return { online: 0, today: 0 };
  }

  async archiveBehind(_conversationId: string, _since: number): Promise<void> {}

  async archiveCaughtUp(_conversationId: string): Promise<void> {}

  async archivedUntil(): Promise<number> {
    return Date.now();
  }

  async keepSettings(_overrides: string): Promise<void> {}

  async keptSettings(): Promise<string | undefined> {
    return undefined;
  }
}
