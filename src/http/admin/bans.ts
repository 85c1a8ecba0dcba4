import { Hono } from "hono";
import * as v from "valibot";
import { listBans, removeBans, saveBans } from "../../database/bans.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";

const CLIENTS_MAX = 100; // in one call
const PAGE = 100;
const REASON_MAX = 200; // characters

const banned = v.pipe(
  v.object({
    client_ids: schema.clientIds(CLIENTS_MAX),
    reason: v.optional(v.pipe(v.string(), v.maxLength(REASON_MAX)), ""),
  }),
  schema.shown({ client_ids: [example.READER], reason: "Spam" }),
);

const bans = v.object({
  results: v.array(
    v.object({
      client_id: schema.clientId(),
      reason: v.pipe(v.string(), v.examples(["Spam"])),
      at: schema.isoTime(),
    }),
  ),
  next: v.optional(v.pipe(schema.clientId(), v.description("For `after`, when there are more."))),
});

/**
 * The list of bans. Each client's own object decides at login. D1 has the list for reading and is written last,
 * so that every listed ban is in force.
 */
export const banRoutes = new Hono<HttpEnv>()
  .post(
    "/admin/bans",
    operation({
      id: "ban",
      tag: "Administration",
      summary: "Ban clients from the app",
      description: "Ends their sessions and refuses logins with 4106. Banning again changes the reason.",
      access: "master",
      answer: schema.nothing,
    }),
    takes("json", banned),
    async (context) => {
      const { client_ids: clientIds, reason } = context.req.valid("json");
      const { CLIENTS, DB } = context.env;
      await all(clientIds, (id) => CLIENTS.getByName(id).ban(id, reason));
      const at = Date.now();
      const banned = clientIds.map((clientId) => ({ clientId, reason, at }));
      await awaitCall(saveBans(DB, banned), "listing bans");
      return context.json({});
    },
  )
  .delete(
    "/admin/bans",
    operation({
      id: "unban",
      tag: "Administration",
      summary: "Take bans back",
      access: "master",
      answer: schema.nothing,
    }),
    takes("json", v.object({ client_ids: schema.clientIds(CLIENTS_MAX) })),
    async (context) => {
      const { client_ids: clientIds } = context.req.valid("json");
      const { CLIENTS, DB } = context.env;
      await all(clientIds, (id) => CLIENTS.getByName(id).unban());
      await awaitCall(removeBans(DB, clientIds), "listing bans");
      return context.json({});
    },
  )
  .get(
    "/admin/bans",
    operation({
      id: "listBans",
      tag: "Administration",
      summary: "List banned clients",
      access: "master",
      answer: bans,
    }),
    takes("query", v.object({ after: v.optional(schema.clientId(example.READER)) })),
    async (context) => {
      const { after } = context.req.valid("query");
      const found = await awaitCall(listBans(context.env.DB, { after, limit: PAGE }), "listing bans");
      const results = found.map((ban) => {
        return { client_id: ban.clientId, reason: ban.reason, at: new Date(ban.at).toISOString() };
      });
      return context.json({
        results,
        ...(found.length === PAGE && { next: found.at(-1)?.clientId }),
      });
    },
  );

async function all(clientIds: string[], act: (clientId: string) => Promise<void>): Promise<void> {
  await Promise.all([...new Set(clientIds)].map((id) => awaitCall(act(id), `ban of ${id}`)));
}
