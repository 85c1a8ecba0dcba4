import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type ErrorName, errors } from "../protocol/errors.ts";
import type { Refused } from "../protocol/outcome.ts";

/** The body of every 4xx and 5xx response. */
export interface ErrorBody {
  code: number;
  error: string;
}

/** Errors of several resources. The others use the HTTP status as their code. */
export const failures = {
  unauthorized: { code: 401, error: "Unauthorized." },
  notFound: { code: 404, error: "Not found." },
  unknownApp: { code: 404, error: "No such app." },
  malformedJson: { code: 107, error: "Malformed JSON." },
  internal: { code: 500, error: "Internal error." },
  tooManyRequests: { code: 429, error: "Too many requests from this address; try again later." },
  notArchived: {
    code: 403,
    error:
      "D1 keeps no messages, so none are found across conversations: the setting history.archive is off. Read the history of one conversation.",
  },
  beforeArchive: {
    code: 403,
    error:
      "D1 keeps no messages of that time, so none are found across conversations (settings history.archive and history.archiveDays). Read the history of one conversation.",
  },
  unavailable: { code: 503, error: "Not available at the moment; try again later." },
  unanswered: { code: 504, error: "No answer in time; what was asked for may have happened all the same." },
} as const satisfies Record<string, ErrorBody>;

/** Codes for invalid input (http-api §1.3): in a path or query, and in a body. */
export const INVALID_PARAMETER = 1;
export const INVALID_FIELD = 105;
/** A `where` that is not understood or too slow; LeanCloud's code. */
export const INVALID_QUERY = 102;

/** An error response as SDKs expect it: a status and a JSON body with a code and a sentence. */
export function refuse(context: Context, status: ContentfulStatusCode, failure: ErrorBody): Response {
  return context.json(failure, status);
}

/** An object's refusal as an HTTP error: the protocol's code and its meaning. */
export function refusalOf({ refused: name, detail }: Refused): {
  status: ContentfulStatusCode;
  failure: ErrorBody;
} {
  const { code, meaning } = errors[name];
  const error = detail === undefined ? meaning : `${meaning}: ${detail}`;
  return { status: statuses[name] ?? 400, failure: { code, error } };
}

export function refused(context: Context, given: Refused): Response {
  const { status, failure } = refusalOf(given);
  return refuse(context, status, failure);
}

export const isRefused = (answer: unknown): answer is Refused =>
  typeof answer === "object" && answer !== null && "refused" in answer;

/** Everything else is 400. */
const statuses: Partial<Record<ErrorName, ContentfulStatusCode>> = {
  SESSION_TOKEN_EXPIRED: 401,
  SESSION_CONFLICT: 401,
  SIGNATURE_FAILED: 401,
  BLACKLISTED: 403,
  CONVERSATION_NOT_ALLOWED: 403,
  CONVERSATION_REJECTED_BY_APP: 403,
  CONVERSATION_LOG_REJECTED: 403,
  CONVERSATION_MEMBERSHIP_REQUIRED: 403,
  MESSAGE_OWNERSHIP_REQUIRED: 403,
  MESSAGE_REJECTED_BY_APP: 403,
  MESSAGE_UPDATE_REJECTED_BY_APP: 403,
  CONVERSATION_NOT_FOUND: 404,
  TEMPORARY_CONVERSATION_EXPIRED: 404,
  INVALID_MESSAGING_TARGET: 404,
  MESSAGE_NOT_FOUND: 404,
  CONVERSATION_FULL: 409,
  FRAME_TOO_LONG: 413,
  MESSAGE_SENT_QUOTA_EXCEEDED: 429,
  CONVERSATION_API_QUOTA_EXCEEDED: 429,
  INTERNAL_ERROR: 500,
  CONVERSATION_INTERNAL_ERROR: 500,
  SEND_MESSAGE_TIMEOUT: 504,
};
