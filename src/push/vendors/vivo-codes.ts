import { printable } from "../../printable.ts";
import { failedOutcome, goneOutcome, retryOutcome } from "../provider.ts";
import type { Verdict } from "./vendor.ts";

/** What vivo answers to a call. */
export interface VivoResult {
  result: number;
  desc?: string | undefined;
}

/* vivo's codes (as documented in November 2026). */
const SENT = 0;
const TOKEN_REFUSED = 10_000;
const LISTS_USED_UP = 10_252;
const UNKNOWN_DEVICE = 10_302;
/** Their side, too fast, too many access tokens, or a list that vivo does not have any more. */
const BUSY = new Set([10_040, 10_072, 10_093, 10_155, 10_250]);
const QUOTA = new Set([10_070, 10_073, 10_254]);
const REFUSED_TEXT = new Set([10_085, 10_104]);

/** vivo's statuses of a device: unknown to the app, or the app was uninstalled or has unsubscribed. */
const UNKNOWN = 1;
const UNSUBSCRIBED = 2;
const NO_TEST_PHONE = 4;

const TEXT_RULES =
  "vivo takes no text of digits, Latin letters or signs alone, nor the word for test, nor brackets";

/** What the app's owner can do about a code. */
const HINTS = new Map([
  [10_043, "the app's pushes are switched off in vivo's console"],
  [10_045, "the app is in review and reaches test phones alone: set pushMode to 1"],
  [10_051, "the app has no right to this classification"],
  [10_082, "system messages are switched off in vivo's console"],
  [10_085, TEXT_RULES],
  [10_094, "the appId is not the access token's"],
  [10_096, "vivo has no such category"],
  [10_097, "the category does not belong to the classification"],
  [10_104, TEXT_RULES],
  [10_202, "the appKey is wrong"],
  [10_205, "the appId is wrong"],
  [10_206, "the appKey or the appSecret is wrong"],
  [10_207, "the clock here is more than 10 minutes off"],
]);

/** A code for people. */
export function vivoWords({ result, desc }: VivoResult): string {
  const hint = HINTS.get(result);
  return `code ${result}: ${printable(desc ?? "", 200)}${hint === undefined ? "" : ` (${hint})`}`;
}

/** Whether another access token may be accepted. */
export function isVivoTokenRefused(result: VivoResult | undefined): boolean {
  return result?.result === TOKEN_REFUSED;
}

/** Whether the day's lists are used up, while messages to single devices still go. */
export function areListsUsedUp({ result }: VivoResult): boolean {
  return result === LISTS_USED_UP;
}

/** Whether vivo takes the text for that of a test. */
export function isTextRefused({ result }: VivoResult): boolean {
  return REFUSED_TEXT.has(result);
}

/**
 * What vivo's code means for a device.
 *
 * @param after the delay (ms) that the answer requests
 */
export function vivoVerdict(said: VivoResult, after?: number): Verdict {
  const { result } = said;
  const why = vivoWords(said);
  if (result === SENT) return { outcome: "sent" };
  if (result === UNKNOWN_DEVICE) return { outcome: "unknown", why };
  if (QUOTA.has(result)) return { outcome: "quota", why };
  // A token that is refused again waits for the owner to set keys that are accepted, as with FCM.
  if (result === TOKEN_REFUSED || BUSY.has(result)) return retryOutcome(why, after);
  return failedOutcome(why);
}

/** What it means that an answer lists a device as invalid. */
export function invalidDevice(status: number): Verdict {
  const why = `vivo's status ${status} of the device`;
  // Keys of another app make every device unknown.
  if (status === UNKNOWN) return { outcome: "unknown", why };
  if (status === UNSUBSCRIBED) return goneOutcome(why);
  return failedOutcome(status === NO_TEST_PHONE ? `${why}: no test phone of the app's` : why);
}
