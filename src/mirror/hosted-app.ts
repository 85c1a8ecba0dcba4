import * as v from "valibot";
import type { Json, JsonObject } from "../model/json.ts";
import type { ConversationRecord } from "../model/records.ts";
import type { Call, Outbound, Reply } from "../outbound/http-client.ts";
import { printable } from "../printable.ts";
import { parseJson } from "../protocol/json-text.ts";

/** A message on its way to LeanCloud. */
export interface PostedMessage {
  conversation: Pick<ConversationRecord, "id" | "kind">;
  from: string;
  content: string;
  noSync: boolean;
  mentionAll: boolean;
  mentions: readonly string[];
}

/** A message as it is known over there. */
export interface TheirMessage {
  id: string;
  /** When it was sent there (ms). */
  sentAt: number;
}

/** A change of a message that is over there. */
export type PatchedMessage = TheirMessage &
  Pick<PostedMessage, "conversation" | "from"> & {
    /** Undefined if it was recalled. */
    content: string | undefined;
  };

/** What became of a post. */
export type PostOutcome = ({ outcome: "sent" } & TheirMessage) | Failed;

/** What became of a change. */
export type PatchOutcome = { outcome: "sent" } | Failed;

type Failed =
  /** LeanCloud does not take this, now or later. */
  | { outcome: "refused"; why: string }
  /** It was not taken this time. */
  | { outcome: "not taken"; why: string }
  /** It may have been taken. */
  | { outcome: "unknown"; why: string };

/** Which message is looked for over there. */
export type Sought = Pick<PostedMessage, "conversation" | "from" | "content"> & {
  /** Not before this time (ms). */
  since: number;
};

/** A message as it is over there now. */
export type MessageThere =
  | { outcome: "found"; content: string }
  /** It is deleted, or of bytes. */
  | { outcome: "none" }
  | { outcome: "unknown"; why: string };

export type Row = { outcome: "found"; row: Json } | { outcome: "none" } | { outcome: "unknown"; why: string };

/** Less than a call into a conversation waits for the outcome of a post. */
const DEADLINE = 7_000; // ms
const PAGE = 100; // messages
const PAGES_MAX = 10;
/** LeanCloud's limit. */
const MENTIONS_MAX = 20;
/** Its code for a request that took too long on the server. */
const TIMED_OUT = 124;

const Sent = v.object({ "msg-id": v.string(), timestamp: v.number() });
const History = v.array(
  v.looseObject({ "msg-id": v.string(), timestamp: v.number(), from: v.string(), data: v.unknown() }),
);
const Failure = v.object({ code: v.number() });

/** Marks a request of the mirror: a Parley that receives one is what `mirror.server` must not lead to. */
export const MIRRORED = "Parley-Mirrored";

export interface HostedKeys {
  appId: string;
  masterKey: string;
}

/** The same app at LeanCloud, over its REST API with the master key (http-api §2). Nothing here rejects. */
export class HostedApp {
  readonly #server: string;
  readonly #keys: HostedKeys;
  readonly #outbound: Outbound;

  constructor(server: string, keys: HostedKeys, outbound: Outbound) {
    this.#server = server;
    this.#keys = keys;
    this.#outbound = outbound;
  }

