import { appOf } from "../../app/app.ts";
import type { Env } from "../../bindings.ts";
import { saveMirrorReport } from "../../database/mirror-progress.ts";
import { withDeadline } from "../../deadline.ts";
import { loggableError } from "../../loggable-error.ts";
import { hostedAppOf } from "../../mirror/hosted-app-of.ts";
import { settingsOf } from "../../settings/store.ts";
import type { MirrorCalls } from "./mirror-host.ts";

const QUOTA_DEADLINE = 1_000; // ms
const REPORT_DEADLINE = 8_000; // ms for D1

/** The way to LeanCloud and to the owner, from a conversation of this deployment. */
export function mirrorCallsOf(env: Env): MirrorCalls {
  const settings = settingsOf(env);
  return {
    hosted: () => hostedAppOf(env, settings.last),
    allowance: async () => {
      const { messagesPerMinute } = settings.last.mirror;
      if (messagesPerMinute === 0) return undefined;
      try {
        const spent = appOf(env).spend("mirror", messagesPerMinute);
        const used = await withDeadline(spent, QUOTA_DEADLINE, "quota");
        return used && used.retryAfter * 1_000;
      } catch (error) {
        console.error("mirror: not counted; the message goes:", loggableError(error));
        return undefined;
      }
    },
    report: (report) =>
      withDeadline(saveMirrorReport(env.DB, report, Date.now()), REPORT_DEADLINE, "mirror report"),
  };
}
