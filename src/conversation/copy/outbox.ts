import type { ArchiveProgress } from "../../database/messages/archive-progress.ts";
import type { CopyDelay } from "../../database/messages/copy-delay.ts";
import type { ArchivedPart } from "../../database/messages/save.ts";
import { loggableError } from "../../loggable-error.ts";
import type { ConversationRecord, MessageRecord, StoredRole } from "../../model/records.ts";
import type { ConversationState } from "../state.ts";
import { type BehindCalls, BehindReports } from "./behind-reports.ts";
import type { CopyPace } from "./copy-pace.ts";
import { KnownCopy } from "./known-copy.ts";

/** How a batch of messages is given to D1. */
export interface CopiedPart {
  /** Times of messages that no list of the app has. */
  unlisted: ReadonlySet<number>;
  /** Whether the conversation's row is left as it is, or what else the row has to be given. */
  progress: "later" | ArchivedPart;
}

/** D1 as the conversation's outbox writes to it. Every call has a deadline and may reject. */
export interface CopyCalls extends BehindCalls {
  saveConversation(record: ConversationRecord): Promise<void>;
  /** @param asOf when these were all of them (ms) */
  saveRoles(conversationId: string, roles: StoredRole[], asOf: number): Promise<void>;
  /** How far D1 has this conversation's log; undefined if D1 does not have the conversation. */
  archivedUpTo(conversationId: string): Promise<ArchiveProgress | undefined>;
  /** How far D1 has the log after this write, as D1 reports it; undefined if it does not have the conversation. */
  saveMessages(
    conversationId: string,
    messages: MessageRecord[],
    copy: CopiedPart,
  ): Promise<ArchiveProgress | undefined>;
}

export interface OutboxHost {
  now(): number;
  /** Runs its argument when everything that already arrived has been handled. */
  inNextTurn(run: () => void): void;
  /** Runs once after this many milliseconds; lost if the object hibernates or dies. */
  timer(milliseconds: number, run: () => void): void;
  /** Makes sure that `drain` is called within this many milliseconds, even if the object hibernates or dies. */
  drainWithin(milliseconds: number): void;
  copyDelay: CopyDelay;
}

const BATCH = 100; // messages per D1 batch
const GATHER_FIRST = 1_000; // ms
const GATHER_LAST = 8_000; // ms
const BUSY_COPY = 8; // messages in one copy: more than people type
const LATE = 10_000; // ms: longer than an entry waits for its copy in normal operation
/** How long an alarm may be late (ms) without D1 counting as behind. */
const ALARM_SLACK = 2_000;
const ALMOST_LATE = 9_000; // ms: a copy with older entries does not pause
const RETRY_FIRST = 2_000; // ms
const RETRY_LAST = 60_000; // ms
/** A timer this late (ms) counts as lost: the clock was set back under it. */
const TIMER_LOST = 1_000;

/**
 * Copies a conversation to D1. Nothing is queued: comparing with D1 shows what it lacks, so a run after a crash or
 * failure catches up (I11).
 *
 * A write after a quiet moment is copied at once, or when its turn comes if other conversations copy too
 * (`copy-pace.ts`). The writes that follow gather for a while and are copied together.
 *
 * An alarm covers an object that dies before it has copied: one alarm for everything written until it fires.
 *
 * The conversation's row in D1 is not written with each batch (`known-copy.ts`): what it lacks comes with the alarm too.
 */
export class Outbox {
  readonly #state: ConversationState;
  readonly #calls: CopyCalls;
  readonly #host: OutboxHost;
  readonly #pace: CopyPace;
  readonly #reports: BehindReports;
  #saving: Promise<boolean> | undefined;
  #copying: Promise<boolean> | undefined;
  readonly #known = new KnownCopy();
  /** How long writes gather (ms): a second in a chat of people, longer in a busy conversation. */
  #gathering = GATHER_FIRST;
  /** When the batch in progress began (ms). */
  #begunAt = 0;
  #copiedAt = Number.NEGATIVE_INFINITY;
  /** The next copy that a timer will start (ms): between these two times, unless the clock was set back meanwhile. */
  #timer: { setAt: number; dueAt: number } | undefined;
  #failures = 0;
  /** Whether somebody waits for the copy in progress. */
  #isAwaited = false;
  /** Ends the pause between two batches of it. */
  #endPause: (() => void) | undefined;

  /** @param pace shared by all conversations of an isolate */
  constructor(state: ConversationState, calls: CopyCalls, host: OutboxHost, pace: CopyPace) {
    this.#state = state;
    this.#calls = calls;
    this.#host = host;
    this.#pace = pace;
    this.#reports = new BehindReports(state.copy, calls);
  }

