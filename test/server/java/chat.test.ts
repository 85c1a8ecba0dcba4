/** @module-tag java */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { sdk5 } from "../sdk/sdk.ts";
import { useTestApp } from "../sdk/test-app.ts";
import { viewOf } from "../sdk/tom-and-jerry.ts";
import { eventually, next } from "../sdk/waiting.ts";
import { buildPhone, type JavaClient, Phone } from "./phone.ts";

/* The official Java SDK as it comes from Maven, in processes of its own, beside the JavaScript SDK. */

const app = useTestApp({ messages: { allowEdit: true, allowRecall: true } });

let toms: Phone;
let jerrys: Phone;
const others: Phone[] = [];
beforeAll(async () => {
  await buildPhone();
  [toms, jerrys] = await Promise.all([phone(), phone()]);
}, 400_000);
afterEach(() => Promise.all(others.splice(0).map((one) => one.kill())));
afterAll(() => Promise.all([toms?.kill(), jerrys?.kill()]));

function phone(): Promise<Phone> {
  return Phone.start({ url: app().url, ...app().keys });
}

async function another(): Promise<Phone> {
  const one = await phone();
  others.push(one);
  return one;
}

/** Both logged in, each on a phone, with a conversation that both phones have. */
async function tomAndJerry() {
  const tom = await toms.logIn(app().named("Tom"));
  const jerry = await jerrys.logIn(app().named("Jerry"));
  const { conversation } = await tom.ask("create", { members: [jerry.id], name: "Tom and Jerry" });
  await jerry.next("invited", (heard) => heard.conversation === conversation);
  return { tom, jerry, conversation };
}

/** How many are in a room, as the JavaScript SDK is told: this version of the Java SDK cannot read the answer. */
async function counterOf(room: string): Promise<() => Promise<number>> {
  const { client } = await app().logIn(sdk5, app().named("Counter"));
  const view = await client.getConversation(room);
  if (view === null) throw new Error("no room");
  return () => view.count();
}

const saying = (text: string) => (heard: { text?: string }) => heard.text === text;

