import { expect, test } from "vitest";
import { EventParser } from "../../../console/api/event-parser.ts";

const STREAM =
  'retry: 1000\n\nevent: snapshot\ndata: {"online":1}\n\n: nothing new\n\nevent: snapshot\ndata: a\ndata: b\n\ndata: c\n\n';
const EVENTS = [
  { event: "snapshot", data: '{"online":1}' },
  { event: "snapshot", data: "a\nb" },
  { event: "message", data: "c" },
];

test.each([1, 2, 3, 7, 1000])("a stream of events is understood in pieces of %i characters", (size) => {
  const parser = new EventParser();
  const found = [];
  for (let start = 0; start < STREAM.length; start += size)
    found.push(...parser.take(STREAM.slice(start, start + size)));
  expect(found).toEqual(EVENTS);
});

test("a stream whose lines end with CR LF is understood, also when it is cut between the two", () => {
  const parser = new EventParser();
  expect(parser.take("event: x\r\ndata: 1\r")).toEqual([]);
  expect(parser.take("\n\r")).toEqual([]);
  expect(parser.take("\ndata: 2")).toEqual([{ event: "x", data: "1" }]);
});

test("an event without an end does not fill the memory", () => {
  const parser = new EventParser();
  expect(() => {
    for (let piece = 0; piece < 100; piece++) parser.take("x".repeat(100_000));
  }).toThrow("no end");
});
