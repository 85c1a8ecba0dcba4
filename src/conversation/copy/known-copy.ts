import type { ArchiveProgress } from "../../database/messages/archive-progress.ts";
import type { ArchivedPart } from "../../database/messages/save.ts";
import type { MessageRecord } from "../../model/records.ts";
import { isShortOf } from "./copy-progress.ts";

/** While people write, the conversation's row in D1 is written this often (ms). */
const ROW_EVERY = 30_000;
const NOTHING: ArchiveProgress = { timestamp: 0, patchedAt: 0 };

/**
 * What D1 has reported to this object since it woke: the messages that it has, and how far the conversation's row says
 * that it has them, by which lists are sorted. The row is written less often. What it lacks is written by the alarm that
 * stands behind every copy, or when somebody waits for the copy; an object that has forgotten it copies again what came
 * after the row, which D1 has.
 */
export class KnownCopy {
  #messages: ArchivedPart | undefined;
  #row = NOTHING;
  /** When the row was written, as far as this object knows (ms). */
  #rowAt = 0;
  /** Time of the newest entry of the log when D1 had all of it (ms). */
  #upTo = 0;

  /** The messages that D1 has; undefined until it was asked. */
  get messages(): ArchivedPart | undefined {
    return this.#messages;
  }

  /** Up to when D1 has every entry of the log (ms), row or not; 0 if that is not known. */
  get upTo(): number {
    return this.#upTo;
  }

  /** D1 was asked how far its row is. */
  asked(row: ArchiveProgress): ArchivedPart {
    this.#row = row;
    this.#rowAt = row.timestamp;
    this.#messages = { ...row, from: undefined };
    return this.#messages;
  }

  /** D1 does not have the conversation. */
  lost(): void {
    this.asked(NOTHING);
    this.#upTo = 0;
  }

  /** D1 has every entry up to a time (ms). */
  hasAll(upTo: number): void {
    this.#upTo = upTo;
  }

  get isRowBehind(): boolean {
    const { timestamp, patchedAt } = this.#messages ?? NOTHING;
    return timestamp > this.#row.timestamp || patchedAt > this.#row.patchedAt;
  }

  /**
   * Whether the row may be written later than some messages. Not with their changes: a late write of a message must find
   * in the row that the message was changed since.
   */
  canRowWait(messages: readonly MessageRecord[], now: number): boolean {
    return messages.every(({ patchedAt }) => patchedAt === undefined) && now < this.#rowAt + ROW_EVERY;
  }

  /** D1 reported how far it is after it was given some messages. Returns what it has. Throws if it did not take them. */
  took(
    messages: readonly MessageRecord[],
    reached: ArchiveProgress,
    row: { writtenAt: number } | "left",
  ): ArchivedPart {
    const newest = messages.find(({ timestamp }) => timestamp === reached.timestamp);
    const before = this.#messages ?? { ...NOTHING, from: undefined };
    const from = newest?.from ?? before.from;
    if (row === "left") {
      // Reported of these messages alone.
      const timestamp = Math.max(before.timestamp, reached.timestamp);
      this.#messages = { timestamp, patchedAt: Math.max(before.patchedAt, reached.patchedAt), from };
    } else {
      this.#messages = { ...reached, from };
      this.#row = reached;
      this.#rowAt = row.writtenAt;
    }
    if (isShortOf(reached, messages)) throw new Error("D1 did not take what it was given");
    return this.#messages;
  }
}
