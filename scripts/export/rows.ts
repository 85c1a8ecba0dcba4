import * as v from "valibot";
import { rowSchemaOf } from "../moving/format.ts";

/** A row as it goes into a part. */
export interface Row {
  /** One line of JSON, as it was written. */
  text: string;
  /** When it was sent or last changed (ms). */
  at?: number;
}

/** A row of this kind; or, if the schema refuses it, a row that tells so, of the kind `odd/…`. */
export type Checked<Value> = { isOdd: false; row: Row; value: Value } | { isOdd: true; row: Row };

/** Checks a row's text. A row that no importer could take is not lost: it goes into the part of odd rows. */
export function checked<Value extends object>(
  kind: string,
  schema: v.GenericSchema<unknown, Value>,
  text: string,
): Checked<Value> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return odd(kind, "it is not JSON", text);
  }
  const result = v.safeParse(schema, value);
  if (result.success) return { isOdd: false, row: { text, at: timeOf(result.output) }, value: result.output };
  const [issue] = result.issues;
  return odd(kind, `${v.getDotPath(issue) ?? "it"}: ${issue.message}`, text);
}

/** A row that the command wrote itself. */
export function rowOf(kind: string, value: object): Row {
  return { text: JSON.stringify(v.parse(rowSchemaOf(kind), value)) };
}

function odd(kind: string, why: string, text: string): Checked<never> {
  return { isOdd: true, row: rowOf(`odd/${kind.replace(/^.*\//, "")}`, { why, text }) };
}

function timeOf(value: object): number | undefined {
  if ("timestamp" in value && typeof value.timestamp === "number") return value.timestamp;
  if (!("updatedAt" in value) || typeof value.updatedAt !== "string") return undefined;
  const time = Date.parse(value.updatedAt);
  return Number.isNaN(time) ? undefined : time;
}
