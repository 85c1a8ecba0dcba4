import { Hono } from "hono";
import * as v from "valibot";
import { type AuditPosition, findAudit } from "../../database/audit.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
const FILTER_MAX = 1_024; // characters

const text = (shown: string, description: string) =>
  v.optional(v.pipe(v.string(), v.maxLength(FILTER_MAX), v.description(description), v.examples([shown])));

const ACTION = "changeSettings";
const TARGET = "/admin/settings";
const WHO = "API";

const filter = v.object({
  who: text(WHO, "The name that somebody signed in with, `console` without one, or `API`."),
  action: text(ACTION, "The id of an operation."),
  target: text(TARGET, "A path, exactly."),
  from: v.optional(v.pipe(schema.timeText(), v.description("Not before this time."))),
  until: v.optional(v.pipe(schema.laterText(), v.description("Before this time."))),
  cursor: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,15} \S{1,64}$/, "must be `next` of the page before"),
      v.description("`next` of the page before."),
      v.examples([example.EVENT_PLACE]),
    ),
  ),
  limit: v.optional(
    v.pipe(schema.numberText(), v.description(`1 to ${LIMIT_MAX}; ${LIMIT_DEFAULT} otherwise.`)),
  ),
});

const value = (description: string) => v.pipe(schema.anything(), v.description(description));

const entries = v.pipe(
  v.object({
    results: v.array(
      v.object({
        id: v.string(),
        at: v.pipe(v.number(), v.integer(), v.description("When the change began, in ms.")),
        who: v.string(),
        address: v.pipe(v.nullable(v.string()), v.description("Null where it cannot be known.")),
        action: v.pipe(v.string(), v.description("The id of the operation.")),
        target: v.pipe(v.string(), v.description("The path of the request.")),
        before: value("What was changed, as it was, where that is known; null otherwise."),
        after: value("As it is, or the body of the request. Secrets are shown as `***`."),
        status: v.pipe(
          v.nullable(v.pipe(v.number(), v.integer())),
          v.description("Of the answer; null where it is not known what became of the change."),
        ),
      }),
    ),
    next: v.optional(v.pipe(v.string(), v.description("For `cursor`, when there may be more."))),
  }),
  schema.shown({
    results: [
      {
        id: example.EVENT_ID,
        at: example.MESSAGE_AT,
        who: WHO,
        address: "203.0.113.7",
        action: ACTION,
        target: TARGET,
        before: { limits: { members: 500 } },
        after: { limits: { members: 1_000 } },
        status: 200,
      },
    ],
  }),
);

/** The audit log: what was changed with the master key over the console or `/admin`, by whom. */
export const auditRoutes = new Hono<HttpEnv>().get(
  "/admin/audit",
  operation({
    id: "listAudit",
    tag: "Administration",
    summary: "Read who changed what",
    description:
      "Newest first, by any of these filters together: changes by the console and below `/admin`, and signing in. " +
      "Refused ones are not in it. A page is shorter where entries are long. Kept for `console.auditDays`.",
    access: "master",
    answer: entries,
  }),
  takes("query", filter),
  async (context) => {
    const { limit: asked = LIMIT_DEFAULT, cursor, ...conditions } = context.req.valid("query");
    const limit = asked >= 1 && asked <= LIMIT_MAX ? asked : LIMIT_DEFAULT;
    const before = cursor === undefined ? undefined : placeIn(cursor);
    const found = findAudit(context.env.DB, { ...conditions, before, limit });
    const { entries: results, hasMore } = await awaitCall(found, "the audit log");
    const last = hasMore ? results.at(-1) : undefined;
    return context.json({ results, next: last && `${last.at} ${last.id}` });
  },
);

function placeIn(text: string): AuditPosition {
  const [at, id = ""] = text.split(" ");
  return { at: Number(at), id };
}
