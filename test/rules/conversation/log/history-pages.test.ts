import { beforeEach, describe, expect, test } from "vitest";
import type { ConversationState } from "../../../../src/conversation/state.ts";
import { append, everything, message, pageOf, pairChat, timesOf } from "../people.ts";

let state: ConversationState;
beforeEach(() => {
  state = pairChat();
});

describe("[I13] a page of long messages", () => {
  /** Bytes of one in three for each character. */
  const fill = (count: number, characters: number) => {
    for (let at = 0; at < count; at += 1) {
      append(state, message(2_000 + at, { content: "奶".repeat(characters) }));
    }
  };
  const page = (limit: number, clientId: string | undefined, direction: "newer" | "older" = "newer") =>
    timesOf(pageOf(state.log, { ...everything, limit, direction }, clientId));

  test("[I13] a page of long messages holds for a client what fits into an answer, and the next page continues there", () => {
    fill(400, 7_000);
    const first = page(1_000, "jerry");
    expect(first).toEqual(Array.from({ length: 200 }, (_, at) => 2_000 + at));
    const start = { timestamp: 2_199, messageId: undefined, inclusive: false };
    expect(timesOf(pageOf(state.log, { ...everything, limit: 1_000, start }, "jerry"))).toEqual(
      Array.from({ length: 200 }, (_, at) => 2_200 + at),
    );
    expect(page(1_000, "jerry", "older")).toEqual(Array.from({ length: 200 }, (_, at) => 2_200 + at));
  });

  test("[I13] a page holds for a client the 100 messages that SDKs request, however long they are", () => {
    fill(120, 21_000);
    expect(page(100, "jerry").length).toBe(100);
    expect(page(1_000, "jerry").length).toBe(100);
  });

  test("[I13] a page of long messages holds for the app's server all it requests", () => {
    fill(400, 7_000);
    expect(page(1_000, undefined).length).toBe(400);
  });
});