  /** Sends a message there. Its offline recipients are pushed to from here, so `push_data` is left out. */
  async post({ conversation, ...message }: PostedMessage): Promise<PostOutcome> {
    const reply = await this.#call("POST", messagesOf(conversation), {
      from_client: message.from,
      message: message.content,
      ...(message.noSync ? { no_sync: true } : {}),
      ...(message.mentionAll ? { mention_all: true } : {}),
      ...(message.mentions.length > 0 && { mention_client_ids: message.mentions.slice(0, MENTIONS_MAX) }),
    });
    const failed = failureOf(reply);
    if (failed !== undefined) return failed;
    const sent = v.safeParse(Sent, "text" in reply ? jsonOf(reply) : undefined);
    if (!sent.success) return { outcome: "unknown", why: "an answer without an id" };
    return { outcome: "sent", id: sent.output["msg-id"], sentAt: sent.output.timestamp };
  }

  /** Edits or recalls a message there. Doing it again changes nothing. */
  async patch({ conversation, id, sentAt, from, content }: PatchedMessage): Promise<PatchOutcome> {
    const path = `${messagesOf(conversation)}/${encodeURIComponent(id)}`;
    const about = { from_client: from, timestamp: sentAt };
    const reply =
      content === undefined
        ? await this.#call("PUT", `${path}/recall`, about)
        : await this.#call("PUT", path, { ...about, message: content });
    return failureOf(reply) ?? { outcome: "sent" };
  }

  /** The messages of one sender with one content, oldest first; undefined if the answer cannot be had. */
  async find({ conversation, from, content, since }: Sought): Promise<TheirMessage[] | undefined> {
    const found: TheirMessage[] = [];
    let before: TheirMessage | undefined;
    for (let page = 0; page < PAGES_MAX; page++) {
      const query = new URLSearchParams({ limit: String(PAGE) });
      if (before !== undefined) {
        query.set("timestamp", String(before.sentAt));
        query.set("msgid", before.id);
      }
      const reply = await this.#call("GET", `${messagesOf(conversation)}?${query}`);
      const read =
        "status" in reply && reply.status === 200 ? v.safeParse(History, jsonOf(reply)) : undefined;
      if (!read?.success) return undefined;
      for (const { "msg-id": id, timestamp: sentAt, ...message } of read.output) {
        if (sentAt < since) return found.reverse();
        if (message.from === from && message.data === content && message.bin !== true)
          found.push({ id, sentAt });
        before = { id, sentAt };
      }
      if (read.output.length === 0) break;
    }
    return found.reverse();
  }

  /** What a message says now, after edits and recalls. */
  async message({
    conversation,
    id,
    sentAt,
  }: TheirMessage & Pick<PostedMessage, "conversation">): Promise<MessageThere> {
    // From a time on backwards, without that time itself; those of one millisecond are together.
    const query = new URLSearchParams({ limit: String(PAGE), timestamp: String(sentAt + 1) });
    const reply = await this.#call("GET", `${messagesOf(conversation)}?${query}`);
    if ("unanswered" in reply) return { outcome: "unknown", why: reply.unanswered };
    const read = reply.status === 200 ? v.safeParse(History, jsonOf(reply)) : undefined;
    if (!read?.success) return { outcome: "unknown", why: whyOf(reply) };
    const found = read.output.find((each) => each["msg-id"] === id && each.timestamp === sentAt);
    if (found === undefined || found.bin === true || typeof found.data !== "string")
      return { outcome: "none" };
    return { outcome: "found", content: found.data };
  }

  /** The row of a conversation. */
  async conversation(id: string): Promise<Row> {
    const reply = await this.#call("GET", `/1.1/classes/_Conversation/${encodeURIComponent(id)}`);
    if ("unanswered" in reply) return { outcome: "unknown", why: reply.unanswered };
    const row = jsonOf(reply);
    if (reply.status === 200 && row !== undefined)
      return v.is(v.object({ objectId: v.literal(id) }), row)
        ? { outcome: "found", row }
        : { outcome: "none" };
    return reply.status === 404 ? { outcome: "none" } : { outcome: "unknown", why: whyOf(reply) };
  }

  #call(method: Call["method"], path: string, body?: JsonObject): Promise<Reply> {
    const { appId, masterKey } = this.#keys;
    const headers = {
      "Content-Type": "application/json",
      "X-LC-Id": appId,
      "X-LC-Key": `${masterKey},master`,
      [MIRRORED]: "1",
    };
    const url = new URL(path, this.#server);
    return this.#outbound.send(
      { url, method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) },
      DEADLINE,
    );
  }
}

/** Undefined for a success. */
function failureOf(reply: Reply): Failed | undefined {
  if ("unanswered" in reply) return { outcome: "unknown", why: reply.unanswered };
  const { status } = reply;
  if (status >= 200 && status < 300) return undefined;
  const why = whyOf(reply);
  if (status >= 500 || status === 408 || codeIn(jsonOf(reply)) === TIMED_OUT)
    return { outcome: "unknown", why };
  // Keys, quotas and redirects concern all messages: the owner can do something about them.
  const isFinal = status === 400 || status === 404 || status === 413;
  return { outcome: isFinal ? "refused" : "not taken", why };
}

/** Chat rooms have a path of their own (http-api §2.3). */
const messagesOf = ({ id, kind }: PostedMessage["conversation"]) =>
  `/1.2/rtm/${kind === "room" ? "chatrooms" : "conversations"}/${encodeURIComponent(id)}/messages`;

function jsonOf({ text }: { text: string }): Json | undefined {
  const parsed = parseJson(text);
  return "value" in parsed ? parsed.value : undefined;
}

function codeIn(body: Json | undefined): number | undefined {
  return v.is(Failure, body) ? body.code : undefined;
}

const whyOf = ({ status, text }: { status: number; text: string }) =>
  `status ${status}: ${printable(text, 200)}`;
