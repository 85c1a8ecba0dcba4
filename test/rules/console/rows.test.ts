import { expect, test } from "vitest";
import { nextOrder, orderText, parseOrder, sorted } from "../../../console/ui/rows.ts";

test("a table's rows without a value stand last in both directions, and numbers in names count", () => {
  const rows = ["b10", undefined, "b9", "a"];
  expect(sorted(rows, (row) => row, false)).toEqual(["a", "b9", "b10", undefined]);
  expect(sorted(rows, (row) => row, true)).toEqual(["b10", "b9", "a", undefined]);
});

test("a column's head goes from ascending to descending to the order in which rows came", () => {
  const first = nextOrder(undefined, "name");
  const second = nextOrder(first, "name");
  expect([first, second]).toEqual([
    { column: "name", descending: false },
    { column: "name", descending: true },
  ]);
  expect(nextOrder(second, "name")).toBeUndefined();
  expect(nextOrder(second, "id")).toEqual({ column: "id", descending: false });
});

test("an order in the address is read as it was written", () => {
  for (const order of [
    { column: "name", descending: true },
    { column: "name", descending: false },
  ])
    expect(parseOrder(orderText(order))).toEqual(order);
  expect(parseOrder("")).toBeUndefined();
});
