import { setTimeout as sleep } from "node:timers/promises";
import { Refusal } from "../options.ts";
import type { Report } from "./report.ts";

/** How long the last report may hold up the end after Ctrl+C (ms). */
const GOODBYE = 3_000;

/** What a command of the process has: its arguments, and where its report is, once there is one. */
export interface Invocation {
  args: string[];
  environment: NodeJS.ProcessEnv;
  /** Told of an end by a signal. */
  report?: Report;
}

/**
 * Runs a command as this process. A first Ctrl+C waits for the last report, shortly; a second one for nothing.
 *
 * @param run returns the exit code; throws a `Refusal` with another one
 * @param goodbye what people read when they stop it
 */
export async function runAsProcess(
  run: (invocation: Invocation) => Promise<number>,
  goodbye: string,
): Promise<void> {
  process.umask(0o077);
  const invocation: Invocation = { args: process.argv.slice(2), environment: process.env };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, async () => {
      console.error(`\n${goodbye}`);
      const why = signal === "SIGINT" ? "It was stopped by Ctrl+C." : "It was stopped by SIGTERM.";
      await Promise.race([invocation.report?.stopped(why), sleep(GOODBYE)]);
      process.exit(signal === "SIGINT" ? 130 : 143);
    });
  }
  try {
    process.exitCode = await run(invocation);
  } catch (error) {
    console.error(error instanceof Refusal ? error.message : error);
    process.exit(error instanceof Refusal ? error.exitCode : 1);
  }
}
