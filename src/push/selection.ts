import type { NotificationCounts, NotificationStatus } from "../database/notifications.ts";
import type { QueryRefusal } from "../database/where/condition.ts";
import { loggableError } from "../loggable-error.ts";
import type { Installation } from "../model/installation.ts";
import type { JsonObject } from "../model/json.ts";
import { type DeliveriesHost, deliveriesOf, HEARD_OF, isEligible } from "./deliveries.ts";
import type { NumberedNotification } from "./schedule.ts";
import type { PushWork, Selection } from "./work.ts";

/** Installations looked at in one go. */
const PAGE = 500;

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
export interface SelectionHost extends DeliveriesHost {
  /** The notification under a number; undefined when all its devices were found, or it was taken back. */
  notification(number: number): Promise<NumberedNotification | undefined>;
  installations(page: InstallationPage): Promise<Installation[] | QueryRefusal>;
  /** Takes it in its order; rejects where it does not take all of it. */
  queue(work: readonly PushWork[]): Promise<void>;
  /** Forgets the notification under a number. */
  remove(number: number): Promise<void>;
  record: {
    counted(id: string, counts: NotificationCounts): Promise<void>;
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
  const page = { where, after, limit: PAGE, updatedSince: now - HEARD_OF };
  const found = await host.installations(page);
  if ("refused" in found) return end({ status: "failed", why: found.detail });

  const eligible = found.filter((installation) => isEligible(installation, now));
  const addressees = eligible.map((installation) => ({ installation, clientIds: [] }));
  const deliveries = await deliveriesOf(push, addressees, host);
  const last = found.length < PAGE ? undefined : found.at(-1)?.id;
  const next: Selection[] = last === undefined ? [] : [{ type: "select", number, after: last }];
  if (deliveries.length + next.length > 0) await host.queue([...deliveries, ...next]);

  const devices = deliveries.reduce((sum, { recipients }) => sum + recipients.length, 0);
  if (devices > 0) await noted(host.record.counted(notificationId, { devices }));
  if (last === undefined) await end({ status: "done" });
}

async function noted(note: Promise<void>): Promise<void> {
  try {
    await note;
  } catch (error) {
    console.error("push: sent, but not noted in its record:", loggableError(error));
  }
}
