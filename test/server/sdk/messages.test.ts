import { describe, expect, test } from "vitest";
import { bytesOf } from "./bytes.ts";
import { sdk4, sdk5 } from "./sdk.ts";
import type { SdkExports, TypedMessage } from "./sdk-types.ts";
import { useTestApp } from "./test-app.ts";
import { eventually, next, record } from "./waiting.ts";

const app = useTestApp();

interface Vote extends TypedMessage {
  candidate: string;
  weight: number;
}

/** An app's own message type, as the SDK's guide has apps declare one. */
function voteOf(sdk: SdkExports) {
  class VoteMessage extends sdk.TypedMessage implements Vote {
    candidate = "";
    weight = 0;
  }
  sdk.messageType(42)(VoteMessage);
  sdk.messageField(["candidate", "weight"])(VoteMessage);
  return VoteMessage;
}

/** A built-in type whose class is in a plugin, not in the SDK. */
function locationOf(sdk: SdkExports) {
  class LocationMessage extends sdk.TypedMessage {
    _lcloc = { longitude: 0, latitude: 0 };
  }
  sdk.messageType(-5)(LocationMessage);
  sdk.messageField(["_lcloc"])(LocationMessage);
  return LocationMessage;
}

function imageOf(sdk: SdkExports) {
  class ImageMessage extends sdk.TypedMessage {
    _lcfile: object = {};
  }
  sdk.messageType(-2)(ImageMessage);
  sdk.messageField(["_lcfile"])(ImageMessage);
  return ImageMessage;
}

