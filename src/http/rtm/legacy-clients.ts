import { Hono } from "hono";
import * as v from "valibot";
import { COSTLY_REQUEST } from "../../request-bounds.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
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

/** Clients in version 1.1 (http-api §4). */
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
      isReading: true,
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
  );
