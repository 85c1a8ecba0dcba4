import { expect, test } from "vitest";
import { isTemporaryId, searchFor } from "../../../console/views/conversations/search.ts";

test("a search by name asks for a part of it, and one by member, creator and id for that one", () => {
  expect(searchFor("name", "(1+1)?", "")).toEqual({ sought: { name_contains: "(1+1)?" } });
  expect(searchFor("member", " Tom ", "")).toEqual({ sought: { member: "Tom" } });
  expect(searchFor("creator", "Tom", "")).toEqual({ sought: { creator: "Tom" } });
  expect(searchFor("id", "abc", "")).toEqual({ sought: { id: "abc" } });
});

test("a search for nothing has no condition, and a where that is no object is refused", () => {
  expect(searchFor("where", "  ", "")).toEqual({ sought: {} });
  expect(searchFor("where", "[1]", "no object")).toEqual({ problem: "no object" });
  expect(searchFor("where", '{"a": {"$gt": 2}}', "")).toEqual({ sought: { where: '{"a": {"$gt": 2}}' } });
  expect(searchFor("where", "{", "")).toHaveProperty("problem");
});

test("the id of a temporary conversation is told from others", () => {
  expect(["_tmp:abc", " _tmp:abc"].map(isTemporaryId)).toEqual([true, true]);
  expect(isTemporaryId("65537a0e0000000000000001")).toBe(false);
});
