import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { APP_SCHEMA } from "../../src/app/app-tables.ts";
import { CLIENT_SCHEMA } from "../../src/client/client-tables.ts";
import { CONVERSATION_SCHEMA } from "../../src/conversation/conversation-tables.ts";
import { METRICS_SCHEMA } from "../../src/metrics/metrics-tables.ts";
import { PUSH_SCHEMA } from "../../src/push/push-tables.ts";
import { QUEUE_SCHEMA } from "../../src/queue/queue-tables.ts";
import type { Sql } from "../../src/sql.ts";
import { type Schema, Tables } from "../../src/tables.ts";
import { MemorySql } from "../support/sqlite.ts";

const SCHEMA: Schema<"holes" | "mice"> = {
  tables: {
    holes: ["CREATE TABLE holes (place TEXT PRIMARY KEY, size INTEGER NOT NULL DEFAULT 1)"],
    mice: ["CREATE TABLE mice (name TEXT PRIMARY KEY, age INTEGER)"],
  },
  versions: [
    { table: "holes", column: "size", definition: "INTEGER NOT NULL DEFAULT 1" },
    { table: "mice", beside: "holes" },
    { table: "mice", column: "age", definition: "INTEGER" },
  ],
};

const written = (sql: MemorySql, run: () => void): string[] => {
  const exec = vi.spyOn(sql, "exec");
  run();
  const statements = exec.mock.calls.map(([statement]) => statement);
  exec.mockRestore();
  return statements.filter((statement) => !/^(SELECT|PRAGMA)/.test(statement));
};

describe("the tables of an object", () => {
  test("the tables of an object are created by the first row, and reading creates none", () => {
    const sql = new MemorySql();
    const tables = new Tables(sql, SCHEMA);
    expect(tables.read("mice", "SELECT name FROM mice")).toEqual([]);
    tables.change("mice", "DELETE FROM mice");
    expect(sql.exec("SELECT 1 FROM sqlite_master").toArray()).toEqual([]);
    tables.add("mice", "INSERT INTO mice VALUES (?, 1)", "Jerry");
    expect(tables.read("mice", "SELECT name FROM mice")).toEqual([{ name: "Jerry" }]);
    expect(tables.has("holes")).toBe(false);
  });

  test("the tables of an object are looked up once per instance", () => {
    const sql = new MemorySql();
    const tables = new Tables(sql, SCHEMA);
    tables.create("holes");
    const exec = vi.spyOn(sql, "exec");
    for (let times = 0; times < 3; times += 1) tables.read("holes", "SELECT place FROM holes");
    expect(exec.mock.calls.map(([statement]) => statement)).toEqual(Array(3).fill("SELECT place FROM holes"));
  });

  test("tables of the first version get all later columns and tables, and keep their rows", () => {
    const sql = new MemorySql();
    sql.exec("CREATE TABLE holes (place TEXT PRIMARY KEY)");
    sql.exec("INSERT INTO holes VALUES ('wall')");
    const tables = new Tables(sql, SCHEMA);
    expect(tables.read("holes", "SELECT * FROM holes")).toEqual([{ place: "wall", size: 1 }]);
    expect(tables.has("mice")).toBe(true);
    expect(tables.read("mice", "SELECT age FROM mice")).toEqual([]);
  });

  test("tables of the second version get the columns and tables after it", () => {
    const sql = new MemorySql();
    sql.exec("CREATE TABLE mice (name TEXT PRIMARY KEY)");
    sql.exec("INSERT INTO mice VALUES ('Jerry')");
    expect(new Tables(sql, SCHEMA).read("mice", "SELECT * FROM mice")).toEqual([
      { name: "Jerry", age: null },
    ]);
  });

  test("a table of a version with another primary key gets the present one, and keeps its rows", () => {
    const schema: Schema<"mice"> = {
      tables: {
        mice: [
          "CREATE TABLE mice (name TEXT NOT NULL, home TEXT NOT NULL, PRIMARY KEY (home, name)) WITHOUT ROWID",
        ],
      },
      versions: [
        { table: "mice", column: "home", definition: "TEXT NOT NULL DEFAULT 'wall'" },
        { table: "mice", key: ["home", "name"] },
      ],
    };
    const sql = new MemorySql();
    sql.exec("CREATE TABLE mice (name TEXT PRIMARY KEY)");
    sql.exec("INSERT INTO mice VALUES ('Jerry'), ('Tuffy')");
    expect(new Tables(sql, schema).read("mice", "SELECT * FROM mice")).toEqual([
      { name: "Jerry", home: "wall" },
      { name: "Tuffy", home: "wall" },
    ]);
    const [plan] = sql.exec<{ detail: string }>("EXPLAIN QUERY PLAN SELECT * FROM mice WHERE home = 'wall'");
    expect(plan?.detail).toBe("SEARCH mice USING PRIMARY KEY (home=?)");
    expect(written(sql, () => new Tables(sql, schema).has("mice"))).toEqual([]);
  });

  test("tables of the present version are not written", () => {
    const sql = new MemorySql();
    new Tables(sql, SCHEMA).create("holes", "mice");
    expect(written(sql, () => new Tables(sql, SCHEMA).has("holes"))).toEqual([]);
  });

  test("tables may be dropped except some, and are created again by the next row", () => {
    const sql = new MemorySql();
    const tables = new Tables(sql, SCHEMA);
    tables.create("holes", "mice");
    tables.dropAllExcept("mice");
    expect([tables.has("holes"), tables.has("mice")]).toEqual([false, true]);
    tables.add("holes", "INSERT INTO holes VALUES ('wall', 2)");
    expect(tables.read("holes", "SELECT * FROM holes")).toHaveLength(1);
  });
});

