import { elapsed } from "../elapsed.ts";

/** How long a change waits for others of the same row, and the longest pause after the first attempts (ms). */
const WAIT = 6_000;
const PAUSE = { first: 15, last: 250 };

/**
 * Attempts a change of a row until nobody else changes it meanwhile, with pauses of different lengths, so that those who
 * change one row at once do not meet again and again. Throws after 6 s.
 *
 * @param attempt undefined if the row was changed by others
 */
export async function untilWritten<Answer>(attempt: () => Promise<Answer | undefined>): Promise<Answer> {
  const since = Date.now();
  for (let attempts = 1; elapsed(since, Date.now()) < WAIT; attempts++) {
    const answer = await attempt();
    if (answer !== undefined) return answer;
    const pause = Math.random() * Math.min(PAUSE.first * attempts, PAUSE.last);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  throw new Error(`users: changed by others for ${WAIT} ms`);
}
