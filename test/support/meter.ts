import { Meter, type UsageCounter } from "../../src/metrics/meter.ts";

/** Of usage that nobody counts. */
export const noUsage: UsageCounter = { add: () => {}, reportIfDue: () => undefined };

/** A meter that nobody reads. */
export function unreadMeter(now: () => number = Date.now): Meter {
  return new Meter({ store: async () => {}, show: async () => false }, now, noUsage);
}
