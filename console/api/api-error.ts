import * as v from "valibot";

/** Why a request was not answered as asked. `message` is for the viewer. */
export class ApiError extends Error {
  override name = "ApiError";
  /** The HTTP status; 0 where nothing answered. */
  readonly status: number;
  /** The `code` of the answer, of docs/errors.md; undefined where it had none. */
  readonly code: number | undefined;
  /** How long to wait, in seconds, if the server said so. */
  readonly retryAfter: number | undefined;
  /** What the server answered. */
  readonly body: unknown;

  constructor(message: string, at: { status: number; code?: number; retryAfter?: number; body?: unknown }) {
    super(message);
    this.status = at.status;
    this.code = at.code;
    this.retryAfter = at.retryAfter;
    this.body = at.body;
  }
}

const refusal = v.object({ code: v.optional(v.number()), error: v.string() });

/** The error that an answer is. */
export function errorOf(response: Response, body: unknown): ApiError {
  const { status } = response;
  const wait = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const retryAfter = Number.isFinite(wait) ? wait : undefined;
  const parsed = v.safeParse(refusal, body);
  if (!parsed.success) return new ApiError(`${status} ${response.statusText}`, { status, retryAfter, body });
  const { code, error } = parsed.output;
  return new ApiError(code === undefined ? error : `${error} (${code})`, { status, code, retryAfter, body });
}
