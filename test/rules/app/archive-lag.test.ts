import { beforeEach, expect, test } from "vitest";
import { ArchiveLag } from "../../../src/app/archive-lag.ts";
import { MemorySql } from "../../support/sqlite.ts";

const NOW = 1_000_000;
const SHORTLY_BEFORE = NOW - 15_000;

let sql: MemorySql;
let lag: ArchiveLag;

beforeEach(() => {
  sql = new MemorySql();
  lag = new ArchiveLag(sql);
});

test("while nobody is behind, D1 has everything up to 15 s ago", () => {
  expect(lag.archivedUntil(NOW)).toBe(SHORTLY_BEFORE);
});

test("the conversation furthest behind decides, until it has caught up", () => {
  lag.behind("late", 500);
  lag.behind("later", 300);
  expect(lag.archivedUntil(NOW)).toBe(300);
  lag.caughtUp("later");
  expect(lag.archivedUntil(NOW)).toBe(500);
  lag.caughtUp("late");
  lag.caughtUp("late");
  expect(lag.archivedUntil(NOW)).toBe(SHORTLY_BEFORE);
});

test("one that reports again is behind since the earliest time", () => {
  lag.behind("late", 500);
  lag.behind("late", 900);
  expect(lag.archivedUntil(NOW)).toBe(500);
  lag.behind("late", 400);
  expect(lag.archivedUntil(NOW)).toBe(400);
});

test("one that fell behind a moment ago promises no more than usual", () => {
  lag.behind("late", NOW - 1);
  expect(lag.archivedUntil(NOW)).toBe(SHORTLY_BEFORE);
});

test("it is remembered by an object that slept", () => {
  lag.behind("late", 500);
  expect(new ArchiveLag(sql).archivedUntil(NOW)).toBe(500);
});
