import { Hono } from "hono";
import * as v from "valibot";
import { mirrorState } from "../../database/mirror-progress.ts";
import { movingRunsOf, passedCalls, saveMovingRun } from "../../database/moving.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import { nothing, shown } from "../schemas.ts";

const BODY_MAX = 64 * 1024; // bytes
const CALLS_SHOWN = 100;

const text = (most: number) => v.pipe(v.string(), v.maxLength(most, `must have at most ${most} characters`));
const count = () => v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const time = () => v.pipe(count(), v.description("In ms."));
const list = <Item extends v.GenericSchema>(item: Item, most: number) =>
  v.pipe(v.array(item), v.maxLength(most, `must have at most ${most} entries`));

const stage = v.object({
  stage: text(80),
  added: count(),
  changed: count(),
  kept: count(),
  refused: count(),
});

const difference = v.object({
  what: text(80),
  why: text(300),
  count: count(),
  expected: v.pipe(v.boolean(), v.description("Whether it is as it should be.")),
  ids: v.pipe(list(text(200), 20), v.description("Some of those that differ.")),
});

const fields = v.object({
  command: v.picklist(["export", "import", "verify"], "must be export, import or verify"),
  state: v.pipe(
    v.picklist(["running", "done", "stopped"], "must be running, done or stopped"),
    v.description("One that runs and has not reported for minutes waits for a server, or was killed."),
  ),
  started_at: time(),
  source: v.optional(v.pipe(text(300), v.description("The server or the folder that is read."))),
  stage: v.optional(v.pipe(text(80), v.description("What it is at."))),
  rows: v.optional(v.pipe(count(), v.description("Of the stage, so far."))),
  share: v.optional(
    v.pipe(v.number(), v.minValue(0), v.maxValue(1), v.description("How much of the stage is done.")),
  ),
  why: v.optional(v.pipe(text(500), v.description("Why it stopped."))),
  stages: v.optional(list(stage, 40)),
  differences: v.optional(list(difference, 100)),
});

const exampleReport = {
  command: "verify" as const,
  state: "done" as const,
  started_at: example.MESSAGE_AT,
  source: "export-1",
  differences: [{ what: "messages", why: "is missing", count: 1, expected: false, ids: [example.MESSAGE] }],
};

const report = v.pipe(fields, shown(exampleReport));

const mirror = v.object({
  server: v.nullable(v.string()),
  sent: count(),
  received: count(),
  left_out: count(),
  waiting: count(),
});

const answer = v.object({
  runs: v.pipe(
    v.array(v.object({ run: v.string(), updated_at: time(), ...fields.entries })),
    v.description("The latest 20, the newest report first."),
    v.examples([[{ run: "2f1c9a64", updated_at: example.MESSAGE_AT, ...exampleReport }]]),
  ),
  mirror: v.pipe(mirror, shown({ server: null, sent: 0, received: 0, left_out: 0, waiting: 0 })),
  passed: v.pipe(
    v.object({
      log_days: v.pipe(count(), v.description("0: nothing is kept, so nothing is known.")),
      looked_at: v.pipe(count(), v.description("The latest requests that were passed on, 5,000 at most.")),
      from: v.optional(v.pipe(time(), v.description("When the first of these came, in ms."))),
      calls: v.array(
        v.object({
          method: v.string(),
          path: v.pipe(v.string(), v.description("Ids in it are `*`.")),
          user_agent: v.nullable(v.pipe(v.string(), v.description("The SDK and its version."))),
          count: count(),
          failed: count(),
          last_at: time(),
        }),
      ),
    }),
    v.description("What builds still call of that which is passed on, by build and path."),
    shown({
      log_days: 7,
      looked_at: 12,
      from: example.MESSAGE_AT,
      calls: [
        {
          method: "GET",
          path: "/1.1/classes/Post/*",
          user_agent: "LeanCloud-Java-SDK/8.2.28",
          count: 12,
          failed: 0,
          last_at: example.MESSAGE_AT,
        },
      ],
    }),
  ),
});

const run = v.object({
  run: v.pipe(
    v.string(),
    v.regex(/^[\w-]{8,64}$/, "must be 8 to 64 letters, digits, _ and -"),
    v.description("Made by the command for each of its runs."),
    v.examples(["2f1c9a64"]),
  ),
});

/** How the move of an app is going: what its commands report, the mirror, and what builds still call. */
export const movingRoutes = new Hono<HttpEnv>()
  .put(
    "/admin/moving/:run",
    operation({
      id: "reportMoving",
      tag: "Administration",
      summary: "Report how an export, import or verification is going",
      description: "For tools that move an app, every 10 seconds at most. The latest 20 runs are kept.",
      access: "master",
      answer: nothing,
      bodyLimit: BODY_MAX,
    }),
    takes("param", run),
    takes("json", report),
    async (context) => {
      const row = {
        run: context.req.valid("param").run,
        updatedAt: Date.now(),
        report: context.req.valid("json"),
      };
      await awaitCall(saveMovingRun(context.env.DB, row), "a report of moving");
      return context.json({});
    },
  )
  .get(
    "/admin/moving",
    operation({
      id: "getMoving",
      tag: "Administration",
      summary: "See how the move of an app is going",
      description: "Runs of export, import and verify, the mirror, and what builds still call elsewhere.",
      access: "master",
      answer,
    }),
    async (context) => {
      const { env } = context;
      const settings = await settingsOf(env).get();
      const [runs, { leftOut, conversations: _, ...mirrored }, passed] = await Promise.all([
        awaitCall(movingRunsOf(env.DB), "runs of moving"),
        awaitCall(mirrorState(env.DB, 1), "mirror"),
        awaitCall(passedCalls(env.DB, CALLS_SHOWN), "requests that were passed on"),
      ]);
      return context.json({
        runs: runs.map(({ run, updatedAt, report }) => ({ run, updated_at: updatedAt, ...report })),
        mirror: { server: settings.mirror.server, ...mirrored, left_out: leftOut },
        passed: {
          log_days: settings.events.logDays,
          looked_at: passed.lookedAt,
          from: passed.from,
          calls: passed.calls.map(({ userAgent, lastAt, ...call }) => {
            return { ...call, user_agent: userAgent, last_at: lastAt };
          }),
        },
      });
    },
  );
