import { withDeadline } from "../deadline.ts";
import type { Objects } from "../model/objects.ts";
import { UsageMeter } from "./usage-meter.ts";
import type { UsageReport } from "./usage-report.ts";

/** The bindings that counting needs. */
export interface UsageEnv {
  DB: D1Database;
  /** The object that keeps what all isolates count is named `metrics`. */
  METRICS: Objects<{ storeUsage(report: UsageReport): Promise<void> }>;
  SINGLE_MACHINE?: string;
}

const DEADLINE = 5_000; // ms

const meters = new WeakMap<D1Database, UsageMeter>();

/** This isolate's meter of what the platform bills. */
export function usageOf(env: UsageEnv): UsageMeter {
  const known = meters.get(env.DB);
  if (known !== undefined) return known;
  const meter = new UsageMeter({
    store: (report) => withDeadline(env.METRICS.getByName("metrics").storeUsage(report), DEADLINE, "usage"),
    now: () => Date.now(),
    random: () => Math.random(),
    isOneOfMany: env.SINGLE_MACHINE !== "1",
  });
  meterUsage(env, meter);
  return meter;
}

/** These bindings are of an isolate that has this meter. */
export function meterUsage(env: UsageEnv, meter: UsageMeter): void {
  meters.set(env.DB, meter);
}
