import type { ConversationRecord } from "../../model/records.ts";
import { noticesOf } from "../delivery/notice-records.ts";
import type { Membership } from "../membership/membership.ts";
import type { ConversationState } from "../state.ts";
import type { StartedBy, StartResult } from "./start-result.ts";
import { areSame } from "./unique-registry.ts";

/** The conversation that an object has. */
interface ExistingConversation {
  state: ConversationState;
  conversation: { membership: Membership };
}

/** The object around a conversation that starts. */
export interface StartHost {
  existing(): ExistingConversation | undefined;
  /** Clears a deleted conversation away, so that a new one can begin. Rejects on failure. */
  clearDeleted(): Promise<void>;
  create(record: ConversationRecord): ExistingConversation;
  /** Clock time (ms). */
  now(): number;
  /** Makes the conversation findable. */
  index(): Promise<void>;
}

/**
 * Creates the object's conversation, or returns the existing one; undefined if the unique conversation has other
 * members by now. The conversation can be found before this resolves.
 */
export async function startHere(
  record: ConversationRecord,
  startedBy: StartedBy,
  host: StartHost,
): Promise<StartResult | undefined> {
  const existing = host.existing();
  if (existing !== undefined) {
    // Another call may be creating it at this moment, and nothing can find it before it is indexed.
    if (existing.state.copy.indexedAt === 0) await host.index();
    if (host.existing() === undefined) return startHere(record, startedBy, host); // deleted meanwhile
    if (record.unique && !areSame(existing.state.members.keys(), record.members)) return undefined;
    const creatorNotices = startedBy === "client" ? creationNoticesFor(existing.state, record.creator) : [];
    return { existing: true, conversation: existing.state.record(), creatorNotices };
  }
  await host.clearDeleted();
  if (host.existing() !== undefined) return startHere(record, startedBy, host); // another call was faster
  // The creation must not be older than its write: clients that log in from now on request only later changes.
  const now = host.now();
  const { state, conversation } = host.create({ ...record, createdAt: now, updatedAt: now });
  conversation.membership.recordCreation();
  await host.index();
  const creatorNotices = startedBy === "client" ? conversation.membership.creationNotices() : [];
  conversation.membership.announceCreation(startedBy); // before any message
  return { existing: false, conversation: state.record(), creatorNotices };
}

/** The creator gets the notices with the reply; if that was lost, with the next one. */
function creationNoticesFor(state: ConversationState, clientId: string): Uint8Array[] {
  const { creator, createdAt } = state.facts;
  if (creator !== clientId) return [];
  return noticesOf(state, clientId, createdAt - 1, createdAt + 1);
}
