import { Hono } from "hono";
import * as v from "valibot";
import { appOf } from "../../app/app.ts";
import { messagesOfApp } from "../../database/messages/history.ts";
import type { HttpEnv } from "../env.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import { countedRows, findConversations, page } from "./conversations.ts";
import { archivedHistory, bounds, records } from "./history.ts";

const stats = v.object({
  result: v.object({
    online_user_count: v.pipe(v.number(), v.integer(), v.examples([2])),
    user_count_today: v.pipe(v.number(), v.integer(), v.description("Since midnight, UTC."), v.examples([7])),
  }),
});

/** A condition that every conversation meets, because a query without conditions means "mine" elsewhere. */
export const EVERY = { objectId: { $exists: true } };

/** The app as a whole (http-api §2.6, A-06). */
export const appWideRoutes = new Hono<HttpEnv>()
  .get(
    "/1.2/rtm/stats",
    operation({
      id: "getStats",
      tag: "App",
      summary: "Count clients that are online",
      access: "master",
      answer: stats,
    }),
    async (context) => {
      const presence = await awaitCall(appOf(context.env).presence(), "presence");
      return context.json({
        result: { online_user_count: presence.online, user_count_today: presence.today },
      });
    },
  )
  .get(
    "/1.2/rtm/all-conversations",
    operation({
      id: "findAllConversations",
      tag: "App",
      summary: "Find conversations of every kind",
      description: "In the order they were created. Temporary ones are not kept where queries look.",
      access: "master",
      answer: countedRows,
    }),
    takes("query", page),
    async (context) => {
      const { where = {}, ...bounds } = context.req.valid("query");
      const conditions = { $and: [EVERY, where] };
      return findConversations(context, { where: conditions, ...bounds });
    },
  )
  .get(
    "/1.2/rtm/messages",
    operation({
      id: "listAllMessages",
      tag: "App",
      summary: "Read everything that was said",
      description: "Newest first. Complete up to the time in the header `X-Parley-Complete-Until`.",
      access: "master",
      answer: records,
    }),
    takes("query", v.object(bounds)),
    (context) => archivedHistory(context, context.req.valid("query"), messagesOfApp),
  );
