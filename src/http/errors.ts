import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** The body every 4xx and 5xx carries. */
export interface Failure {
  code: number;
  error: string;
}

/** Refusals that more than one resource gives. The rest carry the HTTP status as their code. */
export const failures = {
  unauthorized: { code: 401, error: "Unauthorized." },
  notFound: { code: 404, error: "Not found." },
  unknownApp: { code: 404, error: "No such app." },
  malformedJson: { code: 107, error: "Malformed JSON." },
  internal: { code: 500, error: "Internal error." },
} as const satisfies Record<string, Failure>;

/** A refusal as the SDKs expect it: a status and a JSON body with a number and a sentence. */
export function refuse(context: Context, status: ContentfulStatusCode, failure: Failure): Response {
  return context.json(failure, status);
}
