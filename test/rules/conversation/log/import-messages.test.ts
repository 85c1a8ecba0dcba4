import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ImportedMessage,
  type ImportOutcome,
  importMessages,
} from "../../../../src/conversation/log/import-messages.ts";
import type { Sql } from "../../../../src/sql.ts";
import { MemorySql } from "../../../support/sqlite.ts";
import { pairChat } from "../people.ts";

/** Messages of another service: together they come as they would one by one. */

const content = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("a\u0000b", "\ud800", '"\\', "\u2028"),
  fc.uint8Array({ minLength: 1, maxLength: 8 }),
);
const message: fc.Arbitrary<ImportedMessage> = fc.record({
  // Few times and few ids: twins in one millisecond, and messages that come again.
  timestamp: fc.integer({ min: 1_000, max: 1_030 }),
  id: fc.constantFrom("a", "b", "c", "d"),
  from: fc.constantFrom("tom", "jerry", ""),
  content,
  recalled: fc.boolean(),
  address: fc.constantFrom(undefined, "192.0.2.1"),
  deliveredAt: fc.constantFrom(undefined, 2_000),
});
const batches = fc.array(
  fc
    .array(message, { maxLength: 12 })
    .map((all) => all.toSorted((one, other) => one.timestamp - other.timestamp)),
  { maxLength: 4 },
);

const logOf = () => {
  const sql = new MemorySql();
  pairChat(sql);
  return sql;
};
const rowsIn = (sql: Sql) => sql.exec("SELECT * FROM messages ORDER BY timestamp").toArray();

test("messages that are imported together are stored as if they came one by one", () => {
  fc.assert(
    fc.property(batches, (given) => {
      const [together, single] = [logOf(), logOf()];
      for (const batch of given) {
        const outcomes: ImportOutcome[] = batch.flatMap((each) => importMessages(single, [each]));
        expect(importMessages(together, batch)).toEqual(outcomes);
      }
      expect(rowsIn(together)).toEqual(rowsIn(single));
    }),
  );
});

test("a message that comes again with another sender keeps the one it has, and says so", () => {
  const sql = logOf();
  const said = {
    timestamp: 1_000,
    id: "a",
    from: "tom",
    content: "hello",
    recalled: false,
    address: undefined,
  };
  expect(importMessages(sql, [said])).toEqual([{ outcome: "added", place: 1_000 }]);
  const renamed = { ...said, from: "jerry" };
  expect(importMessages(sql, [renamed])).toEqual([{ outcome: "kept", place: 1_000, from: "tom" }]);
  expect(importMessages(sql, [{ ...renamed, content: "hi" }])).toEqual([
    { outcome: "changed", place: 1_000, from: "tom" },
  ]);
});
