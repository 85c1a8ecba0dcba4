import { Hono } from "hono";
import * as v from "valibot";
import { conversationOf } from "../../conversation/conversation-of.ts";
import type { Fact } from "../../conversation/inspection/inspection-calls.ts";
import { findEvents, type LoggedEvent } from "../../database/events.ts";
import { type MessageRecord, timeSent } from "../../model/records.ts";
import { toBase64 } from "../../protocol/base64.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { failures, isRefused, refuse, refused } from "../errors.ts";
import * as example from "../examples.ts";
import { mustExist } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { type LoggedFacts, loggedFacts } from "./logged-facts.ts";

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 100;
/** Entries of the log that are read for one message. */
const ENTRIES_MAX = 1_000;

const asked = v.object({
  timestamp: v.optional(
    v.pipe(schema.timeText(), v.description("When it was sent, for a message that was imported.")),
  ),
  after: v.optional(v.pipe(schema.clientId("Butch"), v.description("`next` of the page before."))),
  limit: v.optional(
    v.pipe(schema.numberText(LIMIT_DEFAULT), v.description(`1 to ${LIMIT_MAX}; ${LIMIT_DEFAULT} otherwise.`)),
  ),
});

const time = (described: string) =>
  v.pipe(v.number(), v.integer(), v.description(described), v.examples([example.MESSAGE_AT]));

const fact = (described: string) =>
  v.pipe(
    v.object({
      known: v.boolean(),
      is: v.optional(v.boolean()),
      at: v.optional(time("Milliseconds; where it is kept.")),
      source: v.optional(v.picklist(["mark", "log"])),
      why: v.optional(v.pipe(v.string(), v.description("Why it is not known."))),
    }),
    v.description(described),
    schema.shown({ known: true, is: false, source: "mark" }),
  );

const push = v.object({
  at: time("Milliseconds."),
  outcome: v.pipe(
    v.string(),
    v.description("`sent`, `gone`, `failed`, `later` (tried again), or `not pushed`."),
    v.examples(["sent"]),
  ),
  provider: v.optional(v.pipe(v.string(), v.examples(["apns"]))),
  installation: v.optional(v.pipe(v.string(), v.examples([example.INSTALLATION]))),
  why: v.optional(v.pipe(v.string(), v.examples(["Unregistered"]))),
});

const answer = v.object({
  kind: v.pipe(v.picklist(["normal", "room", "temporary", "system"]), v.examples(["normal"])),
  log: v.pipe(
    v.object({ on: v.boolean(), complete: v.boolean() }),
    v.description("Whether the event log is on now, and all it has of the message was read."),
    v.examples([{ on: true, complete: true }]),
  ),
  message: v.optional(
    v.pipe(
      v.object({
        message_id: v.string(),
        timestamp: v.number(),
        from: v.string(),
        data: v.string(),
        bin: v.boolean(),
        mention_all: v.boolean(),
        mentions: v.array(v.string()),
        receipt: v.boolean(),
        recalled: v.boolean(),
        patched_at: v.optional(v.number()),
        to_clients: v.optional(v.array(v.string())),
        address: v.optional(v.string()),
      }),
      v.description("Absent if the conversation has none of this id: see `message_why`."),
      schema.shown({
        message_id: example.MESSAGE,
        timestamp: example.MESSAGE_AT,
        from: example.SENDER,
        data: example.TEXT,
        bin: false,
        mention_all: false,
        mentions: [],
        receipt: false,
        recalled: false,
      }),
    ),
  ),
  message_why: v.optional(
    v.pipe(v.string(), v.examples(["It was deleted, or it was transient and is kept nowhere."])),
  ),
  recipients: v.pipe(
    v.object({
      total: v.pipe(v.number(), v.integer(), v.examples([1])),
      results: v.array(
        v.object({
          client_id: schema.clientId(example.READER),
          online_when_sent: fact("Whether they had a device online when it was delivered."),
          delivered: fact("Whether a device of theirs acknowledged it, or something after it."),
          read: fact("Whether they read up to it."),
          pushed: v.pipe(
            v.object({
              known: v.boolean(),
              source: v.optional(v.literal("log")),
              why: v.optional(v.string()),
              results: v.array(push),
            }),
            v.description("Each attempt to push it to one of their devices, as the provider answered."),
          ),
        }),
      ),
      next: v.optional(v.pipe(schema.clientId(), v.description("For `after`, when there are more."))),
    }),
    v.description("Members of today; none in rooms, and for what a service broadcast."),
    schema.shown({
      total: 1,
      results: [
        {
          client_id: example.READER,
          online_when_sent: { known: true, is: false, source: "log" },
          delivered: { known: true, is: false, source: "mark" },
          read: { known: true, is: false, source: "mark" },
          pushed: { known: true, source: "log", results: [] },
        },
      ],
    }),
  ),
  events: v.pipe(
    v.array(
      v.object({
        id: v.string(),
        event: v.string(),
        at: time("Milliseconds."),
        client_id: v.optional(v.string()),
        detail: schema.anyObject(),
      }),
    ),
    v.description("What the event log has of the message, the oldest first."),
    v.examples([[]]),
  ),
});

