import type { ConversationRecord } from "../../model/records.ts";
import type { ConversationTables } from "../conversation-tables.ts";
import { areSame } from "../creation/unique-registry.ts";
import type { Facts } from "../facts.ts";
import { importUnreadOfService } from "../service/service-import.ts";
import { ConversationState } from "../state.ts";
import type { ImportedLog } from "./import-log.ts";

/** A conversation of another service. */
export interface ImportedConversation {
  record: ConversationRecord;
  /** Whether its members are those of its `uniqueId`. */
  isUniqueOfMembers: boolean;
}

/** What became of an imported conversation, and how it is here now. */
export interface ConversationImport {
  outcome: "added" | "changed" | "kept";
  record: ConversationRecord;
  /** Undefined if no messages came with it. */
  log: ImportedLog | undefined;
}

/** Creates a conversation of another service. Nobody is notified, and everything in it is read. */
export function createImported(
  tables: ConversationTables,
  imported: ImportedConversation,
): ConversationState {
  const state = ConversationState.createEmpty(tables, factsOf(imported));
  takeMembers(state, imported.record);
  return state;
}

/**
 * Brings a conversation up to date that was imported before. What was changed last wins: a change that was made here
 * later than the one over there stays, and so does its kind. Nobody is notified.
 */
export function updateImported(state: ConversationState, imported: ImportedConversation): "changed" | "kept" {
  const { record } = imported;
  const before = state.record();
  if (record.kind !== before.kind) return "kept";
  const known = state.facts.importedLastMessageAt ?? 0;
  const lastMessageAt = Math.max(record.lastMessageAt ?? 0, known);
  if (record.updatedAt > before.updatedAt) {
    state.importFacts({ ...factsOf(imported), importedLastMessageAt: lastMessageAt });
    takeMembers(state, record);
    return "changed";
  }
  if (lastMessageAt <= Math.max(before.lastMessageAt ?? 0, known)) return "kept";
  state.importFacts({ ...state.facts, importedLastMessageAt: lastMessageAt });
  readUpTo(state, lastMessageAt);
  return "changed";
}

function factsOf({ record, isUniqueOfMembers }: ImportedConversation): Facts {
  const { members, muted, lastMessageAt, ...facts } = record;
  const uniqueOf = isUniqueOfMembers ? members : [];
  return {
    ...facts,
    ...(record.unique ? { uniqueOf } : {}),
    ...(lastMessageAt === undefined ? {} : { importedLastMessageAt: lastMessageAt }),
  };
}

function takeMembers(state: ConversationState, record: ConversationRecord): void {
  if (!state.rules.hasMembers) return;
  const { members } = state;
  if (!areSame(members.keys(), record.members)) {
    const present = new Set(record.members);
    for (const clientId of [...members.keys()]) if (!present.has(clientId)) state.removeMember(clientId);
    const readUpTo = Math.max(record.createdAt, record.lastMessageAt ?? 0);
    for (const clientId of record.members)
      if (!members.has(clientId)) members.add(clientId, record.createdAt, 0, readUpTo);
  }
  const muted = new Set(record.muted);
  for (const member of members.values()) {
    if (member.muted !== muted.has(member.clientId)) members.setMuted(member, muted.has(member.clientId));
  }
  readUpTo(state, record.lastMessageAt ?? 0);
}

/** Everybody has read everything up to a time, but those who have read something here: their devices know better. */
function readUpTo(state: ConversationState, time: number): void {
  const { members } = state;
  for (const member of members.values()) members.importReadCursor(member, Math.max(time, member.readCursor));
}

/**
 * Puts the read cursor of a member before the newest messages from others, as many as were unread over there; a member
 * that has read something here keeps theirs. Returns whether the cursor moved.
 */
export function importUnread(state: ConversationState, clientId: string, unread: number): boolean {
  const { log, members, service } = state;
  if (service !== undefined) return importUnreadOfService(state.log, service, clientId, unread);
  const member = members.get(clientId);
  if (member === undefined) return false;
  const end = Math.max(log.head, state.facts.importedLastMessageAt ?? 0);
  if (unread === 0) return members.importReadCursor(member, end);
  const [oldest] = log.fromOthers.newest(clientId, 0, log.head, unread).messages;
  return members.importReadCursor(member, oldest === undefined ? end : oldest.timestamp - 1);
}