/** The objects in data folders of earlier versions. How a folder is made: docs/platform.md. */
const FOLDERS = fileURLToPath(new URL("../fixtures/data/", import.meta.url));
const versions = (await readdir(FOLDERS)).map((file) => file.replace(".tar.gz", "")).toSorted();

const SCHEMAS: Record<string, Schema<string>> = {
  ConversationObject: CONVERSATION_SCHEMA,
  ClientObject: CLIENT_SCHEMA,
  AppObject: APP_SCHEMA,
  PushObject: PUSH_SCHEMA,
  MetricsObject: METRICS_SCHEMA,
  EventQueueObject: QUEUE_SCHEMA,
  PushQueueObject: QUEUE_SCHEMA,
};

/**
 * Tables that have their columns in another order in objects of earlier versions, so that each INSERT into them names
 * its columns. No table is to be added here: rows of the others may be inserted by position.
 */
const INSERTED_BY_NAME = ["messages"];

/** The columns of each table in their stored order, its primary key, and the indexes that belong to some of them. */
function shapeOf(sql: Sql, tables: readonly string[]): Record<string, unknown> {
  const indexes = sql.exec<{ name: string; tbl_name: string }>(
    "SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name",
  );
  const columns = (table: string) => {
    const stored = sql.exec<{ name: string }>(`SELECT name FROM pragma_table_info('${table}') ORDER BY cid`);
    const names = stored.toArray().map(({ name }) => name);
    return INSERTED_BY_NAME.includes(table) ? names.toSorted() : names;
  };
  const key = (table: string) =>
    sql
      .exec<{ name: string }>(`SELECT name FROM pragma_table_info('${table}') WHERE pk > 0 ORDER BY pk`)
      .toArray()
      .map(({ name }) => name);
  return {
    columns: Object.fromEntries(tables.map((table) => [table, columns(table)])),
    keys: Object.fromEntries(tables.map((table) => [table, key(table)])),
    indexes: [...indexes].filter(({ tbl_name: table }) => tables.includes(table)).map(({ name }) => name),
  };
}

describe.each(versions)("[I4] objects that the version of %s wrote", (version) => {
  let folder: string;
  let objects: { kind: string; path: string }[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "parley-tables-"));
    await promisify(execFile)("tar", ["-xzf", join(FOLDERS, `${version}.tar.gz`), "-C", folder]);
    const files = await readdir(join(folder, "do"), { recursive: true });
    objects = files
      .filter((file) => file.endsWith(".sqlite") && !file.endsWith("metadata.sqlite"))
      .map((file) => ({ kind: /^parley-(\w+)/.exec(file)?.[1] ?? file, path: join(folder, "do", file) }));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("[I4] objects of an earlier version have the present tables, with their columns in order, and all their rows once opened, and are migrated once", () => {
    expect(new Set(objects.map(({ kind }) => kind))).toContain("ConversationObject");
    for (const { kind, path } of objects) {
      const schema = SCHEMAS[kind];
      if (schema === undefined) throw new Error(`${kind}: an object without a schema`);
      const names = Object.keys(schema.tables);
      const sql = new MemorySql(path);
      const rowsOf = (table: string) => sql.exec(`SELECT count(*) AS rows FROM ${table}`).one();
      const before = sql
        .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
        .toArray();
      const kept = before.map(({ name }) => name).filter((name) => names.includes(name));
      const rows = kept.map(rowsOf);
      const opened = new Tables(sql, schema);
      const present = names.filter((name) => opened.has(name));
      const fresh = new MemorySql();
      new Tables(fresh, schema).create(...present);
      expect(shapeOf(sql, present), kind).toEqual(shapeOf(fresh, present));
      expect(kept.map(rowsOf), kind).toEqual(rows);
      expect(written(sql, () => new Tables(sql, schema).has(names[0] ?? ""))).toEqual([]);
      sql.close();
    }
  });
});
