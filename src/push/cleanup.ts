import type { Env } from "../bindings.ts";
import { dropAuditBefore } from "../database/audit.ts";
import { dropIdleInstallations } from "../database/installations/installations.ts";
import { dropNotificationsBefore } from "../database/notifications.ts";
import { withDeadline } from "../deadline.ts";
import { removeAbandonedFiles } from "../files/cleanup.ts";
import { loggableError } from "../loggable-error.ts";
import { readSettings, type SettingsEnv } from "../settings/store.ts";
import { pushesOf } from "./push-stub.ts";

const DAY = 24 * 60 * 60 * 1_000; // ms
/** How long records of notifications are kept (N-11). */
const RECORDS_KEPT = 7 * DAY;
/** How long an inactive installation is kept (N-02). */
export const INSTALLATIONS_KEPT = 90 * DAY;
/** The time limit for one of these (ms); the rest is deleted the next day. */
const DEADLINE = 5 * 60_000;

/** Runs once a day and deletes expired data. One failure does not stop the others. Never rejects. */
export async function runScheduledCleanup(
  env: SettingsEnv & Pick<Env, "PUSH" | "FILES" | "FILES_FOLDER">,
): Promise<void> {
  const now = Date.now();
  const work = {
    "records of notifications": dropNotificationsBefore(env.DB, now - RECORDS_KEPT),
    "entries of the audit log": readSettings(env).then(({ console: { auditDays } }) =>
      dropAuditBefore(env.DB, now - auditDays * DAY),
    ),
    "idle installations": dropIdleInstallations(env.DB, now - INSTALLATIONS_KEPT),
    "files without bytes": removeAbandonedFiles(env),
    "expired notifications": pushesOf(env).removeExpired(),
  };
  const cleanups = Object.entries(work).map(async ([what, done]) => {
    try {
      await withDeadline(done, DEADLINE, what);
    } catch (error) {
      console.error(`cleanup: ${what} were not all deleted; retried tomorrow:`, loggableError(error));
    }
  });
  await Promise.all(cleanups);
}
