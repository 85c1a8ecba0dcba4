import type { QueryRefusal } from "../history/condition.ts";
import type { Installation } from "../history/installations.ts";
import type { Counts, NotificationStatus } from "../history/notifications.ts";
import type { JsonObject } from "../protocol/json.ts";
import { reason } from "../reason.ts";
import { wantsIncrement } from "./content.ts";
import type { PushProvider } from "./provider.ts";
import type { NumberedNotification } from "./schedule.ts";
import { type Delivery, type ProviderName, type PushWork, RECIPIENTS_MAX, type Selection } from "./work.ts";

/** Installations looked at in one go. */
const PAGE = 500;
/** Devices that nothing was heard of for so long are not pushed to (N-04), in milliseconds. */
const ACTIVE_WITHIN = 90 * 24 * 60 * 60 * 1_000;

/** A page of installations in the order of their ids. */
export interface InstallationPage {
  where: JsonObject;
  /** Goes on after this installation. */
  after: string | undefined;
  limit: number;
  /** None that was last heard of before (ms). */
  updatedSince: number;
}

/** What there is around a selection. Every call may fail, and has a deadline. */
export interface SelectionHost {
  /** The ways to devices; of two that serve a device the first is its way. */
  providers: readonly Pick<PushProvider, "name" | "serves">[];
  /** The notification under a number; undefined when all its devices were found, or it was taken back. */
  notification(number: number): Promise<NumberedNotification | undefined>;
  installations(page: InstallationPage): Promise<Installation[] | QueryRefusal>;
  /** Adds one to the badge of each; the new numbers by id. */
  incrementBadges(ids: readonly string[]): Promise<Map<string, number>>;
  /** Takes all of it or nothing. */
  queue(work: readonly PushWork[]): Promise<void>;
  /** Forgets the notification under a number. */
  remove(number: number): Promise<void>;
  record: {
    counted(id: string, counts: Counts): Promise<void>;
    settle(id: string, state: SelectionState): Promise<void>;
  };
  now(): number;
}

/** How a notification stands by what is known here. */
export type SelectionState =
  | { status: Extract<NotificationStatus, "in-queue" | "done"> }
  | { status: Extract<NotificationStatus, "failed">; why: string };

/**
 * Finds a page of the devices that a notification is for, and queues a delivery for each hundred of a provider's, with
 * the selection of the next page in the same go: done again after a failure, it repeats one page at most. What cannot
 * be counted is not worth a repetition, and is only logged.
 */
export async function selectPage({ number, after }: Selection, host: SelectionHost): Promise<void> {
  const notification = await host.notification(number);
  if (notification === undefined) return;
  const { push, where } = notification;
  const { notificationId } = push.cause;
  const end = async (state: SelectionState) => {
    await noted(host.record.settle(notificationId, state));
    await noted(host.remove(number));
  };

  const now = host.now();
  if (push.expiresAt <= now) {
    return end({ status: "failed", why: "It expired before all its devices were found." });
  }
  if (after === undefined) await noted(host.record.settle(notificationId, { status: "in-queue" }));
  const page = { where, after, limit: PAGE, updatedSince: now - ACTIVE_WITHIN };
  const found = await host.installations(page);
  if ("refused" in found) return end({ status: "failed", why: found.detail });

  const deliveries = await deliveriesTo(found, notification, host);
  const last = found.length < PAGE ? undefined : found.at(-1)?.id;
  const next: Selection[] = last === undefined ? [] : [{ type: "select", number, after: last }];
  if (deliveries.length + next.length > 0) await host.queue([...deliveries, ...next]);

  const devices = deliveries.reduce((sum, { recipients }) => sum + recipients.length, 0);
  if (devices > 0) await noted(host.record.counted(notificationId, { devices }));
  if (last === undefined) await end({ status: "done" });
}

async function deliveriesTo(
  found: readonly Installation[],
  { push }: NumberedNotification,
  host: SelectionHost,
): Promise<Delivery[]> {
  const ways = Map.groupBy(found.filter(isReachable), (installation) => wayTo(installation, host));
  const idsOf = (provider: ProviderName) => (ways.get(provider) ?? []).map(({ id }) => id);
  const counted = wantsIncrement(push.content) ? idsOf("apns") : [];
  // Last before the queue: what fails earlier shall not count up twice.
  const badges = counted.length > 0 ? await host.incrementBadges(counted) : undefined;
  return [...ways.keys()].flatMap((provider) => {
    if (provider === undefined) return [];
    const recipients = idsOf(provider).map((installation) => {
      return { installation, clientId: undefined, badge: badges?.get(installation) };
    });
    return hundreds(recipients).map((some) => {
      return { type: "deliver", push, provider, recipients: some, attempts: 0 };
    });
  });
}

/** An Android device without a vendor has but its own socket, and by that no push comes (P-03). */
function isReachable({ valid, deviceType, vendor }: Installation): boolean {
  return valid && (deviceType !== "android" || vendor !== undefined);
}

function wayTo(installation: Installation, { providers }: SelectionHost): ProviderName | undefined {
  return providers.find((provider) => provider.serves(installation))?.name;
}

function hundreds<Item>(items: readonly Item[]): Item[][] {
  const count = Math.ceil(items.length / RECIPIENTS_MAX);
  return Array.from({ length: count }, (_, at) =>
    items.slice(at * RECIPIENTS_MAX, (at + 1) * RECIPIENTS_MAX),
  );
}

async function noted(note: Promise<void>): Promise<void> {
  try {
    await note;
  } catch (error) {
    console.error("push: sent, but not noted in its record:", reason(error));
  }
}
