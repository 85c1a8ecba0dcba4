import { beforeAll, describe, expect, test } from "vitest";
import { OpType } from "../../src/protocol/generated/message_pb.js";
import { history, logs, look, refusal, say, settle } from "../support/chat.ts";
import { has } from "../support/frames.ts";
import { edit, modify, namedBy, recall } from "./support/commands.ts";
import {
  chatWithMessage,
  itemsOf,
  PATCHES_ALLOWED,
  patched,
  patchTime,
  RECALLED,
  shown,
} from "./support/patches.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld } from "./support/world.ts";

beforeAll(() => openWorld(PATCHES_ALLOWED));

const encoder = new TextEncoder();
const decoder = new TextDecoder();

describe("a recall", () => {
  test.each([
    ["without content (JavaScript, Java, C#)", {}],
    ["with Swift's content", { data: encoder.encode(RECALLED) }],
    ["with Java's fields", { mentionAll: false }],
  ])("[M-22] [M-23] a recall %s leaves a placeholder everywhere", async (_, form) => {
    const { tom, jerry, toms, jerrys, chat, one } = await chatWithMessage();
    const answer = await modify(toms, { ...one, recall: true, ...form });
    expect(OpType[answer.op]).toBe("modified");
    const [item, ...others] = itemsOf(await jerrys.push("patch", "modify"));
    expect(others).toEqual([]);
    expect(item).toMatchObject({ ...one, from: tom, recall: true });
    expect(decoder.decode(item?.data)).toBe(RECALLED);
    expect(Number(item?.patchTimestamp)).toBe(patchTime(answer));
    expect([has(item, "patchCode"), has(item, "patchReason")]).toEqual([false, false]);
    const kept = await shown(jerrys, one);
    expect([kept.data, kept.timestamp, kept.from]).toEqual([RECALLED, one.timestamp, tom]);
    expect(Number(kept.patchTimestamp)).toBe(patchTime(answer));
    expect(await look(jerrys, chat, 2)).toMatchObject({ msg: RECALLED, msg_mid: one.mid });
    const [tuple] = (await (await WorkerdDevice.of(jerry)).push("unread")).unreadMessage?.convs ?? [];
    expect([tuple?.data, tuple?.mid]).toEqual([RECALLED, one.mid]);
    expect(Number(tuple?.patchTimestamp)).toBe(patchTime(answer));
  });

  test("[M-22] a recall removes the mentions", async () => {
    const { jerry, toms, chat } = await chatWithMessage();
    const message = namedBy(
      chat,
      await say(toms, chat, "@Jerry", { mentionPids: [jerry], mentionAll: true }),
    );
    await recall(toms, message);
    expect(await shown(toms, message)).toMatchObject({ mentionPids: [], mentionAll: false, data: RECALLED });
    const [tuple] = (await (await WorkerdDevice.of(jerry)).push("unread")).unreadMessage?.convs ?? [];
    expect(tuple?.mentioned).toBe(false);
  });

  test("[M-22] a recall of bytes leaves text", async () => {
    const { toms, chat } = await chatWithMessage();
    const sent = await toms.ask({
      cmd: "direct",
      directMessage: { cid: chat, binaryMsg: new Uint8Array([0, 255]) },
    });
    const message = namedBy(chat, sent);
    await recall(toms, message);
    const kept = await shown(toms, message);
    expect([kept.data, kept.bin]).toEqual([RECALLED, false]);
  });

  test("[M-20] a repeated recall is answered alike and sent to no device", async () => {
    const { toms, jerrys, chat, one } = await chatWithMessage();
    const [first, second] = [await recall(toms, one), await recall(toms, one)];
    expect(OpType[second.op]).toBe("modified");
    expect(patchTime(second)).toBe(patchTime(first));
    await settle(chat, toms, jerrys);
    expect(patched(jerrys, chat)).toEqual([RECALLED]);
  });

  test("[M-22] a recalled message cannot be edited", async () => {
    const { toms, jerrys, chat, one } = await chatWithMessage();
    await recall(toms, one);
    expect(refusal(await edit(toms, one, "never mind"))).toMatch(/^44\d\d /);
    await settle(chat, toms, jerrys);
    expect(patched(jerrys, chat)).toEqual([RECALLED]);
    expect(await history(jerrys, chat)).toEqual([RECALLED]);
  });

  test("[M-22] a history query for recalled messages finds a recalled one", async () => {
    const { toms, chat, one } = await chatWithMessage();
    await say(toms, chat, '{"_lctype":-1,"_lctext":"stays"}');
    await recall(toms, one);
    const page = await logs(toms, chat, { lctype: -127, limit: 10 });
    expect(page.logsMessage?.logs.map(({ msgId }) => msgId)).toEqual([one.mid]);
  });
});
