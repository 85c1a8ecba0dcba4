import { beforeAll, describe, expect, test } from "vitest";
import { OpType } from "../../src/protocol/generated/message_pb.js";
import { history, refusal, say, settle, start } from "../support/chat.ts";
import { modify, namedBy, pushesOf } from "./support/commands.ts";
import {
  chatWithMessage,
  itemsOf,
  NOT_MINE,
  PATCHES_ALLOWED,
  patched,
  patchTime,
  RECALLED,
  UNKNOWN,
} from "./support/patches.ts";
import { openWorld } from "./support/world.ts";

beforeAll(() => openWorld(PATCHES_ALLOWED));

const encoder = new TextEncoder();

describe("several patches in one command", () => {
  test("[M-16] [gotcha 38] several patches in one command are sent as one event each, in order", async () => {
    const { toms, jerrys, chat, one } = await chatWithMessage();
    const two = namedBy(chat, await say(toms, chat, "two"));
    const answer = await modify(
      toms,
      { ...one, data: encoder.encode("1") },
      { ...two, recall: true },
      { ...one, data: encoder.encode("1 again") },
    );
    expect(OpType[answer.op]).toBe("modified");
    await settle(chat, toms, jerrys);
    expect(pushesOf(jerrys, "patch").map((push) => itemsOf(push).length)).toEqual([1, 1, 1]);
    expect(patched(jerrys, chat)).toEqual(["1", RECALLED, "1 again"]);
    const times = pushesOf(jerrys, "patch")
      .flatMap(itemsOf)
      .map(({ patchTimestamp }) => Number(patchTimestamp));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(patchTime(answer)).toBe(times.at(-1));
    expect(await history(jerrys, chat)).toEqual(["1 again", RECALLED]);
  });

  test("[M-16] if one of several patches is refused, none of its conversation is made", async () => {
    const { toms, jerrys, chat, one } = await chatWithMessage();
    const foreign = namedBy(chat, await say(jerrys, chat, "Jerry's"));
    await toms.message("Jerry's");
    const data = encoder.encode("x");
    expect(refusal(await modify(toms, { ...one, data }, { ...foreign, data }))).toBe(NOT_MINE);
    expect(refusal(await modify(toms, { ...one, data }, { ...one, mid: "x", recall: true }))).toBe(UNKNOWN);
    await settle(chat, toms, jerrys);
    expect(patched(jerrys, chat)).toEqual([]);
    expect(await history(jerrys, chat)).toEqual(["one", "Jerry's"]);
  });

  test("[M-16] patches in two conversations are answered once, after both are made", async () => {
    const { toms, jerrys, jerry, chat, one } = await chatWithMessage();
    const second = await start(toms, [jerry], { unique: false });
    const other = namedBy(second, await say(toms, second, "other"));
    await jerrys.message("other");
    const answer = await modify(
      toms,
      { ...one, data: encoder.encode("1") },
      { ...other, data: encoder.encode("2") },
    );
    expect(OpType[answer.op]).toBe("modified");
    expect([await history(jerrys, chat), await history(jerrys, second)]).toEqual([["1"], ["2"]]);
    await settle(chat, toms, jerrys);
    await settle(second, toms, jerrys);
    expect([patched(jerrys, chat), patched(jerrys, second)]).toEqual([["1"], ["2"]]);
    expect(toms.answers(answer.i)).toHaveLength(1);
  });

  test("[I10] patches in two conversations, of which one refuses, are refused once", async () => {
    const { toms, jerrys, jerry, chat, one } = await chatWithMessage();
    const second = await start(jerrys, [toms.clientId, jerry], { unique: false });
    const foreign = namedBy(second, await say(jerrys, second, "Jerry's"));
    await toms.message("Jerry's");
    const data = encoder.encode("x");
    for (const patches of [
      [
        { ...one, data },
        { ...foreign, data },
      ],
      [
        { ...foreign, data },
        { ...one, data },
      ],
    ]) {
      const answer = await modify(toms, ...patches);
      expect(refusal(answer)).toBe(NOT_MINE);
      await settle(chat, toms, jerrys);
      await settle(second, toms, jerrys);
      expect(toms.answers(answer.i)).toHaveLength(1);
    }
    expect(await history(jerrys, second)).toEqual(["Jerry's"]);
    // One that exists nowhere is refused no less.
    const nowhere = { ...foreign, cid: "0".repeat(24), data };
    expect(refusal(await modify(toms, { ...one, data }, nowhere))).not.toBe("");
  });
});
