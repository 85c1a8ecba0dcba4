import { createScheduledController } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { conversationOf } from "../../../src/conversation/conversation-of.ts";
import { sweep } from "../../../src/conversation/retention/daily-sweep.ts";
import worker from "../../../src/index.ts";
import { history, named, query, refusal, say } from "../../support/chat.ts";
import { archived } from "../support/d1.ts";
import { CONVERSATIONS, done, outcome, rest, saidBy, textsIn, unreadOf } from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { maybeHibernate, openWorld, world } from "../support/world.ts";

/** Messages and conversations that are older than the owner keeps them (B-30, L-15, L-16). */

beforeAll(() => openWorld());
beforeEach(() => keep({ messageDays: 0, idleConversationDays: 0 }));

const DAY = 24 * 60 * 60_000;

const keep = (retention: { messageDays?: number; idleConversationDays?: number }) =>
  done("PATCH", "/admin/settings", { retention });

/** What is done once a day. */
const day = () => worker.scheduled(createScheduledController(), world);

const hold = (id: string) => `/admin/conversations/${id}/hold`;

let chats = 0;

/** A conversation of ten days ago, with a message of each of these days. */
async function oldChat(members: string[], days: number[]) {
  chats += 1;
  const objectId = (0xa0000 + chats).toString(16).padStart(24, "0");
  const begun = new Date(Date.now() - 10 * DAY).toISOString();
  const row = { objectId, m: members, c: members[0], createdAt: begun, updatedAt: begun };
  await done("POST", "/admin/import/conversations", { results: [row] });
  const results = days.map((age) => ({
    to: objectId,
    from: members[0],
    "msg-id": `old-${chats}-${age}`,
    timestamp: Date.now() - age * DAY,
    data: `${age} days ago`,
  }));
  await done("POST", "/admin/import/messages", { results });
  return objectId;
}

describe("[B-30] messages that are older than messageDays", () => {
  test("[B-30] old messages are gone from every list at once, and come back if more are kept", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const id = await oldChat([tom, jerry], [9, 5, 2]);
    await done("POST", "/admin/import/unread", { results: [{ conversation: id, client: jerry, unread: 3 }] });
    const jerrys = await WorkerdDevice.of(jerry);
    const all = ["9 days ago", "5 days ago", "2 days ago"];
    const lists = async () => ({
      socket: await history(jerrys, id),
      conversation: await textsIn(id),
      client: (await done<{ data: string }[]>("GET", `/1.2/rtm/clients/${tom}/messages?reversed=true`)).map(
        ({ data }) => data,
      ),
      unread: await unreadOf(jerry, id),
    });
    expect(await lists()).toEqual({ socket: all, conversation: all, client: all, unread: 3 });
    await keep({ messageDays: 3 });
    await maybeHibernate();
    const young = ["2 days ago"];
    expect(await lists()).toEqual({ socket: young, conversation: young, client: young, unread: 1 });
    await keep({ messageDays: 1 });
    expect(await lists()).toEqual({ socket: [], conversation: [], client: [], unread: 0 });
    const [found] = await query(jerrys, { objectId: id });
    expect(found).toMatchObject({ objectId: id });
    expect(found).not.toHaveProperty("msg");
    await keep({ messageDays: 6 });
    expect((await lists()).socket).toEqual(all.slice(1));
  });

  test("[B-30] the daily job deletes old rows from the object and from D1, and counts them", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const id = await oldChat([tom, jerry], [9, 5, 2]);
    const before = await done<{ deleted: { messages: number } }>("GET", "/admin/retention");
    await keep({ messageDays: 3 });
    await day();
    await maybeHibernate();
    await keep({ messageDays: 0 });
    expect(await textsIn(id)).toEqual(["2 days ago"]);
    expect((await archived(id)).map(({ content }) => content)).toEqual(["2 days ago"]);
    const after = await done<typeof before>("GET", "/admin/retention");
    expect(after).toMatchObject({ behind: false, held: [] });
    expect(after.deleted.messages).toBeGreaterThanOrEqual(before.deleted.messages + 2);
  });

  test("[B-30] a conversation of which all is deleted goes on, and is not looked at again", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const id = await oldChat([tom, jerry], [9, 5]);
    await keep({ messageDays: 3 });
    await day();
    await keep({ messageDays: 0 });
    expect(await textsIn(id)).toEqual([]);
    await keep({ messageDays: 3 });
    const counts = await done("GET", "/admin/retention");
    await day();
    expect(await done("GET", "/admin/retention")).toMatchObject({
      deleted: (counts as { deleted: object }).deleted,
    });
    await maybeHibernate();
    await saidBy(tom, id, "still here");
    expect(await textsIn(id)).toEqual(["still here"]);
    expect(await unreadOf(jerry, id)).toBe(1);
  });

  test("[B-30] a message that is too old is imported by nobody, and the import says so", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const id = await oldChat([tom, jerry], [2]);
    await keep({ messageDays: 3 });
    const row = { to: id, from: tom, "msg-id": "late", timestamp: Date.now() - 4 * DAY, data: "late" };
    expect(await done("POST", "/admin/import/messages", { results: [row] })).toMatchObject({
      added: 0,
      refused: [{ row: 0, error: "timestamp: older than messages are kept (retention.messageDays)" }],
    });
  });
});

