import { beforeAll, describe, expect, test } from "vitest";
import { change, heard, history, named, notices, refusal, say, settle, update } from "../support/chat.ts";
import { listed, result, shutUp } from "../support/permissions.ts";
import { caughtUp, edit, loggedIn, namedBy, notifications, recall } from "./support/commands.ts";
import { trioChat } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld } from "./support/world.ts";

/** Silenced members over the wire. Tom creates the chats, so he is their Owner. */

beforeAll(() =>
  openWorld({ security: { memberRoles: true }, messages: { allowEdit: true, allowRecall: true } }),
);

const SILENCED = "4563 SILIENCED";
const everybody: ("tom" | "jerry" | "mary")[] = ["tom", "jerry", "mary"];

/** Jerry has said something, and Tom has silenced Jerry. */
async function silencedChat() {
  const clients = await trioChat(everybody);
  const said = namedBy(clients.chat, await say(clients.jerrys, clients.chat, "cheese"));
  expect(result(await shutUp(clients.toms, "add_shutup", clients.chat, [clients.jerry]))).toBe(clients.jerry);
  return { ...clients, said };
}

describe("[X-16] who is silenced reads and is not heard", () => {
  test("[X-16] no message, transient message, edit, new name or will of theirs is heard, from no device", async () => {
    const { jerry, toms, jerrys, marys, chat, said } = await silencedChat();
    const second = await loggedIn(jerry);
    await caughtUp(chat, second);
    for (const device of [jerrys, second]) {
      expect(refusal(await say(device, chat, "more"))).toBe(SILENCED);
      expect(refusal(await say(device, chat, "more", { transient: true }))).toBe(SILENCED);
      expect(refusal(await say(device, chat, "more", { will: true }))).toBe(SILENCED);
      expect(refusal(await edit(device, said, "more cheese"))).toBe(SILENCED);
      expect(refusal(await update(device, chat, { name: "Jerry says" }))).toBe(SILENCED);
    }
    await say(toms, chat, "quiet");
    await settle(chat, toms, jerrys, marys, second);
    for (const device of [jerrys, second]) expect(heard(device, chat)).toContain("quiet");
    expect(heard(marys, chat)).toEqual(["cheese", "quiet"]);
    expect(await history(marys, chat)).toEqual(["cheese", "quiet"]);
  });

  test("[X-16] [M-47] a will that was handed over before is dropped", async () => {
    const { jerry, toms, jerrys, marys, chat } = await trioChat(everybody);
    expect(refusal(await say(jerrys, chat, "last words", { will: true }))).toBe("");
    await shutUp(toms, "add_shutup", chat, [jerry]);
    jerrys.close();
    await settle(chat, toms, marys);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await settle(chat, toms, marys);
    expect(heard(marys, chat)).toEqual([]);
  });

  test("[X-16] they may take back what they said, and the repeat of an accepted send has its first answer", async () => {
    const { jerry, toms, jerrys, chat } = await trioChat(everybody);
    const sent = await say(jerrys, chat, "cheese", { dt: "once" });
    await shutUp(toms, "add_shutup", chat, [jerry]);
    const repeated = await say(jerrys, chat, "cheese", { dt: "once" });
    expect(repeated.ackMessage?.uid).toBe(sent.ackMessage?.uid);
    expect(refusal(await recall(jerrys, namedBy(chat, sent)))).toBe("");
    expect(await history(toms, chat)).toEqual(['{"_lctype":-127}']);
  });

  test("[X-16] leaving and joining again does not end it, and unsilencing does", async () => {
    const { jerry, toms, jerrys, chat } = await silencedChat();
    await change(jerrys, "remove", chat, [jerry]);
    await change(jerrys, "add", chat, [jerry]);
    expect(refusal(await say(jerrys, chat, "again"))).toBe(SILENCED);
    expect(result(await shutUp(toms, "remove_shutup", chat, [jerry]))).toBe(jerry);
    expect(refusal(await say(jerrys, chat, "again"))).toBe("");
  });

  test("[X-14] Members silence nobody, nobody is silenced by equals, and the failures say so", async () => {
    const { tom, jerry, mary, toms, jerrys, chat } = await trioChat(everybody);
    const UNAUTHORIZED = "4320 CONVERSATION_OPERATION_UNAUTHORIZED";
    for (const op of ["add_shutup", "remove_shutup"] as const)
      expect(refusal(await shutUp(jerrys, op, chat, [mary]))).toBe(UNAUTHORIZED);
    // What reaches nobody, for one reason, is an error.
    expect(refusal(await shutUp(toms, "add_shutup", chat, [tom]))).toBe(UNAUTHORIZED);
    const long = "x".repeat(65);
    expect(result(await shutUp(toms, "add_shutup", chat, [tom, jerry, long, mary, jerry]))).toBe(
      `${jerry} ${mary}, 4320: ${tom}, 4103: ${long}`,
    );
  });

  test("[X-18] it is announced to all members, the silenced ones too, and to these themselves", async () => {
    const { tom, jerry, toms, jerrys, marys, chat } = await silencedChat();
    await shutUp(toms, "remove_shutup", chat, [jerry]);
    await settle(chat, toms, jerrys, marys);
    const [own, members] = [
      [`shutuped by ${tom}`, `unshutuped by ${tom}`],
      [`members_shutuped ${jerry} by ${tom}`, `members_unshutuped ${jerry} by ${tom}`],
    ];
    const about = (device: WorkerdDevice) =>
      notices(device, chat).filter((text) => text.includes("shutuped"));
    expect(about(marys)).toEqual(members);
    expect(about(toms)).toEqual(members);
    expect(about(jerrys)).toEqual([own[0], members[0], own[1], members[1]]);
  });

  test("[X-18] [B-08] who was away learns of it over HTTP, in the forms of JavaScript and Swift", async () => {
    const { tom, jerry, toms, jerrys, chat } = await trioChat(everybody);
    const since = Date.now();
    jerrys.close();
    await shutUp(toms, "add_shutup", chat, [jerry]);
    const back = await loggedIn(jerry);
    const flat = await notifications(jerry, back.token, { start_ts: since, notification_type: "permanent" });
    const at = expect.any(Number);
    const common = { cmd: "conv", cid: chat, initBy: tom, serverTs: at, notificationType: 1 };
    expect(flat.body).toMatchObject({
      notifications: [
        { ...common, op: "shutuped" },
        { ...common, op: "members_shutuped", m: [jerry] },
      ],
    });
    const nested = await notifications(jerry, back.token, { start_ts: since });
    expect(nested.body).toMatchObject({
      permanent: { notifications: [{ op: "shutuped" }, { op: "members-shutuped", m: [jerry] }] },
    });
  });

  test("[X-21] the list is read by members, in pages with a decimal `next`", async () => {
    const { toms, jerrys, chat } = await trioChat(everybody);
    const [a, b, c] = ["a", "b", "c"].map((letter) => `${letter}-${named("x")[0]}`);
    await shutUp(toms, "add_shutup", chat, [c ?? "", a ?? "", b ?? ""]);
    expect(await listed(jerrys, "silenced", chat, { limit: 2 })).toEqual({ ids: [a, b], next: "2" });
    expect(await listed(jerrys, "silenced", chat, { limit: 2, next: "2" })).toEqual({
      ids: [c],
      next: undefined,
    });
    const many = Array.from({ length: 12 }, (_, at) => `m${at}-${a}`);
    await shutUp(toms, "add_shutup", chat, many);
    const page = await listed(jerrys, "silenced", chat);
    expect([page.ids.length, page.next]).toEqual([10, "10"]);
    const asked = await shutUp(jerrys, "check_shutup", chat, [a ?? "", "nobody"]);
    expect([asked.op, asked.convMessage?.m]).toEqual([177, [a]]);
    const odd = await jerrys.ask({ cmd: "conv", op: "query_shutup", convMessage: { cid: chat, next: "x" } });
    expect(refusal(odd)).toMatch(/^4301/);
    const [spike] = named("spike");
    const spikes = await WorkerdDevice.of(spike);
    await expect(listed(spikes, "silenced", chat)).rejects.toThrow("CONVERSATION_MEMBERSHIP_REQUIRED");
    expect(refusal(await shutUp(spikes, "check_shutup", chat, [spike]))).toBe("");
  });

  test("[X-16] a full list takes those that fit, and names the others with 4561", async () => {
    await configure({ limits: { listedClients: 2 } });
    const { toms, chat } = await trioChat(everybody);
    expect(result(await shutUp(toms, "add_shutup", chat, ["a", "b", "c"]))).toBe("a b, 4561: c");
    expect(result(await shutUp(toms, "add_shutup", chat, ["b", "d"]))).toBe("b, 4561: d");
    await shutUp(toms, "remove_shutup", chat, ["a"]);
    expect(result(await shutUp(toms, "add_shutup", chat, ["d"]))).toBe("d");
    await configure({ limits: { listedClients: null } });
  });
});
