import { describe, expect, test } from "vitest";
import { sdk5 } from "./sdk.ts";
import type { Message } from "./sdk-types.ts";
import { useTestApp } from "./test-app.ts";
import { comeBack, goOffline, tomAndJerry, viewOf } from "./tom-and-jerry.ts";
import { next } from "./waiting.ts";

const app = useTestApp();

describe("mentions in the JavaScript SDK", () => {
  /** Tom, Jerry and Mary in one conversation, and how Jerry and Mary each receive a message. */
  async function three() {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const mary = await app().logIn(sdk5, app().named("Mary"));
    await chat.add([mary.id]);
    const marysView = await viewOf(mary, chat);
    const say = async (message: Message, options?: { transient?: boolean }) => {
      const received = [next(jerry.client, "message"), next(mary.client, "message")] as const;
      await chat.send(message, options);
      const [[onJerrys], [onMarys]] = [await received[0], await received[1]];
      return { onJerrys, onMarys };
    };
    return { tom, jerry, mary, chat, view, marysView, say };
  }

  test("[M-01] [M-02] [M-06] [M-07] [M-08] a named member is mentioned, others are not", async () => {
    const { tom, jerry, mary, say, chat } = await three();
    const message = new tom.sdk.TextMessage("@the mouse, come here").setMentionList([
      jerry.id,
      "nobody here",
    ]);
    const { onJerrys, onMarys } = await say(message);
    const list = { mentionList: [jerry.id, "nobody here"], text: "@the mouse, come here" };
    expect(onJerrys).toMatchObject({ ...list, mentioned: true });
    expect(onMarys).toMatchObject({ ...list, mentioned: false });
    expect(onJerrys.mentionedAll).toBe(false);

    for (const [person, mentioned] of [
      [jerry, true],
      [mary, false],
      [tom, false],
    ] as const) {
      const [kept] = await (await viewOf(person, chat)).queryMessages();
      expect(kept).toMatchObject({ ...list, mentioned });
      expect(kept?.mentionedAll).toBe(false);
    }
  });

  test("[M-03] [M-07] [M-08] a message may mention all members", async () => {
    const { tom, say, chat, view } = await three();
    const { onJerrys, onMarys } = await say(new tom.sdk.TextMessage("@group").mentionAll());
    for (const message of [onJerrys, onMarys, ...(await view.queryMessages())]) {
      expect(message).toMatchObject({ mentionedAll: true, mentionList: [], mentioned: true });
    }
    const [own] = await chat.queryMessages();
    expect(own).toMatchObject({ mentionedAll: true, mentioned: false });
  });

  test("[M-04] a message may mention some members by name and all at once", async () => {
    const { tom, jerry, say, marysView } = await three();
    const message = new tom.sdk.TextMessage("Jerry, and all of you").setMentionList([jerry.id]).mentionAll();
    const { onJerrys, onMarys } = await say(message);
    for (const received of [onJerrys, onMarys, ...(await marysView.queryMessages())]) {
      expect(received).toMatchObject({ mentionedAll: true, mentionList: [jerry.id], mentioned: true });
    }
  });

  test("[M-05] messages of every class carry mentions, and one without mentions nobody", async () => {
    const { tom, jerry, say } = await three();
    for (const message of [
      new tom.sdk.Message("plain"),
      new tom.sdk.BinaryMessage(Uint8Array.of(1, 2, 3).buffer),
      new tom.sdk.TextMessage("text"),
    ]) {
      const { onJerrys, onMarys } = await say(message.setMentionList([jerry.id]));
      expect(onJerrys).toMatchObject({ id: message.id, mentionList: [jerry.id], mentioned: true });
      expect(onMarys).toMatchObject({ id: message.id, mentioned: false });
    }
    const { onJerrys } = await say(new tom.sdk.TextMessage("just so"));
    expect(onJerrys).toMatchObject({ mentionList: [], mentioned: false });
  });

  test("[M-09] the unread summary has whether the client is mentioned, until it reads", async () => {
    const { tom, jerry, mary, chat } = await three();
    await Promise.all([jerry.client.close(), mary.client.close()]);
    await chat.send(new tom.sdk.TextMessage("Jerry!").setMentionList([jerry.id]));
    await chat.send(new tom.sdk.TextMessage("and something else"));
    const back = async (id: string) => {
      const person = await app().logIn(sdk5, id);
      const [[view]] = await next(person.client, "unreadmessagescountupdate");
      if (view === undefined) throw new Error("the event names a conversation");
      return { ...person, view };
    };
    const [jerrys, marys] = [await back(jerry.id), await back(mary.id)];
    expect(jerrys.view).toMatchObject({ unreadMessagesCount: 2, unreadMessagesMentioned: true });
    expect(marys.view).toMatchObject({ unreadMessagesCount: 2, unreadMessagesMentioned: false });

    const laptop = await back(jerry.id);
    const cleared = next(laptop.client, "unreadmessagescountupdate");
    await jerrys.view.read();
    await cleared;
    for (const view of [jerrys.view, laptop.view]) expect(view.unreadMessagesMentioned).toBe(false);
    await Promise.all([jerrys, laptop, marys].map(({ client }) => client.close()));

    await chat.send(new tom.sdk.TextMessage("all of you").mentionAll());
    expect((await back(mary.id)).view).toMatchObject({
      unreadMessagesCount: 3,
      unreadMessagesMentioned: true,
    });
    await chat.send(new tom.sdk.TextMessage("nothing"));
    const again = await back(jerry.id);
    expect(again.view).toMatchObject({ unreadMessagesCount: 2, unreadMessagesMentioned: true });
    await again.view.read();
  });

  test("[M-09] a client that was away gets a mention when it comes back", async () => {
    const { tom, jerry, mary, chat, view } = await three();
    await goOffline(jerry, mary);
    await chat.send(new tom.sdk.TextMessage("where are you?").setMentionList([jerry.id]));
    const changed = next(jerry.client, "unreadmessagescountupdate");
    await comeBack(jerry);
    await changed;
    expect(view).toMatchObject({ unreadMessagesCount: 1, unreadMessagesMentioned: true });
  });

  test("[M-10] [M-31] a transient message carries mentions", async () => {
    const { tom, jerry, say } = await three();
    const message = new tom.sdk.TextMessage("is typing to Jerry").setMentionList([jerry.id]);
    const { onJerrys, onMarys } = await say(message, { transient: true });
    expect(onJerrys).toMatchObject({ mentionList: [jerry.id], mentioned: true });
    expect(onMarys).toMatchObject({ mentioned: false });
    const all = await say(new tom.sdk.TextMessage("is typing").mentionAll(), { transient: true });
    expect([all.onJerrys, all.onMarys]).toMatchObject([
      { mentionedAll: true, mentioned: true },
      { mentionedAll: true, mentioned: true },
    ]);
  });
});