describe("[B-30] a legal hold", () => {
  test("[B-30] a conversation on hold keeps all messages, shows them, and is never idle", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const id = await oldChat([tom, jerry], [9, 5]);
    expect(await done("GET", hold(id))).toEqual({ hold: null });
    const held = { hold: { since: expect.any(Number), reason: "File 12-345" } };
    expect(await done("PUT", hold(id), { reason: "File 12-345" })).toEqual(held);
    await keep({ messageDays: 1, idleConversationDays: 1 });
    await day();
    await maybeHibernate();
    expect(await done("GET", hold(id))).toEqual(held);
    expect(await textsIn(id)).toEqual(["9 days ago", "5 days ago"]);
    expect(await done<object[]>("GET", `/1.2/rtm/clients/${tom}/messages`)).toHaveLength(2);
    expect(await done("GET", "/admin/retention")).toMatchObject({ held: [id] });
    expect(await done("DELETE", hold(id))).toEqual({ hold: null });
    expect(await textsIn(id)).toEqual([]);
    await day();
    expect(await outcome(rest("GET", `${CONVERSATIONS}/${id}/messages`))).toBe("404 4303");
  });

  test("[B-30] a conversation that nobody has is not put on hold", async () => {
    const path = hold("5f0000000000000000000001");
    expect(await outcome(rest("PUT", path, { reason: "File 12-345" }))).toMatch(/^404 /);
    expect(await done("GET", "/admin/retention")).toMatchObject({ held: [] });
  });

  test.each(["", "  "])("[B-30] a hold whose reason is %j is refused with 105", async (reason) => {
    const [tom, jerry] = named("tom", "jerry");
    const id = await oldChat([tom, jerry], [9]);
    expect(await outcome(rest("PUT", hold(id), { reason }))).toBe("400 105");
    expect(await done("GET", hold(id))).toEqual({ hold: null });
  });
});

describe("[B-30] what D1 knows of conversations", () => {
  test("[B-30] a conversation that is deleted is not on hold any more", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const id = await oldChat([tom, jerry], [9]);
    await done("PUT", hold(id), { reason: "File 12-345" });
    await done("DELETE", `${CONVERSATIONS}/${id}`);
    expect(await done("GET", "/admin/retention")).toMatchObject({ held: [] });
  });

  test("[B-30] old messages that are imported after others were deleted are deleted too", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const id = await oldChat([tom, jerry], [9, 2]);
    await keep({ messageDays: 3 });
    await day();
    await keep({ messageDays: 0 });
    const row = { to: id, from: tom, "msg-id": "later", timestamp: Date.now() - 8 * DAY, data: "later" };
    await done("POST", "/admin/import/messages", { results: [row] });
    expect(await textsIn(id)).toEqual(["later", "2 days ago"]);
    await keep({ messageDays: 5 });
    await day();
    await keep({ messageDays: 0 });
    expect(await textsIn(id)).toEqual(["2 days ago"]);
  });
});

test("[B-30] old messages of conversations are deleted while a database of the archive fails", async () => {
  const [tom, jerry] = named("tom", "jerry");
  const id = await oldChat([tom, jerry], [9, 2]);
  await keep({ messageDays: 3 });
  await sweep(Object.assign({}, world, { ARCHIVE: "no list" }));
  expect(await done("GET", "/admin/retention")).toMatchObject({ behind: true });
  await keep({ messageDays: 0 });
  expect(await textsIn(id)).toEqual(["2 days ago"]);
});

describe("[L-16] an idle conversation", () => {
  test("[L-16] an idle conversation is deleted, and what is sent to it gets 4401", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const id = await oldChat([tom, jerry], [9, 5]);
    const toms = await WorkerdDevice.of(tom);
    expect(await history(toms, id)).toHaveLength(2);
    await keep({ idleConversationDays: 4 });
    await day();
    await maybeHibernate();
    expect(refusal(await say(toms, id, "anybody?"))).toBe("4401 INVALID_MESSAGING_TARGET");
    expect(await query(toms, { objectId: id })).toEqual([]);
    expect(await archived(id)).toEqual([]);
  });

  test("[L-16] a message or a change is activity, reading is none", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const [spoken, changed, read] = [
      await oldChat([tom, jerry], [9]),
      await oldChat([tom, jerry], [9]),
      await oldChat([tom, jerry], [9]),
    ];
    await saidBy(tom, spoken, "hello");
    await done("PUT", `${CONVERSATIONS}/${changed}`, { name: "Cheese" });
    expect(await textsIn(read)).toHaveLength(1);
    await keep({ idleConversationDays: 4 });
    await day();
    expect(await textsIn(spoken)).toHaveLength(2);
    expect(await textsIn(changed)).toHaveLength(1);
    expect(await outcome(rest("GET", `${CONVERSATIONS}/${read}/messages`))).toBe("404 4303");
  });

  test("[L-16] a message that comes while its conversation is deleted as idle is kept in it or refused, never lost", async () => {
    const outcomes = new Set<string>();
    for (let round = 0; round < 6; round += 1) {
      const [tom, jerry] = named("tom", "jerry");
      await keep({ idleConversationDays: 0 });
      const id = await oldChat([tom, jerry], [9]);
      const toms = await WorkerdDevice.of(tom);
      await history(toms, id);
      await keep({ idleConversationDays: 4 });
      const idleBefore = Date.now() - 4 * DAY;
      const tidied = conversationOf(world, id).tidy({ keptFrom: 0, idleBefore });
      if (round % 2 === 0) await new Promise((resolve) => setTimeout(resolve, round * 4));
      const said = refusal(await say(toms, id, "hello"));
      const { outcome: became } = await tidied;
      outcomes.add(became);
      if (became === "deleted") expect(said).toBe("4401 INVALID_MESSAGING_TARGET");
      else {
        expect(said).toBe("");
        expect((await textsIn(id)).at(-1)).toBe("hello");
      }
    }
    expect([...outcomes].every((each) => ["kept", "deleted"].includes(each))).toBe(true);
  });
});
