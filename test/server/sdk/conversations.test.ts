import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { sdk5 } from "./sdk.ts";
import { type Person, useTestApp } from "./test-app.ts";
import { pair, viewOf } from "./tom-and-jerry.ts";
import { next, record } from "./waiting.ts";

const app = useTestApp();

describe("conversations in the JavaScript SDK", () => {
  test("[B-02] [B-07] creating a conversation invites every member, with its name and attributes", async () => {
    const [tom, jerry] = await pair(app());
    const all = [tom.id, jerry.id].toSorted();
    const told = [tom, jerry].map((person) => ({
      invited: next(person.client, "invited"),
      joined: next(person.client, "membersjoined"),
    }));
    const chat = await tom.client.createConversation({
      members: [jerry.id],
      name: "Tom & Jerry",
      attr: { kind: "private", nested: { level: 1 } },
      color: { text: "#000" },
    });
    expect(chat.id).toMatch(/^[0-9a-f]{24}$/);

    for (const { invited, joined } of told) {
      const [invitation, invitedTo] = await invited;
      expect(invitation).toEqual({ invitedBy: tom.id });
      expect(invitedTo.id).toBe(chat.id);
      const [event] = await joined;
      expect({ ...event, members: event.members.toSorted() }).toEqual({ invitedBy: tom.id, members: all });
    }
    const view = await viewOf(jerry, chat);
    expect(view).toMatchObject({ name: "Tom & Jerry", creator: tom.id, createdAt: chat.createdAt });
    expect(view.updatedAt).toBeInstanceOf(Date);
    expect(view.members.toSorted()).toEqual(all);
    expect(view.get("attr")).toEqual({ kind: "private", nested: { level: 1 } });
    expect(view.get("color")).toEqual({ text: "#000" });
    expect(view.lastMessageAt ?? null).toBeNull();
  });

  test("[B-03] [B-04] unique conversations of the same members are one conversation", async () => {
    const [tom, jerry] = await pair(app());
    const spike = app().named("Spike");
    const told = Promise.all([next(tom.client, "membersjoined"), next(jerry.client, "membersjoined")]);
    const first = await tom.client.createConversation({
      members: [jerry.id, spike],
      name: "first",
      unique: true,
    });
    await told;
    const invitations = [record(tom.client, "invited"), record(jerry.client, "invited")];
    const joins = [record(tom.client, "membersjoined"), record(jerry.client, "membersjoined")];

    const again = await tom.client.createConversation({ members: [spike, jerry.id], unique: true });
    const byJerry = await jerry.client.createConversation({
      members: [spike, tom.id],
      name: "other",
      unique: true,
    });
    expect(again.id).toBe(first.id);
    expect(byJerry.id).toBe(first.id);
    await byJerry.fetch();
    expect(byJerry).toMatchObject({ name: "first", creator: tom.id });
    const sorted = [tom.id, jerry.id, spike].toSorted();
    expect(byJerry.get("uniqueId")).toBe(createHash("md5").update(sorted.join("")).digest("hex"));

    const smaller = await tom.client.createConversation({ members: [jerry.id], unique: true });
    const separate = await tom.client.createConversation({ members: [jerry.id, spike], unique: false });
    expect(new Set([first.id, smaller.id, separate.id]).size).toBe(3);

    const message = next(jerry.client, "message");
    await first.send(new tom.sdk.TextMessage("that is all"));
    await message;
    for (const heard of [...invitations, ...joins]) {
      expect(heard.filter(([, conversation]) => conversation.id === first.id)).toEqual([]);
    }
  });

  test("[B-03] conversations are unique by the SDK's own default", async () => {
    const [tom, jerry] = await pair(app());
    const one = await tom.client.createConversation({ members: [jerry.id] });
    const two = await tom.client.createConversation({ members: [jerry.id] });
    expect(one.id === two.id).toBe(sdk5.uniqueByDefault);
  });

  test("[B-17] [B-18] changes of name and attributes, whole or by path, reach the other members", async () => {
    const [tom, jerry] = await pair(app());
    const chat = await tom.client.createConversation({ members: [jerry.id], name: "before", attr: { a: 1 } });
    const view = await viewOf(jerry, chat);
    const toldTom = record(tom.client, "conversationinfoupdated");
    const update = async (change: () => void) => {
      const heard = next(jerry.client, "conversationinfoupdated");
      const heardByView = next(view, "infoupdated");
      change();
      await chat.save();
      const [event, conversation] = await heard;
      expect(conversation.id).toBe(chat.id);
      expect((await heardByView)[0]).toEqual(event);
      expect(event.updatedBy).toBe(tom.id);
      return event.attributes;
    };

    expect(
      await update(() => {
        chat.name = "after";
        chat.set("attr", { mood: "calm", depth: { one: 1, two: 2 } });
      }),
    ).toEqual({ name: "after", attr: { mood: "calm", depth: { one: 1, two: 2 } } });
    expect(view.name).toBe("after");
    expect(view.get("attr")).toEqual({ mood: "calm", depth: { one: 1, two: 2 } });

    expect(await update(() => chat.set("attr.mood", "angry"))).toEqual({ "attr.mood": "angry" });
    expect(await update(() => chat.set("attr.depth.two", 3))).toEqual({ "attr.depth.two": 3 });
    expect(await update(() => chat.set("topic", "cheese"))).toEqual({ topic: "cheese" });

    const attributes = { mood: "angry", depth: { one: 1, two: 3 } };
    expect(chat.get("attr")).toEqual(attributes);
    expect(view.get("attr")).toEqual(attributes);
    for (const conversation of [await chat.fetch(), await view.fetch()]) {
      expect(conversation.name).toBe("after");
      expect(conversation.get("attr")).toEqual(attributes);
      expect(conversation.get("topic")).toBe("cheese");
      expect(conversation.updatedAt.getTime()).toBeGreaterThan(conversation.createdAt.getTime());
    }
    expect(toldTom).toEqual([]);
  });

  test("[B-17] changes of two members to different keys are both kept", async () => {
    const [tom, jerry] = await pair(app());
    const chat = await tom.client.createConversation({ members: [jerry.id], attr: { start: true } });
    const view = await viewOf(jerry, chat);
    chat.set("attr.tom", "cat");
    view.set("attr.jerry", "mouse");
    await Promise.all([chat.save(), view.save()]);
    await chat.fetch();
    expect(chat.get("attr")).toEqual({ start: true, tom: "cat", jerry: "mouse" });
  });

  test("[B-17] a client that is no member cannot change a conversation", async () => {
    const [tom, spike] = await pair(app());
    const chat = await tom.client.createConversation({ members: [app().named("Jerry")], name: "ours" });
    const view = await viewOf(spike, chat);
    view.name = "mine";
    await expect(view.save()).rejects.toMatchObject({ code: 4309 });
    expect((await chat.fetch()).name).toBe("ours");
  });

  test("[B-18] the other device of a member gets the member's change of a conversation", async () => {
    const [phone, jerry] = await pair(app());
    const laptop = await app().logIn(sdk5, phone.id);
    const invited = next(laptop.client, "invited");
    const chat = await phone.client.createConversation({ members: [jerry.id] });
    await invited;
    const heard = next(laptop.client, "conversationinfoupdated");
    chat.name = "renamed";
    await chat.save();
    expect((await heard)[0]).toEqual({ attributes: { name: "renamed" }, updatedBy: phone.id });
  });

  test("[B-07] [B-18] a device idle since its login gets what another device of its client does", async () => {
    const tom = await app().logIn(sdk5, app().named("Tom"));
    const id = app().named("Jerry");
    const chat = await tom.client.createConversation({ members: [id] });
    const phone = await app().logIn(sdk5, id);
    const laptop = await app().logIn(sdk5, id);
    const view = await viewOf(phone, chat);

    const renamed = next(laptop.client, "conversationinfoupdated");
    view.name = "renamed";
    await view.save();
    expect((await renamed)[0]).toEqual({ attributes: { name: "renamed" }, updatedBy: id });

    const tablet = await app().logIn(sdk5, id);
    const kicked = [phone, laptop, tablet].map((device) => next(device.client, "kicked"));
    await view.quit();
    for (const event of kicked) expect((await event)[0]).toEqual({ kickedBy: id });
  });

  test("[B-28] a conversation has its members and their count", async () => {
    const [tom, jerry] = await pair(app());
    const chat = await tom.client.createConversation({ members: [jerry.id, app().named("Spike")] });
    expect(await chat.count()).toBe(3);
    await chat.remove([jerry.id]);
    expect(await chat.count()).toBe(2);
    expect((await chat.fetch()).members).toHaveLength(2);
  });

  test("[M-46] a member mutes and unmutes a conversation", async () => {
    const [tom, jerry] = await pair(app());
    const chat = await tom.client.createConversation({ members: [jerry.id] });
    const view = await viewOf(jerry, chat);
    await view.mute();
    expect(view.muted).toBe(true);
    expect((await refetch(tom, chat.id)).mutedMembers).toEqual([jerry.id]);

    const received = next(jerry.client, "message");
    await chat.send(new tom.sdk.TextMessage("muted, not deaf"));
    await received;

    await view.unmute();
    expect(view.muted).toBe(false);
    const after = await refetch(tom, chat.id);
    expect(after.mutedMembers).toEqual([]);
    expect(after.members).toContain(jerry.id);
  });

  test("an unknown conversation is null in the JavaScript SDK", async () => {
    const [tom] = await pair(app());
    expect(await tom.client.getConversation("555555555555555555555555")).toBeNull();
  });

  async function refetch(person: Person, conversationId: string) {
    const conversation = await person.client.getConversation(conversationId, true);
    if (conversation === null) throw new Error(`${person.id} finds no ${conversationId}`);
    return conversation;
  }
});
