import * as v from "valibot";
import { booleanSetting, described, group, wholeNumber } from "./value-schemas.ts";

/** The console (docs/console.md). */
export const consoleSettings = () =>
  group({
    enabled: v.optional(
      described("Serves `/console`, where the owner signs in with the master key.", booleanSetting()),
      false,
    ),
    signOutBefore: v.optional(
      described(
        "Sessions of the console that began before this time (ISO 8601) are over, and with each change all are.",
        v.nullable(
          v.pipe(v.string("must be a time"), v.isoTimestamp("must be a time like 2026-11-29T12:00:00.000Z")),
        ),
      ),
      null,
    ),
    auditDays: v.optional(
      described("How long the audit log keeps an entry, in days.", wholeNumber(1, 3_650)),
      365,
    ),
  });
