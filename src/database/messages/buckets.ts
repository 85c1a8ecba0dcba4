/**
 * The messages of D1 are one tree, ordered by bucket and then by time. It answers two questions that would need two
 * trees, each of which costs a written row a message:
 *
 * - What the app said is merged from all buckets: a seek for each, and then one for each message of a page.
 * - What a client sent is a range of one bucket in each week, in which few others are.
 *
 * A full D1 has some 30 million messages. With 512 buckets, a page of 100 of the app's takes 2.5 ms, and a client that sent
 * hardly anything is looked for among 60,000 messages, which takes 12 ms (measured 2026-11-29). Twice as many make the
 * first twice as slow, half as many the second.
 */
export const BUCKETS = 512;

/** The length (ms) of what is called a week here: 6.2 days. */
const WEEK = 2 ** 29;
/** Products of two numbers below this prime are exact, here and in SQLite. */
const PRIME = 67_108_859;
const FACTOR = 48_271;
/** Characters of an id that count, which is as many as a client's id may have. */
const CHARACTERS = 64;
/** What SQLite reads where two bytes are no character: for half a pair, which it does not store either, and for these. */
const REPLACEMENT = 0xfffd;
const isReplaced = (code: number) => (code >= 0xd800 && code <= 0xdfff) || code === 0xfffe || code === 0xffff;
/** Weeks that are looked at one by one: 85 years. */
const WEEKS_MAX = 5_000;

/**
 * The bucket of a message. It must never change: rows are where it once pointed. Migration 0016 has the same in SQL.
 *
 * A client's messages are in another bucket each week. So those who share one with a client that sends very much, such as
 * a bot, do so for a week, and nobody's history is searched through all that the bot has ever sent.
 *
 * @param timestamp its place in the log of its conversation (ms)
 */
export function bucketOf(sender: string, timestamp: number): number {
  return bucketIn(Math.floor(timestamp / WEEK), hashOf(sender));
}

/** By a family of hashes of which each week has another one (Carter and Wegman). */
const bucketIn = (week: number, hash: number): number =>
  ((hash * (1 + ((week * FACTOR) % (PRIME - 1)))) % PRIME) % BUCKETS;

/** From 1 to PRIME - 1. */
function hashOf(id: string): number {
  let sum = 0;
  let weight = 1;
  let position = 0;
  for (const character of id) {
    if (position++ === CHARACTERS) break;
    weight = (weight * FACTOR) % PRIME;
    const code = character.codePointAt(0) ?? 0;
    sum += (isReplaced(code) ? REPLACEMENT : code) * weight;
  }
  return 1 + (sum % (PRIME - 1));
}

/** Messages of a bucket between two times (ms), both of which belong to it. */
export type BucketRange = [bucket: number, first: number, last: number];

/** The ranges with everything between two times (ms). */
export function rangesOfAll(first: number, last: number): BucketRange[] {
  return Array.from({ length: BUCKETS }, (_, bucket) => [bucket, first, last]);
}

/** The ranges with what a client sent between two times (ms), and with what others sent. */
export function rangesOf(sender: string, first: number, last: number): BucketRange[] {
  const hash = hashOf(sender);
  const [from, to] = [Math.floor(first / WEEK), Math.floor(last / WEEK)];
  if (to - from >= WEEKS_MAX) return rangesOfAll(first, last);
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => {
    const week = from + at;
    const end = (week + 1) * WEEK - 1;
    return [bucketIn(week, hash), Math.max(first, week * WEEK), Math.min(last, end)];
  });
}
