import { Hono } from "hono";
import * as v from "valibot";
import type { Env } from "../../bindings.ts";
import { conversationOf } from "../../conversation/conversation-of.ts";
import { knownConversations } from "../../conversation/creation/known-conversations.ts";
import type { ImportedConversation } from "../../conversation/import/import-conversation.ts";
import { uniqueConversationId } from "../../conversation/messages/ids.ts";
import { saveConversations } from "../../database/conversations/save.ts";
import type { ArchivedMessage } from "../../database/messages/history.ts";
import { type ImportedUpTo, importToArchive } from "../../database/messages/import.ts";
import { forEachLimited } from "../../limited-calls.ts";
import { toIsoTime } from "../../protocol/encode.ts";
import type { HttpEnv } from "../env.ts";
import { isRefused } from "../errors.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { readConversationRow } from "./conversation-row.ts";
import {
  type ImportAnswer,
  importing,
  noRows,
  parsed,
  type RefusedRow,
  readRows,
  rowsUpTo,
} from "./imported-rows.ts";
import { type MessageRow, readMessageRow } from "./message-row.ts";

/** Objects that one request calls at once. */
const AT_ONCE = 16;
const ROWS_MAX = { conversations: 200, messages: 2_000, unread: 2_000 };

const conversationShown = {
  objectId: example.CONVERSATION,
  m: [example.SENDER, example.READER],
  c: example.SENDER,
  name: "Cheese",
  createdAt: toIsoTime(example.MESSAGE_AT),
  updatedAt: toIsoTime(example.MESSAGE_AT),
};

const messageShown = {
  to: example.CONVERSATION,
  "msg-id": example.MESSAGE,
  timestamp: example.MESSAGE_AT,
  from: example.SENDER,
  data: example.TEXT,
};

