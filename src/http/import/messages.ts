import * as v from "valibot";
import type { Env } from "../../bindings.ts";
import { conversationOf } from "../../conversation/conversation-of.ts";
import { knownConversations } from "../../conversation/creation/known-conversations.ts";
import type { ImportedLog } from "../../conversation/import/import-log.ts";
import type { ImportedMessage } from "../../conversation/log/import-messages.ts";
import { adoptedArchive } from "../../database/messages/archive.ts";
import type { ArchivedMessage } from "../../database/messages/history.ts";
import { type ImportedUpTo, importToArchive } from "../../database/messages/import.ts";
import { forEachLimited } from "../../limited-calls.ts";
import type { Json } from "../../model/json.ts";
import { archivedFrom } from "../../settings/archived-from.ts";
import { isRefused } from "../errors.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import * as schema from "../schemas.ts";
import { type ImportAnswer, inOrder, noRows, parsed, type RefusedRow, readRows } from "./imported-rows.ts";
import { type MessageRow, readMessageRow } from "./message-row.ts";

/** Objects that one request calls at once. */
export const OBJECTS_AT_ONCE = 16;

export const DELETED = "the conversation is deleted";

/** Rows of a request, each with its index there. */
export type Group<Row> = { row: number; value: Row }[];

/** Messages of one conversation on their way into its log. */
interface MessagesOfOne {
  messages: ImportedMessage[];
  /** The log has them. */
  taken(done: ImportedLog): void;
  refuse(error: string): void;
}

/** The messages of a request: what became of each, and what D1's archive has to be given. */
export class ImportedMessages {
  readonly #answer: ImportAnswer;
  readonly #waiting: Map<string, Group<MessageRow>>;
  readonly #archived: ArchivedMessage[] = [];
  readonly #progress: ImportedUpTo[] = [];

  constructor({ rows, refused }: { rows: Group<MessageRow>; refused: RefusedRow[] }) {
    this.#answer = { ...noRows(), refused };
    this.#waiting = Map.groupBy(rows, ({ value }) => value.conversationId);
  }

  /** @param now ms */
  static of(given: readonly Json[], now: number): ImportedMessages {
    return new ImportedMessages(readRows(given, (row) => readMessageRow(row, now)));
  }

  /** The messages of a conversation, which are not waiting any more. */
  take(conversationId: string): MessagesOfOne {
    const group = this.#waiting.get(conversationId) ?? [];
    this.#waiting.delete(conversationId);
    return {
      messages: group.map(({ value }) => value.message),
      taken: (done) => this.#taken(conversationId, group, done),
      refuse: (error) => refuseAll(group, error, this.#answer.refused),
    };
  }

  /** Imports those that still wait into their conversations, or refuses them where there is none. */
  async importRest(env: Env): Promise<void> {
    const rows = [...this.#waiting.values()].flat();
    await forEachConversation(env, rows, this.#answer.refused, async (conversationId) => {
      const { messages, taken, refuse } = this.take(conversationId);
      const importing = conversationOf(env, conversationId).importMessages(messages);
      const done = structuredClone(await awaitCall(importing, `import into ${conversationId}`));
      if (isRefused(done)) refuse(DELETED);
      else taken(done);
    });
  }

  /** Gives D1 what logs have taken. Returns what became of all. Throws if D1 fails. */
  async save(env: Env): Promise<ImportAnswer> {
    if (this.#progress.length > 0)
      await awaitCall(archive(env, this.#archived, this.#progress), "saving history to D1");
    return { ...this.#answer, refused: inOrder(this.#answer.refused) };
  }

  #taken(conversationId: string, group: Group<MessageRow>, { outcomes, copy }: ImportedLog): void {
    for (const [at, { outcome, place, recipients, from }] of outcomes.entries()) {
      const each = group[at];
      if (each === undefined) continue;
      if (outcome === "refused") {
        const error = "timestamp: too many messages within a second";
        this.#answer.refused.push({ row: each.row, error });
        continue;
      }
      if (outcome === "expired") {
        const error = "timestamp: older than messages are kept (retention.messageDays)";
        this.#answer.refused.push({ row: each.row, error });
        continue;
      }
      if (outcome === "mirrored") {
        this.#answer.kept += 1;
        continue;
      }
      this.#answer[outcome] += 1;
      // Broadcasts to everybody are in no list of the app's history.
      if (each.value.message.validTill === undefined)
        this.#archived.push({
          ...archivedOf(each.value, place, recipients),
          ...(from !== undefined && { from }),
        });
    }
    this.#progress.push({ conversationId, ...copy });
  }
}

export async function importMessages(env: Env, given: readonly Json[]): Promise<ImportAnswer> {
  const history = ImportedMessages.of(given, Date.now());
  await history.importRest(env);
  return history.save(env);
}

async function archive(env: Env, imported: ArchivedMessage[], progress: ImportedUpTo[]): Promise<void> {
  const since = await archivedFrom(env);
  await importToArchive(await adoptedArchive(env), imported, progress, since);
}

function archivedOf(
  { conversationId, message: { validTill: _, ...message } }: MessageRow,
  place: number,
  recipients: string[] | undefined,
): ArchivedMessage {
  return {
    ...message,
    conversationId,
    timestamp: place,
    ...(place === message.timestamp ? {} : { sentAt: message.timestamp }),
    mentionAll: false,
    mentions: [],
    receipt: false,
    patchedAt: undefined,
    recipients,
    deleted: false,
  };
}

const unreadRow = v.object({
  conversation: schema.conversationId(),
  client: schema.clientId(example.READER),
  unread: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

export async function importUnread(env: Env, given: readonly Json[]): Promise<ImportAnswer> {
  const { rows, refused } = readRows(given, (row) => {
    const read = parsed(unreadRow, row);
    return typeof read === "string" ? read : { conversationId: read.conversation, ...read };
  });
  const answer: ImportAnswer = { ...noRows(), refused };
  await forEachConversation(env, rows, refused, async (conversationId, group) => {
    const counts = group.map(({ value }) => ({ clientId: value.client, unread: value.unread }));
    const importing = conversationOf(env, conversationId).importUnread(counts);
    const moved = structuredClone(await awaitCall(importing, `import into ${conversationId}`));
    if (isRefused(moved)) return void refuseAll(group, DELETED, refused);
    for (const hasMoved of moved) answer[hasMoved ? "changed" : "kept"] += 1;
  });
  return { ...answer, refused: inOrder(refused) };
}

/** Does something for the rows of each conversation; those of conversations that are not here are refused. */
export async function forEachConversation<Row extends { conversationId: string }>(
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
  await forEachLimited([...existing], OBJECTS_AT_ONCE, (id) => run(id, groups.get(id) ?? []));
}

export function refuseAll(group: Group<object>, error: string, refused: RefusedRow[]): void {
  for (const { row } of group) refused.push({ row, error });
}
