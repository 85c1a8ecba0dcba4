import { DeadlineExceeded, withDeadline } from "../deadline.ts";
import { loggableError } from "../loggable-error.ts";
import { errors } from "../protocol/errors.ts";
import { type ErrorBody, failures } from "./errors.ts";

const DEADLINE = 8_000; // ms for an object or D1; the server-side SDKs wait 10 to 15 s

/** An object or D1 failed or did not respond in time. The router turns this into a 503 or 504. */
export class CallFailed extends Error {
  override name = "CallFailed";
  readonly status: 503 | 504;
  readonly failure: ErrorBody;

  constructor(status: 503 | 504, failure: ErrorBody, what: string) {
    super(what);
    this.status = status;
    this.failure = failure;
  }
}

/**
 * The result of a call to an object or D1; throws `CallFailed` if it fails or takes longer than 8 s.
 *
 * @param deadline ms, if it may take longer
 */
export async function awaitCall<T>(answer: Promise<T>, what: string, deadline = DEADLINE): Promise<T> {
  try {
    return await withDeadline(answer, deadline, what);
  } catch (error) {
    if (error instanceof DeadlineExceeded) throw new CallFailed(504, failures.unanswered, error.message);
    throw new CallFailed(503, failures.unavailable, `${what}: ${loggableError(error)}`);
  }
}

/** The same for sending a message, whose timeout has a code of its own: 4201. */
export async function awaitSend<T>(answer: Promise<T>, what: string): Promise<T> {
  try {
    return await awaitCall(answer, what);
  } catch (error) {
    if (!(error instanceof CallFailed) || error.status === 503) throw error;
    const { code, meaning } = errors.SEND_MESSAGE_TIMEOUT;
    throw new CallFailed(504, { code, error: meaning }, error.message);
  }
}
