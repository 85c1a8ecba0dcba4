import { describe, expect, test } from "vitest";
import { Archive } from "../../../../src/database/messages/archive.ts";
import { changeProblem, generationsIn, placeAmong } from "../../../../src/database/messages/generations.ts";

/** Which database of D1 has a message follows from its time and its conversation. */

describe("the list of generations", () => {
  test("without ARCHIVE there is one database", () => {
    for (const nothing of [undefined, ""])
      expect(generationsIn(nothing)).toEqual([{ since: 0, databases: ["DB"] }]);
  });

  test("ARCHIVE is read as JSON or as wrangler has parsed it, with times in UTC or in ms", () => {
    const list = [
      { since: 0, databases: ["DB"] },
      { since: "2027-03-01", databases: ["DB_1", "DB_2"] },
      { since: "2028-03-01T12:30:00Z", databases: ["DB"] },
      { since: 1_900_000_000_000, databases: ["DB_2"] },
    ];
    const expected = list.map(({ since, databases }) => ({ since: new Date(since).getTime(), databases }));
    expect(generationsIn(list)).toEqual(expected);
    expect(generationsIn(JSON.stringify(list))).toEqual(expected);
  });

  test.each<[string, unknown, RegExp]>([
    ["that is no JSON", "[{", /not JSON/],
    ["that is empty", [], /is empty/],
    ["that does not begin at 0", [{ since: 1, databases: ["DB"] }], /since 0/],
    ["without a database", [{ since: 0, databases: [] }], /names no database/],
    ["that names a database twice", [{ since: 0, databases: ["DB", "DB"] }], /twice/],
    ["that names no binding", [{ since: 0, databases: ["parley-1"] }], /no name of a binding/],
    ["with a field that nobody knows", [{ since: 0, until: 1, databases: ["DB"] }], /./],
    [
      "with a time that is none",
      [{ since: "soon", databases: ["DB"] }],
      /\(0.since\): must be .* as 2026-12-01T00:00Z/,
    ],
    ["in no order", [0, 20, 10].map((since) => ({ since, databases: ["DB"] })), /order of time/],
    [
      "with a local time",
      [
        { since: 0, databases: ["DB"] },
        { since: "2027-03-01T12:00:00", databases: ["DB"] },
      ],
      /./,
    ],
  ])("a list %s is refused with a sentence", (_, list, sentence) => {
    expect(() => generationsIn(list)).toThrow(/^ARCHIVE/);
    expect(() => generationsIn(list)).toThrow(sentence);
  });

  test("a list only grows, by generations that have not begun", () => {
    const list = (...since: number[]) => since.map((each) => ({ since: each, databases: ["DB"] }));
    expect(changeProblem(list(0), list(0), 50)).toBeUndefined();
    expect(changeProblem(list(0), list(0, 60), 50)).toBeUndefined();
    expect(changeProblem(list(0, 60), list(0, 70), 50)).toBeUndefined();
    expect(changeProblem(list(0, 60), list(0), 50)).toBeUndefined();
    const begun = /must begin later/;
    expect(changeProblem(list(0), list(0, 40), 50)).toEqual({
      from: 40,
      text: expect.stringMatching(begun),
    });
    expect(changeProblem(list(0, 60), list(0, 40), 50)).toEqual({
      from: 40,
      text: expect.stringMatching(begun),
    });
    const changed = /changed or missing/;
    expect(changeProblem(list(0, 40), list(0), 50)).toEqual({
      from: 40,
      text: expect.stringMatching(changed),
    });
    for (const [before, since] of [[list(0, 40), 45] as const, [list(0, 40), 30] as const])
      expect(changeProblem(before, list(0, since), 50)).toEqual({
        from: Math.min(40, since),
        text: expect.stringMatching(changed),
      });
    expect(changeProblem(list(0), [{ since: 0, databases: ["DB", "DB_1"] }], 50)).toEqual({
      from: 0,
      text: expect.stringMatching(changed),
    });
  });
});

describe("the place of a conversation", () => {
  const ids = Array.from({ length: 6_000 }, (_, serial) => (0x65f00000_0000 + serial * 4_099).toString(16));

  test.each([2, 3, 8])("conversations spread evenly over %i databases", (count) => {
    const counts = new Array<number>(count).fill(0);
    for (const id of ids) {
      const place = placeAmong(count, id);
      counts[place] = (counts[place] ?? 0) + 1;
    }
    for (const each of counts)
      expect(Math.abs(each - ids.length / count)).toBeLessThan((0.15 * ids.length) / count);
  });

  test("a conversation's place never changes from version to version", () => {
    const places = ["5f1a2b3c4d5e6f7081920a1b", "_tmp:x", "群聊", ""].map((id) => placeAmong(16, id));
    expect(places).toEqual([11, 14, 0, 11]);
  });
});

test("the time of a message decides between generations, the first ms of a generation belonging to it", () => {
  const database = (name: string): D1Database => Object.create({}, { name: { value: name } });
  const [index, other] = [database("DB"), database("DB_1")];
  const list = [
    { since: 0, databases: ["DB"] },
    { since: 100, databases: ["DB_1"] },
  ];
  const archive = Archive.of(index, list, () => other);
  expect([0, 99, 100, 1_000].map((time) => archive.of("any", time) === index)).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(archive.databases).toEqual([index, other]);
  expect(archive.isOne).toBe(false);
  expect(Archive.of(index).isOne).toBe(true);
});
