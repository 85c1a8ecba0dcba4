import { describe, expect, test } from "vitest";
import { bytesOf } from "./bytes.ts";
import { sdks } from "./sdk.ts";
import { useTestApp, type Way } from "./test-app.ts";
import { eventually, next, record } from "./waiting.ts";

const app = useTestApp();

describe.each(sdks)("the JavaScript SDK $version, connected", (sdk) => {
  const everyWay: Way[] = ["router", "router over TLS", "RTMServers"];

  test.each(everyWay)("[C-02] [C-06] a client logs in by %s, sends and receives", async (way) => {
    const tom = await app().logIn(sdk, app().named("Tom"), { way });
    const jerry = await app().logIn(sdk, app().named("Jerry"), { way });
    expect(tom.client.id).toBe(tom.id);
    const chat = await tom.client.createConversation({ members: [jerry.id] });

    const received = next(jerry.client, "message");
    const sent = await chat.send(new tom.sdk.TextMessage("hello"));

    expect((await received)[0]).toMatchObject({ id: sent.id, text: "hello", from: tom.id });
  });

  test("[C-03] a client without an id gets one, and others can write to it", async () => {
    const phone = await app().device(sdk);
    const somebody = await phone.logIn();
    const anybody = await (await app().device(sdk)).logIn();
    expect(somebody.id).toMatch(/^.{1,64}$/);
    expect(anybody.id).toMatch(/^.{1,64}$/);
    expect(anybody.id).not.toBe(somebody.id);

    const received = next(anybody, "message");
    const chat = await somebody.createConversation({ members: [anybody.id] });
    await chat.send(new phone.sdk.TextMessage("who are you?"));
    const [question, theirChat] = await received;

    expect(question).toMatchObject({ from: somebody.id, text: "who are you?" });
    expect(theirChat.members.toSorted()).toEqual([anybody.id, somebody.id].toSorted());
  });

  test("[C-03] several clients without an id share one Realtime", async () => {
    const phone = await app().device(sdk);
    const clients = [await phone.logIn(), await phone.logIn(), await phone.logIn()];
    expect(new Set(clients.map((client) => client.id)).size).toBe(3);
    const spike = await app().logIn(sdk, app().named("Spike"));

    const received = clients.map((client) => next(client, "message"));
    const chat = await spike.client.createConversation({ members: clients.map((client) => client.id) });
    await chat.send(new spike.sdk.TextMessage("all of you"));

    for (const message of received) expect((await message)[0]).toMatchObject({ text: "all of you" });
  });

  test("[C-06] [B-14] with noBinary, text frames carry text and binary messages both ways", async () => {
    const tom = await app().logIn(sdk, app().named("Tom"), { noBinary: true });
    const jerry = await app().logIn(sdk, app().named("Jerry"));
    const invited = next(jerry.client, "invited");
    const tomsChat = await tom.client.createConversation({ members: [jerry.id], name: "猫和老鼠" });
    const [, jerrysChat] = await invited;
    expect(jerrysChat.name).toBe("猫和老鼠");

    const toJerry = next(jerry.client, "message");
    await tomsChat.send(new tom.sdk.TextMessage("你好 🐭"));
    expect((await toJerry)[0]).toMatchObject({ text: "你好 🐭" });

    const bytesToJerry = next(jerry.client, "message");
    await tomsChat.send(new tom.sdk.BinaryMessage(Uint8Array.of(0, 255, 128, 10).buffer));
    expect(bytesOf((await bytesToJerry)[0])).toEqual([0, 255, 128, 10]);

    const toTom = next(tom.client, "message");
    await jerrysChat.send(new jerry.sdk.TextMessage("再见 🐱"));
    expect((await toTom)[0]).toMatchObject({ text: "再见 🐱" });

    const bytesToTom = next(tom.client, "message");
    await jerrysChat.send(new jerry.sdk.BinaryMessage(Uint8Array.of(13, 0, 254).buffer));
    expect(bytesOf((await bytesToTom)[0])).toEqual([13, 0, 254]);

    const history = await tomsChat.queryMessages();
    expect(history).toHaveLength(4);
    expect(history.map(bytesOf)).toEqual([undefined, [0, 255, 128, 10], undefined, [13, 0, 254]]);
  });

  test("[C-04] two clients on one Realtime each get their own events", async () => {
    const phone = await app().device(sdk);
    const tom = await phone.logIn(app().named("Tom"));
    const alone = await tom.createConversation({ members: [app().named("Butch")] });
    await alone.send(new phone.sdk.TextMessage("before Jerry came"));
    const jerry = await phone.logIn(app().named("Jerry"));

    const invited = next(jerry, "invited");
    const tomsChat = await tom.createConversation({ members: [jerry.id] });
    const [invitation, jerrysChat] = await invited;
    expect(invitation).toEqual({ invitedBy: tom.id });

    const toldTom = record(tom, "message");
    const toldJerry = record(jerry, "message");
    const toJerry = next(jerry, "message");
    await tomsChat.send(new phone.sdk.TextMessage("from Tom"));
    expect((await toJerry)[0]).toMatchObject({ text: "from Tom", from: tom.id });
    const toTom = next(tom, "message");
    await jerrysChat.send(new phone.sdk.TextMessage("from Jerry"));
    expect((await toTom)[0]).toMatchObject({ text: "from Jerry", from: jerry.id });
    expect(toldTom).toHaveLength(1);
    expect(toldJerry).toHaveLength(1);

    await tom.close();
    await jerrysChat.send(new phone.sdk.TextMessage("still here"));
    const spike = await app().logIn(sdk, app().named("Spike"));
    const fromSpike = next(jerry, "message");
    const spikesChat = await spike.client.createConversation({ members: [jerry.id] });
    await spikesChat.send(new spike.sdk.TextMessage("good"));
    expect((await fromSpike)[0]).toMatchObject({ text: "good" });
    expect(await spike.client.ping([tom.id, jerry.id])).toEqual([jerry.id]);
  });

  test("[D-05] [D-07] a client without a tag is on several devices, and all get its messages", async () => {
    const jerry = await app().logIn(sdk, app().named("Jerry"));
    const devices = [
      jerry,
      await app().logIn(sdk, jerry.id, { noBinary: true }),
      await app().logIn(sdk, jerry.id),
    ];
    const tom = await app().logIn(sdk, app().named("Tom"));
    const received = devices.map((device) => next(device.client, "message"));
    const invited = devices.map((device) => next(device.client, "invited"));

    const chat = await tom.client.createConversation({ members: [jerry.id] });
    const sent = await chat.send(new tom.sdk.TextMessage("everywhere"));

    for (const invitation of invited) expect((await invitation)[0]).toEqual({ invitedBy: tom.id });
    for (const message of received) {
      expect((await message)[0]).toMatchObject({
        id: sent.id,
        timestamp: sent.timestamp,
        text: "everywhere",
      });
    }
  });

  test("[D-08] a message appears on the sender's other devices and is not unread there", async () => {
    const phone = await app().logIn(sdk, app().named("Tom"));
    const laptop = await app().logIn(sdk, phone.id);
    const jerry = await app().logIn(sdk, app().named("Jerry"));
    const invited = next(laptop.client, "invited");
    const chat = await phone.client.createConversation({ members: [jerry.id] });
    await invited;

    const onLaptop = next(laptop.client, "message");
    const onPhone = record(phone.client, "message");
    const sent = await chat.send(new phone.sdk.TextMessage("from my phone"));
    const [message, laptopsChat] = await onLaptop;
    expect(message).toMatchObject({ id: sent.id, from: phone.id });
    expect(laptopsChat.unreadMessagesCount).toBe(0);

    const onPhoneNext = next(phone.client, "message");
    await laptopsChat.send(new laptop.sdk.TextMessage("from my laptop"));
    expect((await onPhoneNext)[0]).toMatchObject({ text: "from my laptop" });
    expect(onPhone).toHaveLength(1);
  });

  test("[B-29] ping returns the clients that are online", async () => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const jerry = await app().logIn(sdk, app().named("Jerry"));
    const nobody = app().named("Nobody");
    const online = await tom.client.ping([nobody, jerry.id, tom.id]);
    expect(online.toSorted()).toEqual([tom.id, jerry.id].toSorted());
    expect(await tom.client.ping([nobody])).toEqual([]);
  });

  test("[C-07] pause takes a device offline, resume logs it in again", async () => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const jerry = await app().logIn(sdk, app().named("Jerry"));
    const chat = await tom.client.createConversation({ members: [jerry.id] });
    const jerrysChat = await jerry.client.getConversation(chat.id);
    if (jerrysChat === null) throw new Error("Jerry is a member and finds no conversation");

    const gone = Promise.all([next(jerry.client, "offline"), next(jerry.client, "disconnect")]);
    jerry.realtime.pause();
    await gone;
    await eventually(
      () => tom.client.ping([jerry.id]),
      (online) => online.length === 0,
    );
    const missed = await chat.send(new tom.sdk.TextMessage("while you were away"));

    const back = next(jerry.client, "reconnect");
    jerry.realtime.resume();
    await back;
    expect(await tom.client.ping([jerry.id])).toEqual([jerry.id]);
    expect((await jerrysChat.queryMessages()).map((message) => message.id)).toEqual([missed.id]);

    const received = next(jerry.client, "message", (message) => message.id !== missed.id);
    await chat.send(new tom.sdk.TextMessage("welcome back"));
    expect((await received)[0]).toMatchObject({ text: "welcome back" });
    const answered = next(tom.client, "message");
    await jerrysChat.send(new jerry.sdk.TextMessage("thank you"));
    expect((await answered)[0]).toMatchObject({ text: "thank you" });
  });

  test("[C-07] resume logs in all of a Realtime's clients, the anonymous under the same id", async () => {
    const phone = await app().device(sdk);
    const tom = await phone.logIn(app().named("Tom"));
    const somebody = await phone.logIn();
    const id = somebody.id;
    const spike = await app().logIn(sdk, app().named("Spike"));
    // Otherwise the SDK requests the conversation when it first gets an event of it, and may be paused just then.
    const invited = [next(tom, "invited"), next(somebody, "invited")];
    const chat = await spike.client.createConversation({ members: [tom.id, id] });
    await Promise.all(invited);

    for (const _ of ["once", "twice"]) {
      const gone = next(phone.realtime, "disconnect");
      phone.realtime.pause();
      await gone;
      const back = Promise.all([next(tom, "reconnect"), next(somebody, "reconnect")]);
      phone.realtime.resume();
      await back;
    }
    expect(somebody.id).toBe(id);

    const received = [next(tom, "message"), next(somebody, "message")];
    await chat.send(new spike.sdk.TextMessage("there you are"));
    for (const message of received) expect((await message)[0]).toMatchObject({ text: "there you are" });
  });

  test("[C-07] the SDK logs in by itself after the server restarted", async () => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const jerry = await app().logIn(sdk, app().named("Jerry"));
    const chat = await tom.client.createConversation({ members: [jerry.id] });
    const first = await chat.send(new tom.sdk.TextMessage("before"));

    const back = Promise.all([next(tom.client, "reconnect"), next(jerry.client, "reconnect")]);
    await app().restart();
    await back;

    const received = next(jerry.client, "message", ({ id }) => id !== first.id);
    const second = await chat.send(new tom.sdk.TextMessage("after"));
    const [message, view] = await received;
    expect(message).toMatchObject({ id: second.id, text: "after" });
    expect((await view.queryMessages()).map(({ id }) => id)).toEqual([first.id, second.id]);
  });

  test("[C-08] close logs out, and the same Realtime can log in again", async () => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const jerry = await app().logIn(sdk, app().named("Jerry"));
    const closed = next(jerry.client, "close");
    await jerry.client.close();
    await closed;
    expect(await tom.client.ping([jerry.id])).toEqual([]);

    const again = await jerry.logIn(jerry.id);
    expect(await tom.client.ping([jerry.id])).toEqual([jerry.id]);
    const received = next(again, "message");
    const chat = await tom.client.createConversation({ members: [jerry.id] });
    await chat.send(new tom.sdk.TextMessage("hello again"));
    expect((await received)[0]).toMatchObject({ text: "hello again" });
  });

  test("[C-08] commands sent before close are answered", async () => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const jerry = await app().logIn(sdk, app().named("Jerry"));
    const chat = await tom.client.createConversation({ members: [jerry.id] });
    const received = next(jerry.client, "message");
    const asked = Promise.all([
      tom.client.getQuery().containsMembers([tom.id]).find(),
      tom.client.getConversation(chat.id, true),
      tom.client.ping([jerry.id]),
      chat.queryMessages(),
      chat.send(new tom.sdk.TextMessage("last words")),
    ]);
    await tom.client.close();
    const [found, byId, online] = await asked;
    expect(found.map(({ id }) => id)).toEqual([chat.id]);
    expect(byId?.id).toBe(chat.id);
    expect(online).toEqual([jerry.id]);
    expect((await received)[0]).toMatchObject({ text: "last words" });
  });

  test("[C-08] [D-05] a client is online until its last device logs out", async () => {
    const phone = await app().logIn(sdk, app().named("Jerry"));
    const laptop = await app().logIn(sdk, phone.id);
    const tom = await app().logIn(sdk, app().named("Tom"));
    await phone.client.close();
    expect(await tom.client.ping([phone.id])).toEqual([phone.id]);
    await laptop.client.close();
    expect(await tom.client.ping([phone.id])).toEqual([]);
  });
});
