import { pushesOf } from "../../../src/push/push-stub.ts";
import type { NumberedNotification } from "../../../src/push/schedule.ts";
import { done } from "./rest.ts";
import { configure, world } from "./world.ts";

/** Notifications as the app's server asks for them, and what is kept of them. */

export const PUSH = "/1.1/push";
export const SCHEDULED = "/1.1/scheduledPushMessages";
export const NOTIFICATIONS = "/1.1/notifications";

export interface PushAccepted {
  objectId: string;
  createdAt: string;
}

export const HOUR = 60 * 60_000; // ms

/** A time from now, as callers write it. */
export const inTime = (milliseconds: number): string => new Date(Date.now() + milliseconds).toISOString();

/** A way to devices, so that notifications are taken. */
export async function setUpPush(more: object = {}): Promise<void> {
  await configure({ push: { webhook: { url: "https://push.example.com/" }, ...more } });
}

/** Has something pushed an hour from now, so that it can be looked at until then. */
export function pushedLater(body: object): Promise<PushAccepted> {
  return done("POST", PUSH, { data: "Cheese", push_time: inTime(HOUR), ...body });
}

/** The notifications of an id that wait for their time, as they will be sent. */
export async function waitingOf(id: string): Promise<NumberedNotification[]> {
  const waiting = await pushesOf(world).waiting();
  return waiting.filter(({ push }) => push.cause.notificationId === id);
}

/** The same, where there is one. */
export async function waiting(id: string): Promise<NumberedNotification> {
  const [only, ...others] = await waitingOf(id);
  if (only === undefined || others.length > 0) throw new Error(`${others.length + 1} of ${id}`);
  return only;
}
