import { NORMAL_LAG } from "../history/lag.ts";
import type { ConversationRecord, MessageRecord } from "../history/records.ts";
import { reason } from "../reason.ts";
import type { ConversationState } from "./state.ts";

/** D1, as the conversation's outbox writes it. Every call has a deadline and may reject. */
export interface Archive {
  saveConversation(record: ConversationRecord): Promise<void>;
  /** How far D1 follows this conversation: its newest message and its newest change of one (ms, 0 if none). */
  archivedUpTo(conversationId: string): Promise<Progress>;
  saveMessages(conversationId: string, messages: MessageRecord[]): Promise<void>;
  /** Tells the app that D1 may lack what was said here after a time (ms), and when that is over. */
  behind(conversationId: string, since: number): Promise<void>;
  caughtUp(conversationId: string): Promise<void>;
}

interface Progress {
  timestamp: number;
  patchedAt: number;
}

const BATCH = 100; // messages per D1 batch
const DELAY_FIRST = 1_000; // ms
const DELAY_LAST = 8_000; // ms
const FLOWING = 8; // messages since the last time: more than people type
const LATE = 10_000; // ms: older than anything is that waits as it should

/**
 * What a conversation owes D1. Nothing is queued: what D1 lacks is known by comparing, so a crash or a failure
 * at any moment is caught up by running again (I11).
 */
export class Outbox {
  readonly #state: ConversationState;
  readonly #archive: Archive;
  readonly #now: () => number;
  #saving: Promise<boolean> | undefined;
  #archivedUpTo: Progress | undefined;
  #delay = DELAY_FIRST;
  /** Whether the app has still to be told that D1 is behind. */
  #untold = false;

  constructor(state: ConversationState, archive: Archive, now: () => number) {
    this.#state = state;
    this.#archive = archive;
    this.#now = now;
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

  /** D1 has not heard of the conversation at all: who looks for it there is to hear from the app that it exists. */
  unindexed(): Promise<void> {
    const { id, createdAt } = this.#state.facts;
    return this.#tellBehind(id, createdAt);
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

  /**
   * Copies to D1 what it lacks of index and history. Resolves to whether it has everything now, and whoever asks how
   * far D1 is knows. Never rejects.
   */
  async drain(): Promise<boolean> {
    const { id, kind } = this.#state.facts;
    const indexed = await this.index();
    if (kind === "temporary") return indexed;
    if (indexed && (await this.#copy(id)))
      return this.#state.behindSince === undefined || this.#tellCaughtUp(id);
    await this.#tellBehind(id, this.#firstOwed());
    return false;
  }

  async #copy(id: string): Promise<boolean> {
    try {
      this.#archivedUpTo ??= await this.#archive.archivedUpTo(id);
      let copied = 0;
      while (this.#isAfter(this.#archivedUpTo)) {
        const owed = this.#firstOwed();
        if (owed !== undefined && owed < this.#now() - LATE) await this.#tellBehind(id, owed);
        const messages = this.#state.log.changedAfter(this.#archivedUpTo, BATCH);
        if (messages.length === 0) break;
        await this.#archive.saveMessages(id, messages);
        this.#archivedUpTo = messages.reduce(furthest, this.#archivedUpTo);
        copied += messages.length;
      }
      this.#delay = copied > FLOWING ? Math.min(this.#delay * 2, DELAY_LAST) : DELAY_FIRST;
      return true;
    } catch (error) {
      console.warn(`history of ${id} is late:`, reason(error));
      return false;
    }
  }

  /**
   * Time of the oldest entry that D1 lacks. As long as D1 did not say how far it is, that cannot be long before the
   * newest: what failed to be copied earlier was told then.
   */
  #firstOwed(): number | undefined {
    const { log } = this.#state;
    const presumed = log.end - NORMAL_LAG;
    return log.firstAfter(this.#archivedUpTo ?? { timestamp: presumed, patchedAt: presumed });
  }

  /**
   * Once for each time D1 falls behind, and again only if nobody heard it. It is written down before, so that the end
   * of it is told whatever becomes of the object.
   */
  async #tellBehind(id: string, owed: number | undefined): Promise<void> {
    if (owed !== undefined && this.#state.behindSince === undefined) {
      this.#state.behind(owed - 1);
      this.#untold = true;
    }
    const since = this.#state.behindSince;
    if (!this.#untold || since === undefined) return;
    try {
      await this.#archive.behind(id, since);
      this.#untold = false;
    } catch (error) {
      console.warn(`nobody heard that history of ${id} is late:`, reason(error));
    }
  }

  async #tellCaughtUp(id: string): Promise<boolean> {
    try {
      await this.#archive.caughtUp(id);
      this.#state.caughtUp();
      return true;
    } catch (error) {
      console.warn(`nobody heard that history of ${id} caught up:`, reason(error));
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
