import { beforeAll, describe, expect, test } from "vitest";
import { OpType } from "../../src/protocol/generated/message_pb.js";
import { change, look, named, notices, query, refusal, say, settle, start, update } from "../support/chat.ts";
import { trioChat } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld } from "./support/world.ts";

beforeAll(() => openWorld());

const NOWHERE = "f".repeat(24);
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe("members", () => {
  test("[B-06] [B-07] adding notifies the new members of their inviter, and all members of the new ones", async () => {
    const { tom, jerry, mary, toms, jerrys, marys, chat } = await trioChat();
    const tablet = await WorkerdDevice.of(mary);
    const before = (await look(toms, chat)).updatedAt;
    const reply = await change(toms, "add", chat, [mary]);
    expect(reply.convMessage).toMatchObject({ cid: chat, allowedPids: [mary], failedPids: [] });
    await settle(chat, jerrys, toms, marys, tablet);
    await settle(chat, toms, jerrys);
    const created = [`joined by ${tom}`, `members_joined ${jerry} ${tom} by ${tom}`];
    expect(notices(toms, chat)).toEqual([...created, `members_joined ${mary} by ${tom}`]);
    expect(notices(jerrys, chat)).toEqual([...created, `members_joined ${mary} by ${tom}`]);
    for (const device of [marys, tablet]) {
      expect(notices(device, chat)).toEqual([`joined by ${tom}`, `members_joined ${mary} by ${tom}`]);
    }
    const [push] = marys.pushes().filter((frame) => frame.op === OpType.joined);
    expect(push?.convMessage?.udate).toBe(reply.convMessage?.udate);
    expect(Date.parse(reply.convMessage?.udate ?? "")).toBeGreaterThan(Date.parse(String(before)));
    expect((await look(toms, chat)).m).toEqual([jerry, tom, mary]);
  });

  test("[wire §5.1] one event carries all members that an operation added or removed", async () => {
    const { tom, jerry, mary, toms, jerrys, marys, chat } = await trioChat(["tom", "jerry"]);
    const [spike] = named("spike");
    await change(toms, "add", chat, [mary, spike]);
    await change(toms, "remove", chat, [spike, mary]);
    await settle(chat, toms, jerrys);
    const two = [mary, spike].toSorted();
    expect(notices(jerrys, chat).slice(2, 3)).toEqual([`members_joined ${two.join(" ")} by ${tom}`]);
    const [, , , left] = jerrys.pushes().filter((frame) => frame.convMessage?.cid === chat);
    expect(left?.convMessage?.m.toSorted()).toEqual(two);
    await marys.push("conv", "left");
    expect(jerry).toBeTruthy();
  });

  test("[B-06] a client that joins by itself counts as invited by itself, and all members are notified", async () => {
    const { tom, jerry, mary, toms, jerrys, marys, chat } = await trioChat();
    const reply = await change(marys, "add", chat, [mary]);
    expect(reply.convMessage?.allowedPids).toEqual([mary]);
    await settle(chat, marys, toms, jerrys);
    await settle(chat, toms, marys);
    expect(notices(marys, chat)).toEqual([`joined by ${mary}`, `members_joined ${mary} by ${mary}`]);
    expect(notices(jerrys, chat).at(-1)).toBe(`members_joined ${mary} by ${mary}`);
    expect([tom, jerry]).toHaveLength(2);
  });

  test("[B-06] removing a member notifies that member on every device, and the other members", async () => {
    const { tom, mary, toms, jerrys, marys, chat } = await trioChat(["tom", "jerry", "mary"]);
    const tablet = await WorkerdDevice.of(mary);
    const reply = await change(toms, "remove", chat, [mary]);
    expect(reply.convMessage).toMatchObject({ allowedPids: [mary], failedPids: [] });
    await settle(chat, jerrys, toms);
    await settle(chat, toms, jerrys);
    for (const device of [toms, jerrys]) {
      expect(notices(device, chat).slice(2)).toEqual([`members_left ${mary} by ${tom}`]);
    }
    await marys.push("conv", "left");
    await tablet.push("conv", "left");
    await change(toms, "add", chat, [mary]);
    for (const device of [marys, tablet]) await device.push("conv", "joined");
    expect(notices(marys, chat).slice(2, 4)).toEqual([`left by ${tom}`, `joined by ${tom}`]);
    expect(notices(tablet, chat).slice(0, 2)).toEqual([`left by ${tom}`, `joined by ${tom}`]);
  });

  test("[B-06] a member that left receives and sends nothing more", async () => {
    const { tom, jerry, toms, jerrys, chat } = await trioChat();
    const reply = await change(jerrys, "remove", chat, [jerry]);
    expect(reply.convMessage?.allowedPids).toEqual([jerry]);
    await toms.push("conv", "members_left");
    expect(notices(toms, chat).at(-1)).toBe(`members_left ${jerry} by ${jerry}`);
    await say(toms, chat, "he is gone");
    await update(toms, chat, { name: "Alone" });
    expect(refusal(await say(jerrys, chat, "hello?"))).toBe("4401 INVALID_MESSAGING_TARGET");
    await change(toms, "add", chat, [jerry]);
    await settle(chat, toms, jerrys);
    expect(notices(jerrys, chat).slice(2)).toEqual([
      `left by ${jerry}`,
      `joined by ${tom}`,
      `members_joined ${jerry} by ${tom}`,
    ]);
    expect(jerrys.texts(chat)).not.toContain("he is gone");
  });

  test("[wire §5.1] a command that changes nothing is answered and causes no event", async () => {
    const { tom, jerry, mary, toms, jerrys, marys, chat } = await trioChat();
    const before = (await look(toms, chat)).updatedAt;
    for (const [op, members, device] of [
      ["add", [jerry], toms],
      ["add", [tom, jerry], toms],
      ["remove", [mary], toms],
      ["remove", [mary], marys],
      ["add", [], toms],
      ["remove", [], toms],
    ] as const) {
      const { convMessage } = await change(device, op, chat, [...members]);
      expect(convMessage?.allowedPids.toSorted()).toEqual([...members].toSorted());
      expect(convMessage?.udate).toMatch(ISO);
    }
    await settle(chat, toms, jerrys);
    expect(notices(jerrys, chat)).toHaveLength(2);
    expect(notices(marys, chat)).toEqual([]);
    expect((await look(toms, chat)).updatedAt).toBe(before);
  });

  test("[B-06] an operation on several members changes those it can and names the others", async () => {
    const { tom, jerry, mary, toms, chat } = await trioChat();
    const { convMessage } = await change(toms, "add", chat, [mary, "", "x".repeat(65), jerry]);
    expect(convMessage?.allowedPids.toSorted()).toEqual([jerry, mary].toSorted());
    expect(convMessage?.failedPids).toMatchObject([
      { code: 4103, reason: "INVALID_LOGIN", pids: ["", "x".repeat(65)] },
    ]);
    expect((await look(toms, chat)).m).toEqual([jerry, tom, mary]);
  });

  test("[I12] strangers can add and remove only themselves", async () => {
    const { jerry, mary, marys, toms, chat } = await trioChat();
    const [spike] = named("spike");
    for (const members of [[spike], [mary, spike]]) {
      expect(refusal(await change(marys, "add", chat, members))).toBe(
        "4317 CONVERSATION_MEMBERSHIP_REQUIRED",
      );
    }
    expect(refusal(await change(marys, "remove", chat, [jerry]))).toBe(
      "4317 CONVERSATION_MEMBERSHIP_REQUIRED",
    );
    expect((await look(toms, chat)).m).toHaveLength(2);
  });

  test("[B-28] count and is_member answer for every conversation, and members only for chat rooms", async () => {
    const { tom, mary, toms, marys, chat } = await trioChat();
    const count = async () =>
      (await toms.ask({ cmd: "conv", op: "count", convMessage: { cid: chat } })).convMessage?.count;
    expect(await count()).toBe(2);
    await change(toms, "add", chat, [mary]);
    expect(await count()).toBe(3);
    await change(toms, "remove", chat, [tom, mary]);
    expect(await count()).toBe(1);
    for (const device of [toms, marys]) {
      const cids = [chat, NOWHERE, "no/such:id"];
      const { convMessage } = await device.ask({ cmd: "conv", op: "is_member", convMessage: { cids } });
      expect(JSON.parse(convMessage?.results?.data ?? "")).toEqual({
        [chat]: false,
        [NOWHERE]: false,
        "no/such:id": false,
      });
    }
    const other = await start(toms, [mary]);
    const { convMessage } = await marys.ask({
      cmd: "conv",
      op: "is_member",
      convMessage: { cids: [chat, other] },
    });
    expect(JSON.parse(convMessage?.results?.data ?? "")).toEqual({ [chat]: false, [other]: true });
    const members = await toms.ask({ cmd: "conv", op: "members", convMessage: { cid: other, limit: 50 } });
    expect(refusal(members)).toBe("4316 TRANSIENT_CONVERSATION_REQUIRED");
  });

  test("[M-46] mute and unmute change udate and mu and cause no event", async () => {
    const { jerry, tom, toms, jerrys, marys, chat } = await trioChat();
    const tablet = await WorkerdDevice.of(tom);
    const mute = async (device: WorkerdDevice, op: "mute" | "unmute") => {
      const { convMessage } = await device.ask({ cmd: "conv", op, convMessage: { cid: chat } });
      return Date.parse(convMessage?.udate ?? "");
    };
    const times = [await mute(toms, "mute")];
    expect((await look(toms, chat)).mu).toEqual([tom]);
    times.push(await mute(jerrys, "mute"));
    expect((await look(toms, chat)).mu).toEqual([jerry, tom]);
    expect((await query(toms, { mu: tom, objectId: chat })).map(({ objectId }) => objectId)).toEqual([chat]);
    times.push(await mute(toms, "unmute"));
    times.push(await mute(toms, "unmute"));
    expect((await look(toms, chat)).mu).toEqual([jerry]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(times).size).toBe(4);
    await settle(chat, jerrys, toms, tablet);
    expect(notices(tablet, chat)).toEqual([]);
    expect(notices(toms, chat)).toHaveLength(2);
    const stranger = await marys.ask({ cmd: "conv", op: "mute", convMessage: { cid: chat } });
    expect(refusal(stranger)).toBe("4317 CONVERSATION_MEMBERSHIP_REQUIRED");
  });

  test("[M-46] a member that muted the conversation still receives everything, and leaving ends the mute", async () => {
    const { jerry, toms, jerrys, chat } = await trioChat();
    await jerrys.ask({ cmd: "conv", op: "mute", convMessage: { cid: chat } });
    await say(toms, chat, "psst");
    await jerrys.message("psst");
    await change(jerrys, "remove", chat, [jerry]);
    expect((await look(toms, chat)).mu).toEqual([]);
    await change(jerrys, "add", chat, [jerry]);
    expect((await look(toms, chat)).mu).toEqual([]);
  });
});
