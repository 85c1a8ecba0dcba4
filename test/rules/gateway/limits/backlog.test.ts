import { describe, expect, test } from "vitest";
import { Backlog, type WaitingSend } from "../../../../src/gateway/limits/backlog.ts";

const NOON = 43_200_000;

/** One send in each of this many conversations. */
function sendsIn(backlog: Backlog, conversations: number, at: number): WaitingSend[] {
  return Array.from({ length: conversations }, (_, index) => backlog.forwarded(`chat-${index}`, at));
}

describe("more than the server can do", () => {
  test("[I13] sends and queries are refused while most conversations have waited for over 4 s", () => {
    const backlog = new Backlog();
    const waiting = sendsIn(backlog, 100, NOON);
    for (const where of ["chat-1", "another", undefined]) {
      expect(backlog.refuses(where, NOON + 3_900)).toBe(false);
      expect(backlog.refuses(where, NOON + 4_100)).toBe(true);
    }
    for (const one of waiting.slice(0, 95)) backlog.finished(one);
    expect(backlog.refuses("chat-1", NOON + 4_200)).toBe(false);
  });

  test("[I13] a single conversation that is behind refuses only its own sends", () => {
    const backlog = new Backlog();
    for (let send = 0; send < 50; send++) backlog.forwarded("crowd", NOON);
    sendsIn(backlog, 30, NOON + 1_900);
    expect(backlog.refuses("crowd", NOON + 1_900)).toBe(false);
    expect(backlog.refuses("crowd", NOON + 2_100)).toBe(true);
    expect(backlog.refuses("chat-1", NOON + 2_100)).toBe(false);
    expect(backlog.refuses(undefined, NOON + 2_100)).toBe(false);
  });

  test("[I13] a few conversations that do not answer, or a few waiting sends, refuse nothing elsewhere", () => {
    const backlog = new Backlog();
    sendsIn(backlog, 9, NOON);
    expect(backlog.refuses("another", NOON + 8_000)).toBe(false);
    expect(backlog.refuses("chat-1", NOON + 8_000)).toBe(false);
  });

  test("[I13] nothing is refused because of a clock that was set back", () => {
    const backlog = new Backlog();
    sendsIn(backlog, 100, NOON);
    expect(backlog.refuses("chat-1", NOON + 5_000)).toBe(true);
    expect(backlog.refuses("chat-1", NOON - 3_600_000)).toBe(false);
  });
});
