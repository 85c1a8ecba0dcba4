import { type ErrorName, errors } from "./errors.ts";

/** Clients for which an operation succeeded, and those for which it did not, by reason. */
export interface PartialResult {
  allowed: string[];
  failed: { error: ErrorName; clientIds: string[] }[];
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
