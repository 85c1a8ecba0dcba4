import { Hono } from "hono";
import * as v from "valibot";
import { withDeadline } from "../../deadline.ts";
import { loggableError } from "../../loggable-error.ts";
import { attentionOf } from "../../metrics/attention.ts";
import { meterOf } from "../../metrics/meter-of.ts";
import { metricsOf } from "../../metrics/metrics-stub.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { operation } from "../operation.ts";
import { shown } from "../schemas.ts";
import { healthOf } from "./health.ts";

const DEADLINE = 3_000; // ms

const answer = v.pipe(
  v.object({
    results: v.array(
      v.object({
        severity: v.picklist(["error", "warning", "notice"]),
        code: v.pipe(v.string(), v.description("Which of the things in docs/metrics.md it is.")),
        text: v.string(),
        values: v.pipe(
          v.record(v.string(), v.union([v.string(), v.number()])),
          v.description("The names and numbers of the text, to say it in another language."),
        ),
        since: v.pipe(v.nullable(v.number()), v.description("In ms, as far as it is known.")),
        link: v.pipe(v.string(), v.description("The part of the console where it is seen or mended.")),
      }),
    ),
  }),
  shown({
    results: [
      {
        severity: "warning",
        code: "hooks_fail",
        text: "4 of 20 calls of the engine failed in the last hour.",
        values: { endpoint: "engine", failures: 4, calls: 20 },
        since: example.MESSAGE_AT,
        link: "/console/settings",
      },
    ],
  }),
);

/** `GET /admin/attention`, with the master key: what needs the owner, the worst first. */
export const attentionRoutes = new Hono<HttpEnv>().get(
  "/admin/attention",
  operation({
    id: "listAttention",
    tag: "Administration",
    summary: "See what needs you",
    description: "From the health of all parts and the counts of the last hour; empty if all is well.",
    access: "master",
    answer,
  }),
  async ({ env, json }) => {
    const [health, metrics] = await Promise.all([healthOf(env), lastHour(env)]);
    return json({ results: attentionOf({ ...health, metrics }, Date.now()) });
  },
);

async function lastHour(env: HttpEnv["Bindings"]) {
  try {
    const reading = metricsOf(env).read("hour", meterOf(env).unreported);
    return await withDeadline(reading, DEADLINE, "metrics");
  } catch (error) {
    console.warn("attention: nothing of what was counted:", loggableError(error));
    return null;
  }
}
