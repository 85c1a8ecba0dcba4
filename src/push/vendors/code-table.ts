import { printable } from "../../printable.ts";
import { isFinalStatus } from "../final-status.ts";
import { failedOutcome, retryOutcome } from "../provider.ts";
import { type ProviderAnswer, retryAfterOf } from "../provider-calls.ts";
import type { Verdict } from "./vendor.ts";

/**
 * What a code of a vendor means for all devices of a call. A push with refused keys waits for the owner to set others,
 * as with FCM; any other problem with the app's configuration ends it.
 */
type Meaning = "later" | "too fast" | "quota" | "keys" | "failed";

/** Codes with their meaning, and with a hint for the owner. Codes that are not in it have failed. */
export type CodeTable = Readonly<Record<string, readonly [Meaning, string?]>>;

/** The delay (ms) after "too fast" without a time. */
const SLOW_DOWN = 60_000;

/** The verdict by a code of the vendor's, with its words for people. */
export function verdictByCode(
  { code, words }: { code: string; words: string },
  table: CodeTable,
  { status, headers }: ProviderAnswer,
  now: number,
): Verdict {
  const [meaning, hint] = (Object.hasOwn(table, code) ? table[code] : undefined) ?? ["failed"];
  const why = `code ${printable(code, 20)}: ${printable(words, 200)}${hint === undefined ? "" : ` (${hint})`}`;
  const after = retryAfterOf(headers, now);
  if (meaning === "quota") return { outcome: "quota", why };
  if (meaning === "too fast" || status === 429) return retryOutcome(why, after ?? SLOW_DOWN);
  if (meaning === "later" || meaning === "keys" || isNotNow(status)) return retryOutcome(why, after);
  return failedOutcome(why);
}

/** The verdict on an answer that is not in the vendor's form, such as a proxy's page. */
export function verdictOnStranger(vendor: string, { status, headers }: ProviderAnswer, now: number): Verdict {
  const why = `status ${status}: an answer that is not ${vendor}'s`;
  const after = retryAfterOf(headers, now);
  if (status === 429) return retryOutcome(why, after ?? SLOW_DOWN);
  return isFinalStatus(status) && !isNotNow(status) ? failedOutcome(why) : retryOutcome(why, after);
}

/** Whether a status is about the server, or about keys, for which a push waits. */
function isNotNow(status: number): boolean {
  return status === 401 || status >= 500;
}
