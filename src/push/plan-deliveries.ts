import type { Installation } from "../model/installation.ts";
import type { ProviderName } from "../model/provider-name.ts";
import { isAppleDevice } from "./apple-devices.ts";
import type { PushProvider } from "./provider.ts";
import { wantsIncrement } from "./push-content.ts";
import { type Push, type PushDelivery, RECIPIENTS_MAX, type Recipient } from "./push-work.ts";

/** An app is assumed to be uninstalled from devices that were inactive for so long (ms) (N-04). */
export const INACTIVE_AFTER = 90 * 24 * 60 * 60 * 1_000;

/** A device to push to, and its clients. */
export interface Addressee {
  installation: Installation;
  /** Empty if the push is for the device as such. */
  clientIds: string[];
}

/**
 * Whether a device may receive pushes at all: not if it is invalid or was inactive for 90 days (N-04), nor an Android
 * device without a vendor's channel (P-03).
 */
export function isEligible({ valid, updatedAt, deviceType, vendor }: Installation, now: number): boolean {
  if (!valid || updatedAt < now - INACTIVE_AFTER) return false;
  return deviceType.toLowerCase() !== "android" || vendor !== undefined;
}

export interface DeliveryPlanHost {
  /** The configured providers; the first that serves a device is used. */
  providers: readonly Pick<PushProvider, "name" | "serves">[];
  /** Increments the numbers on these devices' icons. */
  incrementBadges(installations: readonly string[]): Promise<void>;
}

/**
 * Splits a push into deliveries by provider, a hundred devices each. Devices that no provider serves are left out. If
 * the content asks for it, this increments the badges of Apple's devices, under any provider (P-06). Call it right
 * before the queue, so that no failure in between counts a push that is not sent. Rejects if D1 fails.
 */
export async function planDeliveries(
  push: Push,
  addressees: readonly Addressee[],
  { providers, incrementBadges }: DeliveryPlanHost,
): Promise<PushDelivery[]> {
  const shares = new Map<ProviderName, Addressee[]>();
  for (const addressee of addressees) {
    const provider = providers.find((each) => each.serves(addressee.installation));
    if (provider === undefined) continue;
    const share = shares.get(provider.name);
    if (share === undefined) shares.set(provider.name, [addressee]);
    else share.push(addressee);
  }
  const reached = wantsIncrement(push.content) ? [...shares.values()].flat() : [];
  const ids = reached.flatMap(({ installation }) => (isAppleDevice(installation) ? [installation.id] : []));
  if (ids.length > 0) await incrementBadges(ids);
  const deliveries: PushDelivery[] = [];
  for (const [provider, share] of shares) {
    const recipients = share.map(({ installation: { id }, clientIds }): Recipient => {
      return { installation: id, clientIds };
    });
    for (let first = 0; first < recipients.length; first += RECIPIENTS_MAX) {
      const some = recipients.slice(first, first + RECIPIENTS_MAX);
      deliveries.push({ type: "deliver", push, provider, recipients: some, attempts: 0 });
    }
  }
  return deliveries;
}
