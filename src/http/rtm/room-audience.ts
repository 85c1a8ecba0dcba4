import { type Context, Hono } from "hono";
import * as v from "valibot";
import { conversationOf } from "../../conversation/conversation-of.ts";
import type { HttpEnv } from "../env.ts";
import { isRefused, refused } from "../errors.ts";
import { mustBe } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { conversationPath } from "./conversations.ts";
import { chatRooms } from "./served-kinds.ts";

const number = (example: number) => v.pipe(v.number(), v.integer(), v.examples([example]));
const count = v.object({ result: number(1_200) });
const clients = v.object({ result: v.array(schema.clientId()) });
const statistics = v.object({
  online: number(1_200),
  dropped: v.pipe(
    v.object({ low: number(12), normal: number(0) }),
    v.description("Messages that those present were not sent, by priority."),
  ),
});
/** Named as the hosted service's version 1.1 named a room. */
const group = v.object({ gid: schema.conversationId() });

const { kind, path, tag } = chatRooms;

/** Who is in a chat room, and what they were not sent (http-api §2.3, §4, R-07, R-08). */
export const roomAudienceRoutes = new Hono<HttpEnv>()
  .get(
    `${path}/:id/members`,
    operation({
      id: "listPresentClients",
      tag,
      summary: "List some of the clients in a chat room",
      description: "50 at most, of all that are there.",
      access: "master",
      answer: clients,
    }),
    takes("param", conversationPath),
    async (context) => sample(context, context.req.valid("param").id),
  )
  .get(
    `${path}/:id/members/online-count`,
    operation({
      id: "countPresentClients",
      tag,
      summary: "Count the clients in a chat room",
      description: "As of the last second.",
      access: "master",
      answer: count,
    }),
    takes("param", conversationPath),
    async (context) => online(context, context.req.valid("param").id),
  )
  .get(
    `${path}/:id/statistics`,
    operation({
      id: "chatRoomStatistics",
      tag,
      summary: "Read how many are in a chat room, and how many messages they were not sent",
      description:
        "More is dropped than `rooms.messagesPerSecond` allows: low priorities first, high ones never. What was dropped " +
        "is in the history, except for transient messages.",
      access: "master",
      answer: statistics,
    }),
    takes("param", conversationPath),
    async (context) => {
      const { id } = context.req.valid("param");
      await mustBe(context.env, id, kind);
      const found = await awaitCall(conversationOf(context.env, id).statistics(), `statistics of ${id}`);
      return isRefused(found) ? refused(context, found) : context.json(found);
    },
  )
  .get(
    "/1.1/rtm/transient_group/onlines",
    operation({
      id: "countPresentClientsOfGroup",
      tag,
      summary: "Count the clients in a chat room, as version 1.1 did",
      access: "app",
      answer: count,
    }),
    takes("query", group),
    async (context) => online(context, context.req.valid("query").gid),
  )
  .get(
    "/1.1/rtm/transient_group/members",
    operation({
      id: "listPresentClientsOfGroup",
      tag,
      summary: "List some of the clients in a chat room, as version 1.1 did",
      access: "app",
      answer: clients,
    }),
    takes("query", group),
    async (context) => sample(context, context.req.valid("query").gid),
  );

async function online(context: Context<HttpEnv>, id: string): Promise<Response> {
  await mustBe(context.env, id, kind);
  const result = await awaitCall(conversationOf(context.env, id).onlineCount(), `those in ${id}`);
  return isRefused(result) ? refused(context, result) : context.json({ result });
}

async function sample(context: Context<HttpEnv>, id: string): Promise<Response> {
  await mustBe(context.env, id, kind);
  const result = await awaitCall(conversationOf(context.env, id).onlineSample(), `those in ${id}`);
  return isRefused(result) ? refused(context, result) : context.json({ result: [...result] });
}