  /**
   * The object woke up. It may have died before D1 had everything, so that is copied at once.
   *
   * @param isAlarmSet whether work is left for later; if not, everything is done, unless the alarm was lost
   */
  woke(isAlarmSet: boolean): void {
    if (this.#state.copy.isUncertain(this.#state.log.end) || this.#state.indexIsStale) this.scheduleCopy();
    else if (isAlarmSet && this.isBehind) this.#schedule();
  }

  /** Something was written that D1 lacks. Call it in the turn that writes it. */
  scheduleCopy(): void {
    this.#host.drainWithin(this.#host.copyDelay.safety);
    this.#schedule();
  }

  #schedule(): void {
    // While D1 fails, the alarm retries. A running copy schedules the next one for writes that came meanwhile.
    if (this.#failures > 0 || this.#copying !== undefined) return;
    const now = this.#host.now();
    const timer = this.#timer;
    if (timer !== undefined && now >= timer.setAt && now <= timer.dueAt + TIMER_LOST) return;
    const passed = now - this.#copiedAt;
    const quiet = passed < 0 ? 0 : Math.max(0, this.#gathering - passed);
    const wait = this.#pace.reserve(now, quiet);
    const next = { setAt: now, dueAt: now + wait };
    this.#timer = next;
    const run = () => {
      if (this.#timer === next) void this.#drainAll(false);
    };
    if (wait === 0) this.#host.inNextTurn(run);
    else this.#host.timer(wait, run);
  }

  /**
   * Brings D1's copy of members and facts up to date; one write at a time, and later changes share the next one.
   * Resolves to whether it succeeded; never rejects.
   */
  async index(): Promise<boolean> {
    const target = this.#state.facts.updatedAt;
    while (this.#state.copy.indexedAt < target) {
      this.#saving ??= this.#save().finally(() => {
        this.#saving = undefined;
      });
      if (!(await this.#saving)) return false;
    }
    return true;
  }

  /** D1 does not have the conversation at all, so the app must answer that it exists. */
  reportUnindexed(): Promise<void> {
    const { id, createdAt } = this.#state.facts;
    return this.#reports.behind(id, createdAt);
  }

  async #save(): Promise<boolean> {
    const record = this.#state.record();
    const { roles } = this.#state.permissions;
    const given = roles.wereGiven ? roles.all() : undefined;
    if (this.#isCopied) {
      try {
        await this.#calls.saveConversation(record);
        if (given !== undefined) await this.#calls.saveRoles(record.id, given, record.updatedAt);
      } catch (error) {
        console.warn(`index of ${record.id} is late:`, loggableError(error));
        return false;
      }
    }
    this.#state.copy.setIndexed(record.updatedAt);
    return true;
  }

  /**
   * Copies to D1 what it lacks of index and history. Resolves to whether D1 has everything that was there at the call
   * and the app knows whether D1 is behind. Shared with a copy in progress, which does not pause then; never rejects.
   */
  drain(): Promise<boolean> {
    return this.#drainAll(true);
  }

  async #drainAll(isAwaited: boolean): Promise<boolean> {
    const { end } = this.#state.log;
    do {
      if (this.#state.isDeleted) return true; // taken out of D1, not copied to it
      this.#timer = undefined;
      this.#isAwaited ||= isAwaited;
      if (isAwaited) this.#endPause?.();
      this.#begunAt = this.#copying === undefined ? this.#host.now() : this.#begunAt;
      this.#copying ??= this.#drain().finally(() => {
        this.#copying = undefined;
        this.#isAwaited = false;
        this.#copiedAt = this.#host.now();
        this.#pace.addDuration(this.#copiedAt - this.#begunAt);
        if (this.isBehind) this.#schedule();
      });
      if (!(await this.#copying)) return false;
    } while (this.#lacks(end) || (isAwaited && this.#known.isRowBehind));
    return true;
  }

  async #drain(): Promise<boolean> {
    const { id } = this.#state.facts;
    const indexed = await this.index();
    const done = indexed && (!this.#isCopied || (await this.#copy(id)));
    if (!done && this.#isCopied) await this.#reports.behind(id, this.#firstMissing());
    if (done && (this.#state.copy.behindSince === undefined || (await this.#reports.caughtUp(id)))) {
      this.#failures = 0;
      return true;
    }
    this.#failures += 1;
    this.#host.drainWithin(Math.min(RETRY_FIRST * 2 ** (this.#failures - 1), RETRY_LAST));
    return false;
  }

  /** Copies everything up to the present end; later writes gather for the next copy. */
  async #copy(id: string): Promise<boolean> {
    const { log } = this.#state;
    const { end } = log;
    if (!this.#lacks(end) && !(this.#isAwaited && this.#known.isRowBehind)) return true;
    try {
      // The row may be behind by what its alarm has still to write.
      const isNew = this.#known.messages === undefined;
      let late = isNew ? Math.max(LATE, this.#host.copyDelay.safety + ALARM_SLACK) : LATE;
      let has = this.#known.messages ?? this.#known.asked(known(await this.#calls.archivedUpTo(id)));
      let copied = 0;
      for (let upTo = 0; upTo < end; ) {
        const missing = this.#firstMissing();
        if (missing !== undefined && missing < this.#host.now() - late)
          await this.#reports.behind(id, missing);
        const messages = log.missing.from(has, BATCH);
        const last = messages.at(-1);
        if (last === undefined) break;
        has = await this.#saveMessages(id, messages, has);
        late = LATE;
        copied += messages.length;
        upTo = last.patchedAt ?? last.timestamp;
        if (upTo < end) await this.#pauseUnlessLate(upTo);
        if (this.#state.isDeleted) return true;
      }
      if (this.#isAwaited && this.#known.isRowBehind) await this.#saveMessages(id, [], has);
      this.#known.hasAll(end);
      if (!this.#known.isRowBehind) this.#state.copy.setArchived(end);
      this.#gathering = copied > BUSY_COPY ? Math.min(this.#gathering * 2, GATHER_LAST) : GATHER_FIRST;
      return true;
    } catch (error) {
      if (error instanceof UnknownConversation) {
        // Start from the beginning, with members and facts.
        this.#known.lost();
        this.#state.copy.lost();
      }
      console.warn(`history of ${id} is late:`, loggableError(error));
      return false;
    }
  }

  /** Gives D1 some messages after others that it has, and the row what it lacks, unless that can wait. */
  async #saveMessages(id: string, messages: MessageRecord[], before: ArchivedPart): Promise<ArchivedPart> {
    const canWait = !this.#isAwaited && this.#known.canRowWait(messages, this.#host.now());
    const copy: CopiedPart = { unlisted: this.#unlisted(messages), progress: canWait ? "later" : before };
    const reached = known(await this.#calls.saveMessages(id, messages, copy));
    return this.#known.took(messages, reached, canWait ? "left" : { writtenAt: this.#host.now() });
  }

  /**
   * After a batch that another one follows, messages have thread and disk for a while, as between two copies; unless
   * somebody waits for the copy, or entries after `upTo` have waited for long.
   */
  async #pauseUnlessLate(upTo: number): Promise<void> {
    const now = this.#host.now();
    const took = now - this.#begunAt;
    this.#pace.addDuration(took);
    if (!this.#isAwaited && Math.abs(now - upTo) < ALMOST_LATE) {
      await new Promise<void>((resolve) => {
        this.#endPause = resolve;
        this.#host.timer(this.#pace.reserve(now, 0), resolve);
      });
      this.#endPause = undefined;
    }
    this.#begunAt = this.#host.now();
  }

  /** The times of broadcasts to everybody, which lists of the app's history do not have (V-04). */
  #unlisted(messages: readonly MessageRecord[]): Set<number> {
    const { service } = this.#state;
    const broadcasts = messages.filter((message) => service?.audienceOf(message) === "everybody");
    return new Set(broadcasts.map(({ timestamp }) => timestamp));
  }

  /**
   * Time of the oldest entry that D1 lacks. Until D1 has reported how far it is, the entry is assumed to be recent:
   * earlier failures to copy were reported when they happened.
   */
  #firstMissing(): number | undefined {
    const { log, copy } = this.#state;
    const presumed = Math.max(copy.archivedAt, log.end - this.#host.copyDelay.normal);
    return log.missing.firstFrom(this.#known.messages ?? { timestamp: presumed, patchedAt: presumed });
  }

  /** Whether D1 lacks anything, as far as is known without asking it. */
  get isBehind(): boolean {
    return this.#state.indexIsStale || this.#lacks(this.#state.log.end);
  }

  #lacks(end: number): boolean {
    return this.#isCopied && Math.max(this.#state.copy.archivedAt, this.#known.upTo) < end;
  }

  get #isCopied(): boolean {
    return this.#state.rules.isCopied;
  }
}

/** D1 does not have the conversation, so it has none of its messages either. */
class UnknownConversation extends Error {
  override name = "Unknown";
}

function known(progress: ArchiveProgress | undefined): ArchiveProgress {
  if (progress === undefined) throw new UnknownConversation("D1 does not have the conversation");
  return progress;
}
