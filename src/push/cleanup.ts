import type { Env } from "../bindings.ts";
import { dropIdleInstallations } from "../database/installations/installations.ts";
import { dropNotificationsBefore } from "../database/notifications.ts";
import { withDeadline } from "../deadline.ts";
import { loggableError } from "../loggable-error.ts";
import { pushesOf } from "./push-stub.ts";

const DAY = 24 * 60 * 60 * 1_000; // ms
/** How long records of notifications are kept (N-11). */
const RECORDS_KEPT = 7 * DAY;
/** How long a device is that nothing is heard of (N-02). */
const INSTALLATIONS_KEPT = 90 * DAY;
/** How long one of these may take (ms); what is left then goes the next day. */
const DEADLINE = 5 * 60_000;

/** Once a day: forgets what has had its time. One failing keeps none of the others from it. Never rejects. */
export async function runScheduledCleanup(env: Pick<Env, "DB" | "PUSH">): Promise<void> {
  const now = Date.now();
  const work = {
    "records of notifications": dropNotificationsBefore(env.DB, now - RECORDS_KEPT),
    "idle installations": dropIdleInstallations(env.DB, now - INSTALLATIONS_KEPT),
    "expired notifications": pushesOf(env).removeExpired(),
  };
  const tidied = Object.entries(work).map(async ([what, done]) => {
    try {
      await withDeadline(done, DEADLINE, what);
    } catch (error) {
      console.error(`daily: ${what} are not all gone, to be tried again tomorrow:`, loggableError(error));
    }
  });
  await Promise.all(tidied);
}
