import { beforeEach, describe, expect, test } from "vitest";
import { REPORT_WEIGHT, UsageMeter } from "../../../src/usage/usage-meter.ts";
import { DAY, sumOfUsages, type UsageReport } from "../../../src/usage/usage-report.ts";

const MINUTE = 60_000;

let now: number;
let stored: UsageReport[];
let answer: () => Promise<void>;
let random: () => number;

beforeEach(() => {
  now = 20_000 * DAY + 12 * 60 * MINUTE;
  stored = [];
  answer = async () => {};
  random = seeded(1);
});

/** The same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const meter = (isOneOfMany: boolean) =>
  new UsageMeter({
    store: async (report) => {
      stored.push(report);
      await answer();
    },
    now: () => now,
    random: () => random(),
    isOneOfMany,
  });

/** What a message costs that is sent seconds after the one before it. */
function send(usage: UsageMeter, conversationId = "conversation"): void {
  usage.add("messages", 1, conversationId);
  usage.add("objectRows", 1, conversationId);
  usage.add("databaseRows", 3);
  usage.add("socketMessages", 1);
  usage.add("frames", 4);
  void usage.reportIfDue();
}

const all = () => sumOfUsages(stored.flatMap(({ days }) => Object.values(days)));

describe("what counting costs", () => {
  test.each([true, false])(
    "[G-07] 100,000 sends make less than 100 reports, each a request and a row, in many isolates: %s",
    async (isOneOfMany) => {
      const usage = meter(isOneOfMany);
      for (let sent = 0; sent < 100_000; sent += 1) {
        send(usage);
        await answer();
      }
      const rows = stored.reduce((sum, { days }) => sum + Object.keys(days).length, 0);
      expect(stored.length).toBeGreaterThan(30);
      expect(stored.length + rows).toBeLessThan(200);
      expect(rows).toBeLessThan(100);
    },
  );

  test("[G-07] heartbeats, and a report's own work, are no reason for a report on a single machine", async () => {
    const usage = meter(false);
    answer = async () => {
      usage.add("otherEvents", 1);
      usage.add("objectRows", 3);
    };
    send(usage);
    for (let minute = 0; minute < 240; minute += 1) {
      now += MINUTE;
      usage.add("frames", 2);
      await usage.reportIfDue();
    }
    expect(stored.map(({ number }) => number)).toEqual([1]);
    send(usage);
    now += 15 * MINUTE;
    await usage.reportIfDue();
    expect(stored).toHaveLength(2);
    expect(all().counts).toMatchObject({ messages: 2, objectRows: 5, frames: 2 * 240 + 2 * 4 });
  });

  test("[G-07] 10,000 isolates with 20 sends each make about 100 reports, not one each", () => {
    for (let isolate = 0; isolate < 10_000; isolate += 1) {
      const usage = meter(true);
      for (let sent = 0; sent < 20; sent += 1) send(usage);
    }
    expect(stored.length).toBeGreaterThan(60);
    expect(stored.length).toBeLessThan(200);
  });
});

describe("what is counted", () => {
  test("[G-07] on a single machine everything is counted once, also what waits for a report", () => {
    const usage = meter(false);
    for (let sent = 0; sent < 12_345; sent += 1) send(usage);
    const { counts } = sumOfUsages([all(), ...Object.values(usage.unreported.days)]);
    expect(counts).toMatchObject({ messages: 12_345, objectRows: 12_345, databaseRows: 37_035 });
  });

  test("[G-07] isolates that end before they report are counted by those that do", () => {
    for (let isolate = 0; isolate < 50_000; isolate += 1) {
      const usage = meter(true);
      for (let sent = 0; sent < 20; sent += 1) send(usage, isolate % 4 === 0 ? "busy" : "other");
    }
    const { counts, conversations } = all();
    // A million, and three million: by some 500 draws.
    expect(counts.messages / 1_000_000).toBeCloseTo(1, 0);
    expect(Math.abs(counts.databaseRows / 3_000_000 - 1)).toBeLessThan(0.15);
    expect(Math.abs(counts.frames / 4_000_000 - 1)).toBeLessThan(0.6);
    expect(conversations.map(({ id }) => id)).toEqual(["other", "busy"]);
  });

  test("[G-07] an isolate that goes on is counted exactly but for one draw", async () => {
    const usage = meter(true);
    for (let sent = 0; sent < 200_000; sent += 1) {
      send(usage);
      await answer();
    }
    const { counts } = all();
    expect(Math.abs(counts.databaseRows - 600_000)).toBeLessThan(6 * REPORT_WEIGHT);
    expect(counts.messages).toBeGreaterThan(190_000);
  });

  test("[G-07] what happens after midnight (UTC) is the next day's", () => {
    const usage = meter(false);
    send(usage);
    now += 12 * 60 * MINUTE;
    send(usage);
    send(usage);
    const told = [...stored, usage.unreported].flatMap(({ days }) => Object.entries(days));
    const on = (wanted: string) =>
      told.reduce((sum, [day, { counts }]) => sum + (day === wanted ? counts.messages : 0), 0);
    expect([on("20000"), on("20001")]).toEqual([1, 2]);
  });
});

describe("reports", () => {
  test("[G-07] a report without an answer is repeated after 10 s, under its number, and later ones follow it", async () => {
    const usage = meter(false);
    answer = () => new Promise(() => {});
    usage.add("objectRows", REPORT_WEIGHT);
    void usage.reportIfDue();
    usage.add("objectRows", REPORT_WEIGHT);
    now += 9_000;
    expect(usage.reportIfDue()).toBeUndefined();
    answer = async () => {};
    now += 1_000;
    await usage.reportIfDue();
    await usage.reportIfDue();
    expect(stored.map(({ number }) => number)).toEqual([1, 1, 2]);
  });

  test("[G-07] on a single machine little is reported after 15 minutes, with what happens next", async () => {
    const usage = meter(false);
    send(usage);
    now += 14 * MINUTE;
    expect(usage.reportIfDue()).toBeUndefined();
    now += MINUTE;
    await usage.reportIfDue();
    expect(all().counts.messages).toBe(1);
    now += 60 * MINUTE;
    expect(usage.reportIfDue()).toBeUndefined();
  });

  test("[G-07] a meter that is told of its end first repeats a report without an answer, and then reports the rest", async () => {
    const usage = meter(false);
    answer = () => Promise.reject(new Error("lost"));
    for (let sent = 0; sent < REPORT_WEIGHT; sent += 1) send(usage);
    await usage.reportIfDue();
    send(usage);
    answer = async () => {};
    const before = stored.length;
    await usage.reportAll();
    const numbers = stored.slice(before).map(({ number }) => number);
    expect(numbers).toEqual([1, 2]);
    await usage.reportAll();
    expect(stored.length).toBe(before + 2);
  });
});
