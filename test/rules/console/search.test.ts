import { expect, test } from "vitest";
import { searchFor } from "../../../console/views/conversations/search.ts";

const whereOf = (field: Parameters<typeof searchFor>[0], text: string): unknown => {
  const search = searchFor(field, text, "no object");
  return "where" in search && search.where !== undefined ? JSON.parse(search.where) : search;
};

test("a search by name takes every character as it is", () => {
  expect(whereOf("name", "(1+1)?")).toEqual({ name: { $regex: "\\(1\\+1\\)\\?", $options: "i" } });
});

test("a search by member, creator and id asks for exactly that one", () => {
  expect(whereOf("member", " Tom ")).toEqual({ m: "Tom" });
  expect(whereOf("creator", "Tom")).toEqual({ c: "Tom" });
  expect(whereOf("id", "abc")).toEqual({ objectId: "abc" });
});

test("a search for nothing has no condition, and a where that is no object is refused", () => {
  expect(whereOf("where", "  ")).toEqual({ where: undefined });
  expect(whereOf("where", "[1]")).toEqual({ problem: "no object" });
  expect(whereOf("where", '{"a": {"$gt": 2}}')).toEqual({ a: { $gt: 2 } });
  expect(whereOf("where", "{")).toHaveProperty("problem");
});
