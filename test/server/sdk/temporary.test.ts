import { describe, expect, test } from "vitest";
import { sdk5, sdks } from "./sdk.ts";
import { useTestApp } from "./test-app.ts";
import { comeBack, goOffline, viewOf } from "./tom-and-jerry.ts";
import { eventually, next } from "./waiting.ts";

const app = useTestApp();

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const DAY = 24 * 60 * 60 * 1000;

describe.each(sdks)("temporary conversations in the JavaScript SDK $version", (sdk) => {
  test(`[E-01] [E-04] with the SDK ${sdk.version} a temporary conversation is created, heard in and found again`, async () => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const jerry = await app().logIn(sdk, app().named("Jerry"));
    const invited = next(jerry.client, "invited");
    const chat = await tom.client.createTemporaryConversation({ members: [jerry.id] });
    expect(chat.id).toMatch(/^_tmp:/);
    expect(chat.expired).toBe(false);
    expect(chat.expiredAt.getTime() - Date.now()).toBeLessThanOrEqual(DAY);
    const [{ invitedBy }, view] = await invited;
    expect([invitedBy, view.id]).toEqual([tom.id, chat.id]);
    const received = next(jerry.client, "message");
    await chat.send(new tom.sdk.TextMessage("soon gone"));
    const [message] = await received;
    expect(message).toMatchObject({ text: "soon gone", cid: chat.id });
    expect(await view.queryMessages({ limit: 10 })).toMatchObject([{ text: "soon gone" }]);
    expect((await viewOf(jerry, chat)).members.toSorted()).toEqual([tom.id, jerry.id].toSorted());
  });

  test(`[E-05] with the SDK ${sdk.version} the same members get the same temporary conversation`, async () => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const jerry = await app().logIn(sdk, app().named("Jerry"));
    const chat = await tom.client.createTemporaryConversation({ members: [jerry.id] });
    const hers = await jerry.client.createTemporaryConversation({ members: [tom.id], ttl: 60 });
    expect(hers.id).toBe(chat.id);
    const received = next(tom.client, "message");
    await hers.send(new jerry.sdk.TextMessage("here"));
    expect((await received)[1]).toBe(chat);
  });

  test(`[E-01] with the SDK ${sdk.version} a temporary conversation that ended takes no message, whatever the clock of the device says`, async () => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const chat = await tom.client.createTemporaryConversation({ members: [app().named("Jerry")], ttl: 1 });
    await chat.send(new tom.sdk.TextMessage("in time"));
    await wait(1_200);
    chat.expiredAt = new Date(Date.now() + DAY);
    const late = chat.send(new tom.sdk.TextMessage("too late"));
    await expect(late).rejects.toMatchObject({
      code: 4323,
      name: "TEMPORARY_CONVERSATION_EXPIRED",
      message: "Temporary conversation expired or does not exist.",
    });
    await expect(chat.queryMessages({ limit: 10 })).rejects.toMatchObject({ code: 4323 });
    const next = await tom.client.createTemporaryConversation({ members: chat.members });
    expect(next.id).not.toBe(chat.id);
  });
});

describe("a member that was away", () => {
  test("[E-04] a member that was away finds the unread count of a temporary conversation, and receipts are sent", async () => {
    const tom = await app().logIn(sdk5, app().named("Tom"));
    const jerry = await app().logIn(sdk5, app().named("Jerry"));
    const invited = next(jerry.client, "invited");
    const chat = await tom.client.createTemporaryConversation({ members: [jerry.id] });
    const [, view] = await invited;
    await goOffline(jerry, tom);
    await chat.send(new tom.sdk.TextMessage("one"), { receipt: true });
    await chat.send(new tom.sdk.TextMessage("two"), { receipt: true });
    const counted = next(jerry.client, "unreadmessagescountupdate");
    await comeBack(jerry);
    expect((await counted)[0].map(({ id, unreadMessagesCount }) => [id, unreadMessagesCount])).toEqual([
      [chat.id, 2],
    ]);
    const told = next(chat, "lastreadatupdate");
    await view.read();
    await told;
    await eventually(
      () => view.unreadMessagesCount,
      (count) => count === 0,
    );
  });

  test("[E-01] a person whose first login comes after the conversation began receives it with the next message", async () => {
    const tom = await app().logIn(sdk5, app().named("Tom"));
    const id = app().named("Jerry");
    const chat = await tom.client.createTemporaryConversation({ members: [id] });
    await chat.send(new tom.sdk.TextMessage("before"));
    await wait(1_100);
    const jerry = await app().logIn(sdk5, id);
    const received = next(
      jerry.client,
      "message",
      (message) => "text" in message && message.text === "after",
    );
    await chat.send(new tom.sdk.TextMessage("after"));
    const [, view] = await received;
    expect(view.id).toBe(chat.id);
    expect(await view.queryMessages({ limit: 10 })).toMatchObject([{ text: "before" }, { text: "after" }]);
  });
});
