import { printable } from "./printable.ts";

/** What the runtime calls a host that it cannot reach. */
const UNREACHABLE = /internal error; reference = \w+/;
const LENGTH_MAX = 500; // characters

/**
 * Why something failed, in words fit for a log: what a database complains of, never the query with the users'
 * data in it (I12). On one line and not too long, since parts of it may come from others.
 */
export function loggableError(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error), LENGTH_MAX);
  if (error.cause instanceof Error) return loggableError(error.cause);
  const [said = ""] = error.message.split("\nparams:");
  const message = said.replace(UNREACHABLE, "no connection, and the runtime says no more");
  return printable(`${error.name}: ${message}`, LENGTH_MAX);
}
