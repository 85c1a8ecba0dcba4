import { beforeEach, describe, expect, test } from "vitest";
import { type Counts, MINUTE } from "../../../src/metrics/counts.ts";
import { Meter } from "../../../src/metrics/meter.ts";
import type { Report } from "../../../src/metrics/report.ts";
import { noUsage } from "../../support/meter.ts";

const START = 1_700_000_000_000 - (1_700_000_000_000 % MINUTE);

let now: number;
let stored: Report[];
let shown: Report[];
/** What the object answers; a promise that never settles is a lost answer. */
let answer: () => Promise<void>;
let isWatched: boolean;

beforeEach(() => {
  now = START;
  stored = [];
  shown = [];
  answer = async () => {};
  isWatched = true;
});

function meter(): Meter {
  const reporting = {
    store: (report: Report) => {
      stored.push(structuredClone(report));
      return answer();
    },
    show: async (report: Report) => {
      shown.push(structuredClone(report));
      return isWatched;
    },
  };
  return new Meter(reporting, () => now, noUsage);
}

const minuteOf = (time: number) => String(Math.floor(time / MINUTE));
const lost = () => new Promise<void>(() => {});

async function send(sender: Meter, messages: number, every = 0): Promise<void> {
  for (let sent = 0; sent < messages; sent += 1) {
    sender.message("messages.chat");
    now += every;
    await sender.reportIfDue();
  }
}

/** Of all reports, each once. */
function total(name: string, reports = stored): number {
  const once = new Map(reports.map((report) => [report.number, report]));
  return [...once.values()]
    .flatMap(({ minutes }) => Object.values<Counts>(minutes))
    .reduce((sum, counts) => sum + (counts[name] ?? 0), 0);
}

describe("a meter", () => {
  test("a meter reports after a thousand messages, however many deliveries and frames come with them", async () => {
    const tom = meter();
    for (let sent = 0; sent < 999; sent += 1) {
      tom.message("messages.chat");
      for (let each = 0; each < 100; each += 1) tom.delivered(1);
      tom.received(200);
      await tom.reportIfDue();
    }
    expect(stored).toEqual([]);
    await send(tom, 1);
    expect(stored).toHaveLength(1);
    expect(stored[0]?.minutes).toEqual({
      [minuteOf(now)]: { "messages.chat": 1000, deliveries: 99_900, "frames.in": 999, "bytes.in": 199_800 },
    });
  });

  test("a meter reports ten thousand messages at most ten times, at any rate", async () => {
    for (const every of [0, 1, 100, 1000]) {
      stored = [];
      const tom = meter();
      await send(tom, 10_000, every);
      expect(stored.length).toBeLessThanOrEqual(every === 1000 ? 12 : 10);
      now += 15 * MINUTE;
      await tom.reportIfDue();
      expect(total("messages.chat")).toBe(10_000);
    }
  });

  test("a meter reports what is 15 minutes old with what happens next, and never by itself", async () => {
    const tom = meter();
    await send(tom, 1);
    now += 15 * MINUTE - 1;
    expect(tom.reportIfDue()).toBeUndefined();
    now += 1;
    await tom.reportIfDue();
    expect(stored.map(({ minutes }) => minutes)).toEqual([{ [minuteOf(START)]: { "messages.chat": 1 } }]);
    now += 60 * MINUTE;
    expect(tom.reportIfDue()).toBeUndefined();
  });

  test("a meter in which sockets are open and nothing but heartbeats happens reports nothing", async () => {
    const tom = meter();
    tom.connected();
    now += 15 * MINUTE;
    await tom.reportIfDue();
    expect(stored).toHaveLength(1);
    for (let minute = 0; minute < 600; minute += 1) {
      now += MINUTE;
      tom.received(4);
      tom.sent(1, 4);
      await tom.reportIfDue();
    }
    expect(stored).toHaveLength(1);
  });

  test("a minute belongs to the counts of its own time, and the next minute to others", async () => {
    const tom = meter();
    now = START + MINUTE - 1;
    await send(tom, 1);
    now = START + MINUTE;
    await send(tom, 2);
    now += 15 * MINUTE;
    await tom.reportIfDue();
    expect(stored[0]?.minutes).toEqual({
      [minuteOf(START)]: { "messages.chat": 1 },
      [minuteOf(START + MINUTE)]: { "messages.chat": 2 },
    });
  });

  test("a clock that is set back takes no counts away and stops no reports", async () => {
    const tom = meter();
    await send(tom, 500);
    now -= 3 * 60 * MINUTE;
    await send(tom, 500);
    now -= MINUTE;
    await send(tom, 500);
    now += 15 * MINUTE;
    await tom.reportIfDue();
    expect(total("messages.chat")).toBe(1500);
  });

  test("a report whose answer is lost is repeated with its number, and later counts go into the next one", async () => {
    const tom = meter();
    answer = lost;
    tom.message("messages.chat");
    now += 15 * MINUTE;
    void tom.reportIfDue();
    tom.message("messages.chat");
    expect(tom.reportIfDue()).toBeUndefined();
    answer = async () => {};
    now += 10_000;
    await tom.reportIfDue();
    expect(stored.map(({ number }) => number)).toEqual([1, 1]);
    expect(stored[1]).toEqual(stored[0]);
    now += 15 * MINUTE;
    await tom.reportIfDue();
    expect(stored.map(({ number }) => number)).toEqual([1, 1, 2]);
    expect(total("messages.chat")).toBe(2);
  });

  test("a meter whose object does not answer for a day keeps four hours and goes on", async () => {
    const tom = meter();
    answer = () => Promise.reject(new Error("down"));
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      await send(tom, 1);
      now += MINUTE;
    }
    answer = async () => {};
    stored = [];
    await send(tom, 1);
    now += 15 * MINUTE;
    await send(tom, 1);
    expect(total("messages.chat")).toBeGreaterThan(200);
    expect(Object.keys(stored.at(-1)?.minutes ?? {}).length).toBeLessThanOrEqual(240);
  });
});