/** What became of one message (G-03). Each fact says where it is from; what nobody knows says why. */
export const messageLedgerRoutes = new Hono<HttpEnv>().get(
  "/admin/conversations/:id/messages/:message",
  operation({
    id: "inspectMessage",
    tag: "Administration",
    summary: "Find out what became of a message, by recipient",
    description:
      "From the marks of members, and from the event log where `events.logDays` is on. 404 if neither has anything of it.",
    access: "master",
    answer,
  }),
  takes("param", v.object({ id: schema.conversationId(), message: schema.messageId() })),
  takes("query", asked),
  async (context) => {
    const { env } = context;
    const { id, message: messageId } = context.req.valid("param");
    const { timestamp, after, limit = LIMIT_DEFAULT } = context.req.valid("query");
    const within = limit >= 1 && limit <= LIMIT_MAX ? limit : LIMIT_DEFAULT;
    await mustExist(env, id);
    const asking = conversationOf(env, id).inspect("message", { messageId, timestamp, after, limit: within });
    const [found, { events }, log] = await Promise.all([
      awaitCall(asking, `a message of ${id}`),
      awaitCall(settingsOf(env).get(), "settings"),
      awaitCall(findEvents(env.DB, { conversationId: id, messageId, limit: ENTRIES_MAX }), "the event log"),
    ]);
    if (isRefused(found)) return refused(context, found);
    const entries = log.events.toReversed();
    if (found.message === undefined && entries.length === 0)
      return refuse(context, 404, {
        ...failures.notFound,
        error: "Nothing is known of such a message here.",
      });
    const isOn = events.logDays > 0;
    const facts = loggedFacts(entries, isOn);
    const { kind, message, recipients, total, hasMore } = found;
    return context.json({
      kind,
      log: { on: isOn, complete: log.next === undefined },
      ...(message === undefined
        ? { message_why: "It was deleted, or it was transient and is kept nowhere." }
        : { message: messageJson(message) }),
      recipients: {
        total,
        results: recipients.map(({ clientId, delivered, read }) => ({
          client_id: clientId,
          delivered: markJson(delivered),
          read: markJson(read),
          ...ofRecipient(facts, clientId),
        })),
        next: hasMore ? recipients.at(-1)?.clientId : undefined,
      },
      events: entries.map(eventJson),
    });
  },
);

const ofRecipient = ({ onlineWhenSent, pushed }: LoggedFacts, clientId: string) => ({
  online_when_sent: onlineWhenSent(clientId),
  pushed: pushed(clientId),
});

const markJson = (fact: Fact) => (fact.known ? { ...fact, source: "mark" } : fact);

const eventJson = ({ id, name, at, clientId, detail }: LoggedEvent) => ({
  id,
  event: name,
  at,
  client_id: clientId,
  detail,
});

function messageJson(message: MessageRecord) {
  const { id, from, content, mentionAll, mentions, receipt, recalled, patchedAt, recipients, address } =
    message;
  const isText = typeof content === "string";
  return {
    message_id: id,
    timestamp: timeSent(message),
    from,
    data: isText ? content : toBase64(content),
    bin: !isText,
    mention_all: mentionAll,
    mentions,
    receipt,
    recalled,
    patched_at: patchedAt,
    to_clients: recipients,
    address,
  };
}
