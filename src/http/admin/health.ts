import { Hono } from "hono";
import * as v from "valibot";
import { appOf } from "../../app/app.ts";
import type { Env } from "../../bindings.ts";
import { archiveProblem, databaseNamed } from "../../database/messages/archive.ts";
import { type Generation, generationsIn } from "../../database/messages/generations.ts";
import { mirrorState } from "../../database/mirror-progress.ts";
import { withDeadline } from "../../deadline.ts";
import { providersSetUp } from "../../push/providers.ts";
import { defaultSettings, hasListeners, type Settings } from "../../settings/schema.ts";
import { readSettings } from "../../settings/store.ts";
import { switchesOff } from "../../settings/switches-off.ts";
import { VERSION } from "../../version.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { operation } from "../operation.ts";
import { shown } from "../schemas.ts";

/** Milliseconds for each part: the caller needs a response while the server is not well. */
const DEADLINE = 3_000;

const count = (meaning: string) => v.nullable(v.pipe(v.number(), v.integer(), v.description(meaning)));

const database = {
  answers: v.boolean(),
  milliseconds: count("How long it took."),
  migration: v.nullable(v.pipe(v.string(), v.description("The last that was applied."))),
  bytes: count("Its size; one database may have 10 GB on Cloudflare."),
};

const facts = v.object({
  version: v.string(),
  d1: v.object(database),
  archive: v.object({
    completeUntil: count("Up to when history in D1 is complete, in ms."),
    behindSeconds: count("How long ago that is."),
    problem: v.pipe(
      v.nullable(v.string()),
      v.description(
        "Why no message is copied to D1: `ARCHIVE` is wrong, or does not fit the messages there.",
      ),
    ),
    databases: v.pipe(
      v.array(
        v.object({
          name: v.pipe(v.string(), v.description("Of its binding.")),
          receives: v.pipe(v.boolean(), v.description("Whether messages of now go there.")),
          ...database,
        }),
      ),
      v.description("Those that have messages, `DB` among them."),
    ),
  }),
  online: count("Clients online."),
  queues: v.pipe(
    v.nullable(v.record(v.string(), v.nullable(v.number()))),
    v.description(
      "What waits for hooks and providers, on a single machine; elsewhere the platform counts it.",
    ),
  ),
  mirror: v.pipe(
    v.nullable(
      v.object({
        sent: v.number(),
        received: v.number(),
        leftOut: v.number(),
        waiting: v.number(),
        waitingSince: count("Time of the message that waits longest, in ms."),
        problem: v.nullable(v.pipe(v.string(), v.description("Why it waits."))),
      }),
    ),
    v.description("Messages to and from LeanCloud, while they are mirrored; more is at `/admin/mirror`."),
  ),
  switchesOff: v.pipe(
    v.nullable(v.array(v.object({ setting: v.string(), allows: v.string() }))),
    v.description("What to think of before strangers can reach this server."),
  ),
  host: v.pipe(
    v.nullable(
      v.object({
        startedAt: v.pipe(v.number(), v.description("In ms.")),
        upSeconds: v.number(),
        restarts: v.pipe(v.number(), v.description("Of the runtime, after a crash.")),
        descriptors: count("Files and sockets that are open."),
        descriptorsMax: count("How many may be."),
        memoryBytes: count("Of the runtime."),
      }),
    ),
    v.description("On a single machine."),
  ),
});

const answer = v.pipe(
  facts,
  shown({
    version: VERSION,
    d1: { answers: true, milliseconds: 2, migration: "0003_devices_by_client.sql", bytes: 12_000_000 },
    archive: {
      completeUntil: example.MESSAGE_AT,
      behindSeconds: 3,
      problem: null,
      databases: [
        {
          name: "DB",
          receives: true,
          answers: true,
          milliseconds: 2,
          migration: "0003_devices_by_client.sql",
          bytes: 12_000_000,
        },
      ],
    },
    online: 2,
    queues: { events: 0 },
    mirror: { sent: 120, received: 80, leftOut: 0, waiting: 0, waitingSince: null, problem: null },
    switchesOff: [],
    host: {
      startedAt: example.MESSAGE_AT,
      upSeconds: 86_400,
      restarts: 0,
      descriptors: 210,
      descriptorsMax: 65_536,
      memoryBytes: 180_000_000,
    },
  }),
);

type Answer = v.InferOutput<typeof facts>;

/**
 * `GET /healthz`, for load balancers: 200 while the server handles requests. It wakes no object and queries no
 * database. While a server starts or stops, nothing listens there.
 *
 * `GET /admin/health`, with the master key: the state of all parts. A part that does not respond is null, and the
 * others are reported.
 */
