import { expect, test } from "vitest";
import { loggableError } from "../../src/loggable-error.ts";
import { printable } from "../../src/printable.ts";

/* Texts from outside are fit for a log: no line of theirs looks like one of ours. */

test.each([
  ["two\r\nlines", "two lines"],
  ["a terminal\u001b[31m steered\u0007", "a terminal [31m steered "],
  ["turned \u202eback\u2066", "turned  back "],
  ["next\u0085line\u2028and\u2029more", "next line and more"],
  ["half a \ud800 pair", "half a \ufffd pair"],
  ["plain, 猫 🧀", "plain, 猫 🧀"],
])("the text %j is printed as %j", (given, written) => {
  expect(printable(given, 100)).toBe(written);
});

test("a long text is cut, also as the reason of a failure", () => {
  expect(printable("x".repeat(300), 200)).toBe(`${"x".repeat(200)}…`);
  expect(loggableError(new Error(`no\npage ${"x".repeat(1_000)}`)).length).toBeLessThan(520);
  expect(loggableError(new Error("one\ntwo"))).toBe("Error: one two");
});

test("a host that cannot be reached is reported as such", () => {
  const words = "Error: no connection, and the runtime says no more";
  expect(loggableError(new Error("internal error; reference = 0123abcd"))).toBe(words);
});
