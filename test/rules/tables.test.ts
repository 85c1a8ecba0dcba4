import { expect, test, vi } from "vitest";
import { bringUpToDate, definitionsIn, type Step } from "../../src/tables.ts";
import { MemorySql } from "../support/sqlite.ts";

const STEPS: readonly Step[] = [
  { table: "holes", column: "size", definition: "INTEGER NOT NULL DEFAULT 1" },
  { table: "mice", beside: "holes", create: "CREATE TABLE mice (name TEXT PRIMARY KEY)" },
  { table: "mice", column: "age", definition: "INTEGER" },
];

test("storage of the first version gets all later columns and keeps its data", () => {
  const sql = new MemorySql();
  sql.exec("CREATE TABLE holes (place TEXT PRIMARY KEY)");
  sql.exec("INSERT INTO holes VALUES ('wall')");
  bringUpToDate(sql, STEPS);
  expect(sql.exec("SELECT * FROM holes").one()).toEqual({ place: "wall", size: 1 });
  expect(sql.exec("SELECT age FROM mice").toArray()).toEqual([]);
});

test("storage that is up to date is not written, and storage without tables gets none", () => {
  const sql = new MemorySql();
  bringUpToDate(sql, STEPS);
  expect([...definitionsIn(sql)]).toEqual([]);
  sql.exec("CREATE TABLE holes (place TEXT PRIMARY KEY)");
  bringUpToDate(sql, STEPS);
  const exec = vi.spyOn(sql, "exec");
  bringUpToDate(sql, STEPS);
  expect(exec.mock.calls.filter(([statement]) => !statement.startsWith("SELECT"))).toEqual([]);
});