describe("the Java SDK 6.0.5", () => {
  test("messages of the Java SDK 6.0.5 arrive once and in order at the other phone", async () => {
    const { tom, jerry, conversation } = await tomAndJerry();
    for (const text of ["1", "2", "3"]) await tom.say(conversation, text);
    await jerry.next("message", saying("3"));
    expect(jerry.heard("message").map(({ text, from }) => [text, from])).toEqual([
      ["1", tom.id],
      ["2", tom.id],
      ["3", tom.id],
    ]);
  });

  test("the Java SDK 6.0.5 exchanges text with attributes, bytes and plain content with the JavaScript SDK", async () => {
    const tom = await toms.logIn(app().named("Tom"));
    const jerry = await app().logIn(sdk5, app().named("Jerry"));
    const invited = next(jerry.client, "invited");
    const { conversation } = await tom.ask("create", { members: [jerry.id] });
    const [, view] = await invited;
    const heard: unknown[] = [];
    jerry.client.on("message", (message) => heard.push(message));
    await tom.say(conversation, "奶酪 🧀", { attributes: { hole: 3 } });
    await tom.ask("send", { conversation, bytes: Buffer.from([0, 1, 128, 255]).toString("base64") });
    await tom.ask("send", { conversation, content: "neither JSON nor typed" });
    await eventually(
      () => heard.length,
      (count) => count === 3,
    );
    expect(heard[0]).toMatchObject({ text: "奶酪 🧀", attributes: { hole: 3 } });
    expect(Buffer.from(Object(heard[1]).buffer)).toEqual(Buffer.from([0, 1, 128, 255]));
    expect(heard[2]).toMatchObject({ content: "neither JSON nor typed" });

    const text = new jerry.sdk.TextMessage("thanks");
    text.setAttributes({ from: "a mouse" });
    await view.send(text);
    await view.send(new jerry.sdk.BinaryMessage(Uint8Array.of(7, 0, 200).buffer));
    expect(await tom.next("message", saying("thanks"))).toMatchObject({ attributes: { from: "a mouse" } });
    const bytes = await tom.next("message", (message) => message.bytes !== undefined);
    expect(Buffer.from(bytes.bytes ?? "", "base64")).toEqual(Buffer.from([7, 0, 200]));
  });

  test("the Java SDK 6.0.5 reports that a message was delivered, and then that it was read", async () => {
    const { tom, jerry, conversation } = await tomAndJerry();
    const { sentAt } = await tom.say(conversation, "cheese?", { receipt: true });
    await tom.next("delivered", (heard) => heard.deliveredAt >= sentAt);
    await jerry.next("message", saying("cheese?"));
    await jerry.plain("read", { conversation });
    await tom.next("read", (heard) => heard.readAt >= sentAt);
    const receipts = await tom.ask("receipts", { conversation });
    expect(receipts.deliveredAt).toBeGreaterThanOrEqual(sentAt);
    expect(receipts.readAt).toBeGreaterThanOrEqual(sentAt);
  });

  test("a message that the Java SDK 6.0.5 edits has the new text on the other phone", async () => {
    const { tom, jerry, conversation } = await tomAndJerry();
    const { message } = await tom.say(conversation, "chesee");
    await jerry.next("message", saying("chesee"));
    expect(await tom.ask("update", { conversation, message, text: "cheese" })).toMatchObject({
      text: "cheese",
    });
    expect(await jerry.next("updated")).toMatchObject({ message, text: "cheese" });
    expect(await jerry.list("history", { conversation })).toMatchObject([{ message, text: "cheese" }]);
  });

  test("a message that the Java SDK 6.0.5 recalls is recalled on the other phone", async () => {
    const { tom, jerry, conversation } = await tomAndJerry();
    const { message } = await tom.say(conversation, "a secret");
    await jerry.next("message", saying("a secret"));
    expect(await tom.ask("recall", { conversation, message })).toMatchObject({ recalled: true });
    expect(await jerry.next("recalled")).toMatchObject({ message });
    expect(await jerry.list("history", { conversation })).toMatchObject([{ message, recalled: true }]);
  });

  test("the Java SDK 6.0.5 counts the messages that it missed until it has read them", async () => {
    const { tom, jerry, conversation } = await tomAndJerry();
    await jerry.plain("close");
    await tom.say(conversation, "one");
    await tom.say(conversation, "two", { mentions: [jerry.id] });
    const back = await (await another()).logIn(jerry.id);
    const unread = await back.next("unread", (heard) => heard.unread === 2);
    expect(unread).toMatchObject({ conversation, mentioned: true, last: { text: "two" } });
    await back.plain("read", { conversation });
    await back.next("unread", (heard) => heard.unread === 0);
    await back.plain("close");
    const later = await (await another()).logIn(jerry.id);
    await tom.say(conversation, "three");
    await later.next("message", saying("three"));
    expect(later.heard("unread").filter(({ unread }) => unread > 1)).toEqual([]);
  });

  test("the Java SDK 6.0.5 has the same counts and messages on two devices of one client", async () => {
    const { tom, jerry, conversation } = await tomAndJerry();
    await jerry.plain("close");
    for (const text of ["1", "2", "3"]) await tom.say(conversation, text);
    const phones = await Promise.all([another(), another()]);
    const [first, second] = await Promise.all([phones[0].logIn(jerry.id), phones[1].logIn(jerry.id)]);
    for (const device of [first, second]) {
      expect(await device.next("unread")).toMatchObject({ conversation, unread: 3 });
    }
    await tom.say(conversation, "both are here");
    await first.next("message", saying("both are here"));
    await second.next("message", saying("both are here"));
    await first.plain("read", { conversation });
    await second.next("unread", ({ unread }) => unread === 0);
    // What one device says, the other shows too.
    await first.say(conversation, "from my first");
    expect(await second.next("message", saying("from my first"))).toMatchObject({ from: jerry.id });
  });

  test("the Java SDK 6.0.5 is closed with 4111 when the same tag logs in on another phone", async () => {
    const id = app().named("Tom");
    const before = await toms.logIn(id, { tag: "Mobile" });
    await jerrys.logIn(id, { tag: "Mobile" });
    expect(await before.next("offline")).toMatchObject({ code: 4111 });
    // One that says it is only coming back is refused instead.
    const third = await another();
    await expect(third.logIn(id, { tag: "Mobile", reconnect: true })).rejects.toMatchObject({ code: 4111 });
  });

  test("the Java SDK 6.0.5 pages through the history, newest page first", async () => {
    const { tom, jerry, conversation } = await tomAndJerry();
    for (let index = 1; index <= 25; index += 1) await tom.say(conversation, `${index}`);
    const newest = await jerry.list("history", { conversation, limit: 10 });
    expect(newest.map(({ text }) => text)).toEqual(Array.from({ length: 10 }, (_, index) => `${index + 16}`));
    const older = await jerry.list("history", { conversation, limit: 10, before: newest[0]?.message });
    expect(older.map(({ text }) => text)).toEqual(Array.from({ length: 10 }, (_, index) => `${index + 6}`));
    const oldest = await jerry.list("history", { conversation, limit: 10, before: older[0]?.message });
    expect(oldest.map(({ text }) => text)).toEqual(["1", "2", "3", "4", "5"]);
  });

  test("the Java SDK 6.0.5 lists the clients that are online", async () => {
    const { tom, jerry } = await tomAndJerry();
    const nobody = app().named("nobody");
    expect(await tom.plain("online", { clients: [jerry.id, nobody] })).toEqual([jerry.id]);
    await jerry.plain("close");
    expect(await tom.plain("online", { clients: [jerry.id, nobody] })).toEqual([]);
  });

  test("the Java SDK 6.0.5 mutes and unmutes a conversation", async () => {
    const { tom, conversation } = await tomAndJerry();
    await tom.ask("mute", { conversation });
    expect((await tom.ask("fetch", { conversation })).muted).toEqual([tom.id]);
    await tom.ask("unmute", { conversation });
    expect((await tom.ask("fetch", { conversation })).muted ?? []).toEqual([]);
  });

  test("the Java SDK 6.0.5 reports members who join, are added, leave and are removed", async () => {
    const { tom, jerry, conversation } = await tomAndJerry();
    const spike = await jerrys.logIn(app().named("Spike"));
    await spike.ask("join", { conversation });
    expect(await tom.next("joined", ({ who }) => who?.includes(spike.id) === true)).toMatchObject({
      by: spike.id,
    });
    await spike.ask("quit", { conversation });
    expect(await tom.next("left", ({ who }) => who?.includes(spike.id) === true)).toMatchObject({
      by: spike.id,
    });
    await tom.ask("kick", { conversation, members: [jerry.id] });
    expect(await jerry.next("kicked")).toMatchObject({ conversation, by: tom.id });
    expect((await tom.ask("fetch", { conversation })).members).toEqual([tom.id]);
    await tom.ask("add", { conversation, members: [jerry.id, spike.id] });
    await jerry.next("invited", ({ by }) => by === tom.id);
    const members = (await tom.ask("fetch", { conversation })).members;
    expect(members?.sort()).toEqual([tom.id, jerry.id, spike.id].sort());
    await expect(
      jerry.ask("send", { conversation: "65537a0e0000000000000001", text: "is anybody there?" }),
    ).rejects.toMatchObject({ code: 4401 });
  });

  test("transient messages of the Java SDK 6.0.5 are not in the history", async () => {
    const { tom, jerry, conversation } = await tomAndJerry();
    await tom.say(conversation, "typing…", { transient: true });
    await jerry.next("message", saying("typing…"));
    await tom.say(conversation, "hello");
    expect((await jerry.list("history", { conversation })).map(({ text }) => text)).toEqual(["hello"]);
  });

  test("the Java SDK 6.0.5 mentions one member and all members", async () => {
    const { tom, jerry, conversation } = await tomAndJerry();
    await tom.say(conversation, "you", { mentions: [jerry.id] });
    await tom.say(conversation, "everybody", { mentionAll: true });
    await tom.say(conversation, "somebody", { mentions: ["Spike"] });
    expect(await jerry.next("message", saying("you"))).toMatchObject({
      mentioned: true,
      mentions: [jerry.id],
    });
    expect(await jerry.next("message", saying("everybody"))).toMatchObject({ mentioned: true });
    expect(await jerry.next("message", saying("somebody"))).toMatchObject({ mentioned: false });
  });

  test("the Java SDK 6.0.5 reports a new name and finds conversations by member, name and id, with their last messages", async () => {
    const { tom, jerry, conversation } = await tomAndJerry();
    await tom.say(conversation, "hello");
    const name = app().named("Cat and mouse");
    const spike = await app().logIn(sdk5, app().named("Spike"));
    const view = await viewOf(spike, { id: conversation });
    await view.join();
    view.set("name", name);
    await view.save();
    expect(await jerry.next("changed")).toMatchObject({ conversation, by: spike.id, attributes: { name } });
    const members = [jerry.id];
    const queries = [
      { members },
      { members, named: name },
      { members, starting: "Cat" },
      { ids: [conversation] },
    ];
    for (const query of queries) {
      const found = await tom.list("find", { ...query, lastMessages: true });
      expect(found).toMatchObject([{ conversation, name, last: { text: "hello" } }]);
    }
    expect(await tom.list("find", { members, named: "Tom and Jerry" })).toEqual([]);
  });

  test("the Java SDK 6.0.5 gets the same unique conversation as the JavaScript SDK", async () => {
    const tom = await toms.logIn(app().named("Tom"));
    const jerry = await app().logIn(sdk5, app().named("Jerry"));
    const { conversation } = await tom.ask("create", { members: [jerry.id], unique: true });
    const again = await jerry.client.createConversation({ members: [tom.id], unique: true });
    expect(again.id).toBe(conversation);
  });

  test("[E-01] [E-05] a temporary conversation of the Java SDK 6.0.5 is the JavaScript SDK's too, and ends", async () => {
    const tom = await toms.logIn(app().named("Tom"));
    const jerry = await app().logIn(sdk5, app().named("Jerry"));
    const { conversation } = await tom.ask("createTemporary", { members: [jerry.id], seconds: 3 });
    expect(conversation).toMatch(/^_tmp:/);
    const view = await jerry.client.createTemporaryConversation({ members: [tom.id] });
    expect(view.id).toBe(conversation);
    await view.send(new jerry.sdk.TextMessage("here for a moment"));
    await tom.next("message", saying("here for a moment"));
    const received = next(
      jerry.client,
      "message",
      (message) => "text" in message && message.text === "me too",
    );
    await tom.say(conversation, "me too");
    await received;
    await new Promise((resolve) => setTimeout(resolve, 3_200));
    await expect(tom.say(conversation, "too late")).rejects.toThrow("TEMPORARY_CONVERSATION_EXPIRED");
  });

  test("[R-01] [R-02] [R-06] with the Java SDK 6.0.5 people enter a room, hear who speaks there, and leave", async () => {
    const tom = await toms.logIn(app().named("Tom"));
    const jerry = await jerrys.logIn(app().named("Jerry"));
    const spike = await jerrys.logIn(app().named("Spike"));
    const { conversation } = await tom.ask("createRoom", { name: "Quiz" });
    const count = await counterOf(conversation);
    await jerry.ask("enter", { conversation });
    expect(await count()).toBe(2);
    await tom.say(conversation, "welcome");
    expect(await jerry.next("message", saying("welcome"))).toMatchObject({ conversation, from: tom.id });
    await jerry.say(conversation, "hello");
    await tom.next("message", saying("hello"));
    await jerry.ask("quit", { conversation });
    await eventually(count, (present) => present === 1);
    await tom.say(conversation, "alone");
    await jerry.ask("enter", { conversation });
    await tom.say(conversation, "again");
    await jerry.next("message", saying("again"));
    expect(jerry.heard("message").map(({ text }) => text)).toEqual(["welcome", "again"]);
    expect(spike.heard("message")).toEqual([]);
    const read = await jerry.list("history", { conversation, limit: 10 });
    expect(read.map(({ text }) => text)).toEqual(["welcome", "hello", "alone", "again"]);
  });

  test("a will of the Java SDK 6.0.5 is sent when the phone dies, and not when it logs out", async () => {
    const { tom, jerry, conversation } = await tomAndJerry();
    const spikes = await another();
    const spike = await spikes.logIn(app().named("Spike"));
    await tom.ask("add", { conversation, members: [spike.id] });
    await spike.say(conversation, "logged out", { will: true });
    await spike.plain("close");
    const back: JavaClient = await spikes.logIn(spike.id);
    await back.say(conversation, "died", { will: true });
    await spikes.kill();
    await jerry.next("message", saying("died"));
    expect(jerry.heard("message").map(({ text }) => text)).toEqual(["died"]);
  });
});