export const healthRoutes = new Hono<HttpEnv>()
  .get("/healthz", (context) => context.json({ status: "ok" }))
  .get(
    "/admin/health",
    operation({
      id: "getHealth",
      tag: "Administration",
      summary: "See how the server is",
      description: "What does not answer within three seconds is null.",
      access: "master",
      answer,
    }),
    async (context) => context.json(await healthOf(context.env)),
  );

export async function healthOf(env: Env): Promise<Answer> {
  const app = appOf(env);
  const settings = await orNull(readSettings(env));
  const asked = databaseHealth(env.DB);
  const [d1, databases, problem, completeUntil, presence, queues, mirror, host] = await Promise.all([
    asked,
    archiveHealth(env, asked),
    orNull(archiveProblem(env)),
    orNull(app.archivedUntil()).then((until) => until || null), // 0 means not known yet
    orNull(app.presence()),
    queueLengths(env, settings ?? defaultSettings(false)),
    settings?.mirror.server ? mirrorHealth(env.DB) : null,
    hostHealth(env.HOST),
  ]);
  const behindSeconds = completeUntil === null ? null : Math.round((Date.now() - completeUntil) / 1_000);
  return {
    version: VERSION,
    d1,
    archive: { completeUntil, behindSeconds, problem: problem ?? null, databases },
    online: presence?.online ?? null,
    queues,
    mirror,
    switchesOff: settings && switchesOff(settings),
    host,
  };
}

async function databaseHealth(database: D1Database): Promise<Answer["d1"]> {
  const start = Date.now();
  const sql = "SELECT name FROM d1_migrations ORDER BY name DESC LIMIT 1";
  const row = await orNull(database.prepare(sql).all<{ name: string }>());
  if (row === null) return UNANSWERED;
  const migration = row.results[0]?.name ?? null;
  return { answers: true, milliseconds: Date.now() - start, migration, bytes: row.meta.size_after };
}

/** The databases of messages; none if the variable is wrong, which is told by itself. @param index of `DB` */
async function archiveHealth(
  env: Env,
  index: Promise<Answer["d1"]>,
): Promise<Answer["archive"]["databases"]> {
  const generations = generationsOrNone(env.ARCHIVE);
  const current = generations.findLast(({ since }) => since <= Date.now())?.databases ?? [];
  const names = [...new Set(generations.flatMap(({ databases }) => databases))];
  return Promise.all(
    names.map(async (name) => {
      const found = databaseNamed(env, name);
      const health = name === "DB" ? index : found === undefined ? UNANSWERED : databaseHealth(found);
      return Object.assign({ name, receives: current.includes(name) }, await health);
    }),
  );
}

function generationsOrNone(variable: unknown): readonly Generation[] {
  try {
    return generationsIn(variable);
  } catch {
    return [];
  }
}

const UNANSWERED: Answer["d1"] = { answers: false, milliseconds: null, migration: null, bytes: null };

async function mirrorHealth(database: D1Database): Promise<Answer["mirror"]> {
  const state = await orNull(mirrorState(database, 1));
  if (state === null) return null;
  const { conversations, ...counts } = state;
  const [longest] = conversations.filter(({ waitingSince }) => waitingSince !== null);
  return { ...counts, waitingSince: longest?.waitingSince ?? null, problem: longest?.problem ?? null };
}

/** The lengths of queues that can hold something: a call to an unused queue would create its object. */
async function queueLengths(env: Env, settings: Settings): Promise<Answer["queues"]> {
  if (env.SINGLE_MACHINE !== "1") return null;
  const { EVENT_QUEUE: events, PUSH_QUEUE: pushes } = env;
  const providers = providersSetUp(settings);
  const isPushed = providers.length > 0;
  const queues = [
    { name: "events", objects: events, isUsed: hasListeners(settings) },
    { name: "pushes", objects: events, isUsed: isPushed },
    { name: "selections", objects: pushes, isUsed: isPushed },
    ...providers.map((name) => ({ name, objects: pushes, isUsed: true })),
  ].filter(({ isUsed }) => isUsed);
  const lengths = queues.map(async ({ name, objects }) => {
    return [name, await orNull(objects.getByName(name).length())] as const;
  });
  return Object.fromEntries(await Promise.all(lengths));
}

const Host = v.nonNullable(facts.entries.host);

async function hostHealth(host: Fetcher | undefined): Promise<Answer["host"]> {
  if (host === undefined) return null;
  const said = await orNull(host.fetch("http://host/").then((response) => response.json()));
  const parsed = v.safeParse(Host, said);
  return parsed.success ? parsed.output : null;
}

async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await withDeadline(asked, DEADLINE, "health");
  } catch {
    return null;
  }
}
