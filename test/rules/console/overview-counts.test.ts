import { expect, test } from "vitest";
import { waitAfter } from "../../../console/views/overview/backoff.ts";
import {
  callsOf,
  gaugeOf,
  hooksOf,
  latencySeries,
  type Metrics,
  type Minute,
  providersOf,
  pushesOf,
  refusalsOf,
  seriesOf,
  timesOf,
  withMinutes,
} from "../../../console/views/overview/counts.ts";

const MINUTE = 60_000; // ms
const FROM = 100 * MINUTE;

const hour = (series: Record<string, number[]>, peaks: Record<string, number[]> = {}): Metrics => ({
  range: "hour",
  from: FROM,
  bucket_seconds: 60,
  series,
  totals: {},
  peak_series: peaks,
  peaks: {},
});

test("pushes are told apart by provider, hooks by endpoint, refusals by error", () => {
  const totals = {
    "pushes.fcm.sent": 3,
    "pushes.apns.failed": 2,
    "pushes.apns.later": 1,
    "hooks.engine.calls": 4,
    "hooks.engine.ms": 400,
    "hooks.engine.max_ms": 300,
    "hooks.engine.ms_more": 1,
    "hooks.webhook.calls": 4,
    "hooks.webhook.failures": 4,
    "hooks.webhook.ms": 0,
    "refusals.4301": 1,
    "refusals.4116": 7,
  };
  expect(providersOf(totals)).toEqual([
    { provider: "apns", sent: 0, gone: 0, failed: 2, later: 1 },
    { provider: "fcm", sent: 3, gone: 0, failed: 0, later: 0 },
  ]);
  expect(pushesOf(totals)).toEqual({ sent: 3, failed: 3 });
  const [engine] = hooksOf(totals);
  expect(engine).toEqual({
    endpoint: "engine",
    calls: 4,
    failures: 0,
    averageMs: 100,
    longestMs: 300,
    slow: 0.25,
  });
  expect(callsOf(totals)).toEqual({ calls: 8, failures: 4, averageMs: 50 });
  expect(refusalsOf(totals).map(({ code }) => code)).toEqual(["4116", "4301"]);
});

test("an hour without any count has sixty buckets of zero", () => {
  const empty = hour({});
  expect(timesOf(empty)).toHaveLength(60);
  expect(seriesOf(empty, () => true)).toEqual(Array(60).fill(0));
  expect(withMinutes(empty, [], null).from).toBe(FROM);
});

test("a gauge holds until it is known again, and is unknown before", () => {
  const metrics = hour({ logins: [0, 1, 0, 0] }, { online: [0, 5, 0, 7] });
  expect(gaugeOf(metrics, "online")).toEqual([null, 5, 5, 7]);
  expect(gaugeOf(metrics, "connections")).toEqual([null, null, null, null]);
});

test("the latency of hooks is an average, and unknown where none was called", () => {
  const metrics = hour({
    "hooks.engine.calls": [2, 0],
    "hooks.engine.ms": [100, 0],
    "hooks.engine.max_ms": [90, 0],
    "hooks.webhook.calls": [2, 0],
    "hooks.webhook.ms": [20, 0],
  });
  expect(latencySeries(metrics)).toEqual([30, null]);
});

test("live minutes replace those of the hour, and the hour moves on with them", () => {
  const read = hour({ deliveries: [1, 2, 3] }, { connections: [4, 4, 4] });
  const minutes: Minute[] = [
    { at: FROM + 3 * MINUTE, counts: { deliveries: 9, connections: 6, logins: 1 }, messages: 5 },
    { at: FROM + 2 * MINUTE, counts: { deliveries: 4 }, messages: 0 },
    { at: FROM - 9 * MINUTE, counts: { deliveries: 8 }, messages: 0 },
  ];
  const shown = withMinutes(read, minutes, 2);
  expect(timesOf(shown)).toEqual([1, 2, 3].map((minute) => FROM + minute * MINUTE));
  expect(shown.series).toEqual({ deliveries: [2, 4, 9], logins: [0, 0, 1] });
  expect(shown.peak_series).toEqual({ connections: [4, 4, 6], messages: [0, 0, 5], online: [0, 0, 2] });
  expect(read.series).toEqual({ deliveries: [1, 2, 3] });
});

test("a stream that keeps breaking is asked for less and less often", () => {
  expect([0, 1, 2, 9, 500].map((failures) => waitAfter(failures, 1))).toEqual([
    1_000, 2_000, 4_000, 30_000, 30_000,
  ]);
  expect(waitAfter(3, 0)).toBe(4_000);
});
