import type { Context } from "hono";
import { withDeadline } from "../../deadline.ts";
import { reason } from "../../reason.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { refuse } from "../errors.ts";

/** One quota for both versions of the API, sends, edits and recalls together (L-10). */
const QUOTA = "rest-messages";
const DEADLINE = 1_000; // ms

/**
 * Takes one from the quota of messages, or answers with 429 and `Retry-After`. To be asked after what was sent has
 * been checked, so that bad input costs nothing.
 */
export async function quotaUsedUp(context: Context<HttpEnv>): Promise<Response | undefined> {
  const retryAfter = await waitFor(context);
  if (retryAfter === undefined) return undefined;
  context.header("Retry-After", String(retryAfter));
  return refuse(context, 429, { code: 429, error: "Too many messages over HTTP; try again later." });
}

/** Seconds until there is more; undefined where there was one left. Messages go on when nobody counts them. */
async function waitFor({ env }: Context<HttpEnv>): Promise<number | undefined> {
  const { restMessagesPerMinute } = (await settingsOf(env).get()).limits;
  if (restMessagesPerMinute === 0) return undefined;
  try {
    const spent = env.APP.getByName("app").spend(QUOTA, restMessagesPerMinute);
    return (await withDeadline(spent, DEADLINE, "quota"))?.retryAfter;
  } catch (error) {
    console.error("quota: not counted, the message goes on:", reason(error));
    return undefined;
  }
}
