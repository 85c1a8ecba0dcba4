import { beforeEach, describe, expect, test } from "vitest";
import { type Counts, MINUTE } from "../../../src/metrics/counts.ts";
import { KeptMetrics } from "../../../src/metrics/kept-metrics.ts";
import { Meter } from "../../../src/metrics/meter.ts";
import { metricsTables } from "../../../src/metrics/metrics-tables.ts";
import type { Report } from "../../../src/metrics/report.ts";
import { noUsage } from "../../support/meter.ts";
import { MemorySql } from "../../support/sqlite.ts";

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = 1_700_000_000_000 - (1_700_000_000_000 % DAY);

let now: number;
let sql: MemorySql;
let kept: KeptMetrics;
let asked: number;

beforeEach(() => {
  now = START;
  sql = new MemorySql();
  restart();
});

/** The object dies and is there again: what it did not write is gone. */
function restart(): void {
  asked = 0;
  const app = {
    presence: async () => {
      asked += 1;
      return { online: 3, today: 7 };
    },
    archivedUntil: async () => now - 3_000,
  };
  kept = new KeptMetrics(metricsTables(sql), app, () => now);
}

/** An isolate. */
const meter = () =>
  new Meter(
    { store: (report) => kept.store(report), show: async (report) => kept.show(report) },
    () => now,
    noUsage,
  );

const report = (reporter: string, number: number, minutes: [number, Counts][]): Report => ({
  reporter,
  number,
  minutes: Object.fromEntries(minutes.map(([at, counts]) => [String(Math.floor(at / MINUTE)), counts])),
});

const messages = (count: number): Counts => ({ "messages.chat": count });
const said = (range: "hour" | "day" | "month" = "hour") => kept.read(range).totals["messages.chat"] ?? 0;

describe("reports", () => {
  test("what several isolates count in the same minute is added up, and open sockets with it", async () => {
    await kept.store(
      report("one", 1, [[now, { ...messages(2), connections: 5, "hooks.engine.max_ms": 80 }]]),
    );
    await kept.store(
      report("two", 1, [[now, { ...messages(3), connections: 7, "hooks.engine.max_ms": 30 }]]),
    );
    const { totals, peaks, series } = kept.read("hour");
    expect(totals).toEqual({ "messages.chat": 5, "hooks.engine.max_ms": 80 });
    expect(peaks).toMatchObject({
      connections: { value: 12, at: START },
      messages: { value: 5, at: START },
      online: { value: 3, at: START },
      users: { value: 7, at: START },
    });
    expect(series["messages.chat"]).toHaveLength(60);
    expect(series["messages.chat"]?.at(-1)).toBe(5);
  });

  test("a report that is repeated counts once, also after the object died", async () => {
    const first = report("one", 1, [
      [now - 20 * MINUTE, messages(2)],
      [now, messages(1)],
    ]);
    await kept.store(first);
    await kept.store(first);
    restart();
    await kept.store(first);
    expect(said()).toBe(3);
    await kept.store(report("one", 2, [[now, messages(1)]]));
    await kept.store(first);
    expect(said()).toBe(4);
  });

  test("a report is stored as a whole or not at all", async () => {
    const exec = sql.exec.bind(sql);
    let writes = 0;
    sql.exec = (query, ...bindings) => {
      if (query.startsWith("INSERT")) writes += 1;
      return exec(query, ...bindings);
    };
    await kept.store(
      report("one", 1, [
        [now - HOUR, messages(1)],
        [now - 20 * MINUTE, messages(1)],
        [now, messages(1)],
      ]),
    );
    expect(writes).toBe(3);
    expect(asked).toBe(1);
  });

  test("ten thousand messages are at most ten rows written, and watching adds none", async () => {
    const exec = sql.exec.bind(sql);
    let writes = 0;
    sql.exec = (query, ...bindings) => {
      if (query.startsWith("INSERT")) writes += 1;
      return exec(query, ...bindings);
    };
    const tom = meter();
    for (let sent = 0; sent < 10_000; sent += 1) {
      tom.message("messages.chat");
      if (sent % 10 === 0) now += 100;
      await tom.reportIfDue();
    }
    expect(writes).toBeGreaterThan(5);
    expect(writes).toBeLessThanOrEqual(10);
    tom.watched(now + HOUR);
    const before = writes;
    for (let sent = 0; sent < 60; sent += 1) {
      now += 1000;
      tom.count("requests");
      await tom.reportIfDue();
      await kept.watch();
      kept.read("day");
    }
    expect(writes).toBe(before);
  });

  test("who is online is asked once in a quarter of an hour, however many isolates report", async () => {
    for (let each = 0; each < 20; each += 1)
      await kept.store(report(`isolate ${each}`, 1, [[now, messages(1)]]));
    expect(asked).toBe(1);
  });
});

