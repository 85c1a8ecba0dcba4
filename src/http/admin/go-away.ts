import { Hono } from "hono";
import * as v from "valibot";
import { appOf } from "../../app/app.ts";
import type { HttpEnv } from "../env.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";

const LIMIT = 100; // clients in one call

/**
 * `POST /admin/goaway {"client_ids": [...]}`, with the master key: asks the devices of these clients to look the server
 * up again and reconnect (wire §2.5). Responds with the number of sessions.
 */
export const goAwayRoutes = new Hono<HttpEnv>().post(
  "/admin/goaway",
  operation({
    id: "goAway",
    tag: "Administration",
    summary: "Ask devices to reconnect",
    description: "They look the server up again first. Answers how many sessions were told.",
    access: "master",
    answer: v.object({ sessions: v.pipe(v.number(), v.integer(), v.examples([1])) }),
  }),
  takes("json", v.object({ client_ids: schema.clientIds(LIMIT) })),
  async (context) => {
    const { client_ids: named } = context.req.valid("json");
    // No object is created for clients that are not online.
    const online = await awaitCall(appOf(context.env).onlineAmong(named), "who is online");
    const told = online.map((clientId) =>
      awaitCall(context.env.CLIENTS.getByName(clientId).goAway(), "goaway"),
    );
    const sessions = (await Promise.all(told)).reduce((sum, count) => sum + count, 0);
    return context.json({ sessions });
  },
);
