import { beforeAll, describe, expect, test } from "vitest";
import { change, named, notices, refusal, settle, start } from "../support/chat.ts";
import { giveRole, result, shutUp } from "../support/permissions.ts";
import { onlineClients, trioChat } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld } from "./support/world.ts";

/** Roles of members over the wire. Tom creates the chats, so he is their Owner. */

beforeAll(() => openWorld({ security: { memberRoles: true } }));

const UNAUTHORIZED = "4320 CONVERSATION_OPERATION_UNAUTHORIZED";
const everybody: ("tom" | "jerry" | "mary")[] = ["tom", "jerry", "mary"];

describe("[X-11] roles", () => {
  test("[X-11] commands about roles and silences are refused with 4325 while they are off", async () => {
    await configure({ security: { memberRoles: false } });
    const { jerry, toms, chat } = await trioChat();
    const OFF = "4325 CONVERSATION_MEMBER_INFO_FEATURE_DISABLED";
    expect(refusal(await giveRole(toms, chat, jerry, "Manager"))).toBe(OFF);
    for (const op of ["add_shutup", "remove_shutup", "check_shutup"] as const)
      expect(refusal(await shutUp(toms, op, chat, [jerry]))).toBe(OFF);
    const asked = await toms.ask({ cmd: "conv", op: "query_shutup", convMessage: { cid: chat } });
    expect(refusal(asked)).toBe(OFF);
    await configure({ security: { memberRoles: true } });
  });

  test("[X-11] [X-18] a change of role is announced to all members with the row's id", async () => {
    const { tom, jerry, mary, toms, jerrys, marys, chat } = await trioChat(everybody);
    const answer = await giveRole(toms, chat, jerry, "Manager");
    expect(answer.op).toBe(54);
    expect(answer.convMessage?.cid).toBe(chat);
    for (const device of [toms, jerrys, marys]) {
      const { convMessage, notificationType } = await device.push("conv", "member_info_changed");
      expect(convMessage).toMatchObject({ cid: chat, initBy: tom, info: { pid: jerry, role: "Manager" } });
      expect(convMessage?.info?.infoId).toMatch(/^[0-9a-f]{24}$/);
      expect(notificationType).toBe(1);
    }
    // Again, it changes nothing and nobody is told.
    expect(refusal(await giveRole(toms, chat, jerry, "Manager"))).toBe("");
    expect(refusal(await giveRole(jerrys, chat, mary, "Manager"))).toBe("");
    const { convMessage } = await marys.push("conv", "member_info_changed");
    expect(convMessage).toMatchObject({ initBy: jerry, info: { pid: mary, role: "Manager" } });
  });

  test("[X-12] [X-13] only a higher role changes a lower one, and nobody becomes Owner", async () => {
    const { tom, jerry, mary, toms, jerrys, marys, chat } = await trioChat(everybody);
    expect(refusal(await giveRole(jerrys, chat, jerry, "Manager"))).toBe(UNAUTHORIZED);
    expect(refusal(await giveRole(toms, chat, jerry, "Owner"))).toBe("5130 OWNER_PROMOTION_NOT_ALLOWED");
    expect(refusal(await giveRole(toms, chat, jerry, "King"))).toBe("4321 UNKNOWN_CONVERSATION_ROLE");
    expect(refusal(await giveRole(toms, chat, tom, "Member"))).toBe(UNAUTHORIZED);
    expect(refusal(await giveRole(toms, chat, jerry, "Manager"))).toBe("");
    expect(refusal(await giveRole(toms, chat, mary, "Manager"))).toBe("");
    expect(refusal(await giveRole(jerrys, chat, mary, "Member"))).toBe(UNAUTHORIZED);
    expect(refusal(await giveRole(marys, chat, tom, "Member"))).toBe(UNAUTHORIZED);
    expect(refusal(await giveRole(toms, chat, mary, "Member"))).toBe("");
    const [stranger] = named("spike");
    expect(refusal(await giveRole(toms, chat, stranger, "Manager"))).toMatch(/^4317/);
    const strangers = await WorkerdDevice.of(stranger);
    expect(refusal(await giveRole(strangers, chat, jerry, "Member"))).toMatch(/^4317/);
  });

  test("[X-12] the Owner can neither leave nor be removed, and the others that are named are", async () => {
    const { tom, jerry, mary, toms, jerrys, chat } = await trioChat(everybody);
    // As long as nobody was given a role, they may.
    expect(refusal(await change(toms, "remove", chat, [tom]))).toBe("");
    expect(refusal(await change(toms, "add", chat, [tom]))).toBe("");
    expect(refusal(await giveRole(toms, chat, jerry, "Manager"))).toBe("");
    expect(refusal(await change(toms, "remove", chat, [tom]))).toBe("4324 CONVERSATION_NEED_OWNER");
    expect(result(await change(toms, "remove", chat, [tom, mary]))).toBe(`${mary}, 4324: ${tom}`);
    expect(refusal(await change(jerrys, "remove", chat, [tom]))).toBe("4324 CONVERSATION_NEED_OWNER");
    expect(refusal(await change(jerrys, "remove", chat, [jerry]))).toBe("");
    await configure({ security: { memberRoles: false } });
    expect(refusal(await change(toms, "remove", chat, [tom]))).toBe("");
    await configure({ security: { memberRoles: true } });
  });

  test("[X-14] Owner and Managers add and remove others; Members do neither, and join and leave themselves", async () => {
    const { jerry, mary, toms, jerrys, marys, chat } = await trioChat(everybody);
    const [spike] = named("spike");
    for (const op of ["add", "remove"] as const)
      expect(refusal(await change(jerrys, op, chat, [op === "add" ? spike : mary]))).toBe(UNAUTHORIZED);
    await giveRole(toms, chat, jerry, "Manager");
    expect(result(await change(jerrys, "add", chat, [spike]))).toBe(spike);
    expect(refusal(await change(marys, "remove", chat, [mary]))).toBe("");
    expect(refusal(await change(marys, "add", chat, [mary]))).toBe("");
    await giveRole(toms, chat, mary, "Manager");
    expect(result(await change(jerrys, "remove", chat, [mary, spike]))).toBe(`${spike}, 4320: ${mary}`);
  });

  test("[X-11] a role ends with the membership", async () => {
    const { jerry, mary, toms, jerrys, chat } = await trioChat(everybody);
    await giveRole(toms, chat, jerry, "Manager");
    await change(toms, "remove", chat, [jerry]);
    expect(refusal(await change(jerrys, "remove", chat, [mary]))).toMatch(/^4317/);
    await change(jerrys, "add", chat, [jerry]);
    expect(refusal(await change(jerrys, "remove", chat, [mary]))).toBe(UNAUTHORIZED);
  });

  test("[X-14] a removal and a promotion that race leave a Manager or no member, and never both halves", async () => {
    for (let round = 0; round < 6; round += 1) {
      const { tom, toms, jerry, jerrys, mary } = await onlineClients("tom", "jerry", "mary");
      const chat = await start(toms, [tom, jerry, mary], { unique: false });
      const [given, removed] = await Promise.all([
        giveRole(toms, chat, jerry, "Manager"),
        change(toms, "remove", chat, [jerry]),
      ]);
      expect(refusal(removed)).toBe("");
      expect(["", "4317 CONVERSATION_MEMBERSHIP_REQUIRED"]).toContain(refusal(given));
      await change(jerrys, "add", chat, [jerry]);
      expect(refusal(await change(jerrys, "remove", chat, [mary]))).toBe(UNAUTHORIZED);
    }
  });

  test("[B-03] in a unique conversation that others find, its first creator stays the Owner", async () => {
    const { tom, toms, jerry, jerrys } = await onlineClients("tom", "jerry");
    const chat = await start(toms, [tom, jerry], { unique: true });
    expect(await start(jerrys, [tom, jerry], { unique: true })).toBe(chat);
    expect(refusal(await giveRole(jerrys, chat, tom, "Member"))).toBe(UNAUTHORIZED);
    await giveRole(toms, chat, jerry, "Manager");
    expect(refusal(await change(toms, "remove", chat, [tom]))).toMatch(/^4324/);
  });

  test("[X-15] the other members hear of roles in the order in which they were given", async () => {
    const { tom, jerry, mary, toms, marys, chat } = await trioChat(everybody);
    await giveRole(toms, chat, jerry, "Manager");
    await giveRole(toms, chat, jerry, "Member");
    await giveRole(toms, chat, mary, "Manager");
    await settle(chat, toms, marys);
    const changes = notices(marys, chat).filter((text) => text.startsWith("member_info_changed"));
    expect(changes).toEqual(Array(3).fill(`member_info_changed by ${tom}`));
  });
});
