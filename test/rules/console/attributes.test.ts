import { expect, test } from "vitest";
import { attributeChanges, editable } from "../../../console/views/conversations/attribute-changes.ts";
import { editedOf, fieldsOf, readField } from "../../../console/views/conversations/attribute-fields.ts";

const row = { objectId: "1", m: ["Tom"], name: "Cheese", attr: { holes: 3, mild: true, tags: ["a"] } };

test("the fields of a conversation are its own columns and what attr has, each by its type", () => {
  const fields = fieldsOf(editable(row));
  expect(fields.map(({ place, name, type, text }) => [place, name, type, text])).toEqual([
    ["column", "name", "text", "Cheese"],
    ["attr", "holes", "number", "3"],
    ["attr", "mild", "boolean", "true"],
    ["attr", "tags", "json", '["a"]'],
  ]);
  expect(editedOf(fields, true)).toEqual(editable(row));
});

test("a field that is no number or no JSON has no value, and neither has the form", () => {
  const field = { place: "attr", name: "holes", type: "number", text: "many" } as const;
  expect(readField(field)).toEqual({ problem: "number" });
  expect(readField({ ...field, text: "" })).toEqual({ problem: "number" });
  expect(readField({ ...field, type: "json", text: "{" })).toEqual({ problem: "json" });
  expect(editedOf([field], true)).toBeUndefined();
});

test("only what differs is changed: each field of attr by its path, and what is gone is taken away", () => {
  const before = editable(row);
  expect(attributeChanges(before, before)).toEqual({});
  const after = { attr: { holes: 4, tags: ["a"], age: 1 } };
  expect(attributeChanges(before, after)).toEqual({
    name: { __op: "Delete" },
    "attr.holes": 4,
    "attr.age": 1,
    "attr.mild": { __op: "Delete" },
  });
});

test("attr is changed as a whole where it comes, goes, or has a name that no path can have", () => {
  expect(attributeChanges({}, { attr: { a: 1 } })).toEqual({ attr: { a: 1 } });
  expect(attributeChanges({ attr: { a: 1 } }, {})).toEqual({ attr: { __op: "Delete" } });
  expect(attributeChanges({ attr: { "a.b": 1 } }, { attr: { "a.b": 2 } })).toEqual({ attr: { "a.b": 2 } });
});
