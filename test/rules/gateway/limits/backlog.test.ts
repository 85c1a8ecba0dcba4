import { describe, expect, test } from "vitest";
import { Backlog, type WaitingSend } from "../../../../src/gateway/limits/backlog.ts";

const NOON = 43_200_000;

/** One send in each of this many conversations. */
function sendsIn(backlog: Backlog, conversations: number, at: number): WaitingSend[] {
  return Array.from({ length: conversations }, (_, index) => backlog.forwarded(`chat-${index}`, "Tom", at));
}

describe("more than the server can do", () => {
  test("[I13] sends and queries are refused while most conversations have waited for over 4 s", () => {
    const backlog = new Backlog();
    const waiting = sendsIn(backlog, 100, NOON);
    for (const where of ["chat-1", "another", undefined]) {
      expect(backlog.refuses(where, "Jerry", NOON + 3_900)).toBe(false);
      expect(backlog.refuses(where, "Jerry", NOON + 4_100)).toBe(true);
    }
    for (const one of waiting.slice(0, 95)) backlog.finished(one);
    expect(backlog.refuses("chat-1", "Jerry", NOON + 4_200)).toBe(false);
  });

  test("[I13] a single conversation that is behind refuses only its own sends", () => {
    const backlog = new Backlog();
    for (let send = 0; send < 50; send++) backlog.forwarded("crowd", `member ${send}`, NOON);
    sendsIn(backlog, 30, NOON + 1_900);
    expect(backlog.refuses("crowd", "Jerry", NOON + 1_900)).toBe(false);
    expect(backlog.refuses("crowd", "Jerry", NOON + 2_100)).toBe(true);
    expect(backlog.refuses("chat-1", "Jerry", NOON + 2_100)).toBe(false);
    expect(backlog.refuses(undefined, "Jerry", NOON + 2_100)).toBe(false);
  });

  test("[I13] a few conversations that do not answer, or a few waiting sends, refuse nothing elsewhere", () => {
    const backlog = new Backlog();
    sendsIn(backlog, 9, NOON);
    expect(backlog.refuses("another", "Jerry", NOON + 8_000)).toBe(false);
    expect(backlog.refuses("chat-1", "Jerry", NOON + 8_000)).toBe(false);
  });

  test("[I13] nothing is refused because of a clock that was set back", () => {
    const backlog = new Backlog();
    sendsIn(backlog, 100, NOON);
    expect(backlog.refuses("chat-1", "Jerry", NOON + 5_000)).toBe(true);
    expect(backlog.refuses("chat-1", "Jerry", NOON - 3_600_000)).toBe(false);
  });

  test("[I13] who floods a conversation is refused before the others, who are taken all the while", () => {
    const backlog = new Backlog();
    for (let send = 0; send < 200; send++) backlog.forwarded("crowd", "Spike", NOON);
    for (const client of ["Tom", "Jerry", "Tyke"]) backlog.forwarded("crowd", client, NOON + 300);
    const refused = (at: number) =>
      ["Spike", "Tom", "Jerry", "Butch"].filter((client) => backlog.refuses("crowd", client, at));
    expect(refused(NOON + 900)).toEqual([]);
    expect(refused(NOON + 1_100)).toEqual(["Spike"]);
    expect(backlog.refuses("another", "Spike", NOON + 1_100)).toBe(false);
    expect(refused(NOON + 2_100)).toEqual(["Spike", "Tom", "Jerry", "Butch"]);
  });

  test("[I13] members who all send much are refused alike, and no sooner", () => {
    const backlog = new Backlog();
    for (let send = 0; send < 20; send++)
      for (let member = 0; member < 10; member++) backlog.forwarded("crowd", `member ${member}`, NOON);
    expect(backlog.refuses("crowd", "member 3", NOON + 1_900)).toBe(false);
    expect(backlog.refuses("crowd", "member 3", NOON + 2_100)).toBe(true);
  });

  test("[I13] who is alone in an isolate with what waits is not compared with anybody", () => {
    const backlog = new Backlog();
    for (let send = 0; send < 40; send++) backlog.forwarded("crowd", "Spike", NOON);
    expect(backlog.refuses("crowd", "Spike", NOON + 1_900)).toBe(false);
    expect(backlog.refuses("crowd", "Spike", NOON + 2_100)).toBe(true);
  });

  test("[I13] as many sends may wait as people type, whatever the others have", () => {
    const backlog = new Backlog();
    for (let member = 0; member < 30; member++) backlog.forwarded("crowd", `member ${member}`, NOON);
    for (let send = 0; send < 3; send++) backlog.forwarded("crowd", "Tom", NOON);
    expect(backlog.refuses("crowd", "Tom", NOON + 1_100)).toBe(false);
    backlog.forwarded("crowd", "Tom", NOON);
    expect(backlog.refuses("crowd", "Tom", NOON + 1_100)).toBe(true);
  });
});
