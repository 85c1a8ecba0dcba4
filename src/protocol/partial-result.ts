import { type ErrorName, errors } from "./errors.ts";

/** Clients for which an operation succeeded, and those for which it did not, by reason. */
export interface PartialResult {
  allowed: string[];
  failed: { error: ErrorName; clientIds: string[] }[];
}

/** @param failures clients by the reason that it failed for them; none for some reasons */
export function partialResultOf(allowed: string[], failures: PartialResult["failed"]): PartialResult {
  return { allowed, failed: failures.filter(({ clientIds }) => clientIds.length > 0) };
}

/** The fields of a partial result in a reply. */
export function partialResult({ allowed, failed }: PartialResult) {
  return {
    allowedPids: allowed,
    failedPids: failed.map(({ error, clientIds }) => ({
      code: errors[error].code,
      reason: error,
      pids: clientIds,
    })),
  };
}
