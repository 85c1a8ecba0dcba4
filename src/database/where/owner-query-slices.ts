import { type SQL, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { OWNERS_QUERY_LONGEST, OWNERS_SLICE, OWNERS_SLICE_ELSEWHERE } from "../../bounds.ts";
import type { Deployment } from "../../model/deployment.ts";
import { yieldToEventLoop } from "../../yield-to-event-loop.ts";
import type { QueryTable } from "./query-table.ts";

/**
 * How much one statement of an owner's query reads: rows, bytes of JSON that are opened, and bytes that are returned.
 */
export type SliceSize = typeof OWNERS_SLICE;

export const sliceSizeOf = ({ SINGLE_MACHINE }: Pick<Deployment, "SINGLE_MACHINE">): SliceSize =>
  SINGLE_MACHINE === "1" ? OWNERS_SLICE : OWNERS_SLICE_ELSEWHERE;

/** Milliseconds of a slice above which the next one is smaller, and below which it is larger. */
const [SLOW, QUICK] = [30, 15];

/** Rows for one statement. */
interface Slice {
  /** JSON text. */
  ids: string;
}

interface Sliced {
  /** The condition that an index answers; undefined for the whole table. */
  scope: (after: string | undefined) => SQL | undefined;
  /** The slices start after this id. */
  after?: string | undefined;
  /** The columns that are opened in each row, repeated as often as they are opened. */
  opened: SQLiteColumn[];
  size: SliceSize;
}

/** A table's rows in the order of their ids, in slices that are quick to read. Other work runs in between. */
export async function* slicesOf(
  d1: DrizzleD1Database,
  { table, id }: Pick<QueryTable, "table" | "id">,
  { scope, after, opened, size }: Sliced,
): AsyncGenerator<Slice> {
  const until = Date.now() + OWNERS_QUERY_LONGEST;
  const bytes = opened.length === 0 ? sql`0` : bytesOf(opened);
  const pace = new Pace(size.json);
  let last = after;
  for (;;) {
    const answered = scope(last);
    const bounds = [
      ...(answered === undefined ? [] : [sql`(${answered})`]),
      ...(last === undefined ? [] : [sql`${id} > ${last}`]),
    ];
    const where = bounds.length === 0 ? sql`` : sql` WHERE ${sql.join(bounds, sql` AND `)}`;
    const rows = await d1.all<{ id: string; bytes: number }>(
      sql`SELECT ${id} AS id, ${bytes} AS bytes FROM ${table}${where} ORDER BY ${id} LIMIT ${size.rows}`,
    );
    for (let next = 0; next < rows.length; ) {
      await yieldToEventLoop();
      const begun = Date.now();
      if (begun > until) throw new Error("the query took too long");
      const ids = groupAt(rows, next, pace.bytes);
      yield { ids: JSON.stringify(ids) };
      pace.took(Date.now() - begun);
      next += ids.length;
    }
    last = rows.at(-1)?.id;
    if (last === undefined || rows.length < size.rows) return;
  }
}

/** The bytes of these columns in a row, which SQLite has in the row's header. A null takes none. */
export const bytesOf = (columns: SQLiteColumn[]): SQL =>
  sql.join(
    columns.map((column) => sql`coalesce(octet_length(${column}), 0)`),
    sql` + `,
  );

/** Adapts the bytes per slice: the time for a slice depends on the lists in it. */
class Pace {
  readonly #most: number;
  bytes: number;

  constructor(most: number) {
    this.#most = most;
    this.bytes = most / 4;
  }

  /** @param ms elapsed time, including other work that ran meanwhile */
  took(ms: number): void {
    if (ms > SLOW) this.bytes = Math.max(this.bytes / 2, this.#most / 8);
    else if (ms < QUICK) this.bytes = Math.min(this.bytes * 2, this.#most);
  }
}

/** The next ids, up to so many bytes; at least one. */
function groupAt(rows: readonly { id: string; bytes: number }[], from: number, most: number): string[] {
  let bytes = 0;
  const end = rows.findIndex((row, at) => {
    if (at < from) return false;
    bytes += row.bytes;
    return at > from && bytes > most;
  });
  return rows.slice(from, end === -1 ? undefined : end).map(({ id }) => id);
}

/**
 * Reads the found rows, so many bytes at a time; other work runs in between. Rows that were deleted meanwhile are left
 * out.
 */
export async function readInParts<Row extends { id: string }>(
  found: readonly { id: string; bytes: number }[],
  size: SliceSize,
  read: (ids: string[]) => Promise<Row[]>,
): Promise<Row[]> {
  const rows = new Map<string, Row>();
  for (let next = 0; next < found.length; ) {
    const ids = groupAt(found, next, size.read);
    for (const row of await read(ids)) rows.set(row.id, row);
    next += ids.length;
    await yieldToEventLoop();
  }
  return found.flatMap(({ id }) => rows.get(id) ?? []);
}
