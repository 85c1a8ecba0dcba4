import { Hono } from "hono";
import * as v from "valibot";
import { metricsOf } from "../../metrics/metrics-stub.ts";
import { PRICES } from "../../usage/cost/prices.ts";
import { usageOf } from "../../usage/usage-of.ts";
import { type PricedUsage, usageOfDays } from "../../usage/usage-over-days.ts";
import { DAY } from "../../usage/usage-report.ts";
import type { HttpEnv } from "../env.ts";
import { INVALID_PARAMETER, refuse } from "../errors.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";

const DAYS_DEFAULT = 30;
const DAYS_MAX = 100;

const day = (shown: string, about: string) =>
  v.pipe(
    v.string(),
    v.isoDate("must be a day, as 2026-11-29"),
    v.check(isOfCalendar, "is no day of the calendar"),
    v.description(about),
    v.examples([shown]),
  );

const used = {
  messages: v.pipe(v.number(), v.description("Messages that were accepted.")),
  used: v.pipe(
    v.record(v.string(), v.number()),
    v.description("By what Cloudflare bills. How long objects are awake, and the processor, are estimates."),
  ),
  dollars: v.pipe(
    v.number(),
    v.description("What that costs to nine decimals, as if a plan included nothing."),
  ),
  conversations: v.pipe(
    v.array(
      v.object({
        id: schema.conversationId(),
        messages: v.number(),
        rows: v.pipe(v.number(), v.description("Rows written in its object.")),
      }),
    ),
    v.description("The 20 busiest ones, by messages and rows, as far as is known."),
  ),
};

const shownUse = {
  messages: 1_200,
  used: { objectRowsWritten: 1_900, databaseRowsWritten: 3_100, objectRequests: 240 },
  dollars: 0.0051,
  conversations: [{ id: example.CONVERSATION, messages: 310, rows: 480 }],
};

const answer = v.pipe(
  v.object({
    from: v.string(),
    to: v.string(),
    days: v.pipe(
      v.array(v.object({ day: v.string(), ...used })),
      v.description("Those in which something was used."),
    ),
    totals: v.object({
      ...used,
      costs: v.pipe(
        v.record(v.string(), v.number()),
        v.description("Dollars to nine decimals, by what Cloudflare bills."),
      ),
    }),
    prices_as_of: v.string(),
  }),
  schema.shown({
    from: "2026-11-29",
    to: "2026-11-29",
    days: [{ day: "2026-11-29", ...shownUse }],
    totals: {
      ...shownUse,
      costs: { objectRowsWritten: 0.0019, databaseRowsWritten: 0.0031, objectRequests: 0.00004 },
    },
    prices_as_of: "2026-11-28",
  }),
);

/** `GET /admin/usage`, with the master key: what was used of all that Cloudflare bills, by days (G-07). */
export const usageRoutes = new Hono<HttpEnv>().get(
  "/admin/usage",
  operation({
    id: "getUsage",
    tag: "Administration",
    summary: "See what is used, and what it costs",
    description:
      "Rows, requests and messages by days (UTC), the busiest conversations, and estimated dollars: docs/costs.md. " +
      "On Cloudflare the numbers are estimates, by samples.",
    access: "master",
    answer,
  }),
  takes(
    "query",
    v.object({
      from: v.optional(day("2026-11-01", `The first day; without it, ${DAYS_DEFAULT} days are shown.`)),
      to: v.optional(day("2026-11-29", `The last day, today without it; at most ${DAYS_MAX} days.`)),
    }),
  ),
  async (context) => {
    const { env } = context;
    const asked = context.req.valid("query");
    const to = asked.to === undefined ? Math.floor(Date.now() / DAY) : Date.parse(asked.to) / DAY;
    const from = asked.from === undefined ? to - DAYS_DEFAULT + 1 : Date.parse(asked.from) / DAY;
    if (from > to)
      return refuse(context, 400, { code: INVALID_PARAMETER, error: "from: must not be after to" });
    if (to - from >= DAYS_MAX)
      return refuse(context, 400, { code: INVALID_PARAMETER, error: `from, to: at most ${DAYS_MAX} days` });
    const read = await awaitCall(metricsOf(env).usage(from, to, usageOf(env).unreported), "usage");
    const { days, all } = usageOfDays(read, PRICES);
    return context.json({
      from: dayText(from * DAY),
      to: dayText(to * DAY),
      days: days.map(({ at, ...usage }) => ({ day: dayText(at), ...usageJson(usage) })),
      totals: { ...usageJson(all), costs: { ...all.costs } },
      prices_as_of: PRICES.asOf,
    });
  },
);

/** V8 takes the 31st of any month for a day. */
function isOfCalendar(text: string): boolean {
  const at = Date.parse(text);
  return !Number.isNaN(at) && dayText(at) === text;
}

const dayText = (at: number) => new Date(at).toISOString().slice(0, 10);

function usageJson({ messages, use, dollars, conversations }: PricedUsage) {
  return {
    messages,
    used: { ...use },
    dollars,
    conversations: conversations.map(({ id, messages: said, rows }) => ({ id, messages: said, rows })),
  };
}