const unreadRow = v.object({
  conversation: schema.conversationId(),
  client: schema.clientId(example.READER),
  unread: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

/**
 * `POST /admin/import/…`, with the master key: takes over rows as the hosted service exports them. Ids and times are
 * kept, nobody is notified, and importing again changes nothing.
 */
export const conversationImportRoutes = new Hono<HttpEnv>()
  .post(
    "/admin/import/conversations",
    operation({
      ...importing,
      id: "importConversations",
      summary: "Import conversations",
      description:
        "Rows of `_Conversation`. What was changed last wins, here or over there. Everything in them counts as read.",
    }),
    takes("json", rowsUpTo(ROWS_MAX.conversations, conversationShown)),
    async (context) =>
      context.json(await importConversations(context.env, context.req.valid("json").results)),
  )
  .post(
    "/admin/import/messages",
    operation({
      ...importing,
      id: "importMessages",
      summary: "Import messages",
      description: "Messages as history over HTTP has them, oldest first, of conversations that are here.",
    }),
    takes("json", rowsUpTo(ROWS_MAX.messages, messageShown)),
    async (context) => context.json(await importMessages(context.env, context.req.valid("json").results)),
  )
  .post(
    "/admin/import/unread",
    operation({
      ...importing,
      id: "importUnread",
      summary: "Import unread counts",
      description:
        "How many of the newest messages a member has not read. Members who have read something here keep their place.",
    }),
    takes(
      "json",
      rowsUpTo(ROWS_MAX.unread, { conversation: example.CONVERSATION, client: example.READER, unread: 0 }),
    ),
    async (context) => context.json(await importUnread(context.env, context.req.valid("json").results)),
  );

type Rows = Parameters<typeof readRows>[0];

export async function importConversations(env: Env, given: Rows): Promise<ImportAnswer> {
  const now = Date.now();
  const answer = noRows();
  const records: ImportedConversation["record"][] = [];
  await forEachLimited(given, AT_ONCE, async (each, row) => {
    const imported = await readConversationRow(each, now);
    if (typeof imported === "string") return void answer.refused.push({ row, error: imported });
    const { id } = imported.record;
    const importing = conversationOf(env, id).import(imported);
    const done = structuredClone(await awaitCall(importing, `import of ${id}`));
    if (done === undefined) return void answer.refused.push({ row, error: "was deleted here" });
    answer[done.outcome] += 1;
    records.push(done.record);
    if (imported.isUniqueOfMembers) await nameUnique(env, done.record);
  });
  await awaitCall(saveConversations(env.DB, records), "saving conversations to D1");
  for (const record of records) knownConversations(env).add(record);
  return { ...answer, refused: inOrder(answer.refused) };
}

/** Of two that the same members have, the one with the later message is found by them from now on (http-api §12.2). */
async function nameUnique(env: Env, record: ImportedConversation["record"]): Promise<void> {
  const { id, members, lastMessageAt = 0 } = record;
  const registryId = await uniqueConversationId(env.APP_ID, "normal", members);
  if (registryId === id) return;
  const registry = conversationOf(env, registryId);
  const name = (instead: string | undefined) =>
    awaitCall(registry.nameUnique(id, members, instead), `unique conversation of ${id}`);
  const named = await name(undefined);
  if (named === undefined || named === id) return;
  const other = await awaitCall(conversationOf(env, named).describe(undefined), `describing ${named}`);
  if ((other?.conversation.lastMessageAt ?? 0) < lastMessageAt) await name(named);
}

async function importMessages(env: Env, given: Rows): Promise<ImportAnswer> {
  const now = Date.now();
  const { rows, refused } = readRows(given, (row) => readMessageRow(row, now));
  const answer: ImportAnswer = { added: 0, changed: 0, kept: 0, refused };
  const archived: ArchivedMessage[] = [];
  const progress: ImportedUpTo[] = [];
  await forEachConversation(env, rows, refused, async (conversationId, group) => {
    const messages = group.map(({ value }) => value.message);
    const importing = conversationOf(env, conversationId).importMessages(messages);
    const done = structuredClone(await awaitCall(importing, `import into ${conversationId}`));
    if (isRefused(done)) return void refuseAll(group, "the conversation is deleted", refused);
    for (const [at, { outcome, place }] of done.outcomes.entries()) {
      const each = group[at];
      if (each === undefined) continue;
      if (outcome === "refused") {
        refused.push({ row: each.row, error: "timestamp: too many messages within a second" });
        continue;
      }
      if (outcome === "mirrored") {
        answer.kept += 1;
        continue;
      }
      answer[outcome] += 1;
      archived.push(archivedOf(each.value, place));
    }
    progress.push({ conversationId, ...done.copy });
  });
  await awaitCall(importToArchive(env.DB, archived, progress), "saving history to D1");
  return { ...answer, refused: inOrder(refused) };
}

function archivedOf({ conversationId, message }: MessageRow, place: number): ArchivedMessage {
  return {
    ...message,
    conversationId,
    timestamp: place,
    ...(place === message.timestamp ? {} : { sentAt: message.timestamp }),
    mentionAll: false,
    mentions: [],
    receipt: false,
    patchedAt: undefined,
    recipients: undefined,
    deleted: false,
  };
}

async function importUnread(env: Env, given: Rows): Promise<ImportAnswer> {
  const { rows, refused } = readRows(given, (row) => {
    const read = parsed(unreadRow, row);
    return typeof read === "string" ? read : { conversationId: read.conversation, ...read };
  });
  const answer: ImportAnswer = { added: 0, changed: 0, kept: 0, refused };
  await forEachConversation(env, rows, refused, async (conversationId, group) => {
    const counts = group.map(({ value }) => ({ clientId: value.client, unread: value.unread }));
    const importing = conversationOf(env, conversationId).importUnread(counts);
    const moved = structuredClone(await awaitCall(importing, `import into ${conversationId}`));
    if (isRefused(moved)) return void refuseAll(group, "the conversation is deleted", refused);
    for (const hasMoved of moved) answer[hasMoved ? "changed" : "kept"] += 1;
  });
  return { ...answer, refused: inOrder(refused) };
}

type Group<Row> = { row: number; value: Row }[];

/** Does something for the rows of each conversation; those of conversations that are not here are refused. */
async function forEachConversation<Row extends { conversationId: string }>(
  env: Env,
  rows: Group<Row>,
  refused: RefusedRow[],
  run: (conversationId: string, group: Group<Row>) => Promise<void>,
): Promise<void> {
  const groups = Map.groupBy(rows, ({ value }) => value.conversationId);
  const ids = [...groups.keys()];
  const existing = new Set(await awaitCall(knownConversations(env).among(ids), "looking for conversations"));
  for (const [id, group] of groups)
    if (!existing.has(id)) refuseAll(group, "to: there is no such conversation here", refused);
  await forEachLimited([...existing], AT_ONCE, (id) => run(id, groups.get(id) ?? []));
}

function refuseAll(group: Group<object>, error: string, refused: RefusedRow[]): void {
  for (const { row } of group) refused.push({ row, error });
}

const inOrder = (refused: readonly RefusedRow[]) => refused.toSorted((a, b) => a.row - b.row);
