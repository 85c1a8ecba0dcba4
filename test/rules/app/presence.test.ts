import { beforeEach, expect, test, vi } from "vitest";
import { appTables } from "../../../src/app/app-tables.ts";
import { KeyValues } from "../../../src/app/key-values.ts";
import { Presence } from "../../../src/app/presence.ts";
import type { Sql, SqlRows, SqlValue } from "../../../src/sql.ts";
import { MemorySql } from "../../support/sqlite.ts";

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const MONDAY = Date.UTC(2026, 10, 23);

/** Counts the statements that write. */
class CountingSql implements Sql {
  readonly #sql = new MemorySql();
  writes = 0;

  exec<Row extends Record<string, SqlValue>>(query: string, ...bindings: SqlValue[]): SqlRows<Row> {
    if (!/^(SELECT|CREATE)/.test(query)) this.writes += 1;
    return this.#sql.exec<Row>(query, ...bindings);
  }
}

function presenceIn(sql: Sql): Presence {
  const tables = appTables(sql);
  return new Presence(tables, new KeyValues(tables));
}

let sql: CountingSql;
let presence: Presence;

beforeEach(() => {
  sql = new CountingSql();
  presence = presenceIn(sql);
});

const rows = () =>
  sql.exec<{ client_id: string }>("SELECT client_id FROM presence ORDER BY client_id").toArray();

test("a client that is online counts for now and today, and one that left only for today", async () => {
  presence.online("tom", MONDAY);
  presence.online("jerry", MONDAY);
  expect(await presence.counts(MONDAY)).toEqual({ online: 2, today: 2 });
  presence.offline("jerry", MONDAY + HOUR);
  expect(await presence.counts(MONDAY + HOUR)).toEqual({ online: 1, today: 2 });
});

test("a UTC day later only clients that stayed online count, and those that leave then count for that day", async () => {
  presence.online("tom", MONDAY + 23 * HOUR);
  presence.online("jerry", MONDAY + 23 * HOUR);
  presence.offline("jerry", MONDAY + DAY - 1);
  expect(await presence.counts(MONDAY + DAY)).toEqual({ online: 1, today: 1 });
  presence.offline("tom", MONDAY + DAY);
  expect(await presence.counts(MONDAY + DAY)).toEqual({ online: 0, today: 1 });
  expect(await presence.counts(MONDAY + 2 * DAY)).toEqual({ online: 0, today: 0 });
});

test("presence is written only when it changes, once", () => {
  presence.online("tom", MONDAY);
  sql.writes = 0;
  presence.online("tom", MONDAY + DAY);
  presence.offline("jerry", MONDAY);
  expect(sql.writes).toBe(0);
  presence.offline("tom", MONDAY);
  presence.offline("tom", MONDAY);
  presence.online("tom", MONDAY);
  expect(sql.writes).toBe(2);
});

test("presence is remembered over hibernation", async () => {
  presence.online("tom", MONDAY);
  expect(await presenceIn(sql).counts(MONDAY)).toEqual({ online: 1, today: 1 });
});

test("a client that was offline for more than 30 days is dropped with the first change of a day", () => {
  for (const client of ["tom", "jerry", "spike"]) presence.online(client, MONDAY);
  presence.offline("jerry", MONDAY);
  presence.offline("spike", MONDAY + DAY);
  presence.online("tyke", MONDAY + 31 * DAY);
  expect(rows()).toEqual([{ client_id: "spike" }, { client_id: "tom" }, { client_id: "tyke" }]);
  presence.online("quacker", MONDAY + 32 * DAY);
  expect(rows()).toEqual([{ client_id: "quacker" }, { client_id: "tom" }, { client_id: "tyke" }]);
});

test("a page of the clients that are online reads no row of another client", () => {
  for (let at = 0; at < 300; at += 1) {
    const clientId = `client-${String(at).padStart(3, "0")}`;
    presence.online(clientId, MONDAY);
    if (at % 100 !== 7) presence.offline(clientId, MONDAY);
  }
  expect(presence.after("", 2)).toEqual(["client-007", "client-107"]);
  expect(presence.after("client-107", 2)).toEqual(["client-207"]);
  const asked = vi.spyOn(sql, "exec");
  presence.after("", 2);
  const [query = "", ...bindings] = asked.mock.lastCall ?? [];
  const plan = sql.exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...bindings).toArray();
  expect(plan.map(({ detail }) => detail)).toEqual([
    "SEARCH presence USING PRIMARY KEY (online=? AND client_id>?)",
  ]);
});

