import { Hono } from "hono";
import * as v from "valibot";
import type { HttpEnv } from "../env.ts";
import { refused } from "../errors.ts";
import * as example from "../examples.ts";
import { mustExist } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { boundsOf, nextPage, pageOfList, switchedOff } from "./listed-clients.ts";

const PATH = "/1.2/rtm/clients/:client/blacklists";

const client = v.object({ client: schema.clientId(example.READER) });
const one = v.object({ conv_id: schema.conversationId() });
const listed = v.object({ conv_ids: v.array(schema.conversationId()), next: nextPage });

/** The conversations to which a client does not want to be added (http-api §2.7, X-20). */
export const refusedConversationRoutes = new Hono<HttpEnv>()
  .post(
    PATH,
    operation({
      id: "refuseConversation",
      tag: "Clients",
      summary: "Refuse a conversation for a client",
      description: "The client leaves it, and nobody else can add the client any more.",
      access: "master",
      answer: schema.nothing,
    }),
    takes("param", client),
    takes("json", one),
    async (context) => {
      const { client: clientId } = context.req.valid("param");
      const { conv_id: id } = context.req.valid("json");
      const off = await switchedOff(context, "blacklists");
      if (off !== undefined) return off;
      await mustExist(context.env, id);
      const refusing = context.env.CLIENTS.getByName(clientId).refuse(clientId, id);
      const refusal = await awaitCall(refusing, `refusal of ${id}`);
      return refusal === undefined ? context.json({}) : refused(context, refusal);
    },
  )
  .delete(
    PATH,
    operation({
      id: "acceptConversation",
      tag: "Clients",
      summary: "Let a client be added to a conversation again",
      access: "master",
      answer: schema.nothing,
    }),
    takes("param", client),
    takes("json", one),
    async (context) => {
      const { client: clientId } = context.req.valid("param");
      const { conv_id: id } = context.req.valid("json");
      await awaitCall(context.env.CLIENTS.getByName(clientId).accept(clientId, id), `acceptance of ${id}`);
      return context.json({});
    },
  )
  .get(
    PATH,
    operation({
      id: "listRefusedConversations",
      tag: "Clients",
      summary: "List the conversations that a client refuses",
      access: "master",
      answer: listed,
    }),
    takes("param", client),
    takes("query", pageOfList),
    async (context) => {
      const { client: clientId } = context.req.valid("param");
      const bounds = boundsOf(context.req.valid("query"));
      const listing = context.env.CLIENTS.getByName(clientId).refusedConversations(bounds);
      const { conversationIds, next } = await awaitCall(listing, `refusals of ${clientId}`);
      return context.json({ conv_ids: conversationIds, ...(next !== undefined && { next: String(next) }) });
    },
  );
