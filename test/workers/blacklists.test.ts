import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { change, history, named, notices, refusal, say, settle, start } from "../support/chat.ts";
import { block, giveRole, listed, result } from "../support/permissions.ts";
import { hmac, onTheWire, stamped } from "../support/sign.ts";
import { loggedIn, notifications } from "./support/commands.ts";
import { onlineClients, trioChat } from "./support/pair-chat.ts";
import { enter, roomOf } from "./support/rooms.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld, world } from "./support/world.ts";

/** Blacklists of conversations over the wire. */

const standard = { blacklists: true, memberRoles: false, signBlacklist: false };
beforeAll(() => openWorld({ security: standard }));
afterEach(() => configure({ security: standard }));

const everybody: ("tom" | "jerry" | "mary")[] = ["tom", "jerry", "mary"];

describe("[X-19] a conversation's blacklist", () => {
  test("[X-19] every command about it is refused with 4544 while blacklists are off", async () => {
    await configure({ security: { blacklists: false } });
    const { jerry, toms, chat } = await trioChat();
    const OFF = "4544 BLACKLIST_FEATURE_DISABLED";
    for (const op of ["block", "unblock", "check_block"] as const)
      expect(refusal(await block(toms, op, chat, [jerry]))).toBe(OFF);
    await expect(listed(toms, "blocked", chat)).rejects.toThrow("BLACKLIST_FEATURE_DISABLED");
  });

  test("[X-19] [X-20] blocking without a conversation's id is refused", async () => {
    const { jerry, toms } = await trioChat();
    for (const op of ["block", "unblock", "check_block"] as const) {
      const nothing = await toms.ask({ cmd: "blacklist", op, blacklistMessage: { toPids: [jerry] } });
      expect(refusal(nothing)).toMatch(/CONVERSATION_NOT_FOUND$/);
    }
  });

  test("[X-19] who is blocked is removed, hears and reads nothing, and can neither join nor be added", async () => {
    const { jerry, toms, jerrys, marys, chat } = await trioChat(everybody);
    const answer = await block(toms, "block", chat, [jerry]);
    expect([answer.cmd, answer.op, answer.blacklistMessage?.srcCid, result(answer)]).toEqual([
      20,
      172,
      chat,
      jerry,
    ]);
    expect(refusal(await change(jerrys, "add", chat, [jerry]))).toBe("4548 BLOCKED_BY_CONV");
    expect(result(await change(marys, "add", chat, [jerry, "spike"]))).toBe(`spike, 4548: ${jerry}`);
    expect(refusal(await say(jerrys, chat, "hello"))).toMatch(/^4401/);
    await expect(history(jerrys, chat)).rejects.toThrow("CONVERSATION_LOG_REJECTED");
    expect(result(await block(toms, "unblock", chat, [jerry]))).toBe(jerry);
    expect(refusal(await change(jerrys, "add", chat, [jerry]))).toBe("");
  });

  test("[X-18] [X-19] the blocked client, the members and nobody else are notified", async () => {
    const { tom, jerry, toms, jerrys, marys, chat } = await trioChat(everybody);
    const [stranger] = named("stranger");
    const strangers = await WorkerdDevice.of(stranger);
    await block(toms, "block", chat, [jerry, stranger]);
    await block(toms, "unblock", chat, [jerry]);
    await jerrys.push("conv", "unblocked");
    await settle(chat, toms, marys);
    expect(notices(jerrys, chat).slice(-3)).toEqual([
      `blocked by ${tom}`,
      `left by ${tom}`,
      `unblocked by ${tom}`,
    ]);
    const toMembers = [
      `members_blocked ${jerry} ${stranger} by ${tom}`,
      `members_left ${jerry} by ${tom}`,
      `members_unblocked ${jerry} by ${tom}`,
    ];
    for (const device of [toms, marys]) expect(notices(device, chat).slice(-3)).toEqual(toMembers);
    await strangers.push("conv", "blocked");
    expect(notices(strangers, chat)).toEqual([`blocked by ${tom}`]);
  });

  test("[X-19] [R-06] who is blocked in a chat room is heard, hears, reads and decides nothing there", async () => {
    await configure({ security: { memberRoles: true } });
    const { jerry, toms, jerrys, marys, mary } = await onlineClients("tom", "jerry", "mary");
    const room = await roomOf(toms);
    for (const device of [jerrys, marys]) await enter(device, room);
    expect(refusal(await giveRole(toms, room, jerry, "Manager"))).toBe("");
    expect(result(await block(toms, "block", room, [jerry]))).toBe(jerry);
    for (const more of [{}, { transient: true }, { will: true }])
      expect(refusal(await say(jerrys, room, "hello", more))).toMatch(/^4401/);
    await expect(history(jerrys, room)).rejects.toThrow("CONVERSATION_LOG_REJECTED");
    expect(refusal(await block(jerrys, "block", room, [mary]))).toMatch(/^4317/);
    await expect(listed(jerrys, "blocked", room)).rejects.toThrow("CONVERSATION_MEMBERSHIP_REQUIRED");
    expect(refusal(await giveRole(toms, room, jerry, "Manager"))).toMatch(/^4317/);
    await settle(room, toms, marys);
    expect(marys.texts(room)).not.toContain("hello");
    expect(notices(jerrys, room).slice(-1)).toEqual([`blocked by ${toms.clientId}`]);
    await block(toms, "unblock", room, [jerry]);
    // A role ends with it.
    expect(refusal(await block(jerrys, "block", room, [mary]))).toMatch(/^4320/);
    expect(refusal(await say(jerrys, room, "hello"))).toBe("");
  });

  test("[X-18] [B-08] who was blocked while away learns of it over HTTP", async () => {
    const { tom, jerry, toms, jerrys, chat } = await trioChat(everybody);
    const since = Date.now();
    jerrys.close();
    await block(toms, "block", chat, [jerry]);
    const back = await loggedIn(jerry);
    const { body } = await notifications(jerry, back.token, {
      start_ts: since,
      notification_type: "permanent",
    });
    expect(body).toMatchObject({
      notifications: [
        { cmd: "conv", op: "blocked", cid: chat, initBy: tom },
        { cmd: "conv", op: "left", cid: chat, initBy: tom },
      ],
    });
  });

  test("[X-14] without roles, those may block who may remove; with roles, Owner and Managers", async () => {
    const { tom, jerry, mary, toms, jerrys, chat } = await trioChat(everybody);
    const [stranger] = named("stranger");
    const strangers = await WorkerdDevice.of(stranger);
    expect(refusal(await block(strangers, "block", chat, [jerry]))).toMatch(/^4317/);
    await configure({ security: { removeOthers: "creator" } });
    expect(refusal(await block(jerrys, "block", chat, [mary]))).toMatch(/^4320/);
    await configure({ security: { removeOthers: null, memberRoles: true } });
    for (const op of ["block", "unblock"] as const)
      expect(refusal(await block(jerrys, op, chat, [mary]))).toMatch(/^4320/);
    await giveRole(toms, chat, jerry, "Manager");
    await giveRole(toms, chat, mary, "Manager");
    expect(result(await block(jerrys, "block", chat, [tom, mary, stranger]))).toBe(
      `${stranger}, 4324: ${tom}, 4320: ${mary}`,
    );
  });

  test("[X-21] the list is read in pages, and anybody may ask about themselves", async () => {
    const { jerry, toms, jerrys, marys, chat } = await trioChat(everybody);
    await block(toms, "block", chat, [jerry, `z${jerry}`]);
    expect(await listed(marys, "blocked", chat, { limit: 1 })).toEqual({ ids: [jerry], next: "1" });
    expect(await listed(marys, "blocked", chat, { limit: 1, next: "1" })).toEqual({
      ids: [`z${jerry}`],
      next: undefined,
    });
    await expect(listed(jerrys, "blocked", chat)).rejects.toThrow("CONVERSATION_MEMBERSHIP_REQUIRED");
    const asked = await block(jerrys, "check_block", chat, [jerry]);
    expect([asked.op, asked.blacklistMessage?.blockedPids]).toEqual([177, [jerry]]);
    expect(refusal(await block(jerrys, "check_block", chat, ["mary"]))).toMatch(/^4317/);
  });

  test("[X-19] a full list takes those that fit, and names the others with 4543", async () => {
    await configure({ limits: { listedClients: 2 } });
    const { jerry, toms, jerrys, chat } = await trioChat(everybody);
    expect(result(await block(toms, "block", chat, ["a", "b", jerry]))).toBe(`a b, 4543: ${jerry}`);
    expect(refusal(await say(jerrys, chat, "still here"))).toBe("");
    await configure({ limits: { listedClients: null } });
  });

  test("[X-01] [X-19] with blacklist signatures on, blocking and unblocking need one for exactly these clients", async () => {
    await configure({ security: { signBlacklist: true } });
    const { tom, jerry, mary, toms, chat } = await trioChat(everybody);
    const signed = (action: string, members: string[]) => {
      const stamp = stamped(Date.now());
      const list = members.toSorted().join(":");
      const text = `${world.APP_ID}:${tom}:${chat}:${list}:${stamp.timestamp}:${stamp.nonce}:${action}`;
      return onTheWire(hmac(world.MASTER_KEY, text), stamp);
    };
    const UNSIGNED = "4546 BLACKLIST_SIGNATURE_FAILED";
    expect(refusal(await block(toms, "block", chat, [jerry]))).toBe(UNSIGNED);
    const forJerry = signed("conversation-block-clients", [jerry]);
    expect(refusal(await block(toms, "block", chat, [jerry, mary], forJerry))).toBe(UNSIGNED);
    expect(refusal(await block(toms, "unblock", chat, [jerry], forJerry))).toBe(UNSIGNED);
    expect(result(await block(toms, "block", chat, [jerry], forJerry))).toBe(jerry);
    const unblocking = signed("conversation-unblock-clients", [jerry]);
    expect(result(await block(toms, "unblock", chat, [jerry], unblocking))).toBe(jerry);
  });

  test("[B-03] [X-19] the members of a unique conversation that blocked one of them begin another one", async () => {
    const { tom, toms, jerry, jerrys } = await onlineClients("tom", "jerry");
    const chat = await start(toms, [tom, jerry], { unique: true });
    await block(toms, "block", chat, [jerry]);
    const next = await start(jerrys, [tom, jerry], { unique: true });
    expect(next).not.toBe(chat);
    expect(refusal(await say(jerrys, next, "hello"))).toBe("");
    expect(refusal(await change(jerrys, "add", chat, [jerry]))).toMatch(/^4548/);
  });
});