describe("ranges", () => {
  test("the last hour, day and month are in aligned buckets of which the last one goes on", async () => {
    now = START + 13 * HOUR + 7 * MINUTE + 12_345;
    const day = { from: START - 11 * HOUR + 15 * MINUTE, bucket: 15 * MINUTE };
    expect(kept.read("hour")).toMatchObject({ from: START + 12 * HOUR + 8 * MINUTE, bucket: MINUTE });
    expect(kept.read("day").bucket).toBe(day.bucket);
    expect(kept.read("day").from % (15 * MINUTE)).toBe(0);
    expect(kept.read("month")).toMatchObject({ from: START + 14 * HOUR - 30 * DAY, bucket: HOUR });
    await kept.store(
      report("one", 1, [
        [now - 59 * MINUTE, messages(1)],
        [now - 61 * MINUTE, messages(1)],
      ]),
    );
    expect([said("hour"), said("day"), said("month")]).toEqual([1, 2, 2]);
    expect(kept.read("hour").series["messages.chat"]?.[0]).toBe(1);
  });

  test("minutes become hours after two days and go after forty, and their sums and peaks stay", async () => {
    for (let hour = 0; hour < 41 * 24; hour += 1) {
      now = START + hour * HOUR + 30 * MINUTE;
      const minutes: [number, Counts][] = [0, 1, 16].map((minute) => [
        START + hour * HOUR + minute * MINUTE,
        { ...messages(10), requests: 100 + minute },
      ]);
      await kept.store(report("one", hour + 1, minutes));
    }
    expect(said("month")).toBe(30 * 24 * 30);
    expect(kept.read("month").peaks.requests?.value).toBe(116);
    expect(sql.rows).toBeLessThan(3 * 48 + 40 * 24);
    expect(sql.exec<{ n: number }>("SELECT count(*) AS n FROM hours").one().n).toBeLessThanOrEqual(
      38 * 24 + 2,
    );
    restart();
    expect(said("month")).toBe(30 * 24 * 30);
  });

  test("what was counted while the clock was ahead is in no range that ends now", async () => {
    await kept.store(
      report("one", 1, [
        [now + DAY, messages(5)],
        [now, messages(1)],
      ]),
    );
    expect(said("month")).toBe(1);
  });
});

describe("counts that are shown and not reported", () => {
  test("counts that are shown are in every answer, and once when they are reported", async () => {
    const tom = meter();
    tom.message("messages.chat");
    await tom.show();
    expect(said()).toBe(1);
    now += 15 * MINUTE;
    await tom.reportIfDue();
    expect(said()).toBe(1);
    expect(kept.read("hour").totals).toEqual(messages(1));
  });

  test("counts of an isolate in which nothing happens are in an answer after the object has forgotten them", async () => {
    const tom = meter();
    tom.message("messages.chat");
    await tom.show();
    restart();
    expect(said()).toBe(0);
    kept.show(tom.unreported);
    expect(said()).toBe(1);
  });

  test("counts that are shown late, after they were reported, count once", async () => {
    const first = report("one", 1, [[now, messages(4)]]);
    await kept.store(first);
    kept.show(first);
    expect(said()).toBe(4);
  });

  test("an isolate that died is forgotten with what it had only shown", async () => {
    kept.show(report("one", 1, [[now, messages(4)]]));
    expect(said()).toBe(4);
    now += 21 * MINUTE;
    expect(said()).toBe(0);
  });

  test("a snapshot is equal as long as nothing has changed, and empty after three idle minutes", async () => {
    kept.show(report("one", 1, [[now, { ...messages(4), connections: 2 }]]));
    const first = await kept.watch();
    expect(first).toEqual({
      minutes: [{ at: START, counts: { "messages.chat": 4, connections: 2 }, messages: 4 }],
      online: 3,
      today: 7,
      archiveBehindSeconds: 0,
    });
    now += 30_000;
    expect(await kept.watch()).toEqual(first);
    now += 3 * MINUTE;
    expect((await kept.watch()).minutes).toEqual([]);
  });

  test("isolates learn that nobody watches any more", async () => {
    await kept.watch();
    expect(kept.show(report("one", 1, [[now, messages(1)]]))).toBe(true);
    now += 31_000;
    expect(kept.show(report("one", 1, [[now, messages(1)]]))).toBe(false);
  });

  test("several who watch ask the app once every few seconds", async () => {
    for (let each = 0; each < 10; each += 1) await kept.watch();
    expect(asked).toBe(1);
  });
});
