import { withDeadline } from "../deadline.ts";
import type { Objects } from "../model/objects.ts";
import { usageOf } from "../usage/usage-of.ts";
import { Meter } from "./meter.ts";
import { type MetricsStub, metricsOf } from "./metrics-stub.ts";

/** The bindings that counting needs. */
export interface MeterEnv {
  DB: D1Database;
  METRICS: Objects<MetricsStub>;
  SINGLE_MACHINE?: string;
}

const DEADLINE = 5_000; // ms

const meters = new WeakMap<D1Database, Meter>();

/** The meter of this isolate. */
export function meterOf(env: MeterEnv): Meter {
  const known = meters.get(env.DB);
  if (known !== undefined) return known;
  const meter = new Meter(
    {
      store: (report) => withDeadline(metricsOf(env).store(report), DEADLINE, "metrics"),
      show: (report) => withDeadline(metricsOf(env).show(report), DEADLINE, "metrics"),
    },
    () => Date.now(),
    usageOf(env),
  );
  meters.set(env.DB, meter);
  return meter;
}

/** Somebody watches until then (ms): this isolate shows what it counts, if it counts. */
export function watchedUntil(database: D1Database, until: number): void {
  meters.get(database)?.watched(until);
}
