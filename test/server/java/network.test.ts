/** @module-tag java */
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useTestApp } from "../sdk/test-app.ts";
import { eventually } from "../sdk/waiting.ts";
import { type Network, openNetwork } from "./cut.ts";
import { buildPhone, type JavaClient, Phone, PhoneError } from "./phone.ts";

/* Phones as they are carried about, under the limits of a server whose owner has changed none. */

const app = useTestApp({ limits: null });

let network: Network;
let toms: Phone;
let jerrys: Phone;
beforeAll(async () => {
  await buildPhone();
  network = await openNetwork(app().url);
  [toms, jerrys] = await Promise.all([
    Phone.start({ url: app().url, ...app().keys }),
    Phone.start({ url: network.url, ...app().keys }),
  ]);
}, 400_000);
afterAll(() => Promise.all([toms?.kill(), jerrys?.kill(), network?.close()]));

const saying = (text: string) => (heard: { text?: string }) => heard.text === text;

/** Jerry's phone is the one whose network is lost. */
async function tomAndJerry(jerrysPhone = jerrys) {
  const tom = await toms.logIn(app().named("Tom"));
  const jerry = await jerrysPhone.logIn(app().named("Jerry"));
  const { conversation } = await tom.ask("create", { members: [jerry.id] });
  await jerry.next("invited", (heard) => heard.conversation === conversation);
  return { tom, jerry, conversation };
}

/**
 * Reconnects as an app does when its system reports a network again, as the SDK does not by itself; returns when the
 * session is resumed. The SDK tells of that only once per phone: the client has to be the only one that is logged in.
 */
async function comeBack(client: JavaClient, times = 1): Promise<void> {
  const heard = (event: string) =>
    eventually(
      () => client.heard(event).length,
      (count) => count >= times,
    );
  await heard("paused");
  await client.phone.ask("connect");
  await heard("resumed");
}

/** Waits until these clients are in a room, and nobody else. */
function present(room: string, clients: string[]): Promise<unknown> {
  return eventually(
    () => app().ask(`/1.2/rtm/chatrooms/${room}/members`, { method: "GET" }),
    (answer) => isDeepStrictEqual([...Object(answer).result].sort(), clients.toSorted()),
  );
}

/** Conversations of a client with four others, ten with each, as in a busy hour. */
async function fortyConversationsWith(id: string): Promise<{ with: JavaClient; conversation: string }[]> {
  const others = await Promise.all(
    ["Tom", "Spike", "Tyke", "Butch"].map((name) => toms.logIn(app().named(name))),
  );
  const made = others.map((other) =>
    Promise.all(
      Array.from({ length: 10 }, async () => {
        const { conversation } = await other.ask("create", { members: [id] });
        return { with: other, conversation };
      }),
    ),
  );
  return (await Promise.all(made)).flat();
}

