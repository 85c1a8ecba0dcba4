import { Hono } from "hono";
import * as v from "valibot";
import { COSTLY_REQUEST } from "../../bounds.ts";
import type { HttpEnv } from "../env.ts";
import { failures, refuse, refused } from "../errors.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { identify, operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { tokenProblem } from "../token-problem.ts";
import {
  answerOnlineAmong,
  answerUnread,
  kick,
  kickReason,
  ONLINE_MAX,
  onlineAnswer,
  unreadAnswer,
} from "./clients.ts";

const client = v.object({ client: schema.clientId(example.READER) });
const peers = v.object({ peers: schema.clientIds(ONLINE_MAX) });

const kicked = v.pipe(
  v.object({ client_id: schema.clientId(), reason: v.optional(kickReason(), "") }),
  schema.shown({ client_id: example.READER, reason: "Enough" }),
);

const memberInfos = v.pipe(
  v.object({ results: v.array(v.object({ cid: v.string(), clientId: v.string(), role: v.string() })) }),
  schema.shown({ results: [] }),
);

/** Clients in version 1.1 (http-api §4), and the SDKs' queries for roles of members (§5). */
export const legacyClientRoutes = new Hono<HttpEnv>()
  .get(
    "/1.1/rtm/messages/unread/:client",
    operation({
      id: "countUnread11",
      tag: "Version 1.1",
      summary: "Count unread messages",
      access: "app",
      answer: unreadAnswer,
      weight: COSTLY_REQUEST,
    }),
    takes("param", client),
    (context) => answerUnread(context, context.req.valid("param").client, undefined),
  )
  .get(
    "/1.1/rtm/messages/unread/:client/:conv",
    operation({
      id: "countUnreadInConversation11",
      tag: "Version 1.1",
      summary: "Count unread messages in a conversation",
      access: "app",
      answer: unreadAnswer,
    }),
    takes("param", v.object({ ...client.entries, conv: schema.conversationId() })),
    (context) => answerUnread(context, context.req.valid("param").client, context.req.valid("param").conv),
  )
  .post(
    "/1.1/rtm/online",
    operation({
      id: "checkOnline11",
      tag: "Version 1.1",
      summary: "Find out which clients are online",
      access: "master",
      answer: onlineAnswer,
    }),
    takes("json", peers),
    (context) => answerOnlineAmong(context, context.req.valid("json").peers),
  )
  .post(
    "/1.1/rtm/client/kick",
    operation({
      id: "kick11",
      tag: "Version 1.1",
      summary: "Log a client out",
      access: "master",
      answer: schema.nothing,
    }),
    takes("json", kicked),
    (context) => kick(context, context.req.valid("json").client_id, context.req.valid("json").reason),
  )
  .get(
    "/1.1/classes/_ConversationMemberInfo",
    operation({
      id: "listMemberRoles",
      tag: "SDKs",
      summary: "List roles of members",
      description: "None: roles are off. With any key of the app, or with a session token of `client_id`.",
      access: "anyone",
      answer: memberInfos,
    }),
    takes("query", v.looseObject({ client_id: v.optional(schema.clientId()) })),
    async (context) => {
      if ((await identify(context)) !== "none") return context.json({ results: [] });
      const token = context.req.header("X-LC-IM-Session-Token");
      const { client_id: clientId } = context.req.valid("query");
      if (token === undefined || clientId === undefined) return refuse(context, 401, failures.unauthorized);
      const forged = await tokenProblem(context.env, clientId, token);
      if (forged !== undefined) return refused(context, forged);
      const checked = context.env.CLIENTS.getByName(clientId).checkToken(clientId, token);
      const problem = await awaitCall(checked, `token of ${clientId}`);
      return problem === undefined ? context.json({ results: [] }) : refused(context, problem);
    },
  );
