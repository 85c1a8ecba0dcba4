import type { Json, WrittenNumber } from "../../model/json.ts";
import type { Field, JsonField } from "./query-table.ts";
import type { Pattern } from "./regex-pattern.ts";

/** A parsed `where`. */
export type Condition =
  | { type: "every"; of: Condition[] }
  | { type: "some"; of: Condition[] }
  | { type: "not"; of: Condition }
  /** The value, or any element of an array, is among these. */
  | { type: "among"; field: Field; values: Operands }
  /** The value is, or the array holds, every one of these texts, numbers and booleans. */
  | { type: "holds"; field: JsonField; values: Json[] }
  | { type: "compared"; field: Field; operator: Comparison; value: Comparable }
  | { type: "present"; field: Field }
  | { type: "sized"; field: Field; size: number }
  | { type: "matched"; field: Field; pattern: Pattern }
  /** A GeoPoint, or one of a list, at most so many radians away from this point; undefined for any distance. */
  | { type: "near"; field: JsonField; latitude: number; longitude: number; within: number | undefined };

export type Comparison = "$lt" | "$lte" | "$gt" | "$gte";
export type Comparable =
  | { type: "text"; value: string }
  | { type: "number"; value: number | WrittenNumber }
  | { type: "boolean"; value: boolean }
  | { type: "date"; value: number };

/** Values grouped by type: as in Mongo, a value only equals or compares with a value of its own type. */
export interface Operands {
  texts: string[];
  numbers: (number | WrittenNumber)[];
  booleans: boolean[];
  /** Milliseconds. */
  dates: number[];
  /** Arrays and objects, as JSON text. */
  documents: string[];
  /** Whether null is among the values; it also matches an absent field. */
  absent: boolean;
}
