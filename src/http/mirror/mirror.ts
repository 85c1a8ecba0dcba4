import { Hono } from "hono";
import * as v from "valibot";
import type { Env } from "../../bindings.ts";
import { conversationOf } from "../../conversation/conversation-of.ts";
import { isConversationId } from "../../conversation/messages/ids.ts";
import type { HostedMessage } from "../../conversation/mirror/mirror-host.ts";
import { mirrorState } from "../../database/mirror-progress.ts";
import type { HostedApp } from "../../mirror/hosted-app.ts";
import { hostedAppOf } from "../../mirror/hosted-app-of.ts";
import { isObject, type JsonObject } from "../../model/json.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { failures, INVALID_FIELD, isRefused, refuse } from "../errors.ts";
import * as example from "../examples.ts";
import { mayExist } from "../existing-conversation.ts";
import { importConversations } from "../import/conversations.ts";
import { readMessageRow } from "../import/message-row.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import { shown } from "../schemas.ts";

/** Longer than a post to LeanCloud takes whose answer may tell whether a message is known (ms). */
const DEADLINE = 12_000;
const BODY_MAX = 512 * 1024; // bytes
/** Conversations of each kind that are listed. */
const LISTED = 100;

const flag = () => v.optional(v.unknown());

/** What LeanEngine hands to `_messageSent` (http-api §8.3). */
const hooked = v.pipe(
  v.looseObject({
    convId: v.string(),
    fromPeer: v.string(),
    msgId: v.string(),
    timestamp: v.number(),
    content: v.union([v.string(), v.record(v.string(), v.unknown())]),
    bin: flag(),
    transient: flag(),
    system: flag(),
    sourceIP: v.nullish(v.string()),
  }),
  shown({
    convId: example.CONVERSATION,
    fromPeer: example.SENDER,
    msgId: example.MESSAGE,
    timestamp: example.MESSAGE_AT,
    content: example.TEXT,
    bin: false,
    transient: false,
  }),
);

/** Of what LeanEngine hands to `_messageUpdate`, whose content may never come to be. */
const changed = v.pipe(
  v.looseObject({ convId: v.string(), msgId: v.string(), timestamp: v.number() }),
  shown({ convId: example.CONVERSATION, msgId: example.MESSAGE, timestamp: example.MESSAGE_AT }),
);

const answer = v.object({
  outcome: v.pipe(
    v.picklist(["added", "changed", "known", "left out"]),
    v.description("`known` if it is here already, or was sent from here."),
  ),
  why: v.optional(v.pipe(v.string(), v.description("Why it was left out."))),
});

const answered = v.pipe(answer, shown({ outcome: "added" }));

type Answered = v.InferOutput<typeof answer>;

const count = (meaning: string) => v.pipe(v.number(), v.integer(), v.description(meaning));
const time = (meaning: string) => v.pipe(v.nullable(v.pipe(v.number(), v.integer())), v.description(meaning));

const stateFields = v.object({
  server: v.nullable(v.pipe(v.string(), v.examples(["https://abc.lc-cn-n1-shared.com"]))),
  sent: count("Messages that went to LeanCloud."),
  received: count("Messages that came from there."),
  leftOut: count("Messages that cannot go there."),
  waiting: count("Messages that are to go there."),
  conversations: v.pipe(
    v.array(
      v.object({
        conversationId: v.string(),
        sent: count("Messages that went to LeanCloud."),
        received: count("Messages that came from there."),
        leftOut: count("Messages that cannot go there."),
        leftOutWhy: v.pipe(v.nullable(v.string()), v.description("Why the last of them could not.")),
        waiting: count("Messages that are to go there."),
        waitingSince: time("Time of the oldest of them, in ms."),
        problem: v.pipe(v.nullable(v.string()), v.description("What the last attempt met.")),
        updatedAt: count("In ms."),
      }),
    ),
    v.description("Those with messages that wait, and those with messages that were left out."),
    v.examples([[]]),
  ),
});

const state = v.pipe(
  stateFields,
  shown({
    server: "https://abc.lc-cn-n1-shared.com",
    sent: 120,
    received: 80,
    leftOut: 0,
    waiting: 1,
    conversations: [
      {
        conversationId: example.CONVERSATION,
        sent: 12,
        received: 8,
        leftOut: 0,
        leftOutWhy: null,
        waiting: 1,
        waitingSince: example.MESSAGE_AT,
        problem: "status 429: Too many requests.",
        updatedAt: example.MESSAGE_AT,
      },
    ],
  }),
);

const OFF = { code: INVALID_FIELD, error: "Nothing is mirrored: the setting mirror.server is not set." };

