import { Meter } from "../../src/metrics/meter.ts";

/** A meter that nobody reads. */
export function unreadMeter(now: () => number = Date.now): Meter {
  return new Meter({ store: async () => {}, show: async () => false }, now);
}
