import type { Objects } from "../model/objects.ts";
import type { DayUsage, UsageReport } from "../usage/usage-report.ts";
import type { Snapshot } from "./kept-metrics.ts";
import type { Report } from "./report.ts";
import type { Metrics, Range } from "./series.ts";

/** The one object that keeps what all isolates count. */
export function metricsOf(env: { METRICS: Objects<MetricsStub> }): MetricsStub {
  return env.METRICS.getByName("metrics");
}

/** The MetricsObject's calls. */
export interface MetricsStub {
  /** Stores a report. A repeat changes nothing. */
  store(report: Report): Promise<void>;
  /** Takes counts that will be reported later, for those who watch. Returns whether anybody does. */
  show(report: Report): Promise<boolean>;
  /** The counts of a time that ends now, with those that the asking isolate has not reported. */
  read(range: Range, unreported: Report): Promise<Metrics>;
  /** The last minutes, for somebody who watches, with what the asking isolate has not reported. */
  watch(unreported: Report): Promise<Snapshot>;
  /** Stores what an isolate used. A repeat changes nothing. */
  storeUsage(report: UsageReport): Promise<void>;
  /**
   * The days in which something was used, with what the asking isolate has not reported.
   *
   * @param from the first day since 1970, and the last one
   */
  usage(from: number, to: number, unreported: UsageReport): Promise<[number, DayUsage][]>;
}