/** Messages from LeanCloud while clients are on both sides, and how the mirror does (docs/moving.md). */
export const mirrorRoutes = new Hono<HttpEnv>()
  .post(
    "/admin/mirror/messages",
    operation({
      id: "mirrorMessage",
      tag: "Administration",
      summary: "Take a message from LeanCloud",
      description:
        "For the hook `_messageSent` of LeanEngine, with its parameters. A message comes in once, however often it is " +
        "sent here; one that was sent from here is known. 503 if that cannot be decided yet: ask again.",
      access: "master",
      answer: answered,
      bodyLimit: BODY_MAX,
    }),
    takes("json", hooked),
    async (context) => {
      const { env } = context;
      const settings = await settingsOf(env).get();
      const hosted = hostedAppOf(env, settings);
      if (hosted === undefined) return refuse(context, 400, OFF);
      const told = context.req.valid("json");
      if (told.transient) return context.json(leftOut("transient messages stay where they were sent"));
      if (told.system)
        return context.json(leftOut("messages of service conversations stay where they were sent"));
      const read = readMessageRow(rowOf(told), Date.now());
      if (typeof read === "string") return refuse(context, 400, { code: INVALID_FIELD, error: read });
      const { conversationId, message } = read;
      const missing = await whyMissing(env, hosted, conversationId, message.timestamp);
      if (missing === "unknown") return refuse(context, 503, failures.unavailable);
      if (missing !== undefined) return context.json(leftOut(missing));
      const { timestamp: sentAt, id, from, content, address } = message;
      const received = await receive(env, conversationId, { sentAt, id, from, content, address });
      if (received === "later") return refuse(context, 503, failures.unavailable);
      return context.json(received);
    },
  )
  .post(
    "/admin/mirror/changes",
    operation({
      id: "mirrorChange",
      tag: "Administration",
      summary: "Take an edit or recall from LeanCloud",
      description:
        "For the hook `_messageUpdate` of LeanEngine, with its parameters, some seconds later: that hook is asked before " +
        "the message is changed. What the message says at LeanCloud by now is read there, so nothing goes in circles. " +
        "503 if that cannot be read: ask again.",
      access: "master",
      answer: answered,
      bodyLimit: BODY_MAX,
    }),
    takes("json", changed),
    async (context) => {
      const { env } = context;
      if (hostedAppOf(env, await settingsOf(env).get()) === undefined) return refuse(context, 400, OFF);
      const { convId, msgId: id, timestamp: sentAt } = context.req.valid("json");
      if (!isConversationId(convId) || !(await mayExist(env, convId)))
        return context.json(leftOut("there is no such conversation here"));
      const receiving = conversationOf(env, convId).receiveMirroredChange({ id, sentAt });
      const done = structuredClone(await awaitCall(receiving, `a change in ${convId}`, DEADLINE));
      if (done === "later") return refuse(context, 503, failures.unavailable);
      if (isRefused(done)) return context.json(leftOut(DELETED));
      return context.json(done === "missing" ? leftOut("there is no such message here") : { outcome: done });
    },
  )
  .get(
    "/admin/mirror",
    operation({
      id: "getMirror",
      tag: "Administration",
      summary: "See how messages go to LeanCloud and come from there",
      access: "master",
      answer: state,
    }),
    async (context) => {
      const { env } = context;
      const { server } = (await settingsOf(env).get()).mirror;
      const found = await awaitCall(mirrorState(env.DB, LISTED), "mirror");
      return context.json({ server, ...found });
    },
  );

const DELETED = "the conversation is deleted here";

const leftOut = (why: string): Answered => ({ outcome: "left out", why });

/** As history has it. */
function rowOf(told: v.InferOutput<typeof hooked>): JsonObject {
  const { convId, fromPeer, msgId, timestamp, content, bin, sourceIP } = told;
  return {
    to: convId,
    from: fromPeer,
    "msg-id": msgId,
    timestamp,
    data: typeof content === "string" ? content : JSON.stringify(content),
    bin: Boolean(bin),
    "from-ip": sourceIP ?? null,
  };
}

/**
 * Takes over a conversation of LeanCloud that is not here yet. What was said in it before a message counts as read.
 * Returns why there is none; undefined if it is here.
 */
async function whyMissing(
  env: Env,
  hosted: HostedApp,
  id: string,
  sentAt: number,
): Promise<string | undefined | "unknown"> {
  if (await mayExist(env, id)) return undefined;
  const found = await hosted.conversation(id);
  if (found.outcome === "unknown") {
    console.warn(`mirror: the conversation ${id} is not known yet: ${found.why}`);
    return "unknown";
  }
  if (found.outcome === "none" || !isObject(found.row)) return "there is no such conversation there";
  const { refused } = await importConversations(env, [{ ...found.row, lm: sentAt - 1 }]);
  return refused[0]?.error;
}

async function receive(env: Env, id: string, message: HostedMessage): Promise<Answered | "later"> {
  const receiving = conversationOf(env, id).receiveMirrored(message);
  const received = structuredClone(await awaitCall(receiving, `message from LeanCloud in ${id}`, DEADLINE));
  if (received === "later") return "later";
  return isRefused(received) ? leftOut(DELETED) : { outcome: received };
}