describe("open sockets", () => {
  const peaks = () =>
    stored.map(({ minutes }) => Object.values<Counts>(minutes).map(({ connections = 0 }) => connections));

  test("the highest number of open sockets of a minute counts, also in minutes in which nothing else happened", async () => {
    const tom = meter();
    for (let each = 0; each < 3; each += 1) tom.connected();
    tom.disconnected();
    now += 3 * MINUTE;
    tom.disconnected();
    now += 15 * MINUTE;
    await tom.reportIfDue();
    expect(peaks()).toEqual([[3, 2, 2, 2]]);
  });

  test("two reports of the same minute tell of its open sockets once", async () => {
    const tom = meter();
    for (let each = 0; each < 3; each += 1) tom.connected();
    await send(tom, 1000);
    now += 11_000;
    tom.connected();
    await send(tom, 1000);
    expect(
      peaks()
        .flat()
        .reduce((sum, value) => sum + value),
    ).toBe(4);
  });
});

describe("a meter that is watched", () => {
  test("a meter shows what it has not reported every two seconds while somebody watches, if there is news", async () => {
    const tom = meter();
    tom.watched(START + 10 * MINUTE);
    await send(tom, 1);
    await send(tom, 1);
    expect(shown.map((report) => total("messages.chat", [report]))).toEqual([1]);
    now += 2_000;
    await tom.reportIfDue();
    now += 2_000;
    await tom.reportIfDue();
    expect(shown.map((report) => total("messages.chat", [report]))).toEqual([1, 2]);
    expect(stored).toEqual([]);
  });

  test("a meter shows less often once nobody watches, and nothing after the time it was told", async () => {
    const tom = meter();
    tom.watched(START + 2 * MINUTE);
    isWatched = false;
    await send(tom, 60, 1_000);
    expect(shown).toHaveLength(2);
    now = START + 2 * MINUTE;
    shown = [];
    await send(tom, 60, 1_000);
    expect(shown).toEqual([]);
  });
});

test("a count takes no longer than forty additions in a map", () => {
  const tom = new Meter({ store: async () => {}, show: async () => false }, Date.now, noUsage);
  const sums = new Map<string, number>();
  const add = (name: string) => sums.set(name, (sums.get(name) ?? 0) + 1);
  const additions = () => {
    for (const name of ["frames in", "messages", "frames out", "reports"]) add(name);
  };
  const message = () => {
    tom.received(200);
    tom.message("messages.chat");
    tom.sent(1, 60);
    void tom.reportIfDue();
  };
  const timeOf = (work: () => void) => {
    const start = performance.now();
    for (let each = 0; each < 20_000; each += 1) work();
    return performance.now() - start;
  };
  // In turns, so that whatever else the machine does meets both.
  const ratios = Array.from({ length: 31 }, () => timeOf(message) / timeOf(additions)).sort((a, b) => a - b);
  const ratio = ratios[15] ?? Number.POSITIVE_INFINITY;
  console.info(`${ratio.toFixed(1)} times an addition`);
  expect(ratio).toBeLessThan(40);
});

test("a meter that is told of its end reports everything, also what was shown already", async () => {
  const tom = meter();
  tom.message("messages.chat");
  await tom.show();
  await tom.reportAll();
  expect(total("messages.chat")).toBe(1);
  await tom.reportAll();
  expect(stored).toHaveLength(1);
});

test("a meter that is told of its end repeats a report without an answer", async () => {
  const tom = meter();
  answer = () => Promise.reject(new Error("lost"));
  await send(tom, 1_000);
  tom.message("messages.chat");
  answer = async () => {};
  await tom.reportAll();
  expect(total("messages.chat")).toBe(1_001);
  expect(stored.map(({ number }) => number)).toEqual([1, 1, 2]);
});
