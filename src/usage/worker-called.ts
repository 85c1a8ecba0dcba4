import type { Env } from "../bindings.ts";
import { counted } from "./counted-env.ts";
import { usageOf } from "./usage-of.ts";

/** The Worker is called, which is counted. Returns its bindings with what they do counted. */
export function workerCalled(env: Env, context: Pick<ExecutionContext, "waitUntil"> | undefined): Env {
  const usage = usageOf(env);
  usage.add("workerRequests", 1);
  const report = usage.reportIfDue();
  if (report !== undefined) context?.waitUntil(report);
  return counted(env);
}
