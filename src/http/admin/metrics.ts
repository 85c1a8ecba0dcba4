import { Hono } from "hono";
import * as v from "valibot";
import { withDeadline } from "../../deadline.ts";
import { loggableError } from "../../loggable-error.ts";
import type { Snapshot } from "../../metrics/kept-metrics.ts";
import { meterOf } from "../../metrics/meter-of.ts";
import { metricsOf } from "../../metrics/metrics-stub.ts";
import { ranges } from "../../metrics/series.ts";
import { markWatched } from "../../metrics/watch-mark.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { eventStream } from "./event-stream.ts";

/** A stream ends after this time, and its reader comes back: to another version, after a deployment. */
const STREAM_SECONDS = 600;
const MARK_DEADLINE = 2_000; // ms

const numbers = v.record(v.string(), v.number());
const rows = v.record(v.string(), v.array(v.number()));

const metrics = v.pipe(
  v.object({
    range: v.picklist(ranges),
    from: v.pipe(
      v.number(),
      v.description("The beginning of the first bucket, in ms. The last bucket goes on."),
    ),
    bucket_seconds: v.number(),
    series: v.pipe(rows, v.description("For each name, the sum of each bucket.")),
    totals: numbers,
    peak_series: v.pipe(rows, v.description("For each name, the highest value in a minute of each bucket.")),
    peaks: v.record(
      v.string(),
      v.object({
        value: v.number(),
        at: v.pipe(v.number(), v.description("The beginning of its bucket, in ms.")),
      }),
    ),
  }),
  schema.shown({
    range: "hour",
    from: example.MESSAGE_AT,
    bucket_seconds: 60,
    series: { "messages.chat": [12, 0, 31], deliveries: [24, 0, 60] },
    totals: { "messages.chat": 43, deliveries: 84 },
    peak_series: { connections: [18, 18, 20], messages: [12, 0, 31] },
    peaks: {
      connections: { value: 20, at: example.MESSAGE_AT + 120_000 },
      messages: { value: 31, at: example.MESSAGE_AT + 120_000 },
    },
  }),
);

/**
 * `GET /admin/metrics` and `GET /admin/metrics/live`, with the master key: what was counted (G-01), and what is being
 * counted now.
 */
export const metricsRoutes = new Hono<HttpEnv>()
  .get(
    "/admin/metrics",
    operation({
      id: "getMetrics",
      tag: "Administration",
      summary: "See what was counted",
      description:
        "The last hour by minutes, the last day by quarters of an hour, or the last 30 days by hours. Names are in " +
        "docs/metrics.md. On Cloudflare, the last 15 minutes may be incomplete.",
      access: "master",
      answer: metrics,
    }),
    takes("query", v.object({ range: v.optional(v.pipe(v.picklist(ranges), v.examples(["hour"]))) })),
    async (context) => {
      const { range = "hour" } = context.req.valid("query");
      const { env } = context;
      const read = await awaitCall(metricsOf(env).read(range, meterOf(env).unreported), "metrics");
      const { bucket, peakSeries, ...rest } = read;
      return context.json({ ...rest, bucket_seconds: bucket / 1000, peak_series: peakSeries });
    },
  )
  .get(
    "/admin/metrics/live",
    operation({
      id: "watchMetrics",
      tag: "Administration",
      summary: "Watch what is being counted",
      description:
        "A stream of events (`text/event-stream`): `snapshot` at once and then when something has changed, at most " +
        `every 2 seconds. It ends after ${STREAM_SECONDS / 60} minutes; the reader asks again.`,
      access: "master",
      answer: { text: v.pipe(v.string(), v.examples(["retry: 1000\n\n"])) },
    }),
    takes(
      "query",
      v.object({
        seconds: v.optional(
          v.pipe(
            schema.numberText(1),
            v.minValue(0),
            v.maxValue(STREAM_SECONDS),
            v.description(`End after this time instead; at most ${STREAM_SECONDS}.`),
          ),
        ),
      }),
    ),
    async (context) => {
      const { env } = context;
      const { seconds = STREAM_SECONDS } = context.req.valid("query");
      const meter = meterOf(env);
      try {
        await withDeadline(markWatched(env, Date.now()), MARK_DEADLINE, "mark");
      } catch (error) {
        console.warn("metrics: other isolates may not know that somebody watches:", loggableError(error));
      }
      const source = async () => {
        return { event: "snapshot", data: snapshotJson(await metricsOf(env).watch(meter.unreported)) };
      };
      return eventStream(source, seconds * 1000);
    },
  );

function snapshotJson({ minutes, online, today, archiveBehindSeconds }: Snapshot) {
  return { minutes, online, users_today: today, archive_behind_seconds: archiveBehindSeconds };
}
