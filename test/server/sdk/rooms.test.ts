import { describe, expect, test } from "vitest";
import { sdks } from "./sdk.ts";
import { useTestApp } from "./test-app.ts";
import { comeBack, goOffline, viewOf } from "./tom-and-jerry.ts";
import { eventually, next, record } from "./waiting.ts";

const app = useTestApp();

describe.each(sdks)("chat rooms in the JavaScript SDK $version", (sdk) => {
  test(`[R-01] [R-02] [R-06] [R-07] with the SDK ${sdk.version} people enter a room, are counted, hear, and leave`, async () => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const jerry = await app().logIn(sdk, app().named("Jerry"));
    const room = await tom.client.createChatRoom({ name: "quiz" });
    expect(room.transient).toBe(true);
    expect(await room.count()).toBe(1);
    const view = await viewOf(jerry, room);
    await view.join();
    expect(await room.count()).toBe(2);
    const heard = next(jerry.client, "message");
    await room.send(new tom.sdk.TextMessage("welcome"), { priority: tom.sdk.MessagePriority.HIGH });
    expect((await heard)[0]).toMatchObject({ text: "welcome", cid: room.id });
    const answered = next(tom.client, "message");
    await view.send(new jerry.sdk.TextMessage("hello"));
    expect((await answered)[0]).toMatchObject({ text: "hello", from: jerry.id });
    await view.quit();
    await eventually(
      () => room.count(),
      (count) => count === 1,
    );
    expect(await view.queryMessages({ limit: 10 })).toMatchObject([{ text: "welcome" }, { text: "hello" }]);
  });

  test(`[R-04] with the SDK ${sdk.version} a client is in one room at a time`, async () => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const first = await tom.client.createChatRoom({ name: "first" });
    const second = await tom.client.createChatRoom({ name: "second" });
    await eventually(
      () => first.count(),
      (count) => count === 0,
    );
    expect(await second.count()).toBe(1);
  });

  test(`[R-05] [R-10] with the SDK ${sdk.version} nobody is told who comes and goes, and a message over HTTP is not shown to its sender`, async () => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const jerry = await app().logIn(sdk, app().named("Jerry"));
    const room = await tom.client.createChatRoom({ name: "quiz" });
    const told = [record(tom.client, "membersjoined"), record(tom.client, "membersleft")];
    const heard = record(tom.client, "message");
    const view = await viewOf(jerry, room);
    await view.join();
    await view.quit();
    await view.join();
    const news = next(jerry.client, "message");
    const body = { from_client: tom.id, message: JSON.stringify({ _lctype: -1, _lctext: "news" }) };
    await app().ask(`/1.2/rtm/chatrooms/${room.id}/messages`, { method: "POST", body });
    expect((await news)[0]).toMatchObject({ text: "news", from: tom.id });
    const answered = next(tom.client, "message");
    await view.send(new jerry.sdk.TextMessage("seen"));
    await answered;
    expect(heard.map(([message]) => message)).toMatchObject([{ text: "seen" }]);
    expect(told).toEqual([[], []]);
    expect(await room.queryMessages({ limit: 10 })).toMatchObject([{ text: "news" }, { text: "seen" }]);
  });

  test(`[R-08] [M-30] with the SDK ${sdk.version} a room with too much to hear drops low messages before normal ones, and none of high priority`, async () => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const jerry = await app().logIn(sdk, app().named("Jerry"));
    const room = await tom.client.createChatRoom({ name: "quiz" });
    const view = await viewOf(jerry, room);
    await view.join();
    const heard = record(jerry.client, "message");
    const { HIGH, NORMAL, LOW } = tom.sdk.MessagePriority;
    await app().configure({ rooms: { messagesPerSecond: 3 } });
    try {
      const statistics = () => app().ask(`/1.2/rtm/chatrooms/${room.id}/statistics`, { method: "GET" });
      const send = (text: string, priority: number) => room.send(new tom.sdk.TextMessage(text), { priority });
      // Settings take a moment; until then nothing is dropped.
      const afterMany = async () => {
        for (let at = 0; at < 6; at += 1) await send("by the way", LOW);
        return statistics();
      };
      await expect.poll(afterMany, { timeout: 15_000 }).not.toMatchObject({ dropped: { low: 0 } });
      const important = Array.from({ length: 6 }, (_, at) => `important ${at}`);
      for (const text of important) {
        await send(text, HIGH);
        await send("news", NORMAL);
      }
      await send("the end", HIGH);
      await expect.poll(() => heard.at(-1)?.[0], { timeout: 15_000 }).toMatchObject({ text: "the end" });
      const shown = heard.map(([message]) => message);
      for (const text of important) expect(shown).toContainEqual(expect.objectContaining({ text }));
      expect(await statistics()).toEqual({
        online: 2,
        dropped: { low: expect.any(Number), normal: expect.any(Number) },
      });
    } finally {
      await app().configure({ rooms: { messagesPerSecond: 50 } });
    }
  });

  test(`[R-09] with the SDK ${sdk.version} rooms are found by a query for them`, async () => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const name = app().named("quiz");
    const room = await tom.client.createChatRoom({ name });
    const found = await tom.client.getChatRoomQuery().equalTo("name", name).find();
    expect(found.map(({ id }: { id: string }) => id)).toEqual([room.id]);
  });

  test(`[R-03] with the SDK ${sdk.version} a client that lost its network is back in its room with its connection`, async () => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const jerry = await app().logIn(sdk, app().named("Jerry"));
    const room = await tom.client.createChatRoom({ name: "quiz" });
    const view = await viewOf(jerry, room);
    await view.join();
    await goOffline(jerry, tom);
    await eventually(
      () => room.count(),
      (count) => count === 1,
    );
    await comeBack(jerry);
    await eventually(
      () => room.count(),
      (count) => count === 2,
    );
    const heard = next(jerry.client, "message");
    await room.send(new tom.sdk.TextMessage("there you are"));
    expect((await heard)[0]).toMatchObject({ text: "there you are" });
  });
});
