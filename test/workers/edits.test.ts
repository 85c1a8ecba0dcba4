import { beforeAll, describe, expect, test } from "vitest";
import { toBase64 } from "../../src/protocol/base64.ts";
import { CommandType, OpType } from "../../src/protocol/generated/message_pb.js";
import { history, look, refusal, say, settle } from "../support/chat.ts";
import { has } from "../support/frames.ts";
import { caughtUp, edit, modify, pushesOf, recall } from "./support/commands.ts";
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
import { openWorld, world } from "./support/world.ts";

beforeAll(() => openWorld(PATCHES_ALLOWED));

const encoder = new TextEncoder();
const decoder = new TextDecoder();

describe("an edit", () => {
  test("[M-14] [M-15] [wire §5.3] an edit is sent with the old id and the new content, and answered with its time", async () => {
    const { tom, toms, jerrys, one } = await chatWithMessage();
    const before = Date.now();
    const answer = await edit(toms, one, "two", { mentionPids: ["nibbles"] });
    expect([answer.cmd, OpType[answer.op]]).toEqual([CommandType.patch, "modified"]);
    const push = await jerrys.push("patch", "modify");
    expect([push.service, has(push, "i"), has(push, "serverTs")]).toEqual([2, false, true]);
    const [item, ...others] = itemsOf(push);
    expect(others).toEqual([]);
    expect(item).toMatchObject({ ...one, from: tom, mentionPids: ["nibbles"] });
    expect(decoder.decode(item?.data)).toBe("two");
    expect(Number(item?.patchTimestamp)).toBe(patchTime(answer));
    expect(patchTime(answer)).toBeGreaterThan(Number(one.timestamp));
    expect(patchTime(answer)).toBeGreaterThanOrEqual(before);
    // gotcha 12: nothing that looks like the system's doing.
    expect([has(item, "patchCode"), has(item, "patchReason"), item?.recall]).toEqual([false, false, false]);
  });

  test("[M-14] [M-06] history shows an edit at the old place under the old id", async () => {
    const { tom, toms, jerrys, chat, one } = await chatWithMessage();
    await say(jerrys, chat, "meanwhile");
    const answer = await edit(toms, one, "two", { mentionAll: true });
    for (const device of [toms, jerrys]) {
      expect(await history(device, chat)).toEqual(["two", "meanwhile"]);
      const item = await shown(device, one);
      expect(item).toMatchObject({ from: tom, timestamp: one.timestamp, mentionAll: true });
      expect(Number(item.patchTimestamp)).toBe(patchTime(answer));
    }
  });

  test("[M-12] [M-14] a message may be edited repeatedly, each time later than before", async () => {
    const { toms, jerrys, chat, one } = await chatWithMessage();
    const times: number[] = [];
    for (const text of ["two", "three", "four"]) times.push(patchTime(await edit(toms, one, text)));
    expect(new Set(times).size).toBe(3);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    await settle(chat, toms, jerrys);
    expect(patched(jerrys, chat)).toEqual(["two", "three", "four"]);
    expect(await history(toms, chat)).toEqual(["four"]);
  });

  test("[M-06] an edit replaces the mentions, and removes them if it has none", async () => {
    const { toms, one } = await chatWithMessage();
    await edit(toms, one, "two", { mentionAll: true, mentionPids: ["nibbles"] });
    await edit(toms, one, "three");
    expect(await shown(toms, one)).toMatchObject({ data: "three", mentionAll: false, mentionPids: [] });
  });

  test("[wire §5.3] an edit reaches the sender's other devices, but not the session that made it", async () => {
    const { tom, toms, jerrys, chat, one } = await chatWithMessage();
    const tablet = await WorkerdDevice.of(tom);
    await caughtUp(chat, tablet);
    await settle(chat, jerrys, toms, tablet);
    await edit(toms, one, "two");
    await recall(toms, one);
    await settle(chat, jerrys, toms, tablet);
    expect(patched(tablet, chat)).toEqual(["two", RECALLED]);
    expect(patched(toms, chat)).toEqual([]);
  });

  test("[wire §4.10] an edit in Java's form, with `recall` and `mentionAll` always set and bytes in `data`, is accepted", async () => {
    const { toms, jerrys, chat, one } = await chatWithMessage();
    const bytes = new Uint8Array([0xff, 0x00, 0xfe]);
    const form = { recall: false, mentionAll: false };
    expect(refusal(await modify(toms, { ...one, ...form, data: encoder.encode("text") }))).toBe("");
    expect(refusal(await modify(toms, { ...one, ...form, data: bytes }))).toBe("");
    await settle(chat, toms, jerrys);
    const [text, binary] = pushesOf(jerrys, "patch").flatMap(itemsOf);
    expect([decoder.decode(text?.data), text?.binaryMsg.length]).toEqual(["text", 0]);
    expect(binary?.binaryMsg).toEqual(bytes);
    expect(await shown(jerrys, one)).toMatchObject({ bin: true, data: toBase64(bytes) });
  });

  test("[wire §4.10] an edit carries bytes in `binaryMsg`, and fields that only C# sends are ignored", async () => {
    const { toms, jerrys, one } = await chatWithMessage();
    const binaryMsg = new Uint8Array([1, 2, 255]);
    const answer = await modify(toms, { ...one, binaryMsg, from: "spike", patchTimestamp: 1 });
    expect(patchTime(answer)).toBeGreaterThan(Number(one.timestamp));
    const [item] = itemsOf(await jerrys.push("patch"));
    expect(item?.binaryMsg).toEqual(binaryMsg);
    expect(item?.from).toBe(toms.clientId);
    expect(Number(item?.patchTimestamp)).toBe(patchTime(answer));
  });

  test("[wire §9.4] an edit is shown in the last message of a query and in the unread tuple", async () => {
    const { toms, jerrys, jerry, chat, one } = await chatWithMessage();
    const answer = await edit(toms, one, "two");
    expect(await look(jerrys, chat, 2)).toMatchObject({ msg: "two", msg_mid: one.mid });
    const [tuple] = (await (await WorkerdDevice.of(jerry)).push("unread")).unreadMessage?.convs ?? [];
    expect(tuple).toMatchObject({
      cid: chat,
      unread: 1,
      mid: one.mid,
      timestamp: one.timestamp,
      data: "two",
    });
    expect(Number(tuple?.patchTimestamp)).toBe(patchTime(answer));
  });

  test("[M-09] an edit that mentions a member shows in that member's unread count", async () => {
    const { toms, jerry, one } = await chatWithMessage();
    const mentioned = async () => {
      const [tuple] = (await (await WorkerdDevice.of(jerry)).push("unread")).unreadMessage?.convs ?? [];
      return tuple?.mentioned;
    };
    expect(await mentioned()).toBe(false);
    await edit(toms, one, "@Jerry", { mentionPids: [jerry] });
    expect(await mentioned()).toBe(true);
    await edit(toms, one, "nobody");
    expect(await mentioned()).toBe(false);
  });

  test("[I1] an edit reaches the archive", async () => {
    const { toms, chat, one } = await chatWithMessage();
    const archived = async () => {
      const row = await world.DB.prepare("SELECT * FROM messages WHERE conversation_id = ?")
        .bind(chat)
        .first();
      return row === null ? "" : JSON.stringify(row);
    };
    await expect.poll(archived, { timeout: 10_000 }).toContain("one");
    await edit(toms, one, "changed later");
    await expect.poll(archived, { timeout: 10_000 }).toContain("changed later");
  });

  test("[I2] an edit and messages of the same moment arrive in the order they were sent", async () => {
    const { toms, jerrys, chat, one } = await chatWithMessage();
    const peerId = toms.clientId;
    const sent = [1, 2, 3, 4, 5, 6];
    for (const at of sent) {
      const i = 900 + at;
      if (at % 2 === 0) toms.send({ cmd: "direct", peerId, i, directMessage: { cid: chat, msg: `m${at}` } });
      else {
        const patches = [{ ...one, data: encoder.encode(`p${at}`) }];
        toms.send({ cmd: "patch", op: "modify", peerId, i, patchMessage: { patches } });
      }
    }
    for (const at of sent) expect(refusal(await toms.answer(900 + at))).toBe("");
    await settle(chat, toms, jerrys);
    const order = jerrys
      .pushes()
      .filter(({ cmd, directMessage }) => {
        return cmd === CommandType.patch || (cmd === CommandType.direct && !directMessage?.transient);
      })
      .map((push) =>
        push.cmd === CommandType.patch ? decoder.decode(itemsOf(push)[0]?.data) : push.directMessage?.msg,
      );
    expect(order).toEqual(["one", "p1", "m2", "p3", "m4", "p5", "m6"]);
    expect(await history(jerrys, chat)).toEqual(["p5", "m2", "m4", "m6"]);
  });

  test("[Y-12] an edit does not change unread counts", async () => {
    const { toms, jerry, jerrys, chat, one } = await chatWithMessage();
    jerrys.send({ cmd: "read", peerId: jerry, readMessage: { convs: [{ cid: chat }] } });
    await jerrys.push("unread");
    await edit(toms, one, "two");
    await say(toms, chat, "three");
    const [tuple] = (await (await WorkerdDevice.of(jerry)).push("unread")).unreadMessage?.convs ?? [];
    expect([tuple?.unread, tuple?.data]).toEqual([1, "three"]);
  });
});
