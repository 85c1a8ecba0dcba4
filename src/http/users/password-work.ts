import { addressLimits } from "../../gateway/limits/address-limits.ts";
import { networkOf } from "../../gateway/limits/network.ts";
import { PASSWORDS_PER_ADDRESS } from "../../request-bounds.ts";
import { failedLogins, type Source } from "../../users/failed-logins.ts";
import { nodeHashing, Passwords } from "../../users/password.ts";
import { PasswordQueue, TooManyPasswords } from "../../users/password-queue.ts";
import { type UserRefused, userErrors } from "../../users/user-errors.ts";
import { yieldToEventLoop } from "../../yield-to-event-loop.ts";
import type { ErrorResponse } from "../response.ts";

/** The isolate's passwords: after each piece of work everybody else has a turn. */
export const passwords = new Passwords({ ...nodeHashing, pause: () => yieldToEventLoop() });

/** One password at a time: however many log in, half of the processor is left to messages. */
const queue = new PasswordQueue();

export const tooManyPasswords: ErrorResponse = {
  status: 429,
  failure: { code: 429, error: "Too many logins at the moment; try again later." },
};

/** Works on a password when it is the turn of its address; a refusal if that takes too long. */
export async function inTurn<Answer>(
  countedAs: string | undefined,
  work: () => Promise<Answer>,
): Promise<Answer | typeof tooManyPasswords> {
  try {
    return await queue.run(sourceOf(countedAs).network ?? "", work);
  } catch (error) {
    if (error instanceof TooManyPasswords) return tooManyPasswords;
    throw error;
  }
}

/**
 * Tries a password for a user from an address: only so often, and not after too many wrong ones. Users who do not exist
 * are counted as well.
 *
 * @param user what the caller names the user by
 * @param from the address that is limited, and the one that wrong passwords count by, which nobody can make up
 */
export async function tried<Answer extends object>(
  user: string,
  from: { countedAs: string | undefined; provenAs: string | undefined },
  check: () => Promise<Answer | UserRefused>,
): Promise<Answer | UserRefused | typeof tooManyPasswords> {
  if (!isWithinPasswordRate(from.countedAs)) return tooManyPasswords;
  const source = sourceOf(from.provenAs);
  // Those that came together are counted one by one.
  return inTurn(from.countedAs, async () => {
    if (!failedLogins.allows(user, source, Date.now())) return { refused: "TOO_MANY_FAILURES" };
    const answer = await check();
    if (!("refused" in answer)) failedLogins.succeeded(user, source);
    else if (answer.refused === "MISMATCH") failedLogins.failed(user, source, Date.now());
    return answer;
  });
}

/** Whether an address may have one more password worked on in this minute; counts it if so. */
export function isWithinPasswordRate(countedAs: string | undefined): boolean {
  const { isShared } = sourceOf(countedAs);
  const most = isShared ? PASSWORDS_PER_ADDRESS.other : PASSWORDS_PER_ADDRESS.public;
  return addressLimits.take(countedAs, "passwords", 1, most, Date.now());
}

export function sourceOf(address: string | undefined): Source {
  const network = address === undefined ? undefined : networkOf(address);
  return { network: network ?? address, isShared: network === undefined };
}

/** A refusal as the HTTP API's answer. */
export function userRefusal({ refused, detail }: UserRefused): ErrorResponse {
  const { code, error } = userErrors[refused];
  return {
    status: 400,
    failure: { code, error: detail === undefined ? error : `${error.slice(0, -1)}: ${detail}.` },
  };
}
