import { BYTES_PER_SEND } from "../../bounds.ts";
import type { Priority } from "../../model/priority.ts";
import type { ConversationTables } from "../conversation-tables.ts";

/** What was not sent to those present, by priority. High ones always are. */
export interface Dropped {
  low: number;
  normal: number;
}

export interface DownstreamHost {
  now(): number;
  /** Messages a second that each person is sent; 0 is unlimited. As last read. */
  messagesPerSecond(): number;
}

/** Transient drops are written down this often (ms): nothing but the statistics needs them. */
const SAVE_INTERVAL = 1_000;

interface Row extends Record<string, number> {
  low: number;
  normal: number;
  before: number;
  up_to: number;
}

/**
 * What a conversation sends each person: messages that may be dropped take from a bucket that is refilled by the second.
 * A low message needs a bucket that is half full, so that low ones go first; a high one is sent in any case.
 */
export class Downstream {
  readonly #tables: ConversationTables;
  readonly #host: DownstreamHost;
  #left = Number.POSITIVE_INFINITY;
  #filledAt = 0;
  #savedAt = 0;
  readonly #row: Row;

  constructor(tables: ConversationTables, host: DownstreamHost) {
    this.#tables = tables;
    this.#host = host;
    const [row] = tables.read<Row>("dropped", "SELECT low, normal, before, up_to FROM dropped");
    this.#row = row === undefined ? { low: 0, normal: 0, before: 0, up_to: 0 } : { ...row };
  }

  /** How many messages were dropped since the conversation began. */
  get dropped(): Dropped {
    const { low, normal } = this.#row;
    return { low, normal };
  }

  /**
   * The entry before the next one, as those present know it: entries that were dropped are none for them.
   *
   * @param end time of the log's newest entry
   */
  previous(end: number): number {
    return end === this.#row.up_to ? this.#row.before : end;
  }

  /** Whether a transient message is sent. One that is dropped is counted. */
  admitsTransient(priority: Priority, bytes: number): boolean {
    const isSent = this.#takes(priority, bytes);
    if (isSent) return true;
    this.#row[priority === "low" ? "low" : "normal"] += 1;
    if (this.#host.now() - this.#savedAt > SAVE_INTERVAL) this.#save();
    return false;
  }

  /**
   * Whether a stored message is sent to those present. One that is dropped is counted, and known to be none of the
   * entries that they have.
   *
   * @param previous of the message (ms)
   * @param at the time of the message
   */
  admitsStored(priority: Priority, bytes: number, previous: number, at: number): boolean {
    const isSent = this.#takes(priority, bytes);
    if (isSent) return true;
    this.#row[priority === "low" ? "low" : "normal"] += 1;
    this.#row.before = previous;
    this.#row.up_to = at;
    this.#save();
    return false;
  }

  #takes(priority: Priority, bytes: number): boolean {
    const rate = this.#host.messagesPerSecond();
    if (rate === 0) return true;
    const now = this.#host.now();
    const refilled = this.#left + (Math.max(now - this.#filledAt, 0) * rate) / 1_000;
    this.#left = Math.min(refilled, rate);
    this.#filledAt = now;
    const cost = Math.max(1, bytes / BYTES_PER_SEND);
    const needed = priority === "low" ? rate / 2 : 0;
    // A message that is larger than the bucket goes when that is full.
    if (priority !== "high" && this.#left - Math.min(cost, rate - needed) < needed) return false;
    // High ones leave a debt of a second at most.
    this.#left = Math.max(this.#left - cost, -rate);
    return true;
  }

  #save(): void {
    this.#savedAt = this.#host.now();
    const { low, normal, before, up_to } = this.#row;
    this.#tables.add(
      "dropped",
      "INSERT OR REPLACE INTO dropped (id, low, normal, before, up_to) VALUES (1, ?, ?, ?, ?)",
      low,
      normal,
      before,
      up_to,
    );
  }
}
