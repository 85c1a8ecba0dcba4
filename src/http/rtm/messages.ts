import { Hono } from "hono";
import * as v from "valibot";
import type { HttpEnv } from "../env.ts";
import { INVALID_FIELD, refuse } from "../errors.ts";
import * as example from "../examples.ts";
import { mustBe } from "../existing-conversation.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { conversationPath } from "./conversations.ts";
import { bounds, conversationHistory, records, signed } from "./history.ts";
import { IDEMPOTENCY_KEY, patchMessage, removeMessage, sendMessage } from "./message-requests.ts";
import type { ServedKind } from "./served-kinds.ts";

const MENTIONS_MAX = 20;

export const sent = v.object({
  "msg-id": schema.messageId(),
  timestamp: v.pipe(v.number(), v.integer(), v.examples([example.MESSAGE_AT])),
});

/** Accepted in any case. It matters in chat rooms, and for transient messages (R-08, M-30). */
export const priority = () =>
  v.pipe(v.string(), v.toLowerCase(), v.picklist(["high", "normal", "low"], "must be high, normal or low"));

const message = v.pipe(
  v.object({
    from_client: schema.clientId(),
    message: schema.content(),
    transient: v.optional(v.boolean(), false),
    no_sync: v.optional(v.pipe(v.boolean(), v.description("Leave out the sender's own devices.")), false),
    push_data: v.optional(schema.pushData()),
    priority: v.optional(priority()),
    mention_all: v.optional(v.boolean(), false),
    mention_client_ids: v.optional(v.pipe(v.array(schema.clientId()), v.maxLength(MENTIONS_MAX)), []),
    to_clients: v.optional(v.array(v.string())),
  }),
  schema.shown({ from_client: example.SENDER, message: example.TEXT, mention_client_ids: [example.READER] }),
);

const place = v.object({ id: schema.conversationId(), mid: schema.messageId() });
const author = { from_client: schema.clientId(), timestamp: schema.time() };
const authorExample = { from_client: example.SENDER, timestamp: example.MESSAGE_AT };

const edit = v.pipe(
  v.object({ ...author, message: schema.content() }),
  schema.shown({ ...authorExample, message: '{"_lctype":-1,"_lctext":"Hello, Jerry!"}' }),
);
const recall = v.pipe(v.object(author), schema.shown(authorExample));
const deletion = v.object({ from_client: schema.clientId(), timestamp: schema.timeText() });

/** With the last four parameters a member needs no master key, if the app allows it (http-api §2.1, "signed"). */
const historyQuery = v.object({ ...bounds, client_id: v.optional(schema.clientId()), ...signed });

/** Messages of one kind of conversation (http-api §2.1, §2.2, §2.3, §3, A-02, A-03). */
export function messageRoutes({ kind, path: parent, one, messages }: ServedKind): Hono<HttpEnv> {
  const path = `${parent}/:id/messages`;
  const { tag, noun } = messages;
  return new Hono<HttpEnv>()
    .post(
      path,
      operation({
        id: `send${noun}`,
        tag,
        summary: "Send a message",
        description: "Neither the sender's permission nor their membership is checked.",
        access: "master",
        answer: sent,
        headers: [IDEMPOTENCY_KEY],
        isMetered: true,
      }),
      takes("param", conversationPath),
      takes("json", message, undefined, "as written"),
      async (context) => {
        const said = context.req.valid("json");
        if (said.to_clients !== undefined) {
          const error = "to_clients: only for service conversations";
          return refuse(context, 400, { code: INVALID_FIELD, error });
        }
        const { id } = context.req.valid("param");
        await mustBe(context.env, id, kind);
        const sent = {
          from: said.from_client,
          content: said.message,
          transient: said.transient,
          noSync: said.no_sync,
          pushData: said.push_data,
          mentionAll: said.mention_all,
          mentions: said.mention_client_ids,
          priority: said.priority ?? ("normal" as const),
        };
        return sendMessage(context, id, sent, undefined, undefined, kind);
      },
    )
    .get(
      path,
      operation({
        id: `list${noun}s`,
        tag,
        summary: `Read the history of ${one}`,
        description:
          "Newest first. With the app key only for members, with a signature of the app's server, and only " +
          "where the setting `security.signHistory` is on.",
        access: "app",
        answer: records,
      }),
      takes("param", conversationPath),
      takes("query", historyQuery),
      (context) => {
        const asked = context.req.valid("query");
        return conversationHistory(context, context.req.valid("param").id, asked, {
          viewer: asked.client_id,
          kind,
        });
      },
    )
    .put(
      `${path}/:mid`,
      operation({
        id: `edit${noun}`,
        tag,
        summary: "Edit a message",
        description: "Whatever the settings allow clients. Online devices are told now, others at login.",
        access: "master",
        answer: schema.nothing,
        isMetered: true,
      }),
      takes("param", place),
      takes("json", edit, undefined, "as written"),
      async (context) => {
        const { id, mid: messageId } = context.req.valid("param");
        await mustBe(context.env, id, kind);
        const { from_client: from, timestamp, message: content } = context.req.valid("json");
        return patchMessage(context, id, {
          messageId,
          timestamp,
          from,
          content,
          recall: false,
          silent: false,
        });
      },
    )
    .put(
      `${path}/:mid/recall`,
      operation({
        id: `recall${noun}`,
        tag,
        summary: "Recall a message",
        access: "master",
        answer: schema.nothing,
        isMetered: true,
      }),
      takes("param", place),
      takes("json", recall),
      async (context) => {
        const { id, mid: messageId } = context.req.valid("param");
        await mustBe(context.env, id, kind);
        const { from_client: from, timestamp } = context.req.valid("json");
        return patchMessage(context, id, { messageId, timestamp, from, recall: true, silent: false });
      },
    )
    .delete(
      `${path}/:mid`,
      operation({
        id: `delete${noun}`,
        tag,
        summary: "Delete a message",
        description: "The server's copy alone: devices that have it keep it.",
        access: "master",
        answer: schema.nothing,
      }),
      takes("param", place),
      takes("query", deletion),
      async (context) => {
        const { id, mid: messageId } = context.req.valid("param");
        await mustBe(context.env, id, kind);
        const { from_client: from, timestamp } = context.req.valid("query");
        return removeMessage(context, id, { messageId, timestamp, from });
      },
    );
}
