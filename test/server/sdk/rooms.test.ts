import { describe, expect, test } from "vitest";
import { sdks } from "./sdk.ts";
import { useTestApp } from "./test-app.ts";
import { comeBack, goOffline, viewOf } from "./tom-and-jerry.ts";
import { eventually, next } from "./waiting.ts";

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
