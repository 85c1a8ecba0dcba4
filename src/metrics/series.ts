import { addSpan, emptySpan, MINUTE, type Span } from "./counts.ts";

export const ranges = ["hour", "day", "month"] as const;
export type Range = (typeof ranges)[number];

/** How long a range is, and each of its buckets (ms). */
const LENGTHS: Record<Range, { bucket: number; buckets: number }> = {
  hour: { bucket: MINUTE, buckets: 60 },
  day: { bucket: 15 * MINUTE, buckets: 96 },
  month: { bucket: 60 * MINUTE, buckets: 30 * 24 },
};

/** What was counted in a range, in buckets of the same length. */
export interface Metrics {
  range: Range;
  /** The beginning of the first bucket (ms). The last one is going on. */
  from: number;
  /** The length of a bucket (ms). */
  bucket: number;
  /** For each name, the sum of each bucket. Of what was never counted, there is no series. */
  series: Record<string, number[]>;
  totals: Record<string, number>;
  /** For each name, the highest value in a minute of each bucket, and the highest of all with the time of its bucket (ms). */
  peakSeries: Record<string, number[]>;
  peaks: Record<string, { value: number; at: number }>;
}

/** The beginning of a range that ends now, aligned to its buckets (ms). */
export function beginOf(range: Range, now: number): number {
  const { bucket, buckets } = LENGTHS[range];
  return now - (now % bucket) - (buckets - 1) * bucket;
}

/** Sums up spans of a range by buckets. @param spans each with its beginning (ms) */
export function metricsOver(range: Range, now: number, spans: Iterable<[number, Span]>): Metrics {
  const { bucket, buckets } = LENGTHS[range];
  const from = beginOf(range, now);
  const byBucket = new Map<number, Span>();
  const all = emptySpan();
  for (const [at, span] of spans) {
    const index = Math.floor((at - from) / bucket);
    if (index < 0 || index >= buckets) continue;
    const known = byBucket.get(index) ?? emptySpan();
    addSpan(known, span);
    byBucket.set(index, known);
    addSpan(all, span);
  }
  const seriesOf = (read: (span: Span) => Record<string, number>) =>
    Object.fromEntries(
      Object.keys(read(all)).map((name) => {
        const values = Array<number>(buckets).fill(0);
        for (const [index, span] of byBucket) values[index] = read(span)[name] ?? 0;
        return [name, values];
      }),
    );
  const peakSeries = seriesOf(({ peaks }) => peaks);
  const peaks = Object.entries(all.peaks).map(([name, value]) => {
    const index = peakSeries[name]?.indexOf(value) ?? 0;
    return [name, { value, at: from + index * bucket }] as const;
  });
  return {
    range,
    from,
    bucket,
    series: seriesOf(({ totals }) => totals),
    totals: all.totals,
    peakSeries,
    peaks: Object.fromEntries(peaks),
  };
}
