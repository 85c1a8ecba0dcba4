import type { ConversationRecord } from "../model/records.ts";
import type { Membership } from "./membership.ts";
import { noticesOf } from "./notice-records.ts";
import type { Started } from "./started.ts";
import type { ConversationState } from "./state.ts";
import { areSame } from "./unique-registry.ts";

/** Who asks for a conversation: a client is told by its own object, as with everything else it asks that for. */
export type Origin = "client" | "server";

/** A conversation that its object holds. */
interface Held {
  state: ConversationState;
  conversation: { membership: Membership };
}

/** What an object does for whoever starts its conversation. */
export interface StartHost {
  held(): Held | undefined;
  /** Nothing stands in the way of a new one afterwards. Rejects where something does. */
  makeRoom(): Promise<void>;
  create(record: ConversationRecord): Held;
  /** Milliseconds. */
  now(): number;
  /** Whoever looks for the conversation afterwards finds it. */
  index(): Promise<void>;
}

/**
 * Creates the conversation of an object, or finds it created already; undefined where the members of a unique one are
 * others by now. It can be found before this resolves.
 */
export async function startHere(
  record: ConversationRecord,
  origin: Origin,
  host: StartHost,
): Promise<Started | undefined> {
  const existing = host.held();
  if (existing !== undefined) {
    // Whoever created it at this moment is not answered yet either.
    if (existing.state.indexedAt === 0) await host.index();
    if (host.held() === undefined) return startHere(record, origin, host); // deleted meanwhile
    if (record.unique && !areSame(existing.state.members.keys(), record.members)) return undefined;
    const pushes = origin === "client" ? toldAgain(existing.state, record.creator) : [];
    return { existing: true, conversation: existing.state.record(), pushes };
  }
  await host.makeRoom();
  if (host.held() !== undefined) return startHere(record, origin, host); // somebody else was quicker
  // Whoever logs in from now on asks for what happened since: it must not be older than its writing.
  const now = host.now();
  const { state, conversation } = host.create({ ...record, createdAt: now, updatedAt: now });
  conversation.membership.began();
  await host.index();
  const pushes = origin === "client" ? conversation.membership.creationNotices() : [];
  conversation.membership.announceCreation(origin); // before anything can be said in it
  return { existing: false, conversation: state.record(), pushes };
}

/** The creator hears of a conversation with the answer; where that was lost, with the next one. */
function toldAgain(state: ConversationState, clientId: string): Uint8Array[] {
  const { creator, createdAt } = state.facts;
  if (creator !== clientId) return [];
  return noticesOf(state, clientId, { after: createdAt - 1, before: createdAt + 1, again: true });
}
