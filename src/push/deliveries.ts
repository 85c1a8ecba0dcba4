import type { Installation } from "../model/installation.ts";
import type { ProviderName } from "../model/provider-name.ts";
import { isApples } from "./apple.ts";
import { wantsIncrement } from "./content.ts";
import type { PushProvider } from "./provider.ts";
import { type Push, type PushDelivery, RECIPIENTS_MAX, type Recipient } from "./work.ts";

/** Of devices that were not heard of for so long (ms), the app is thought to be gone (N-04). */
export const HEARD_OF = 90 * 24 * 60 * 60 * 1_000;

/** A device that is to be pushed to, and for whom. */
export interface Addressee {
  installation: Installation;
  /** Nobody where it is for the device as such. */
  clientIds: string[];
}

/**
 * Whether a device may be pushed to at all: those that are not valid or were not heard of for 90 days are not (N-04),
 * nor is Android without a vendor's channel (P-03).
 */
export function isEligible({ valid, updatedAt, deviceType, vendor }: Installation, now: number): boolean {
  if (!valid || updatedAt < now - HEARD_OF) return false;
  return deviceType.toLowerCase() !== "android" || vendor !== undefined;
}

export interface DeliveriesHost {
  /** The ways to devices that are set up; of two that serve a device the first is its way. */
  providers: readonly Pick<PushProvider, "name" | "serves">[];
  /** Adds one to what the icons of these devices show. */
  incrementBadges(installations: readonly string[]): Promise<void>;
}

/**
 * Shares a push out among the ways to its devices, a hundred to a delivery. Devices that none of the ways reaches are
 * left out. Where the content says so, the badges of Apple's devices are counted up, whichever way they are reached, and
 * no others (P-06): nothing that may fail should come between this and the queue. Rejects when D1 does not answer.
 */
export async function deliveriesOf(
  push: Push,
  addressees: readonly Addressee[],
  { providers, incrementBadges }: DeliveriesHost,
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
  const ids = reached.flatMap(({ installation }) => (isApples(installation) ? [installation.id] : []));
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
