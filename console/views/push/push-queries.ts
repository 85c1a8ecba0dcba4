import { answer, get, post, put, remove } from "../../api/client.ts";
import type { PushBody } from "./notification-draft.ts";

/** How many are asked for at once. */
export const PAGE = 100;

/** Records of notifications, the newest first. */
export const listNotifications = async (skip: number, signal: AbortSignal) =>
  (await answer(get("/1.1/notifications", { params: { query: { skip, limit: PAGE } }, signal }))).results;

export const readNotification = (id: string, signal: AbortSignal) =>
  answer(get("/1.1/notifications/{id}", { params: { path: { id } }, signal }));

export type NotificationRecord = Awaited<ReturnType<typeof readNotification>>;

export const deleteNotification = (id: string) =>
  answer(remove("/1.1/notifications/{id}", { params: { path: { id } } }));

/** Notifications that wait for their time, the next one first. */
export const listScheduled = async (signal: AbortSignal) =>
  (await answer(get("/1.1/scheduledPushMessages", { signal }))).results;

export type Scheduled = Awaited<ReturnType<typeof listScheduled>>[number];

export const cancelScheduled = (number: number) =>
  answer(remove("/1.1/scheduledPushMessages/{number}", { params: { path: { number } } }));

/** Installations, those that were seen last first. */
export const findInstallations = async (where: string | undefined, skip: number, signal: AbortSignal) => {
  const query = { where, skip, limit: PAGE, order: "-updatedAt" };
  return (await answer(get("/1.1/installations", { params: { query }, signal }))).results;
};

export type InstallationRow = Awaited<ReturnType<typeof findInstallations>>[number];

/** Asks for a notification. */
export const sendNotification = (body: PushBody) => answer(post("/1.1/push", { body }));

export const readInstallation = (id: string, signal: AbortSignal) =>
  answer(get("/1.1/installations/{id}", { params: { path: { id } }, signal }));

export const deleteInstallation = (id: string) =>
  answer(remove("/1.1/installations/{id}", { params: { path: { id } } }));

/** How many installations fit. */
export async function countInstallations(where: string, signal?: AbortSignal): Promise<number> {
  const query = { where, limit: 0, count: true };
  return (await answer(get("/1.1/installations", { params: { query }, signal: signal ?? null }))).count ?? 0;
}

export const readSettings = (signal: AbortSignal) => answer(get("/admin/settings", { signal }));

export type PushSettings = NonNullable<Awaited<ReturnType<typeof readSettings>>["push"]>;

/** Adds one of Apple's keys, or replaces the one with this id. */
export const setApnsKey = (keyId: string, key: { teamId: string; topics: string[]; privateKey: string }) =>
  answer(put("/admin/push/apns-keys/{keyId}", { params: { path: { keyId } }, body: key }));

export const removeApnsKey = (keyId: string) =>
  answer(remove("/admin/push/apns-keys/{keyId}", { params: { path: { keyId } } }));

/** A device by its installation, or by what its SDK saves. */
export type TestedDevice =
  | { installation: string }
  | { vendor: string; registrationId: string; deviceProfile?: string };

export const testPush = (device: TestedDevice, data: Record<string, unknown> | undefined) =>
  answer(post("/admin/push/test", { body: Object.assign({}, device, data && { data }) }));

export type TestResult = Awaited<ReturnType<typeof testPush>>;

/** What needs the owner, as far as it is about push. */
export const pushAttention = async (signal: AbortSignal) =>
  (await answer(get("/admin/attention", { signal }))).results.filter(({ link }) =>
    link.startsWith("/console/push"),
  );
