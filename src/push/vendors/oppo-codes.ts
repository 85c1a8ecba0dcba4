import { printable } from "../../printable.ts";
import { failedOutcome, retryOutcome } from "../provider.ts";
import type { Verdict } from "./vendor.ts";

/** What OPPO answers, for a call or for one device of it. */
export interface OppoResult {
  code: number;
  message?: string | undefined;
}

/* OPPO's codes (as documented in November 2026). */
const SENT = 0;
const TOKEN_REFUSED = 11;
const TOO_MANY_CALLS = 13;
/** OPPO has a message with this id for this device already. */
const DUPLICATE = 32;
const BAD_ARGUMENT = 41;
const UNKNOWN_DEVICE = 10_000;
const BUSY = new Set([-2, -1, 55, 69]);
const QUOTA = new Set([33, 42]);

/** The delay (ms) after too many calls, which OPPO counts over a longer time than flow control. */
const CALLS_WAIT = 30 * 60_000;

/** What the app's owner can do about a code. */
const HINTS = new Map([
  [14, "the appKey is wrong"],
  [16, "the appKey or the masterSecret is wrong"],
  [19, "the clock here is more than 10 minutes off"],
  [26, "OPPO's console does not allow this server's address"],
  [27, "the app has no right to this kind of message"],
  [28, "the app is switched off in OPPO's console"],
  [30, "the app has no right to push"],
  [54, "the channel takes only an approved template: set templateId"],
  [59, "the app has no right to this channel or click_action_url"],
  [67, "the app has no right to this category, or the channel or the notifyLevel does not fit it"],
]);

/** A code for people. */
export function oppoWords({ code, message }: OppoResult): string {
  const hint = HINTS.get(code);
  return `code ${code}: ${printable(message ?? "", 200)}${hint === undefined ? "" : ` (${hint})`}`;
}

/** Whether another access token may be accepted. */
export function isOppoTokenRefused(result: OppoResult | undefined): boolean {
  return result?.code === TOKEN_REFUSED;
}

/**
 * What OPPO's code means for a device.
 *
 * @param after the delay (ms) that the answer requests
 */
export function oppoVerdict(result: OppoResult, after?: number): Verdict {
  const { code } = result;
  const why = oppoWords(result);
  if (code === SENT || code === DUPLICATE) return { outcome: "sent" };
  if (code === UNKNOWN_DEVICE) return { outcome: "unknown", why };
  // The same code is for any other field, and then says nothing of the device.
  if (code === BAD_ARGUMENT && /registration_?id/i.test(result.message ?? "")) {
    return { outcome: "unknown", why };
  }
  if (QUOTA.has(code)) return { outcome: "quota", why };
  if (code === TOO_MANY_CALLS) return retryOutcome(why, after ?? CALLS_WAIT);
  // A token that is refused again waits for the owner to set keys that are accepted, as with FCM.
  if (code === TOKEN_REFUSED || BUSY.has(code)) return retryOutcome(why, after);
  return failedOutcome(why);
}
