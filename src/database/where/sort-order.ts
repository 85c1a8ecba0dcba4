import { asc, desc, type SQL, sql } from "drizzle-orm";
import { type QueryRefusal, refusal } from "./query-refusal.ts";
import type { Field, JsonField, QueryTable } from "./query-table.ts";

const SORT_KEYS_MAX = 8;

export interface SortKey {
  field: Field;
  value: SQL;
  descending: boolean;
}

/**
 * The SQL for an order such as `-lm,createdAt`. In a descending order nulls come last, as in SQLite. The id makes any
 * order total.
 *
 * @param seen restricts a field's value to what the client may know
 */
export function orderOf(
  sort: string,
  queried: QueryTable,
  seen: (field: Field, value: SQL) => SQL = (_, value) => value,
): SQL[] | QueryRefusal {
  const keys = sortKeysOf(sort, queried);
  if ("refused" in keys) return keys;
  const order = keys.map(({ field, value, descending }) =>
    descending ? desc(seen(field, value)) : asc(seen(field, value)),
  );
  return [...order, asc(queried.id)];
}

/** The keys of an order, without the id. */
export function sortKeysOf(sort: string, { fieldOf }: QueryTable): SortKey[] | QueryRefusal {
  const keys = sort.split(",").map((key) => key.trim());
  if (keys.length > SORT_KEYS_MAX) return refusal("102: too many sort keys");
  const sorted: SortKey[] = [];
  for (const key of keys) {
    const descending = key.startsWith("-");
    const field = fieldOf(descending ? key.slice(1) : key);
    if (!field) return refusal("102: invalid sort key");
    sorted.push({ field, value: sortValue(field), descending });
  }
  return sorted;
}

/** The fields of an order that are read from JSON, in each row. */
export function sortedByJson(sort: string, { fieldOf }: QueryTable): JsonField[] {
  const keys = sort.split(",").map((key) => key.trim().replace(/^-/, ""));
  return keys.map(fieldOf).filter((field) => field?.type === "json");
}

function sortValue(field: Field): SQL {
  switch (field.type) {
    case "text":
    case "date":
      return sql`${field.column}`;
    case "number":
    case "boolean":
      return field.value;
    case "flag":
      return sql`(${field.set}) IS TRUE`;
    case "json":
      return sql`json_extract(${field.column}, ${field.path})`;
  }
}
