import { describe, expect, test } from "vitest";
import { attentionInChinese } from "../../../console/views/overview/attention-text.ts";
import { attentionOf, type ServerFacts } from "../../../src/metrics/attention.ts";
import { spanOf } from "../../../src/metrics/counts.ts";
import { beginOf, metricsOver } from "../../../src/metrics/series.ts";

const NOW = 1_700_000_000_000;

/** A server of which all is well. */
const well: ServerFacts = {
  d1: { answers: true, bytes: 1_000_000 },
  archive: { completeUntil: NOW - 3_000, behindSeconds: 3, problem: null, databases: [database("DB", {})] },
  queues: { events: 0, apns: 2 },
  mirror: null,
  switchesOff: [],
  host: { restarts: 0, startedAt: NOW - 3_600_000, descriptors: 200, descriptorsMax: 65_536 },
  metrics: counted({}),
};

type Database = ServerFacts["archive"]["databases"][number];

function database(name: string, facts: Partial<Database>): Database {
  return { name, receives: true, answers: true, bytes: 1_000_000, ...facts };
}

const archive = (facts: Partial<ServerFacts["archive"]>) => ({ archive: { ...well.archive, ...facts } });

function counted(counts: Record<string, number>) {
  return metricsOver("hour", NOW, [[NOW - 60_000, spanOf(counts)]]);
}

const found = (facts: Partial<ServerFacts>) =>
  attentionOf({ ...well, ...facts }, NOW).map(({ severity, code }) => `${severity} ${code}`);

describe("what needs the owner", () => {
  test("a server of which all is well needs nothing of its owner", () => {
    expect(found({})).toEqual([]);
  });

  test.each<[string, Partial<ServerFacts>]>([
    ["error d1_unanswered", { d1: { answers: false, bytes: null } }],
    ["warning storage_full", { d1: { answers: true, bytes: 9_000_000_000 } }],
    ["warning archive_behind", archive({ completeUntil: NOW - 600_000, behindSeconds: 600 })],
    ["error archive_misfit", archive({ problem: "ARCHIVE: is not JSON" })],
    ["error d1_unanswered", archive({ databases: [database("DB_1", { answers: false, bytes: null })] })],
    ["warning storage_full", archive({ databases: [database("DB_1", { bytes: 9_000_000_000 })] })],
    ["warning queue_long", { queues: { events: 5_000, apns: null } }],
    ["warning mirror_waits", { mirror: { waiting: 3, waitingSince: NOW - 600_000, problem: "401" } }],
    ["notice switches_off", { switchesOff: [{ setting: "security.signLogin", allows: "log in" }] }],
    ["warning metrics_unanswered", { metrics: null }],
    ["error provider_refuses", { metrics: counted({ "pushes.apns.failed": 3 }) }],
    ["warning provider_refuses", { metrics: counted({ "pushes.apns.failed": 3, "pushes.apns.sent": 9 }) }],
    ["error provider_late", { metrics: counted({ "pushes.fcm.later": 9 }) }],
    ["error hooks_fail", { metrics: counted({ "hooks.engine.calls": 4, "hooks.engine.failures": 4 }) }],
    ["warning hooks_fail", { metrics: counted({ "hooks.webhook.calls": 40, "hooks.webhook.failures": 4 }) }],
    ["warning events_late", { metrics: counted({ "events.errors": 10 }) }],
    ["warning requests_fail", { metrics: counted({ requests: 20, "requests.failed": 5 }) }],
    ["notice quota_hit", { metrics: counted({ "refusals.4116": 20 }) }],
  ])("%s is told when it is so, and the console can say it in Chinese", (told, facts) => {
    expect(found(facts)).toEqual([told]);
    for (const { code, text, values } of attentionOf({ ...well, ...facts }, NOW)) {
      for (const value of Object.values(values)) {
        const isCounted = code === "switches_off" || value === "" || value === "D1";
        if (!isCounted && value !== 1) expect(text).toContain(String(value));
      }
      const sentence = attentionInChinese[code]?.(values) ?? "";
      expect(sentence).toMatch(/\p{Script=Han}.*。$/u);
      expect(sentence).not.toContain("undefined");
    }
  });

  test.each<[string, Partial<ServerFacts>]>([
    [
      "one refused push among many",
      { metrics: counted({ "pushes.apns.failed": 3, "pushes.apns.sent": 900 }) },
    ],
    [
      "an archive that looks behind because the machine has just started",
      {
        ...archive({ completeUntil: NOW - 36_000_000, behindSeconds: 36_000 }),
        host: { restarts: 0, startedAt: NOW - 10_000, descriptors: 200, descriptorsMax: 65_536 },
      },
    ],
    ["two failed calls", { metrics: counted({ "hooks.engine.calls": 2, "hooks.engine.failures": 2 }) }],
    ["devices that are gone", { metrics: counted({ "pushes.apns.gone": 50 }) }],
    [
      "parts that do not answer",
      { ...archive({ completeUntil: null, behindSeconds: null }), queues: null, host: null },
    ],
    [
      "a full database that receives nothing any more",
      archive({ databases: [database("DB_1", { receives: false, bytes: 9_500_000_000 })] }),
    ],
  ])("%s need nobody", (_, facts) => {
    expect(found(facts)).toEqual([]);
  });

  test("the worst comes first, and failures tell since when there are some", () => {
    const metrics = counted({ "hooks.engine.calls": 4, "hooks.engine.failures": 4 });
    const [first, ...others] = attentionOf(
      { ...well, metrics, switchesOff: [{ setting: "security.signLogin", allows: "log in" }] },
      NOW,
    );
    expect(first).toMatchObject({ code: "hooks_fail", link: "/console/settings" });
    const since = first?.since ?? 0;
    expect(since).toBeGreaterThan(beginOf("hour", NOW));
    expect(NOW - 60_000 - since).toBeLessThan(60_000);
    expect(others.map(({ code }) => code)).toEqual(["switches_off"]);
  });
});
