import { beforeEach, expect, test } from "vitest";
import { appTables } from "../../../src/app/app-tables.ts";
import { KeyValues } from "../../../src/app/key-values.ts";
import { LaggingConversations } from "../../../src/app/lagging-conversations.ts";
import { copyDelayOf } from "../../../src/database/messages/copy-delay.ts";
import { MemorySql } from "../../support/sqlite.ts";

const NOW = 1_000_000;
const normal = copyDelayOf({ SINGLE_MACHINE: "1" });
const SHORTLY_BEFORE = NOW - normal.normal;

let sql: MemorySql;
let lagging: LaggingConversations;

function laggingIn(storage: MemorySql, start?: { at: number }): LaggingConversations {
  const tables = appTables(storage);
  return new LaggingConversations(tables, new KeyValues(tables), normal, start);
}

beforeEach(() => {
  sql = new MemorySql();
  lagging = laggingIn(sql);
});

test("while no conversation is behind, D1 has everything up to moments ago", () => {
  expect(lagging.archivedUntil(NOW)).toBe(SHORTLY_BEFORE);
});

test("D1 is complete up to the conversation that is furthest behind", () => {
  lagging.behind("late", 500);
  lagging.behind("later", 300);
  expect(lagging.archivedUntil(NOW)).toBe(300);
  lagging.caughtUp("later");
  expect(lagging.archivedUntil(NOW)).toBe(500);
  lagging.caughtUp("late");
  lagging.caughtUp("late");
  expect(lagging.archivedUntil(NOW)).toBe(SHORTLY_BEFORE);
});

test("a conversation that reports twice is behind since the earliest time", () => {
  lagging.behind("late", 500);
  lagging.behind("late", 900);
  expect(lagging.archivedUntil(NOW)).toBe(500);
  lagging.behind("late", 400);
  expect(lagging.archivedUntil(NOW)).toBe(400);
});

test("a conversation that fell behind a moment ago changes nothing about the reported time", () => {
  lagging.behind("late", NOW - 1);
  expect(lagging.archivedUntil(NOW)).toBe(SHORTLY_BEFORE);
});

test("an object that hibernated remembers which conversations are behind", () => {
  lagging.behind("late", 500);
  expect(laggingIn(sql).archivedUntil(NOW)).toBe(500);
});

test("a machine that restarts reports no later time than before until all alarms that were due have fired", () => {
  const before = laggingIn(sql, { at: NOW - 10 * 60_000 }).archivedUntil(NOW);
  expect(before).toBe(SHORTLY_BEFORE);
  const up = NOW + 60 * 60_000;
  const restarted = laggingIn(sql, { at: up });
  expect(restarted.archivedUntil(up + 1_000)).toBe(before);
  expect(restarted.archivedUntil(up + normal.safety + normal.normal - 1)).toBe(before);
  expect(restarted.archivedUntil(up + 60_000)).toBe(up + 60_000 - normal.normal);
});
