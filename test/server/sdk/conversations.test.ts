import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { sdk5 } from "./sdk.ts";
import { type Person, useTestApp } from "./test-app.ts";
import { next, record } from "./waiting.ts";

const app = useTestApp();

describe("conversations in the JavaScript SDK", () => {
  const arrive = (...names: string[]) =>
    Promise.all(names.map((name) => app().logIn(sdk5, app().named(name))));

  /** Someone's own view of a conversation. */
  async function viewOf(person: Person, conversationId: string) {
    const conversation = await person.client.getConversation(conversationId);
    if (conversation === null) throw new Error(`${person.id} finds no ${conversationId}`);
    return conversation;
  }

  test("[B-02] [B-07] creating a conversation invites every member, with its name and attributes", async () => {
    const [tom, jerry] = await pair();
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
    const view = await viewOf(jerry, chat.id);
    expect(view).toMatchObject({ name: "Tom & Jerry", creator: tom.id, createdAt: chat.createdAt });
    expect(view.updatedAt).toBeInstanceOf(Date);
    expect(view.members.toSorted()).toEqual(all);
    expect(view.get("attr")).toEqual({ kind: "private", nested: { level: 1 } });
    expect(view.get("color")).toEqual({ text: "#000" });
    expect(view.lastMessageAt ?? null).toBeNull();
  });

  test("[B-03] [B-04] unique conversations of the same members are one conversation", async () => {
    const [tom, jerry] = await pair();
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
    const [tom, jerry] = await pair();
    const one = await tom.client.createConversation({ members: [jerry.id] });
    const two = await tom.client.createConversation({ members: [jerry.id] });
    expect(one.id === two.id).toBe(sdk5.uniqueByDefault);
  });

  test("[B-06] [B-07] adding a member notifies the member, the others and the inviter", async () => {
    const [tom, jerry, spike] = await three();
    const tyke = app().named("Tyke");
    const chat = await tom.client.createConversation({ members: [jerry.id] });
    const view = await viewOf(jerry, chat.id);
    const invited = next(spike.client, "invited", (_, { id }) => id === chat.id);
    const isThis = ({ members }: { members: string[] }) => members.includes(spike.id);
    const joined = [tom, jerry, spike].map((person) => next(person.client, "membersjoined", isThis));
    const toldView = next(view, "membersjoined", isThis);

    const result = await chat.add([spike.id, tyke]);

    expect(result.successfulClientIds.toSorted()).toEqual([spike.id, tyke].toSorted());
    expect(result.failures).toEqual([]);
    expect((await invited)[0]).toEqual({ invitedBy: tom.id });
    for (const [event] of [...(await Promise.all(joined)), await toldView]) {
      expect({ ...event, members: event.members.toSorted() }).toEqual({
        invitedBy: tom.id,
        members: [spike.id, tyke].toSorted(),
      });
    }
    const everyone = [tom.id, jerry.id, spike.id, tyke].toSorted();
    for (const person of [tom, jerry, spike]) {
      expect((await viewOf(person, chat.id)).members.toSorted()).toEqual(everyone);
    }
    const received = next(spike.client, "message");
    await view.send(new jerry.sdk.TextMessage("welcome"));
    expect((await received)[0]).toMatchObject({ text: "welcome" });
  });

  test("[B-06] [B-07] removing a member notifies the member, who gets nothing more, and the others", async () => {
    const [tom, jerry, spike] = await three();
    const chat = await tom.client.createConversation({ members: [jerry.id, spike.id] });
    const [spikesView, jerrysView] = [await viewOf(spike, chat.id), await viewOf(jerry, chat.id)];
    const kicked = [next(spike.client, "kicked"), next(spikesView, "kicked")];
    const left = [tom, jerry].map((person) => next(person.client, "membersleft"));
    const toldSpike = record(spike.client, "message");
    const leftForSpike = record(spike.client, "membersleft");

    const result = await chat.remove([spike.id]);

    expect(result).toMatchObject({ successfulClientIds: [spike.id], failures: [] });
    for (const event of kicked) expect((await event)[0]).toEqual({ kickedBy: tom.id });
    for (const event of left) expect((await event)[0]).toEqual({ kickedBy: tom.id, members: [spike.id] });
    expect(spikesView.members).not.toContain(spike.id);
    expect(jerrysView.members.toSorted()).toEqual([tom.id, jerry.id].toSorted());

    const heard = next(jerry.client, "message");
    await chat.send(new tom.sdk.TextMessage("Spike is gone"));
    await heard;
    await expect(spikesView.send(new spike.sdk.TextMessage("am I?"))).rejects.toMatchObject({ code: 4401 });
    await chat.add([spike.id]);
    const back = next(spike.client, "message", (message) => "text" in message && message.text === "back");
    await chat.send(new tom.sdk.TextMessage("back"));
    await back;
    expect(toldSpike).toHaveLength(1);
    expect(leftForSpike).toEqual([]);
  });

  test("[B-06] [B-07] quitting notifies the member who quits and the others", async () => {
    const [tom, jerry] = await pair();
    const chat = await tom.client.createConversation({ members: [jerry.id] });
    const view = await viewOf(jerry, chat.id);
    const kicked = next(jerry.client, "kicked");
    const left = next(tom.client, "membersleft");

    await view.quit();

    expect((await kicked)[0]).toEqual({ kickedBy: jerry.id });
    expect((await left)[0]).toEqual({ kickedBy: jerry.id, members: [jerry.id] });
    expect(chat.members).toEqual([tom.id]);
    await expect(view.send(new jerry.sdk.TextMessage("one more thing"))).rejects.toMatchObject({
      code: 4401,
    });
  });

  test("[B-06] the creator of a conversation may quit it", async () => {
    const [tom, jerry] = await pair();
    const chat = await tom.client.createConversation({ members: [jerry.id] });
    const left = next(jerry.client, "membersleft");
    await chat.quit();
    expect((await left)[0]).toEqual({ kickedBy: tom.id, members: [tom.id] });
  });

  test("[B-06] [B-07] joining notifies the new member and all others", async () => {
    const [tom, jerry, spike] = await three();
    const chat = await tom.client.createConversation({ members: [jerry.id] });
    await viewOf(jerry, chat.id);
    const view = await viewOf(spike, chat.id);
    expect(view.members).not.toContain(spike.id);
    const invited = next(spike.client, "invited");
    const isThis = ({ members }: { members: string[] }) => members.includes(spike.id);
    const joined = [tom, jerry, spike].map((person) => next(person.client, "membersjoined", isThis));

    await view.join();

    expect((await invited)[0]).toEqual({ invitedBy: spike.id });
    for (const event of joined) {
      expect((await event)[0]).toEqual({ invitedBy: spike.id, members: [spike.id] });
    }
    expect(view.members).toContain(spike.id);
    const received = next(spike.client, "message");
    await chat.send(new tom.sdk.TextMessage("hello, Spike"));
    await received;
    const answered = next(tom.client, "message");
    await view.send(new spike.sdk.TextMessage("hello"));
    await answered;
  });

  test("[B-07] every device of a client gets its invitation and removal", async () => {
    const [tom, phone] = await pair();
    const laptop = await app().logIn(sdk5, phone.id);
    const invited = [phone, laptop].map((device) => next(device.client, "invited"));
    const chat = await tom.client.createConversation({ members: [phone.id, app().named("Spike")] });
    for (const event of invited) expect((await event)[1].id).toBe(chat.id);

    const kicked = [phone, laptop].map((device) => next(device.client, "kicked"));
    await chat.remove([phone.id]);
    for (const event of kicked) expect((await event)[0]).toEqual({ kickedBy: tom.id });
  });

  test("[B-17] [B-18] changes of name and attributes, whole or by path, reach the other members", async () => {
    const [tom, jerry] = await pair();
    const chat = await tom.client.createConversation({ members: [jerry.id], name: "before", attr: { a: 1 } });
    const view = await viewOf(jerry, chat.id);
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
    const [tom, jerry] = await pair();
    const chat = await tom.client.createConversation({ members: [jerry.id], attr: { start: true } });
    const view = await viewOf(jerry, chat.id);
    chat.set("attr.tom", "cat");
    view.set("attr.jerry", "mouse");
    await Promise.all([chat.save(), view.save()]);
    await chat.fetch();
    expect(chat.get("attr")).toEqual({ start: true, tom: "cat", jerry: "mouse" });
  });

  test("[B-17] a client that is no member cannot change a conversation", async () => {
    const [tom, spike] = await pair();
    const chat = await tom.client.createConversation({ members: [app().named("Jerry")], name: "ours" });
    const view = await viewOf(spike, chat.id);
    view.name = "mine";
    await expect(view.save()).rejects.toMatchObject({ code: 4309 });
    expect((await chat.fetch()).name).toBe("ours");
  });

  test("[B-18] the other device of a member gets the member's change of a conversation", async () => {
    const [phone, jerry] = await pair();
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
    const view = await viewOf(phone, chat.id);

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
    const [tom, jerry] = await pair();
    const chat = await tom.client.createConversation({ members: [jerry.id, app().named("Spike")] });
    expect(await chat.count()).toBe(3);
    await chat.remove([jerry.id]);
    expect(await chat.count()).toBe(2);
    expect((await chat.fetch()).members).toHaveLength(2);
  });

  test("[M-46] a member mutes and unmutes a conversation", async () => {
    const [tom, jerry] = await pair();
    const chat = await tom.client.createConversation({ members: [jerry.id] });
    const view = await viewOf(jerry, chat.id);
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
    const [tom] = await pair();
    expect(await tom.client.getConversation("555555555555555555555555")).toBeNull();
  });

  async function pair(): Promise<[Person, Person]> {
    const [tom, jerry] = await arrive("Tom", "Jerry");
    if (tom === undefined || jerry === undefined) throw new Error("two people arrived");
    return [tom, jerry];
  }

  async function three(): Promise<[Person, Person, Person]> {
    const [[tom, jerry], spike] = await Promise.all([pair(), app().logIn(sdk5, app().named("Spike"))]);
    return [tom, jerry, spike];
  }

  async function refetch(person: Person, conversationId: string) {
    const conversation = await person.client.getConversation(conversationId, true);
    if (conversation === null) throw new Error(`${person.id} finds no ${conversationId}`);
    return conversation;
  }
});
