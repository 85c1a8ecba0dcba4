import * as v from "valibot";
import type { Json } from "../../model/json.ts";
import { problemIn } from "../problem.ts";

/** A row of an import that was not taken, by its index in the request. */
export interface RefusedRow {
  row: number;
  error: string;
}

/** What an import answers: how many rows did what, and those that were refused. */
export interface ImportAnswer {
  added: number;
  changed: number;
  kept: number;
  refused: RefusedRow[];
}

const count = (shown: number) => v.pipe(v.number(), v.integer(), v.examples([shown]));

export const importAnswer = v.object({
  added: count(1),
  changed: v.pipe(count(0), v.description("Were here, and have changed over there since.")),
  kept: v.pipe(count(0), v.description("Were here already, or were changed here.")),
  refused: v.pipe(
    v.array(v.object({ row: count(0), error: v.pipe(v.string(), v.examples(["m: must be a list"])) })),
    v.description("Rows that were not taken, by their index in the request."),
    v.examples([[]]),
  ),
});

/** Bytes of a body: it is parsed in one go. */
const BODY_MAX = 1024 * 1024;

/** What every import of rows has in common as an operation. */
export const importing = {
  tag: "Administration" as const,
  access: "master" as const,
  answer: importAnswer,
  bodyLimit: BODY_MAX,
};

/** Why a row is refused that is no row. */
export const NO_OBJECT = "must be an object";

/** An answer before the first row. */
export const noRows = (): ImportAnswer => ({ added: 0, changed: 0, kept: 0, refused: [] });

/** Refused rows in the order of the request. */
export const inOrder = (refused: readonly RefusedRow[]) =>
  refused.toSorted((one, other) => one.row - other.row);

/** Rows as the hosted service gives them. A row that is wrong refuses no other. */
export const listUpTo = (most: number, shown: Json) =>
  v.pipe(
    v.array(v.custom<Json>((row) => row !== undefined)),
    v.maxLength(most, `must have at most ${most} rows`),
    v.examples([[shown]]),
  );

/** The body of an import of rows. */
export const rowsUpTo = (most: number, shown: Json) => v.object({ results: listUpTo(most, shown) });

/**
 * Reads each row; the ones that are wrong are refused.
 *
 * @param read returns a sentence for a row that is wrong
 */
export function readRows<Row extends object>(
  rows: readonly Json[],
  read: (row: Json) => Row | string,
): { rows: { row: number; value: Row }[]; refused: RefusedRow[] } {
  const taken: { row: number; value: Row }[] = [];
  const refused: RefusedRow[] = [];
  for (const [row, given] of rows.entries()) {
    const value = read(given);
    if (typeof value === "string") refused.push({ row, error: value });
    else taken.push({ row, value });
  }
  return { rows: taken, refused };
}

/** A row by its schema, or what is wrong with it. */
export function parsed<Schema extends v.GenericSchema>(
  schema: Schema,
  row: Json,
): v.InferOutput<Schema> | string {
  const result = v.safeParse(schema, row, { abortEarly: true });
  if (result.success) return result.output;
  return problemIn(result.issues[0]);
}

/** A time: ISO text, a number of milliseconds, or the storage API's date. Exports have all three. */
export const anyTime = () =>
  v.pipe(
    v.unknown(),
    v.rawTransform<unknown, number>(({ dataset, addIssue, NEVER }) => {
      const { value } = dataset;
      const written = typeof value === "object" && value !== null && "iso" in value ? value.iso : value;
      const time = typeof written === "string" ? Date.parse(written) : written;
      if (typeof time === "number" && Number.isSafeInteger(time) && time >= 0) return time;
      addIssue({ message: "must be a time" });
      return NEVER;
    }),
  );

/** Clocks differ: a time may be this far (ms) ahead of this server's. */
export const CLOCKS_DIFFER = 60_000;
