import type { Installation } from "../model/installation.ts";
import type { Json } from "../model/json.ts";
import type { ProviderName } from "../model/provider-name.ts";
import type { Push } from "./push-work.ts";

/** A recipient with the current state of its device. */
export interface Target {
  installation: Installation;
  /** The client; undefined if the push is for the device as such. */
  clientId: string | undefined;
}

/** The outcome of a push to one device. */
export type Outcome =
  | { outcome: "sent" }
  /** The device no longer exists. `since` (ms) is the provider's time, if any: a newer installation stays. */
  | { outcome: "gone"; since: number | undefined; why: string }
  /** The same at every attempt. */
  | { outcome: "failed"; why: string }
  /** Retry, after so many milliseconds if the provider named a time. */
  | { outcome: "later"; retryAfter: number | undefined; why: string };

/** A push provider. */
export interface PushProvider {
  readonly name: ProviderName;
  /** Whether this provider reaches the device. */
  serves(installation: Installation): boolean;
  /**
   * Pushes to each of at most 100 devices and returns the outcomes in their order. Never rejects. Every call has a
   * deadline.
   */
  send(push: Push, targets: readonly Target[]): Promise<Outcome[]>;
}

/** What a provider would send to a device, without what names the device; or why it would send nothing. */
export type Preview = { payload: Json } | { problem: string };

/** A provider that can show what it would send. */
export interface PreviewingProvider extends PushProvider {
  /** Calls nobody. */
  preview(push: Push, target: Target): Promise<Preview>;
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