describe("messages in the JavaScript SDK", () => {
  async function chatting() {
    const tom = await app().logIn(sdk5, app().named("Tom"));
    const jerry = await app().logIn(sdk5, app().named("Jerry"));
    const invited = next(jerry.client, "invited");
    const chat = await tom.client.createConversation({ members: [jerry.id] });
    const [, view] = await invited;
    return { tom, jerry, chat, view };
  }

  test("[B-09] [B-10] a plain message arrives with the id and time its sender got", async () => {
    const { tom, jerry, chat, view } = await chatting();
    const onClient = next(jerry.client, "message");
    const onConversation = next(view, "message");
    const before = Date.now() - 60_000;
    const sent = await chat.send(new tom.sdk.Message("just a string, not JSON"));
    expect(sent.id).toMatch(/^[\w-]{22}$/);
    expect(sent.timestamp).toBeInstanceOf(Date);
    expect(sent.timestamp.getTime()).toBeGreaterThan(before);

    const expected = {
      id: sent.id,
      cid: chat.id,
      from: tom.id,
      timestamp: sent.timestamp,
      content: "just a string, not JSON",
    };
    expect((await onClient)[0]).toMatchObject(expected);
    expect((await onConversation)[0]).toMatchObject(expected);
    expect(view.lastMessage).toMatchObject({ id: sent.id });
    expect(view.lastMessageAt).toEqual(sent.timestamp);
    expect(chat.lastMessage).toMatchObject({ id: sent.id });
  });

  test("[B-13] [T-01] a text message keeps its attributes", async () => {
    const { tom, jerry, chat } = await chatting();
    const received = next(jerry.client, "message");
    const message = new tom.sdk.TextMessage('猫 & 🐭 "quoted" \\ \u0000 end').setAttributes({
      list: [1, "two", null, { three: 3.5 }],
      flag: false,
    });
    await chat.send(message);
    expect((await received)[0]).toMatchObject({
      type: -1,
      text: message.text,
      attributes: { list: [1, "two", null, { three: 3.5 }], flag: false },
    });
  });

  test("[B-13] location and image content arrives as it was sent", async () => {
    const { tom, jerry, chat } = await chatting();
    jerry.realtime.register([locationOf(jerry.sdk), imageOf(jerry.sdk)]);
    const where = new (locationOf(tom.sdk))();
    where._lcloc = { longitude: 139.7, latitude: 35.7 };
    const picture = new (imageOf(tom.sdk))().setText("a cat");
    picture._lcfile = { url: "https://example.com/cat.png", metaData: { width: 640, name: "cat.png" } };

    const located = next(jerry.client, "message");
    await chat.send(where);
    expect((await located)[0]).toMatchObject({ type: -5, _lcloc: { longitude: 139.7, latitude: 35.7 } });
    const seen = next(jerry.client, "message");
    await chat.send(picture);
    expect((await seen)[0]).toMatchObject({ type: -2, text: "a cat", _lcfile: picture._lcfile });
  });

  test("[T-03] [B-16] an app's own type arrives as its class, or unparsed where it is not registered", async () => {
    const { tom, jerry, chat } = await chatting();
    const laptop = await app().logIn(sdk5, jerry.id);
    const VoteMessage = voteOf(jerry.sdk);
    jerry.realtime.register([VoteMessage]);
    const received = next(jerry.client, "message");
    const unregistered = next(laptop.client, "message");
    const vote = new (voteOf(tom.sdk))();
    vote.candidate = "Spike";
    vote.weight = 3;
    const sent = await chat.send(vote);

    const [message, view] = await received;
    expect(message).toBeInstanceOf(VoteMessage);
    expect(message).toMatchObject({ id: sent.id, type: 42, candidate: "Spike", weight: 3 });
    expect((await unregistered)[0].id).toBe(sent.id);
    expect((await view.queryMessages())[0]).toBeInstanceOf(VoteMessage);
  });

  test("[B-14] binary messages arrive byte for byte", async () => {
    const { tom, jerry, chat, view } = await chatting();
    const bytes = Uint8Array.from({ length: 1000 }, (_, index) => (index * 7) % 256);
    const received = next(jerry.client, "message");
    const sent = await chat.send(new tom.sdk.BinaryMessage(bytes.buffer));
    const [message] = await received;
    expect(message.id).toBe(sent.id);
    expect(bytesOf(message)).toEqual([...bytes]);

    const [kept] = await view.queryMessages({ limit: 1 });
    expect(kept).toMatchObject({ id: sent.id, from: tom.id });
    expect(kept && bytesOf(kept)).toEqual([...bytes]);
  });

  test("[B-12] [M-32] all members get the messages in one order, each once", async () => {
    const { tom, jerry, chat, view } = await chatting();
    const spike = await app().logIn(sdk5, app().named("Spike"));
    await chat.add([spike.id]);
    const spikesView = await spike.client.getConversation(chat.id);
    if (spikesView === null) throw new Error("Spike is a member and finds no conversation");
    const toldSpike = record(spike.client, "message");
    const toldTom = record(tom.client, "message");
    const toldJerry = record(jerry.client, "message");

    const numbers = Array.from({ length: 25 }, (_, index) => index);
    const [byTom, byJerry] = await Promise.all([
      Promise.all(numbers.map((number) => chat.send(new tom.sdk.TextMessage(`Tom ${number}`)))),
      Promise.all(numbers.map((number) => view.send(new jerry.sdk.TextMessage(`Jerry ${number}`)))),
    ]);
    await eventually(
      () => [toldSpike.length, toldTom.length, toldJerry.length],
      ([spikes, toms, jerrys]) => spikes === 50 && toms === 25 && jerrys === 25,
    );

    const spikesOrder = toldSpike.map(([message]) => message.id);
    const kept = await spikesView.queryMessages({ limit: 100 });
    expect(kept.map((message) => message.id)).toEqual(spikesOrder);
    expect(new Set(spikesOrder).size).toBe(50);
    const times = kept.map((message) => message.timestamp.getTime());
    expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b));
    const inOrder = (messages: { id: string }[]) =>
      messages.map((message) => spikesOrder.indexOf(message.id));
    for (const sent of [byTom, byJerry])
      expect(inOrder(sent)).toEqual(inOrder(sent).toSorted((a, b) => a - b));
    for (const told of [toldTom, toldJerry]) {
      const order = inOrder(told.map(([message]) => message));
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    }
    const texts = (who: string) =>
      kept.flatMap((message) =>
        "text" in message && `${message.text}`.startsWith(who) ? [message.text] : [],
      );
    expect(texts("Tom")).toEqual(numbers.map((number) => `Tom ${number}`));
    expect(texts("Jerry")).toEqual(numbers.map((number) => `Jerry ${number}`));
  });

  test("[B-09] a client that is no member cannot send", async () => {
    const { chat } = await chatting();
    const spike = await app().logIn(sdk5, app().named("Spike"));
    const view = await spike.client.getConversation(chat.id);
    const refused = view?.send(new spike.sdk.TextMessage("let me in"));
    await expect(refused).rejects.toMatchObject({ code: 4401, message: "INVALID_MESSAGING_TARGET" });
  });

  test("[B-09] messages of one conversation do not appear in another", async () => {
    const { tom, jerry, chat } = await chatting();
    const spike = await app().logIn(sdk5, app().named("Spike"));
    const other = await tom.client.createConversation({ members: [spike.id] });
    const told = [jerry, spike].map((person) => record(person.client, "message"));
    for (const [conversation, text] of [
      [chat, "to Jerry"],
      [other, "to Spike"],
      [chat, "to Jerry again"],
      [other, "to Spike again"],
    ] as const) {
      await conversation.send(new tom.sdk.TextMessage(text));
    }
    await eventually(
      () => told.map((heard) => heard.length),
      (counts) => counts.every((count) => count >= 2),
    );
    expect(told[0]?.map(([message]) => message)).toMatchObject([
      { text: "to Jerry" },
      { text: "to Jerry again" },
    ]);
    expect(told[1]?.map(([message]) => message)).toMatchObject([
      { text: "to Spike" },
      { text: "to Spike again" },
    ]);
  });

  test("[B-09] a client with more conversations than subscriptions may be open gets all messages, again and again", async () => {
    const tom = await app().logIn(sdk5, app().named("Tom"));
    const jerry = await app().logIn(sdk5, app().named("Jerry"));
    const chats = await Promise.all(
      Array.from({ length: 80 }, () => tom.client.createConversation({ members: [jerry.id], unique: false })),
    );
    const told = record(jerry.client, "message");
    const expected: string[] = [];
    for (const round of ["first", "second", "third"]) {
      const sent = await Promise.all(chats.map((chat) => chat.send(new tom.sdk.TextMessage(round))));
      expected.push(...sent.map(({ id }) => id));
    }
    await eventually(
      () => told.length,
      (count) => count >= expected.length,
    );
    expect(told.map(([message]) => message.id).toSorted()).toEqual(expected.toSorted());

    const answered = record(tom.client, "message");
    const views = new Set(told.map(([, view]) => view));
    expect(views.size).toBe(80);
    await Promise.all([...views].map((view) => view.send(new jerry.sdk.TextMessage("heard"))));
    await eventually(
      () => answered.length,
      (count) => count >= 80,
    );
    expect(new Set(answered.map(([, chat]) => chat.id)).size).toBe(80);
    expect(answered).toHaveLength(80);
  });

  test("clients with the JavaScript SDKs 4 and 5 receive each other's messages", async () => {
    for (const [senders, receivers] of [
      [sdk5, sdk4],
      [sdk4, sdk5],
    ] as const) {
      const tom = await app().logIn(senders, app().named("Tom"));
      const jerry = await app().logIn(receivers, app().named("Jerry"), { noBinary: true });
      const received = next(jerry.client, "message");
      const chat = await tom.client.createConversation({ members: [jerry.id] });
      await chat.send(
        new tom.sdk.TextMessage("from another version").setAttributes({ version: senders.version }),
      );
      expect((await received)[0]).toMatchObject({ type: -1, attributes: { version: senders.version } });
    }
  });
});
