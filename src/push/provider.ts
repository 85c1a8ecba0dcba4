import type { Installation } from "../model/installation.ts";
import type { ProviderName } from "../model/provider-name.ts";
import type { Push } from "./work.ts";

/** A recipient with his device as it is now. */
export interface Target {
  installation: Installation;
  /** Whom it is for; undefined where it is for the device as such. */
  clientId: string | undefined;
}

/** What became of a push to one device. */
export type Outcome =
  | { outcome: "sent" }
  /** There is no such device any more. `since` (ms), where the provider says when: an installation newer than that stays. */
  | { outcome: "gone"; since: number | undefined; why: string }
  /** The same at every attempt. */
  | { outcome: "failed"; why: string }
  /** To be tried again, after so many milliseconds where the provider says when. */
  | { outcome: "later"; retryAfter: number | undefined; why: string };

/** A way to devices. */
export interface PushProvider {
  readonly name: ProviderName;
  /** Whether devices such as this one are reached this way. */
  serves(installation: Installation): boolean;
  /**
   * Pushes to each of at most 100 devices, and says of each what became of it, in their order. Never rejects. Every
   * call has a deadline.
   */
  send(push: Push, targets: readonly Target[]): Promise<Outcome[]>;
}

/** @param since (ms) */
export function goneOutcome(why: string, since?: number): Outcome {
  return { outcome: "gone", since, why };
}

export function failedOutcome(why: string): Outcome {
  return { outcome: "failed", why };
}

/** @param retryAfter ms */
export function retryOutcome(why: string, retryAfter?: number): Outcome {
  return { outcome: "later", retryAfter, why };
}
