import { Hono } from "hono";
import * as v from "valibot";
import { appOf } from "../../app/app.ts";
import { type KnownClient, knownClientsFrom, knownClientsOf } from "../../database/clients.ts";
import type { HttpEnv } from "../env.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 200;

const asked = v.object({
  which: v.optional(
    v.pipe(
      v.picklist(["all", "online", "today"], "must be all, online or today"),
      v.description(
        "`online` now, at any time `today` (UTC), or `all` that ever logged in; `all` without it.",
      ),
    ),
    "all",
  ),
  prefix: v.optional(v.pipe(schema.clientId("To"), v.description("How the id begins."))),
  after: v.optional(v.pipe(schema.clientId("Butch"), v.description("`next` of the page before."))),
  limit: v.optional(
    v.pipe(schema.numberText(LIMIT_DEFAULT), v.description(`1 to ${LIMIT_MAX}; ${LIMIT_DEFAULT} otherwise.`)),
  ),
});

const answer = v.object({
  online: v.pipe(v.number(), v.integer(), v.description("How many are online now."), v.examples([1])),
  today: v.pipe(v.number(), v.integer(), v.description("How many were today (UTC)."), v.examples([1])),
  results: v.array(
    v.object({
      client_id: schema.clientId(),
      online: v.pipe(v.boolean(), v.description("As last reported."), v.examples([true])),
      first_login_at: v.optional(
        v.pipe(schema.isoTime(), v.description("Absent if it was before that was kept.")),
      ),
    }),
  ),
  next: v.optional(v.pipe(schema.clientId(), v.description("For `after`, when there may be more."))),
});

/** Clients that are or were there (G-02). */
export const clientListRoutes = new Hono<HttpEnv>().get(
  "/admin/clients",
  operation({
    id: "searchClients",
    tag: "Administration",
    summary: "List clients: online, today, or all by the beginning of their ids",
    description: "In the order of their ids.",
    access: "master",
    answer,
  }),
  takes("query", asked),
  async (context) => {
    const { env } = context;
    const { which, prefix = "", after = "", limit = LIMIT_DEFAULT } = context.req.valid("query");
    const within = limit >= 1 && limit <= LIMIT_MAX ? limit : LIMIT_DEFAULT;
    const page = { prefix, after, limit: within + 1 };
    const app = appOf(env);
    const counts = await awaitCall(app.presence(), "presence");
    const found: KnownClient[] =
      which === "all"
        ? await awaitCall(knownClientsFrom(env.DB, page), "listing clients")
        : await present(env, { ...page, today: which === "today" });
    const results = found.slice(0, within);
    const ids = results.map(({ clientId }) => clientId);
    const online = new Set(await awaitCall(app.onlineAmong(ids), "who is online"));
    return context.json({
      ...counts,
      results: results.map(({ clientId, firstLoginAt }) => {
        const first = firstLoginAt === undefined ? undefined : new Date(firstLoginAt).toISOString();
        return { client_id: clientId, online: online.has(clientId), first_login_at: first };
      }),
      next: found.length > within ? ids.at(-1) : undefined,
    });
  },
);

/** Clients that the app's object lists, with what D1 knows of them. */
async function present(
  env: HttpEnv["Bindings"],
  search: { prefix: string; after: string; today: boolean; limit: number },
): Promise<KnownClient[]> {
  const ids = await awaitCall(appOf(env).findClients(search), "listing clients");
  const known = await awaitCall(knownClientsOf(env.DB, ids), "listing clients");
  const byId = new Map(known.map((client) => [client.clientId, client]));
  return ids.map((clientId) => byId.get(clientId) ?? { clientId, firstLoginAt: undefined });
}
