import { usageOf } from "../usage/usage-of.ts";
import { type MeterEnv, meterOf } from "./meter-of.ts";

/**
 * What the supervisor of a single machine schedules in place of a cron expression, before the runtime ends. The platform
 * schedules the expressions of wrangler.toml alone, and no request reaches the handler.
 */
export const SERVER_STOPS = "server stops";

/** Reports all that this isolate has counted and not reported. Takes up to four deadlines of 5 s, and never rejects. */
export async function reportCounts(env: MeterEnv): Promise<void> {
  await meterOf(env).reportAll();
  // Last, since it also counts what the other report takes.
  await usageOf(env).reportAll();
}
