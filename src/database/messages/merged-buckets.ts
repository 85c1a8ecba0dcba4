import { type SQL, sql } from "drizzle-orm";
import { statement } from "../statement.ts";
import { type BucketRange, rangesOfAll } from "./buckets.ts";

/** A page of messages of several ranges. */
export interface RangesPage {
  ranges: readonly BucketRange[];
  /** What else holds for a message; it names the table `each`, and must not bound the search by time. */
  condition: SQL | undefined;
  /** Oldest first. */
  reversed: boolean;
  limit: number;
}

/**
 * The milliseconds, each in its bucket, that have the first messages of several ranges by time and message id; in no
 * certain order. Sort what is in them, and take as many as the page has. The query works as a priority queue: it begins
 * with the first millisecond of each range, takes the one whose first message comes first of all, and puts the next one
 * of the same range into its place. So it reads a message or two for each range, and for each message of the page; those
 * of one millisecond, of which an import may bring thousands, are sorted once and not for each of them.
 */
export function firstOfRanges({ ranges, condition = sql`true`, reversed, limit }: RangesPage): SQL {
  const order = reversed ? sql`ASC` : sql`DESC`;
  const inside = reversed ? sql`each.timestamp <= r.last` : sql`each.timestamp >= r.first`;
  const beyond = reversed ? sql`each.timestamp > r.timestamp` : sql`each.timestamp < r.timestamp`;
  const nextIn = (part: SQL) => sql`(SELECT each.timestamp, each.conversation_id FROM messages AS each
    WHERE each.bucket = r.bucket AND ${part} AND ${condition}
    ORDER BY each.timestamp ${order}, each.id ${order} LIMIT 1)`;
  const step = (from: SQL, part: SQL) => sql`SELECT r.bucket, r.first, r.last, m.timestamp, m.id
    FROM ${from} AS r CROSS JOIN messages AS m
      ON m.bucket = r.bucket AND (m.timestamp, m.conversation_id) = ${nextIn(part)}`;
  const inRange = sql`each.timestamp BETWEEN r.first AND r.last`;
  return sql`WITH RECURSIVE
    ranges (bucket, first, last) AS MATERIALIZED
      (SELECT value->>0, value->>1, value->>2 FROM json_each(${JSON.stringify(ranges)})),
    page (bucket, first, last, timestamp, id) AS (
      SELECT * FROM (${step(sql`ranges`, inRange)})
      UNION ALL ${step(sql`page`, sql`${beyond} AND ${inside}`)}
      ORDER BY 4 ${order}, 5 ${order} LIMIT ${limit})
    SELECT bucket, timestamp FROM page`;
}

/** The times (ms) of the first and the last message of a database between two times; undefined if it has none there. */
export async function timesIn(
  db: D1Database,
  first: number,
  last: number,
): Promise<{ first: number; last: number } | undefined> {
  const end = (order: SQL) => sql`(SELECT m.timestamp FROM messages AS m WHERE m.bucket = value->>0
    AND m.timestamp BETWEEN value->>1 AND value->>2 ORDER BY m.timestamp ${order} LIMIT 1)`;
  const ranges = JSON.stringify(rangesOfAll(first, last));
  const query = sql`SELECT min(${end(sql`ASC`)}) AS first, max(${end(sql`DESC`)}) AS last FROM json_each(${ranges})`;
  const found = await statement(db, query).first<{ first: number | null; last: number | null }>();
  return found === null || found.first === null || found.last === null
    ? undefined
    : { first: found.first, last: found.last };
}
