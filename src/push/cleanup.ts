import type { Env } from "../bindings.ts";
import { dropAuditBefore } from "../database/audit.ts";
import { dropIdleInstallations } from "../database/installations/installations.ts";
import { adoptedArchive } from "../database/messages/archive.ts";
import { deleteMessagesBefore } from "../database/messages/expiry.ts";
import { dropNotificationsBefore } from "../database/notifications.ts";
import { withDeadline } from "../deadline.ts";
import { removeAbandonedFiles } from "../files/cleanup.ts";
import { loggableError } from "../loggable-error.ts";
import { unkeptBefore } from "../settings/history-settings.ts";
import type { Settings } from "../settings/schema.ts";
import { readSettings, type SettingsEnv } from "../settings/store.ts";
import { pushesOf } from "./push-stub.ts";

const DAY = 24 * 60 * 60 * 1_000; // ms
/** How long records of notifications are kept (N-11). */
const RECORDS_KEPT = 7 * DAY;
/** How long an inactive installation is kept (N-02). */
export const INSTALLATIONS_KEPT = 90 * DAY;
/** Messages deleted from each database of the archive in one run: more than most apps send in a day. */
const MESSAGES_MAX = 1_000_000;
/** The time limit for one of these (ms); the rest is deleted the next day. */
const DEADLINE = 5 * 60_000;

/** Runs once a day and deletes expired data. One failure does not stop the others. Never rejects. */
export async function runScheduledCleanup(
  env: SettingsEnv & Pick<Env, "ARCHIVE" | "PUSH" | "FILES" | "FILES_FOLDER">,
): Promise<void> {
  const now = Date.now();
  const work = {
    "records of notifications": dropNotificationsBefore(env.DB, now - RECORDS_KEPT),
    "entries of the audit log": readSettings(env).then(({ console: { auditDays } }) =>
      dropAuditBefore(env.DB, now - auditDays * DAY),
    ),
    "messages that D1 no longer keeps": readSettings(env).then(({ history }) =>
      deleteUnkept(env, history, now),
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

/** The conversations keep these messages. */
async function deleteUnkept(
  env: SettingsEnv & Pick<Env, "ARCHIVE">,
  history: Settings["history"],
  now: number,
): Promise<void> {
  const before = unkeptBefore(history, now);
  if (before === undefined) return;
  await deleteMessagesBefore(await adoptedArchive(env), before, {
    kept: async () => [],
    most: MESSAGES_MAX,
  });
}
