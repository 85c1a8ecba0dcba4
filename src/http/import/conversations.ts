import { Hono } from "hono";
import * as v from "valibot";
import type { Env } from "../../bindings.ts";
import { conversationOf } from "../../conversation/conversation-of.ts";
import { knownConversations } from "../../conversation/creation/known-conversations.ts";
import type { ImportedConversation } from "../../conversation/import/import-conversation.ts";
import { uniqueConversationId } from "../../conversation/messages/ids.ts";
import { saveConversations } from "../../database/conversations/save.ts";
import { forEachLimited } from "../../limited-calls.ts";
import type { Json } from "../../model/json.ts";
import { toIsoTime } from "../../protocol/encode.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import { readConversationRow } from "./conversation-row.ts";
import {
  type ImportAnswer,
  importAnswer,
  importing,
  inOrder,
  listUpTo,
  noRows,
  rowsUpTo,
} from "./imported-rows.ts";
import { ImportedMessages, importMessages, importUnread, OBJECTS_AT_ONCE } from "./messages.ts";

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

const conversationsWithMessages = v.object({
  results: listUpTo(ROWS_MAX.conversations, conversationShown),
  messages: v.optional(listUpTo(ROWS_MAX.messages, messageShown)),
});

const answerWithMessages = v.object({ ...importAnswer.entries, messages: v.optional(importAnswer) });

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
        "Rows of `_Conversation`. What was changed last wins, here or over there. Everything in them counts as read. " +
        "`messages` may have messages of theirs, which costs less than a request of their own.",
      answer: answerWithMessages,
    }),
    takes("json", conversationsWithMessages),
    async (context) => {
      const { results, messages = [] } = context.req.valid("json");
      const { messages: answer, ...conversations } = await importConversations(
        context.env,
        results,
        messages,
      );
      return context.json(messages.length === 0 ? conversations : { ...conversations, messages: answer });
    },
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

/**
 * Imports conversations, and messages of these or other ones, each with its conversation in one call of its object.
 *
 * @param messages in the order of time within each conversation
 */
export async function importConversations(
  env: Env,
  given: readonly Json[],
  messages: readonly Json[] = [],
): Promise<ImportAnswer & { messages: ImportAnswer }> {
  const now = Date.now();
  const answer = noRows();
  const records: ImportedConversation["record"][] = [];
  const history = ImportedMessages.of(messages, now);
  await forEachLimited([...given], OBJECTS_AT_ONCE, async (each, row) => {
    const imported = await readConversationRow(each, now);
    if (typeof imported === "string") return void answer.refused.push({ row, error: imported });
    const { id } = imported.record;
    const group = history.take(id);
    const importing = conversationOf(env, id).import(imported, group.messages);
    const done = structuredClone(await awaitCall(importing, `import of ${id}`));
    if (done === undefined) {
      group.refuse("the conversation is deleted");
      return void answer.refused.push({ row, error: "was deleted here" });
    }
    answer[done.outcome] += 1;
    records.push(done.record);
    if (done.log !== undefined) group.taken(done.log);
    if (imported.isUniqueOfMembers) await nameUnique(env, done.record);
  });
  await awaitCall(saveConversations(env.DB, records), "saving conversations to D1");
  for (const record of records) knownConversations(env).add(record);
  await history.importRest(env);
  return { ...answer, refused: inOrder(answer.refused), messages: await history.save(env) };
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
