/** A value that rows are sorted by. */
export type Sortable = string | number | boolean | undefined | null;

export interface Order {
  column: string;
  descending: boolean;
}

const collator = new Intl.Collator(undefined, { numeric: true });

/** Rows without a value stand last, whichever the direction. */
export function sorted<Row>(
  rows: readonly Row[],
  sortedBy: (row: Row) => Sortable,
  descending: boolean,
): Row[] {
  const direction = descending ? -1 : 1;
  const keyed = rows.map((row) => ({ row, value: sortedBy(row) ?? undefined }));
  keyed.sort((one, other) => {
    if (one.value === undefined || other.value === undefined)
      return Number(one.value === undefined) - Number(other.value === undefined);
    return direction * compared(one.value, other.value);
  });
  return keyed.map(({ row }) => row);
}

function compared(one: string | number | boolean, other: string | number | boolean): number {
  if (typeof one === "string" && typeof other === "string") return collator.compare(one, other);
  return Number(one) - Number(other);
}

/** In the address: `name` or `-name`. */
export const orderText = ({ column, descending }: Order): string => (descending ? `-${column}` : column);

export function parseOrder(text: string): Order | undefined {
  if (text === "") return undefined;
  return text.startsWith("-")
    ? { column: text.slice(1), descending: true }
    : { column: text, descending: false };
}

/** The next state of a column whose head is pressed: ascending, descending, as the rows came. */
export function nextOrder(current: Order | undefined, column: string): Order | undefined {
  if (current?.column !== column) return { column, descending: false };
  return current.descending ? undefined : { column, descending: true };
}
