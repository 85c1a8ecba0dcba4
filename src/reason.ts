/**
 * Why something failed, in words fit for a log: what a database complains of, never the query with the users'
 * data in it (I12).
 */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reason(error.cause);
  return `${error.name}: ${error.message.split("\nparams:")[0]}`;
}
