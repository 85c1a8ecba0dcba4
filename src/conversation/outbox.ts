import type { ConversationRecord, MessageRecord } from "../history/records.ts";
import { reason } from "../reason.ts";
import type { ConversationState } from "./state.ts";

/** D1, as the conversation's outbox writes it. Every call has a deadline and may reject. */
export interface Archive {
  saveConversation(record: ConversationRecord): Promise<void>;
  /** The newest message and the newest edit D1 has of this conversation (ms, 0 if none). */
  archivedUpTo(conversationId: string): Promise<Progress>;
  saveMessages(conversationId: string, messages: MessageRecord[], lastMessageAt: number): Promise<void>;
}

interface Progress {
  timestamp: number;
  patchedAt: number;
}

const BATCH = 100; // messages per D1 batch
const DELAY_FIRST = 1_000; // ms
const DELAY_LAST = 8_000; // ms
const FLOWING = 8; // messages since the last time: more than people type

/**
 * What a conversation owes D1. Nothing is queued: what D1 lacks is known by comparing, so a crash or a failure
 * at any moment is caught up by running again (I11).
 */
export class Outbox {
  readonly #state: ConversationState;
  readonly #archive: Archive;
  #saving: Promise<boolean> | undefined;
  #archivedUpTo: Progress | undefined;
  #delay = DELAY_FIRST;

  constructor(state: ConversationState, archive: Archive) {
    this.#state = state;
    this.#archive = archive;
  }

  /**
   * Brings D1's copy of members and facts up to now; one write at a time, later changes share the next one.
   * Resolves to whether it succeeded, and never rejects.
   */
  async index(): Promise<boolean> {
    const wanted = this.#state.facts.updatedAt;
    while (this.#state.indexedAt < wanted) {
      this.#saving ??= this.#save().finally(() => {
        this.#saving = undefined;
      });
      if (!(await this.#saving)) return false;
    }
    return true;
  }

  async #save(): Promise<boolean> {
    const record = this.#state.record();
    if (record.kind !== "temporary") {
      try {
        await this.#archive.saveConversation(record);
      } catch (error) {
        console.warn(`index of ${record.id} is late:`, reason(error));
        return false;
      }
    }
    this.#state.indexed(record.updatedAt);
    return true;
  }

  /**
   * How long what is appended now may wait for D1 (ms). A chat of people is there in a second; a conversation in
   * full flow shares fewer, larger writes, each of which costs as much as hundreds of messages.
   */
  get delay(): number {
    return this.#delay;
  }

  /** Copies to D1 what it lacks of index and history. Resolves to whether it has everything now. */
  async drain(): Promise<boolean> {
    if (!(await this.index())) return false;
    const { id, kind } = this.#state.facts;
    if (kind === "temporary") return true;
    try {
      let upTo = this.#archivedUpTo ?? (await this.#archive.archivedUpTo(id));
      let copied = 0;
      while (this.#isAfter(upTo)) {
        const messages = this.#state.log.changedAfter(upTo, BATCH);
        if (messages.length === 0) break;
        const { timestamp, patchedAt } = messages.reduce(furthest, upTo);
        await this.#archive.saveMessages(id, messages, timestamp);
        upTo = { timestamp, patchedAt };
        copied += messages.length;
      }
      this.#archivedUpTo = upTo;
      this.#delay = copied > FLOWING ? Math.min(this.#delay * 2, DELAY_LAST) : DELAY_FIRST;
      return true;
    } catch (error) {
      console.warn(`history of ${id} is late:`, reason(error));
      return false;
    }
  }

  /** Whether D1 lacks anything, as far as is known without asking it. */
  get isBehind(): boolean {
    if (this.#state.indexIsStale) return true;
    return (
      this.#state.facts.kind !== "temporary" &&
      this.#isAfter(this.#archivedUpTo ?? { timestamp: 0, patchedAt: 0 })
    );
  }

  #isAfter({ timestamp, patchedAt }: Progress): boolean {
    return timestamp < this.#state.log.head || patchedAt < this.#state.log.patchedAt;
  }
}

function furthest(reached: Progress, message: MessageRecord): Progress {
  return {
    timestamp: Math.max(reached.timestamp, message.timestamp),
    patchedAt: Math.max(reached.patchedAt, message.patchedAt ?? 0),
  };
}
