import { loggableError } from "../../loggable-error.ts";
import type { PostedMessage, TheirMessage } from "../../mirror/hosted-app.ts";
import { type MessageRecord, timeSent } from "../../model/records.ts";
import type { ConversationState } from "../state.ts";
import { type ChangeThere, takeChange } from "./change-there.ts";
import type { ChangeAnswer, HostedMessage, MirrorAnswer, MirrorHost } from "./mirror-host.ts";
import type { MirrorRecords, Tried, WaitingMessage } from "./mirror-records.ts";
import { MirrorReports } from "./mirror-reports.ts";

/** Longer than a message takes to go (ms): after a crash the alarm sends what was left. */
const RETRY = 15_000;
const PAUSE_FIRST = 1_000; // ms
const PAUSE_LAST = 30_000; // ms
/** The clocks of both sides differ by less than this (ms). */
const CLOCKS_DIFFER = 60_000;
/** The conversation's commands and other posts get a turn after so many messages. */
const AT_ONCE = 200;

type Hosted = NonNullable<ReturnType<MirrorHost["hosted"]>>;

/**
 * Keeps a conversation the same here and at LeanCloud while clients are on both sides. Messages that are stored here go
 * there one after the other; those that come from there are added here once. Each is known by its id over there.
 *
 * A post without an answer may have arrived. So before it is repeated, it is looked for over there; and a message that
 * comes from there while a post of its sender has no answer yet waits for that answer.
 */
export class Mirror {
  readonly records: MirrorRecords;
  readonly #state: ConversationState;
  readonly #host: MirrorHost;
  readonly #reports: MirrorReports;
  #isSending = false;
  #post: { from: string; answered: Promise<unknown> } | undefined;
  /** Failures in a row, and until when (ms) nothing is sent because of the last one. */
  #failures = 0;
  #pausedUntil = 0;

  constructor(state: ConversationState, records: MirrorRecords, host: MirrorHost) {
    this.#state = state;
    this.records = records;
    this.#host = host;
    this.#reports = new MirrorReports(state.facts.id, records, (report) => host.report(report));
  }

