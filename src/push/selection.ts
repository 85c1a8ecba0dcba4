import type { NotificationCounts, NotificationStatus } from "../database/notifications.ts";
import type { QueryRefusal } from "../database/where/query-refusal.ts";
import { loggableError } from "../loggable-error.ts";
import type { Installation } from "../model/installation.ts";
import type { JsonObject } from "../model/json.ts";
import { type DeliveryPlanHost, INACTIVE_AFTER, isEligible, planDeliveries } from "./plan-deliveries.ts";
import type { PushWork, Selection } from "./push-work.ts";
import type { NumberedNotification } from "./schedule.ts";

/** Installations on one page. */
const PAGE = 500;

/** A page of installations in the order of their ids. */
export interface InstallationPage {
  where: JsonObject;
  /** The page starts after this installation. */
  after: string | undefined;
  limit: number;
  /** Only installations active since this time (ms). */
  updatedSince: number;
}

/** The services that a selection needs. Every call may fail, and has a deadline. */
export interface SelectionHost extends DeliveryPlanHost {
  /** The notification with a number; undefined after all its devices were found, or it was cancelled. */
  notification(number: number): Promise<NumberedNotification | undefined>;
  installations(page: InstallationPage): Promise<Installation[] | QueryRefusal>;
  /** Adds work in its order; rejects if not all of it was accepted. */
  queue(work: readonly PushWork[]): Promise<void>;
  /** Removes the notification with a number. */
  remove(number: number): Promise<void>;
  record: {
    counted(id: string, counts: NotificationCounts): Promise<void>;
    settle(id: string, state: SelectionState): Promise<void>;
  };
  now(): number;
}

/** A notification's status after a selection. */
export type SelectionState =
  | { status: Extract<NotificationStatus, "in-queue" | "done"> }
  | { status: Extract<NotificationStatus, "failed">; why: string };

/**
 * Finds a page of a notification's devices, and queues a delivery for each hundred of a provider's, together with the
 * selection of the next page: a retry repeats one page at most. A failed count is only logged.
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
  const page = { where, after, limit: PAGE, updatedSince: now - INACTIVE_AFTER };
  const found = await host.installations(page);
  if ("refused" in found) return end({ status: "failed", why: found.detail });

  const eligible = found.filter((installation) => isEligible(installation, now));
  const addressees = eligible.map((installation) => ({ installation, clientIds: [] }));
  const deliveries = await planDeliveries(push, addressees, host);
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
    console.error("push: sent, but its record was not updated:", loggableError(error));
  }
}
