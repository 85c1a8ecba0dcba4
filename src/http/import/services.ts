import { Hono } from "hono";
import * as v from "valibot";
import type { Env } from "../../bindings.ts";
import { conversationOf } from "../../conversation/conversation-of.ts";
import { knownConversations } from "../../conversation/creation/known-conversations.ts";
import { knownClients } from "../../conversation/known-clients.ts";
import { addEarlySubscriptions } from "../../database/conversations/early-subscriptions.ts";
import { type ImportedSystemMessage, importSystemMessages } from "../../database/system-messages/import.ts";
import { forEachLimited } from "../../limited-calls.ts";
import { isObject, type Json } from "../../model/json.ts";
import type { HttpEnv } from "../env.ts";
import { isRefused } from "../errors.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import {
  anyTime,
  type ImportAnswer,
  importing,
  inOrder,
  noRows,
  parsed,
  readRows,
  rowsUpTo,
} from "./imported-rows.ts";
import { type MessageRow, readMessageRow } from "./message-row.ts";
import {
  DELETED,
  forEachConversation,
  type Group,
  ImportedMessages,
  OBJECTS_AT_ONCE,
  refuseAll,
} from "./messages.ts";

const ROWS_MAX = 1_000;
const NO_SERVICE = "is no service conversation here";

const subscriberRow = v.looseObject({
  conv_id: schema.conversationId(),
  subscriber: schema.clientId(example.READER),
  timestamp: v.nullish(anyTime()),
});

const writtenRow = v.looseObject({
  objectId: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  conv: v.union([v.string(), v.looseObject({ objectId: v.string() })], "must be a conversation"),
  msgId: v.string("must be a message's id"),
  timestamp: anyTime(),
});

/** `POST /admin/import/…` for what service conversations have beside messages, with the master key: as other imports. */
export const serviceImportRoutes = new Hono<HttpEnv>()
  .post(
    "/admin/import/subscribers",
    operation({
      ...importing,
      id: "importSubscribers",
      summary: "Import subscribers of service conversations",
      description: "Clients that unsubscribed here since an import are left out.",
    }),
    takes(
      "json",
      rowsUpTo(ROWS_MAX, {
        conv_id: example.CONVERSATION,
        subscriber: example.READER,
        timestamp: example.MESSAGE_AT,
      }),
    ),
    async (context) => context.json(await importSubscribers(context.env, context.req.valid("json").results)),
  )
  .post(
    "/admin/import/broadcasts",
    operation({
      ...importing,
      id: "importBroadcasts",
      summary: "Import broadcasts to everybody",
      description:
        "Those that are still valid, with `valid_till`. Clients got them: they come as history alone.",
    }),
    takes(
      "json",
      rowsUpTo(ROWS_MAX, {
        conv_id: example.CONVERSATION,
        "msg-id": example.MESSAGE,
        timestamp: example.MESSAGE_AT,
        from: example.SENDER,
        data: example.TEXT,
        valid_till: example.LATER,
      }),
    ),
    async (context) => context.json(await importBroadcasts(context.env, context.req.valid("json").results)),
  )
  .post(
    "/admin/import/system-messages",
    operation({
      ...importing,
      id: "importSystemMessages",
      summary: "Import what clients wrote to services",
      description: "Rows of `_SysMessage`. Each belongs to its author's dialogue alone.",
    }),
    takes(
      "json",
      rowsUpTo(ROWS_MAX, {
        objectId: example.ROLE,
        conv: { __type: "Pointer", className: "_Conversation", objectId: example.CONVERSATION },
        msgId: example.MESSAGE,
        from: example.SENDER,
        data: example.TEXT,
        bin: false,
        timestamp: example.MESSAGE_AT,
      }),
    ),
    async (context) => context.json(await importWritten(context.env, context.req.valid("json").results)),
  );