  /** Service conversations stay on one side, and no other side can have a temporary one. */
  get #isMirrored(): boolean {
    const { isCopied, isService } = this.#state.rules;
    return isCopied && !isService && this.#host.hosted() !== undefined;
  }

  /** A message was stored in this turn: it goes to LeanCloud, if the settings want it. */
  stored({ timestamp }: MessageRecord): void {
    if (!this.#isMirrored) return;
    this.records.add(timestamp);
    this.#host.sendAfter(RETRY);
    void this.send();
  }

  /** A message was edited or recalled in this turn: its copy at LeanCloud follows. */
  changed(message: MessageRecord): void {
    if (!this.#isMirrored) return;
    const { id, timestamp: place } = message;
    const { importedLastMessageAt = 0 } = this.#state.facts;
    if (this.records.theirsAt(place) === undefined) {
      // An imported one is there under its own id.
      if (place > importedLastMessageAt) return;
      this.records.pair({ id, sentAt: timeSent(message) }, place);
    }
    this.records.add(place);
    this.#host.sendAfter(RETRY);
    void this.send();
  }

  /** Sends what waits, the oldest message first. Never rejects. */
  async send(): Promise<void> {
    if (this.records.first === undefined) return;
    if (this.#isSending) return this.#host.sendAfter(RETRY); // the alarm that called this was the one for a crash
    this.#isSending = true;
    try {
      await undefined; // messages of one turn are reported together
      for (let sent = 0; sent < AT_ONCE; sent++) {
        const wait = this.#pausedUntil - this.#host.now();
        if (wait > 0) return this.#host.sendAfter(wait);
        const { first } = this.records;
        if (first === undefined) return;
        const pause = await this.#sendOne(first);
        if (pause !== undefined) this.#pausedUntil = this.#host.now() + pause;
      }
      this.#host.sendAfter(0);
    } catch (error) {
      console.error("mirror:", loggableError(error));
      this.#host.sendAfter(RETRY);
    } finally {
      this.#isSending = false;
      void this.#reports.report();
    }
  }

  /** Sends one message, or leaves it out. Returns how long (ms) to wait before the next attempt, if it did neither. */
  async #sendOne(waiting: WaitingMessage): Promise<number | undefined> {
    const { place, tried } = waiting;
    const hosted = this.#host.hosted();
    if (hosted === undefined) return this.#dropAll("the mirror is off");
    if (tried !== undefined) {
      const isFound = await this.#lookFor(place, tried, hosted);
      if (isFound === undefined) return this.#failed("it is not known whether a message arrived");
      if (isFound) return undefined;
    }
    const wait = await this.#host.allowance();
    if (wait !== undefined) return wait;
    const message = this.#state.log.at(place);
    // It may have come from there meanwhile, or something else goes before it.
    if (this.records.first?.place !== place) return undefined;
    const theirs = this.records.theirsAt(place);
    if (theirs !== undefined) return this.#sendChange(place, theirs, hosted);
    if (message === undefined || message.recalled) {
      this.records.remove(place);
      return undefined;
    }
    const { id, content } = message;
    if (typeof content !== "string") return this.#leaveOut(place, `${id}: LeanCloud's REST takes no bytes`);
    if (message.recipients !== undefined) return this.#leaveOut(place, `${id}: is for some members only`);
    const { facts } = this.#state;
    const posted = { ...message, content, conversation: facts, noSync: message.noSync ?? false };
    // An earlier attempt may still arrive.
    const trying = { place, tried: { at: tried?.at ?? this.#host.now(), content } };
    this.records.setTried(place, trying.tried);
    const answered = this.#send(posted, trying, tried === undefined, hosted);
    this.#post = { from: posted.from, answered };
    return answered;
  }

  async #send(
    message: PostedMessage,
    { place, tried }: { place: number; tried: Tried },
    isFirst: boolean,
    hosted: Hosted,
  ): Promise<number | undefined> {
    const outcome = await hosted.post(message);
    this.#post = undefined;
    switch (outcome.outcome) {
      case "sent":
        this.#succeeded(outcome, place, tried);
        return undefined;
      case "refused":
        return this.#leaveOut(place, outcome.why);
      case "not taken":
        if (isFirst) this.records.setTried(place, undefined);
        return this.#failed(outcome.why);
      case "unknown":
        return this.#failed(outcome.why);
    }
  }

  /** An edit or recall of a message that is over there. */
  async #sendChange(place: number, theirs: TheirMessage, hosted: Hosted): Promise<number | undefined> {
    const message = this.#state.log.at(place);
    if (message === undefined) {
      this.records.remove(place);
      return undefined;
    }
    const { id, from, recalled, patchedAt } = message;
    const content = recalled ? undefined : message.content;
    if (content instanceof Uint8Array) return this.#leaveOut(place, `${id}: LeanCloud's REST takes no bytes`);
    const outcome = await hosted.patch({ ...theirs, conversation: this.#state.facts, from, content });
    if (outcome.outcome === "refused") return this.#leaveOut(place, outcome.why);
    if (outcome.outcome !== "sent") return this.#failed(outcome.why);
    this.#failures = 0;
    // If it has changed once more meanwhile, it goes again.
    if (this.#state.log.at(place)?.patchedAt === patchedAt) this.records.remove(place);
    return undefined;
  }

  /** Whether a message that was sent before is over there; undefined if that cannot be known now. */
  async #lookFor(place: number, tried: Tried, hosted: Hosted): Promise<boolean | undefined> {
    const from = this.#state.log.at(place)?.from;
    if (from === undefined) {
      this.records.remove(place);
      return true;
    }
    const { content, at } = tried;
    const sought = { conversation: this.#state.facts, from, content, since: at - CLOCKS_DIFFER };
    const found = await hosted.find(sought);
    if (found === undefined) return undefined;
    if (this.records.first?.place !== place) return true;
    const theirs = found.find((each) => this.#placeOf(each) === undefined);
    if (theirs === undefined) return false;
    this.#succeeded(theirs, place, tried);
    return true;
  }

  #succeeded(theirs: TheirMessage, place: number, { content }: Tried): void {
    this.records.pair(theirs, place);
    this.#failures = 0;
    this.#reports.sent();
    const now = this.#state.log.at(place);
    if (now !== undefined && now.content !== content) this.records.add(place);
  }

  #failed(why: string): number {
    const pause = Math.min(PAUSE_FIRST * 2 ** this.#failures, PAUSE_LAST);
    this.#failures += 1;
    this.#reports.failed(why);
    return pause;
  }

  #leaveOut(place: number, why: string): undefined {
    this.records.remove(place);
    this.#reports.leftOut(1, why);
  }

  #dropAll(why: string): undefined {
    this.#reports.leftOut(this.records.waiting.count, why);
    this.records.removeAll();
  }

  /** Waits until it is known what became of the post that is on its way, a bounded time. */
  async settled(from?: string): Promise<void> {
    if (this.#post === undefined || (from !== undefined && this.#post.from !== from)) return;
    await this.#post.answered;
  }

  /**
   * Adds a message of LeanCloud, unless it is here.
   *
   * @param add adds it to the log in the same turn, and returns its place
   */
  async receive(message: HostedMessage, add: () => number | undefined): Promise<MirrorAnswer> {
    await this.settled(message.from);
    if (this.placeHere(message) !== undefined) return "known";
    const place = add();
    if (place === undefined) return "later";
    this.records.pair(message, place);
    this.#reports.received();
    void this.#reports.report();
    return "added";
  }

  /** A message was edited or recalled at LeanCloud, or may have been: see `takeChange`. */
  async receiveChange(theirs: TheirMessage, make: (change: ChangeThere) => void): Promise<ChangeAnswer> {
    await this.settled();
    const hosted = this.#host.hosted();
    if (hosted === undefined) return "later";
    return takeChange(
      theirs,
      this.#placeOf(theirs),
      { state: this.#state, records: this.records, hosted },
      make,
    );
  }

  /**
   * The place of a message of LeanCloud in the log here; undefined if it is not here. If nobody knows whether the oldest
   * message that waits has arrived there, and this may be it, then it is.
   */
  placeHere(message: HostedMessage): number | undefined {
    const known = this.#placeOf(message);
    if (known !== undefined) return known;
    const { first } = this.records;
    if (first?.tried === undefined || message.sentAt < first.tried.at - CLOCKS_DIFFER) return undefined;
    const { place, tried } = first;
    if (this.#state.log.at(place)?.from !== message.from || tried.content !== message.content)
      return undefined;
    this.#succeeded(message, place, tried);
    return place;
  }

  /** The same for a message that is imported; undefined also if it was imported before. */
  placeOfImported(message: HostedMessage): number | undefined {
    if (this.records.areNone) return undefined;
    const wasImported =
      this.records.placeOf(message.id) === undefined &&
      this.#state.log.placeOf(message.sentAt, message.id) !== undefined;
    return wasImported ? undefined : this.placeHere(message);
  }

  #placeOf({ id, sentAt }: TheirMessage): number | undefined {
    return this.records.placeOf(id) ?? this.#state.log.placeOf(sentAt, id);
  }
}
