import * as v from "valibot";
import { booleanSetting, group, wholeNumber } from "./value-schemas.ts";

/** The console (docs/console.md). */
export const consoleSettings = () =>
  group({
    /** Serves `/console`, where the owner signs in with the master key. */
    enabled: v.optional(booleanSetting(), false),
    /** Sessions of the console that began before this time (ISO 8601) are over, and with each change all are. */
    signOutBefore: v.optional(
      v.nullable(
        v.pipe(v.string("must be a time"), v.isoTimestamp("must be a time like 2026-11-29T12:00:00.000Z")),
      ),
      null,
    ),
    /** How long the audit log keeps an entry, in days. */
    auditDays: v.optional(wholeNumber(1, 3_650), 365),
  });