async function importSubscribers(env: Env, given: readonly Json[]): Promise<ImportAnswer> {
  const now = Date.now();
  const { rows, refused } = readRows(given, (row) => {
    const read = parsed(subscriberRow, row);
    if (typeof read === "string") return read;
    const since = Math.min(read.timestamp ?? now, now);
    return { conversationId: read.conv_id, clientId: read.subscriber, since };
  });
  const answer: ImportAnswer = { ...noRows(), refused };
  await forEachConversation(env, rows, refused, async (id, group) => {
    if ((await knownConversations(env).kindOf(id)) !== "system")
      return void refuseAll(group, `conv_id: ${NO_SERVICE}`, refused);
    await list(env, group);
    const subscribers = group.map(({ value: { clientId, since } }) => ({ clientId, since }));
    const importing = conversationOf(env, id).service("importSubscribers", { subscribers });
    const done = structuredClone(await awaitCall(importing, `import into ${id}`));
    if (isRefused(done)) return void refuseAll(group, DELETED, refused);
    for (const [at, outcome] of done.entries()) {
      if (typeof outcome === "string") answer[outcome] += 1;
      else refused.push({ row: group[at]?.row ?? 0, error: outcome.refused });
    }
  });
  return { ...answer, refused: inOrder(refused) };
}

/**
 * Writes subscriptions into the clients' own lists, before the service has them: D1 keeps those of clients that have
 * never logged in, which after a move are nearly all. A login removes one that the service does not have.
 */
async function list(
  env: Env,
  group: Group<{ conversationId: string; clientId: string; since: number }>,
): Promise<void> {
  const subscriptions = group.map(({ value }) => value);
  await awaitCall(addEarlySubscriptions(env.DB, subscriptions), "subscriptions in D1");
  const known = knownClients(env.DB);
  const loggedIn = await Promise.all(subscriptions.map(({ clientId }) => known.mayHaveLoggedIn(clientId)));
  const here = subscriptions.filter((_, at) => loggedIn[at]);
  await forEachLimited(here, OBJECTS_AT_ONCE, async ({ clientId, conversationId, since }) => {
    const listing = env.CLIENTS.getByName(clientId).subscribe({ conversationId, since }, undefined);
    await awaitCall(listing, `subscription of ${clientId}`);
  });
}

async function importBroadcasts(env: Env, given: readonly Json[]): Promise<ImportAnswer> {
  const read = (row: Json, now: number): MessageRow | string => {
    if (!isObject(row)) return readMessageRow(row, now);
    const message = readMessageRow({ ...row, to: row.conv_id ?? row.to ?? null }, now);
    if (typeof message === "string") return message;
    return message.message.validTill === undefined ? "valid_till: is missing" : message;
  };
  return importInto(env, given, read);
}

async function importWritten(env: Env, given: readonly Json[]): Promise<ImportAnswer> {
  const taken: ImportedSystemMessage[] = [];
  const answer = await importInto(env, given, (row, now) => {
    const read = parsed(writtenRow, row);
    if (typeof read === "string" || !isObject(row))
      return typeof read === "string" ? read : "must be an object";
    const { objectId: id, conv, msgId, timestamp } = read;
    const to = typeof conv === "string" ? conv : conv.objectId;
    const { from = "", data = "", bin = false, fromIp = null, ackAt = null } = row;
    const asHistory = { to, "msg-id": msgId, timestamp, from, data, bin, "from-ip": fromIp, "ack-at": ackAt };
    const message = readMessageRow(asHistory, now);
    if (typeof message === "string") return message;
    taken.push({ id, conversationId: to, message: message.message });
    return { conversationId: to, message: { ...message.message, recipients: [] } };
  });
  await awaitCall(importSystemMessages(env.DB, taken), "saving what was written to services to D1");
  return answer;
}

/** Imports messages of service conversations; those of others are refused. */
async function importInto(
  env: Env,
  given: readonly Json[],
  read: (row: Json, now: number) => MessageRow | string,
): Promise<ImportAnswer> {
  const now = Date.now();
  const { rows, refused } = readRows(given, (row) => read(row, now));
  const ids = [...new Set(rows.map(({ value }) => value.conversationId))];
  const services = new Set<string>();
  await forEachLimited(ids, OBJECTS_AT_ONCE, async (id) => {
    if ((await knownConversations(env).kindOf(id)) === "system") services.add(id);
  });
  const [mine, others] = [
    rows.filter(({ value }) => services.has(value.conversationId)),
    rows.filter(({ value }) => !services.has(value.conversationId)),
  ];
  refuseAll(others, `conv: ${NO_SERVICE}`, refused);
  const history = new ImportedMessages({ rows: inTime(mine), refused });
  await history.importRest(env);
  return history.save(env);
}

/** The oldest first, as logs take them. */
const inTime = (rows: Group<MessageRow>) =>
  rows.toSorted((one, other) => one.value.message.timestamp - other.value.message.timestamp);