describe("a phone whose network is lost", () => {
  test("[S-05] a phone with the Java SDK 6.0.5 whose network was lost resumes its session and gets its unread count", async () => {
    const { tom, jerry, conversation } = await tomAndJerry();
    network.cut("stays down");
    await jerry.next("paused");
    await tom.say(conversation, "are you there?");
    network.restore();
    await comeBack(jerry);
    expect(await jerry.next("unread", ({ unread }) => unread > 0)).toMatchObject({ conversation, unread: 1 });
    await tom.say(conversation, "good");
    await jerry.next("message", saying("good"));
    await jerry.say(conversation, "here I am");
    await tom.next("message", saying("here I am"));
    await jerry.plain("close");
  });

  test("[S-05] messages that were confirmed to a phone with the Java SDK 6.0.5 before its network was lost are stored once and in order", async () => {
    // Its own network: cutting it must not cut off the phone that other tests use.
    const ownNetwork = await openNetwork(app().url);
    const phone = await Phone.start({ url: ownNetwork.url, ...app().keys });
    const { tom, jerry, conversation } = await tomAndJerry(phone);
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`);
    const sending = texts.map((text) =>
      jerry.say(conversation, text).then(
        () => text,
        (error: unknown) => {
          expect(error).toBeInstanceOf(PhoneError);
          return undefined;
        },
      ),
    );
    await tom.next("message", saying("3"));
    ownNetwork.cut();
    await comeBack(jerry);
    const confirmed = (await Promise.all(sending)).filter((text) => text !== undefined);
    const kept = (await tom.list("history", { conversation, limit: 100 })).map(({ text }) => text ?? "");
    expect(kept).toEqual(expect.arrayContaining(confirmed));
    expect(kept).toEqual(texts.slice(0, kept.length));
    await eventually(
      () => tom.heard("message").length,
      (count) => count === kept.length,
    );
    expect(tom.heard("message").map(({ text }) => text)).toEqual(kept);
    await phone.kill();
    await ownNetwork.close();
  });

  test("[S-05] a phone with the Java SDK 6.0.5 whose network is lost three times finds every message in the history", async () => {
    const { tom, jerry, conversation } = await tomAndJerry();
    for (let round = 1; round <= 3; round += 1) {
      network.cut();
      await tom.say(conversation, `round ${round}`);
      await comeBack(jerry, round);
    }
    const history = await jerry.list("history", { conversation, limit: 100 });
    expect(history.map(({ text }) => text)).toEqual(["round 1", "round 2", "round 3"]);
    await jerry.plain("close");
  });
});

describe("a phone in a chat room whose network is lost", () => {
  test("[R-03] [R-04] a phone with the Java SDK 6.0.5 that went to another room is back there after its network was lost", async () => {
    const tom = await toms.logIn(app().named("Tom"));
    const jerry = await jerrys.logIn(app().named("Jerry"));
    const first = (await tom.ask("createRoom", { name: "first" })).conversation;
    const second = (await tom.ask("createRoom", { name: "second" })).conversation;
    await jerry.ask("enter", { conversation: first });
    await present(first, [jerry.id]);
    await jerry.ask("enter", { conversation: second });
    await present(first, []);
    await tom.say(first, "in the first");
    await tom.say(second, "in the second");
    // The SDK confirms the first message of a room at once, but tells the app only when it has fetched the room. If the
    // network is lost between, the app is never told.
    await jerry.next("message", saying("in the second"));

    network.cut("stays down");
    await jerry.next("paused");
    await present(second, [tom.id]);
    await tom.say(second, "while Jerry is away");
    network.restore();
    await comeBack(jerry);
    await present(second, [jerry.id, tom.id]);
    await present(first, []);

    const texts = Array.from({ length: 20 }, (_, index) => `${index}`);
    await tom.say(first, "in the first again");
    for (const text of texts) await tom.say(second, text);
    await jerry.next("message", saying("19"));
    const heard = jerry.heard("message").map(({ conversation, text }) => [conversation, text]);
    expect(heard).toEqual(["in the second", ...texts].map((text) => [second, text]));
    await jerry.plain("close");
  });
});

describe("a phone with the default limits", () => {
  test("[L-01] a phone with the Java SDK 6.0.5 is invited to 40 conversations at once and can write in all of them", async () => {
    const jerry = await jerrys.logIn(app().named("Jerry"));
    const made = await fortyConversationsWith(jerry.id);
    const ids = made.map(({ conversation }) => conversation).sort();
    await eventually(
      () => jerry.heard("invited").length,
      (count) => count === 40,
    );
    expect(
      jerry
        .heard("invited")
        .map(({ conversation }) => conversation)
        .sort(),
    ).toEqual(ids);
    // As an app does that shows its list.
    const listed = await jerry.list("find", { members: [jerry.id], lastMessages: true, limit: 50 });
    expect(listed.map(({ conversation }) => conversation).sort()).toEqual(ids);
    await Promise.all(ids.map((conversation) => jerry.say(conversation, `hello, ${conversation}`)));
    await Promise.all(made.map((one) => one.with.next("message", saying(`hello, ${one.conversation}`))));
    await jerry.plain("close");
  });

  test("[L-01] a phone with the Java SDK 6.0.5 logs in with 40 unread conversations and reads the newest page of each", async () => {
    const id = app().named("Jerry");
    const made = await fortyConversationsWith(id);
    for (const one of made) await one.with.say(one.conversation, "hello");
    const jerry = await jerrys.logIn(id);
    await eventually(
      () => jerry.heard("unread").length,
      (count) => count >= 40,
    );
    const pages = await Promise.all(
      made.map(({ conversation }) => jerry.list("history", { conversation, limit: 20 })),
    );
    expect(pages.flat().map(({ text }) => text)).toEqual(made.map(() => "hello"));
    await Promise.all(made.map(({ conversation }) => jerry.plain("read", { conversation })));
    await eventually(
      () => jerry.heard("unread").filter(({ unread }) => unread === 0).length,
      (count) => count >= 40,
    );
    await jerry.plain("close");
  });
});

describe("a phone whose server restarts", () => {
  test("[S-05] a phone with the Java SDK 6.0.5 resumes its session after the server restarted", async () => {
    const phones = await Promise.all([0, 1].map(() => Phone.start({ url: network.url, ...app().keys })));
    const [tom, jerry] = await Promise.all([
      phones[0]?.logIn(app().named("Tom")),
      phones[1]?.logIn(app().named("Jerry")),
    ]);
    if (tom === undefined || jerry === undefined) throw new Error("there are two phones");
    const { conversation } = await tom.ask("create", { members: [jerry.id] });
    await tom.say(conversation, "before");
    await jerry.next("message", saying("before"));
    await app().restart();
    await Promise.all([comeBack(tom), comeBack(jerry)]);
    await tom.say(conversation, "after");
    await jerry.next("message", saying("after"));
    const history = await jerry.list("history", { conversation });
    expect(history.map(({ text }) => text)).toEqual(["before", "after"]);
    await Promise.all(phones.map((phone) => phone.kill()));
  });
});