test("how many are online is counted once, however often it is asked and whoever comes and goes", async () => {
  for (const client of ["tom", "jerry", "spike"]) presence.online(client, MONDAY);
  presence.offline("jerry", MONDAY);
  await presence.counts(MONDAY);
  const asked = vi.spyOn(sql, "exec");
  for (let at = 0; at < 10; at += 1)
    expect(await presence.counts(MONDAY + HOUR)).toEqual({ online: 2, today: 3 });
  expect(asked).not.toHaveBeenCalled();
  presence.offline("tom", MONDAY + HOUR);
  presence.online("jerry", MONDAY + HOUR);
  presence.online("tyke", MONDAY + HOUR);
  expect(await presence.counts(MONDAY + HOUR)).toEqual({ online: 3, today: 4 });
  expect(await presence.counts(MONDAY + DAY)).toEqual({ online: 3, today: 3 });
  presence.offline("tyke", MONDAY + DAY);
  expect(await presence.counts(MONDAY + DAY)).toEqual({ online: 2, today: 3 });
});

test("a clock that is set back over midnight makes the clients of that day count again", async () => {
  presence.online("tom", MONDAY);
  presence.offline("tom", MONDAY);
  presence.online("jerry", MONDAY + DAY);
  expect(await presence.counts(MONDAY + DAY)).toEqual({ online: 1, today: 1 });
  expect(await presence.counts(MONDAY)).toEqual({ online: 1, today: 2 });
});

/** Clients, of whom every second is online, and the others left on Monday or on the day before. */
function crowd(count: number): void {
  sql.exec(
    "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) " +
      "INSERT INTO presence SELECT 'client-' || n, n % 2, ? - (n % 4 = 2) FROM numbers",
    count - 1,
    MONDAY / DAY,
  );
}

test("100,000 clients are counted in pieces of less than 50 ms, and then for nothing", async () => {
  crowd(100_000);
  const exec = sql.exec.bind(sql);
  const asked = vi.spyOn(sql, "exec");
  let longest = 0;
  asked.mockImplementation((query, ...bindings) => {
    const before = process.cpuUsage();
    const rows = exec<never>(query, ...bindings);
    const { user, system } = process.cpuUsage(before);
    longest = Math.max(longest, (user + system) / 1000);
    return rows;
  });
  expect(await presence.counts(MONDAY)).toEqual({ online: 50_000, today: 75_000 });
  expect(longest).toBeLessThan(50);
  const calls = asked.mock.calls.length;
  expect(calls).toBe(6);
  await presence.counts(MONDAY);
  expect(asked.mock.calls.length).toBe(calls);
});

test("clients that come and go while 100,000 are counted are counted once each", async () => {
  crowd(100_000);
  const names = [
    "client-0",
    "client-99998",
    "client-99999",
    "client-1",
    "client-2",
    "tom",
    "\u{1f600}",
    "\uffee",
  ];
  const counted = presence.counts(MONDAY);
  for (let at = 0; at < 40; at += 1) {
    const name = names[(at * 5) % names.length] ?? "";
    if (at % 3 === 0) presence.offline(name, MONDAY);
    else presence.online(name, MONDAY);
    if (at % 8 === 7) await new Promise((resolve) => setImmediate(resolve));
  }
  await counted;
  expect(await presence.counts(MONDAY)).toEqual(await presenceIn(sql).counts(MONDAY));
});

test("a client whose id has the last of all characters is in the lists, also after a prefix", () => {
  const ids = ["tom", "tom\u{10ffff}", "tom\u{10ffff}\u{10ffff}cat", "\u{10ffff}"];
  for (const id of ids) presence.online(id, MONDAY);
  const list = (prefix: string) =>
    presence.find({ prefix, after: "", today: false, limit: 10 }, MONDAY).toSorted();
  expect(list("")).toEqual(ids.toSorted());
  expect(list("tom")).toEqual(ids.slice(0, 3));
  expect(list("\u{10ffff}")).toEqual(["\u{10ffff}"]);
});
