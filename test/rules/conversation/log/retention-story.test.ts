import { expect, test } from "vitest";
import { conversationTables } from "../../../../src/conversation/conversation-tables.ts";
import { replayOf } from "../../../../src/conversation/delivery/replay.ts";
import { ConversationState } from "../../../../src/conversation/state.ts";
import type { MessageRecord } from "../../../../src/model/records.ts";
import { readRecords } from "../../../../src/protocol/link-records.ts";
import { defaultSettings } from "../../../../src/settings/schema.ts";
import { MemorySql } from "../../../support/sqlite.ts";
import { BEGINNING, everything, message, pageOf, pairChat, timesOf } from "../people.ts";

/**
 * A log in which messages come, are edited, become too old and are deleted, in an order that comes from a seed, beside a
 * plain model: an array of messages and the time from which they are kept.
 */

const SEEDS = Number(process.env.SEEDS ?? 20);
const STEPS = 60;

/** Whole numbers from 0 up to a bound, by Lehmer's generator. */
function numbersFrom(seed: number): (below: number) => number {
  let state = (seed * 48_271 + 1) % 2_147_483_647;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

const people = ["tom", "jerry", "spike"];

class Story {
  readonly #sql = new MemorySql();
  readonly #number: (below: number) => number;
  #state = pairChat(this.#sql);
  #said: MessageRecord[] = [];
  #keptFrom = 0;
  #now = BEGINNING;

  constructor(seed: number) {
    this.#number = numbersFrom(seed);
  }

  step(): void {
    const { log } = this.#state;
    const which = this.#number(10);
    this.#now += 1 + this.#number(20);
    const time = this.#state.nextTime(this.#now);
    if (which < 4) {
      const recipients = this.#number(4) === 0 ? ["jerry"] : undefined;
      const said = message(time, { from: people[this.#number(3)] ?? "tom", recipients });
      log.append(said, undefined, 1);
      this.#said.push(said);
    } else if (which < 6) this.#change(time);
    else if (which === 6) this.#keep(Math.max(0, this.#now - this.#number(400)));
    else if (which === 7) log.expired.delete(this.#keptFrom, 1 + this.#number(6));
    else if (which === 8) this.#wake();
    // A longer time than before shows what is not deleted, which the model does not know: it goes to the oldest row.
    else this.#keep(Math.max(this.#keptFrom, log.expired.oldest ?? 0));
  }

  #change(time: number): void {
    const { log } = this.#state;
    const found = this.#said[this.#number(this.#said.length + 1)];
    const before = found && log.find(found.timestamp, found.id);
    expect(before !== undefined).toBe(found !== undefined && this.#readable.includes(found));
    if (found === undefined || before === undefined) return;
    const after = { ...before, content: `edited at ${time}`, patchedAt: time };
    log.patched.rewrite(after);
    this.#said[this.#said.indexOf(found)] = after;
  }

  /** What was kept for a shorter time once may be deleted, so the time never goes back here. */
  #keep(from: number): void {
    this.#keptFrom = Math.max(this.#keptFrom, from);
    const kept = this.#keptFrom;
    this.#state.log.readableFrom.follow(() => kept);
  }

  #wake(): void {
    const before = this.#state.log;
    const woken = ConversationState.load(conversationTables(this.#sql));
    if (woken === undefined) throw new Error("no conversation");
    expect([woken.log.head, woken.log.end]).toEqual([before.head, before.end]);
    this.#state = woken;
    this.#keep(0);
  }

  get #readable(): MessageRecord[] {
    return this.#said.filter(({ timestamp }) => timestamp >= this.#keptFrom);
  }

  check(): void {
    const { log } = this.#state;
    for (const clientId of people) {
      const seen = this.#readable.filter(
        ({ from, recipients }) =>
          recipients === undefined || from === clientId || recipients.includes(clientId),
      );
      const others = seen.filter(({ from }) => from !== clientId);
      for (const direction of ["newer", "older"] as const)
        expect(pageOf(log, { ...everything, direction, limit: 1_000 }, clientId)).toEqual(seen);
      expect(log.lastVisible(undefined, clientId)).toEqual(seen.at(-1));
      expect(log.unread(clientId, BEGINNING).count).toBe(others.length);
      expect(log.fromOthers.newest(clientId, BEGINNING, this.#now + 1_000, 1_000)).toEqual({
        messages: others,
        more: false,
      });
      const patched = seen.filter(({ patchedAt }) => patchedAt !== undefined);
      const inOrder = patched.toSorted((a, b) => (a.patchedAt ?? 0) - (b.patchedAt ?? 0));
      expect(timesOf(log.patched.lastVisibleAfter(clientId, 0, 1_000))).toEqual(timesOf(inOrder));
      this.#checkReplay(clientId, seen);
    }
  }

  /** From any position, a replay shows what is readable after it, without a gap, and ends at the end of the log. */
  #checkReplay(clientId: string, seen: readonly MessageRecord[]): void {
    const { log } = this.#state;
    const after = BEGINNING + this.#number(this.#now - BEGINNING + 1);
    const replay = replayOf(this.#state, clientId, after, defaultSettings(false));
    if (replay === "too far behind") throw new Error(replay);
    const stored = (replay === undefined ? [] : readRecords(replay)).filter((each) => each.kind === "stored");
    let position = after;
    for (const { previous, timestamp } of stored) {
      expect(previous).toBeLessThanOrEqual(position);
      position = timestamp;
    }
    expect(Math.max(position, log.end)).toBe(Math.max(after, log.end));
    if (log.end > after) expect(position).toBe(log.end);
    const shown = stored.filter(({ payload }) => payload.length > 0).map(({ timestamp }) => timestamp);
    const expected = seen
      .flatMap(({ timestamp, patchedAt }) => (patchedAt === undefined ? [timestamp] : [timestamp, patchedAt]))
      .filter((time) => time > after);
    expect(shown).toEqual(expected.toSorted((a, b) => a - b));
  }
}

test(`[B-30] every reader of a log sees what is kept and nothing else, in stories of ${SEEDS} seeds`, () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const story = new Story(seed);
    for (let step = 0; step < STEPS; step += 1) {
      story.step();
      try {
        story.check();
      } catch (error) {
        throw new Error(`seed ${seed}, step ${step}`, { cause: error });
      }
    }
  }
}, 120_000);
