import { beforeEach, expect, test } from "vitest";
import { ArchiveLag } from "../../../src/app/archive-lag.ts";
import { KeyValues } from "../../../src/app/key-values.ts";
import { appTables } from "../../../src/app/tables.ts";
import { lagOf } from "../../../src/database/messages/archive-delay.ts";
import { MemorySql } from "../../support/sqlite.ts";

const NOW = 1_000_000;
const normal = lagOf({ OWN_BOX: "1" });
const SHORTLY_BEFORE = NOW - normal.normal;

let sql: MemorySql;
let lag: ArchiveLag;

function lagIn(storage: MemorySql, start?: { at: number }): ArchiveLag {
  const tables = appTables(storage);
  return new ArchiveLag(tables, new KeyValues(tables), normal, start);
}

beforeEach(() => {
  sql = new MemorySql();
  lag = lagIn(sql);
});

test("D1 has everything up to moments ago while no conversation is behind", () => {
  expect(lag.archivedUntil(NOW)).toBe(SHORTLY_BEFORE);
});

test("D1 is complete up to the conversation that is furthest behind", () => {
  lag.behind("late", 500);
  lag.behind("later", 300);
  expect(lag.archivedUntil(NOW)).toBe(300);
  lag.caughtUp("later");
  expect(lag.archivedUntil(NOW)).toBe(500);
  lag.caughtUp("late");
  lag.caughtUp("late");
  expect(lag.archivedUntil(NOW)).toBe(SHORTLY_BEFORE);
});

test("a conversation that reports again is behind since the earliest time", () => {
  lag.behind("late", 500);
  lag.behind("late", 900);
  expect(lag.archivedUntil(NOW)).toBe(500);
  lag.behind("late", 400);
  expect(lag.archivedUntil(NOW)).toBe(400);
});

test("a conversation that fell behind a moment ago does not make D1 more complete than usual", () => {
  lag.behind("late", NOW - 1);
  expect(lag.archivedUntil(NOW)).toBe(SHORTLY_BEFORE);
});

test("conversations that are behind are remembered over hibernation", () => {
  lag.behind("late", 500);
  expect(lagIn(sql).archivedUntil(NOW)).toBe(500);
});

test("a machine that starts reports D1 as complete as before, until all alarms that were due have run", () => {
  const before = lagIn(sql, { at: NOW - 10 * 60_000 }).archivedUntil(NOW);
  expect(before).toBe(SHORTLY_BEFORE);
  const up = NOW + 60 * 60_000;
  const restarted = lagIn(sql, { at: up });
  expect(restarted.archivedUntil(up + 1_000)).toBe(before);
  expect(restarted.archivedUntil(up + normal.safety + normal.normal - 1)).toBe(before);
  expect(restarted.archivedUntil(up + 60_000)).toBe(up + 60_000 - normal.normal);
});
