import { joinRecords } from "../../protocol/link-records.ts";
import type { Narrowed, RelayedFrame } from "../../protocol/relay-calls.ts";
import type { Delivery } from "../delivery/delivery.ts";
import { relayedEntry } from "../delivery/relayed-frames.ts";
import { NO_ORIGIN } from "../delivery/skipped-entry.ts";
import type { Subscription } from "../delivery/subscription.ts";
import type { EntryAudience } from "./service-state.ts";

/** An entry of a service's log with the record for those who see it. */
export interface EntryToSend {
  audience: EntryAudience;
  record: Uint8Array;
  /** Its place in the log (ms). */
  at: number;
  /** The session that made it, which has its answer. */
  origin: number;
  /** A client whose own devices are left out. */
  exceptClient: string | undefined;
}

/**
 * Sends entries to the subscriptions that see them, and wakes the clients that they are for by name. A broadcast to
 * everybody goes another way.
 *
 * @param before the end of the log before these entries (ms)
 * @param own what some subscriptions are sent after them: replies
 */
export function sendToAudiences(
  delivery: Delivery,
  entries: readonly EntryToSend[],
  before: number,
  own: ReadonlyMap<Subscription, Uint8Array[]> = new Map(),
): void {
  const frames = new Map<Subscription, Uint8Array[]>();
  const woken = new Set<string>();
  for (const { audience, record, origin, exceptClient } of entries) {
    if (audience === "everybody") continue;
    for (const subscription of subscriptionsOf(delivery, audience)) {
      if (subscription.clientId === exceptClient) continue;
      if (subscription.origin === origin && origin !== NO_ORIGIN) continue;
      const frame = frames.get(subscription);
      if (frame === undefined) frames.set(subscription, [record]);
      else frame.push(record);
    }
    if (audience !== "subscribers") for (const clientId of audience) woken.add(clientId);
  }
  for (const [subscription, records] of frames)
    delivery.send(subscription, joinRecords([...records, ...(own.get(subscription) ?? [])]));
  for (const [subscription, records] of own)
    if (!frames.has(subscription)) delivery.send(subscription, joinRecords(records));
  delivery.relay(() => entries.flatMap(toRelay));
  delivery.storedFor([...woken], before);
}

function toRelay({ audience, record, at, origin, exceptClient }: EntryToSend): RelayedFrame[] {
  if (audience === "everybody") return [];
  const author = origin === NO_ORIGIN ? undefined : { origin, instead: undefined };
  return [{ ...relayedEntry(record, at), narrowed: narrowedTo(audience, exceptClient), author }];
}

function narrowedTo(
  audience: Exclude<EntryAudience, "everybody">,
  exceptClient: string | undefined,
): Narrowed | undefined {
  const rest = { instead: undefined, isLast: false };
  if (audience !== "subscribers")
    return { to: "these", clientIds: audience.filter((clientId) => clientId !== exceptClient), ...rest };
  return exceptClient === undefined ? undefined : { to: "others", clientIds: [exceptClient], ...rest };
}

function subscriptionsOf(
  delivery: Delivery,
  audience: Exclude<EntryAudience, "everybody">,
): readonly Subscription[] {
  return audience === "subscribers" ? delivery.audience().subscriptions : delivery.subscriptionsOf(audience);
}
