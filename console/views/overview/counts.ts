/** What `GET /admin/metrics` answers, as far as it matters here. */
export interface Metrics {
  range: "hour" | "day" | "month";
  from: number;
  bucket_seconds: number;
  series: Record<string, number[]>;
  totals: Record<string, number>;
  peak_series: Record<string, number[]>;
  peaks: Record<string, { value: number; at: number }>;
}

/** A minute that is counted now. */
export interface Minute {
  at: number;
  counts: Record<string, number>;
  messages: number;
}

export const messageKinds = ["chat", "room", "service", "temporary", "transient"] as const;
export type MessageKind = (typeof messageKinds)[number];

const MINUTE = 60_000; // ms
/** Not sums: the highest value counts. */
const GAUGES = ["connections", "online", "users"];

/** Where nothing was counted, no series tells how many buckets there are. */
const LENGTHS = { hour: 60, day: 96, month: 720 };

/** How many buckets a range has. */
function lengthOf({ range, series, peak_series }: Metrics): number {
  return (Object.values(series)[0] ?? Object.values(peak_series)[0])?.length ?? LENGTHS[range];
}

/** When the buckets begin, in ms. */
export const timesOf = (metrics: Metrics): number[] =>
  Array.from(
    { length: lengthOf(metrics) },
    (_, index) => metrics.from + index * metrics.bucket_seconds * 1000,
  );

/** The sum of each bucket over all names that fit; zeros where nothing was counted. */
export function seriesOf(metrics: Metrics, fits: (name: string) => boolean): number[] {
  const sums = Array<number>(lengthOf(metrics)).fill(0);
  for (const [name, values] of Object.entries(metrics.series)) {
    if (fits(name)) for (const [index, value] of values.entries()) sums[index] = (sums[index] ?? 0) + value;
  }
  return sums;
}

/** A gauge is asked for now and then: it holds until it is known again, and is unknown before. */
export function gaugeOf(metrics: Metrics, name: string): (number | null)[] {
  let held: number | null = null;
  return Array.from({ length: lengthOf(metrics) }, (_, index) => {
    held = metrics.peak_series[name]?.[index] || held;
    return held;
  });
}

/** The average time of a hook's call in each bucket, in ms; null without calls. */
export function latencySeries(metrics: Metrics): (number | null)[] {
  const calls = seriesOf(metrics, (name) => /^hooks\.\w+\.calls$/.test(name));
  const times = seriesOf(metrics, (name) => /^hooks\.\w+\.ms$/.test(name));
  return calls.map((count, index) => (count === 0 ? null : (times[index] ?? 0) / count));
}

/** What became of the pushes of a provider. */
export interface ProviderCounts {
  provider: string;
  sent: number;
  gone: number;
  failed: number;
  later: number;
}

export function providersOf(totals: Record<string, number>): ProviderCounts[] {
  return secondParts(totals, "pushes").map((provider) => {
    const count = (result: string) => totals[`pushes.${provider}.${result}`] ?? 0;
    const [sent, gone] = [count("sent"), count("gone")];
    return { provider, sent, gone, failed: count("failed"), later: count("later") };
  });
}

/** The calls of an endpoint of the owner. */
export interface HookCounts {
  endpoint: string;
  calls: number;
  failures: number;
  averageMs: number;
  longestMs: number;
  /** The share of calls that took more than a second, 0 to 1. */
  slow: number;
}

export function hooksOf(totals: Record<string, number>): HookCounts[] {
  return secondParts(totals, "hooks").map((endpoint) => {
    const count = (what: string) => totals[`hooks.${endpoint}.${what}`] ?? 0;
    const calls = count("calls");
    return {
      endpoint,
      calls,
      failures: count("failures"),
      averageMs: calls === 0 ? 0 : count("ms") / calls,
      longestMs: count("max_ms"),
      slow: calls === 0 ? 0 : (count("ms_5000") + count("ms_more")) / calls,
    };
  });
}

/** Pushes of all providers: those that were taken, and those that were not at once. */
export function pushesOf(totals: Record<string, number>): { sent: number; failed: number } {
  const providers = providersOf(totals);
  return {
    sent: providers.reduce((sum, { sent }) => sum + sent, 0),
    failed: providers.reduce((sum, { failed, later }) => sum + failed + later, 0),
  };
}

/** Calls of all endpoints. */
export function callsOf(
  totals: Record<string, number>,
): Pick<HookCounts, "calls" | "failures" | "averageMs"> {
  const all = hooksOf(totals);
  const calls = all.reduce((sum, each) => sum + each.calls, 0);
  return {
    calls,
    failures: all.reduce((sum, each) => sum + each.failures, 0),
    averageMs: calls === 0 ? 0 : all.reduce((sum, each) => sum + each.averageMs * each.calls, 0) / calls,
  };
}

/** Refused commands and logins by the number of their error, the most frequent first. */
export function refusalsOf(totals: Record<string, number>): { code: string; count: number }[] {
  return Object.entries(totals)
    .filter(([name]) => name.startsWith("refusals."))
    .map(([name, count]) => ({ code: name.slice("refusals.".length), count }))
    .sort((one, other) => other.count - one.count);
}

/** The second parts of names: providers, endpoints. */
function secondParts(totals: Record<string, number>, first: string): string[] {
  const parts = Object.keys(totals).map((name) => name.split("."));
  return [...new Set(parts.flatMap(([start, second]) => (start === first && second ? [second] : [])))].sort();
}

/**
 * The hour with what was counted since it was read: its minutes are replaced by those that are live.
 *
 * @param online clients online now; null if it is not known
 */
export function withMinutes(hour: Metrics, minutes: readonly Minute[], online: number | null): Metrics {
  const length = lengthOf(hour);
  const last = hour.from + (length - 1) * MINUTE;
  const newest = minutes.reduce((most, { at }) => Math.max(most, at), last);
  const shift = Math.round((newest - last) / MINUTE);
  const moved = (series: Record<string, number[]>) =>
    Object.fromEntries(
      Object.entries(series).map(([name, values]) => [
        name,
        [...values, ...Array<number>(shift).fill(0)].slice(-length),
      ]),
    );
  const from = hour.from + shift * MINUTE;
  const [series, peaks] = [moved(hour.series), moved(hour.peak_series)];
  for (const { at, counts, messages } of minutes) {
    const index = Math.round((at - from) / MINUTE);
    if (index < 0 || index >= length) continue;
    for (const [name, value] of Object.entries(counts))
      put(GAUGES.includes(name) ? peaks : series, name, index, value, length);
    put(peaks, "messages", index, messages, length);
  }
  if (online !== null) put(peaks, "online", length - 1, online, length);
  return { ...hour, from, series, peak_series: peaks };
}

function put(series: Record<string, number[]>, name: string, index: number, value: number, length: number) {
  const values = series[name] ?? Array<number>(length).fill(0);
  series[name] = values;
  values[index] = Math.max(values[index] ?? 0, value);
}
