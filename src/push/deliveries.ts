import type { Installation } from "../history/installations.ts";
import type { PushProvider } from "./provider.ts";
import { type Delivery, type ProviderName, type Push, RECIPIENTS_MAX, type Recipient } from "./work.ts";

/** Of devices that were not heard of for so long (ms), the app is thought to be gone (N-04). */
const HEARD_OF = 90 * 24 * 60 * 60 * 1_000;

/** A device that is to be pushed to, and for whom. */
export interface Addressee {
  installation: Installation;
  clientId: string | undefined;
}

/**
 * Whether a device may be pushed to at all: those that are not valid or were not heard of for 90 days are not (N-04),
 * nor is Android without a vendor's channel (P-03).
 */
export function isEligible({ valid, updatedAt, deviceType, vendor }: Installation, now: number): boolean {
  if (!valid || updatedAt < now - HEARD_OF) return false;
  return deviceType.toLowerCase() !== "android" || vendor !== undefined;
}

/** The first of the ways that are set up which reaches a device. */
export function providerFor(
  installation: Installation,
  providers: readonly PushProvider[],
): PushProvider | undefined {
  return providers.find((provider) => provider.serves(installation));
}

/**
 * Shares a push out among the ways to its devices. Devices that none of them reaches are left out.
 *
 * @param badges what icons are to show, by installation
 */
export function deliveriesOf(
  push: Push,
  addressees: readonly Addressee[],
  providers: readonly PushProvider[],
  badges: ReadonlyMap<string, number>,
): Delivery[] {
  const shares = new Map<ProviderName, Recipient[]>();
  for (const { installation, clientId } of addressees) {
    const provider = providerFor(installation, providers);
    if (provider === undefined) continue;
    const share = shares.get(provider.name) ?? [];
    share.push({ installation: installation.id, clientId, badge: badges.get(installation.id) });
    shares.set(provider.name, share);
  }
  const deliveries: Delivery[] = [];
  for (const [provider, recipients] of shares) {
    for (let first = 0; first < recipients.length; first += RECIPIENTS_MAX) {
      const some = recipients.slice(first, first + RECIPIENTS_MAX);
      deliveries.push({ type: "deliver", push, provider, recipients: some, attempts: 0 });
    }
  }
  return deliveries;
}
