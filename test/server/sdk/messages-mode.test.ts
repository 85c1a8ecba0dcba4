import { describe, expect, test } from "vitest";
import { sdks } from "./sdk.ts";
import type { Conversation, Message } from "./sdk-types.ts";
import { type Person, useTestApp } from "./test-app.ts";
import { comeBack, goOffline } from "./tom-and-jerry.ts";
import { eventually, next, record } from "./waiting.ts";

const app = useTestApp();
const sdk4 = sdks.filter(({ major }) => major === 4);

describe.each(sdk4)("the JavaScript SDK $version with pushOfflineMessages", (sdk) => {
  async function conversation(id: string) {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const chat = await tom.client.createConversation({ members: [id] });
    const say = (words: string) => chat.send(new tom.sdk.TextMessage(words), { receipt: true });
    return { tom, chat, say };
  }

  /** Logs in and records every message from then on: messages may come before a test can listen. */
  async function back(id: string) {
    const device = await app().device(sdk, { pushOfflineMessages: true });
    const person: Person = { ...device, id, client: await device.logIn(id) };
    return { ...person, told: record(person.client, "message") };
  }

  const idsOf = (told: [Message, Conversation][]) => told.map(([{ id }]) => id);

  async function heard(told: [Message, Conversation][], count: number) {
    await eventually(
      () => told.length,
      (length) => length >= count,
    );
    return idsOf(told);
  }

  /** Waits until the server has the acknowledgement of this message: from then on it is not pending. */
  async function delivered(chat: Conversation, message: Message) {
    await eventually(
      () => chat.fetchReceiptTimestamps(),
      ({ lastDeliveredAt }) => (lastDeliveredAt?.getTime() ?? 0) >= message.timestamp.getTime(),
    );
  }

  test("[Y-01] [Y-02] a client that was away gets the messages themselves, in order, each once", async () => {
    const id = app().named("Jerry");
    const first = await back(id);
    await first.client.close();
    const { tom, chat, say } = await conversation(id);
    const sent = [await say("one"), await say("two"), await say("three")];

    const jerry = await back(id);
    expect(await heard(jerry.told, 3)).toEqual(sent.map((message) => message.id));
    const [message, view] = jerry.told[0] ?? [];
    expect(message).toMatchObject({ from: tom.id, text: "one", type: -1, timestamp: sent[0]?.timestamp });
    expect(view?.id).toBe(chat.id);
    expect(view?.unreadMessagesCount).toBe(3);
    const live = await say("four");
    expect(await heard(jerry.told, 4)).toEqual([...sent, live].map((each) => each.id));
  });

  test("[Y-02] [M-33] an acknowledged message does not come again after reconnecting or logging in", async () => {
    const id = app().named("Jerry");
    const { tom, chat, say } = await conversation(id);
    const first = await back(id);
    const live = await say("live");
    await heard(first.told, 1);
    await delivered(chat, live);

    await goOffline(first, tom);
    const missed = await say("missed");
    await comeBack(first);
    expect(await heard(first.told, 2)).toEqual([live.id, missed.id]);
    await delivered(chat, missed);
    await first.client.close();

    const later = await say("missed again");
    const second = await back(id);
    await heard(second.told, 1);
    const last = await say("the last");
    expect(await heard(second.told, 2)).toEqual([later.id, last.id]);
    expect(await heard(first.told, 2)).toEqual([live.id, missed.id]);
  });

  test("[Y-02] [L-09] a client that was away gets at most the 20 newest messages of a conversation; the others are in its history", async () => {
    const id = app().named("Jerry");
    const first = await back(id);
    await first.client.close();
    const { chat, say } = await conversation(id);
    const sent = [];
    for (let number = 0; number < 27; number += 1) sent.push(await say(`${number}`));
    const jerry = await back(id);
    await heard(jerry.told, 20);
    const last = await say("the last");
    const newest = [...sent.slice(-20), last].map((message) => message.id);
    expect(await heard(jerry.told, 21)).toEqual(newest);

    const view = await jerry.client.getConversation(chat.id);
    const history = await view?.queryMessages({ limit: 100 });
    expect(history?.map((message) => message.id)).toEqual([...sent, last].map((message) => message.id));
    await delivered(chat, last);
    await jerry.client.close();
    const again = await back(id);
    const later = await say("later");
    expect(await heard(again.told, 1)).toEqual([later.id]);
  });

  test("[Y-02] a client that was away gets the messages of each conversation", async () => {
    const id = app().named("Jerry");
    const first = await back(id);
    await first.client.close();
    const talks = [await conversation(id), await conversation(id), await conversation(id)];
    const expected = new Map<string, string[]>();
    for (const { chat, say } of talks) {
      expected.set(chat.id, [(await say("one")).id, (await say("two")).id]);
    }
    const jerry = await back(id);
    await heard(jerry.told, 6);
    for (const [chatId, ids] of expected) {
      expect(idsOf(jerry.told.filter(([, view]) => view.id === chatId))).toEqual(ids);
    }
  });

  test("[Y-02] a client that was invited while away gets the messages sent since", async () => {
    const id = app().named("Jerry");
    const first = await back(id);
    await first.client.close();
    const tom = await app().logIn(sdk, app().named("Tom"));
    const chat = await tom.client.createConversation({ members: [], name: "new to Jerry" });
    await chat.send(new tom.sdk.TextMessage("before he was here"));
    await chat.add([id]);
    const since = await chat.send(new tom.sdk.TextMessage("welcome"));
    const jerry = await back(id);
    expect(await heard(jerry.told, 1)).toEqual([since.id]);
    expect(jerry.told[0]?.[1].name).toBe("new to Jerry");
  });

  test("[Y-02] [M-39] a message that comes after a login counts as delivered", async () => {
    const id = app().named("Jerry");
    const first = await back(id);
    await first.client.close();
    const { chat, say } = await conversation(id);
    const told = next(chat, "lastdeliveredatupdate");
    const sent = await say("when you are back");
    await back(id);
    await told;
    expect(chat.lastDeliveredAt?.getTime()).toBeGreaterThanOrEqual(sent.timestamp.getTime());
  });

  test("[M-42] [M-45] read() of a client with pushOfflineMessages sends a receipt, too", async () => {
    const id = app().named("Jerry");
    const jerry = await back(id);
    const { chat, say } = await conversation(id);
    const sent = await say("read me");
    await heard(jerry.told, 1);
    const told = next(chat, "lastreadatupdate");
    await jerry.told[0]?.[1].read();
    await told;
    expect(chat.lastReadAt?.getTime()).toBeGreaterThanOrEqual(sent.timestamp.getTime());
  });

  test("[Y-06] two devices of one client, one with pushOfflineMessages and one without, each get everything", async () => {
    const id = app().named("Jerry");
    const phone = await back(id);
    const { tom, chat, say } = await conversation(id);
    const live = await say("live");
    await heard(phone.told, 1);
    await delivered(chat, live);
    const laptop = await app().logIn(sdk, id);
    await Promise.all([phone.client.close(), laptop.client.close()]);
    expect(await tom.client.ping([id])).toEqual([]);
    const missed = [await say("one"), await say("two")];

    const laptopAgain = await app().logIn(sdk, id);
    const onLaptop = record(laptopAgain.client, "message");
    const [[view]] = await next(laptopAgain.client, "unreadmessagescountupdate");
    expect(view).toMatchObject({ unreadMessagesCount: 3, lastMessage: { id: missed[1]?.id } });
    await view?.read();
    const phoneAgain = await back(id);
    expect(await heard(phoneAgain.told, 2)).toEqual(missed.map((message) => message.id));
    const last = await say("the last");
    expect(await heard(phoneAgain.told, 3)).toEqual([...missed, last].map((message) => message.id));
    expect(await heard(onLaptop, 1)).toEqual([last.id]);
  });
});

describe.each(sdks)("the JavaScript SDK $version, as it is by default", (sdk) => {
  // 5.x has no other way any more.
  const ways = sdk.major === 5 ? [false, true] : [false];

  test.each(ways)(
    "[Y-01] [Y-05] a client that was away gets counts and no messages by default (pushOfflineMessages: %s)",
    async (pushOfflineMessages) => {
      const id = app().named("Jerry");
      const tom = await app().logIn(sdk, app().named("Tom"));
      const chat = await tom.client.createConversation({ members: [id] });
      await chat.send(new tom.sdk.TextMessage("missed"));
      const jerry = await app().logIn(sdk, id, { pushOfflineMessages });
      const told = record(jerry.client, "message");
      const [[view]] = await next(jerry.client, "unreadmessagescountupdate");
      expect(view?.unreadMessagesCount).toBe(1);
      const last = await chat.send(new tom.sdk.TextMessage("live"));
      await eventually(
        () => told.length,
        (count) => count >= 1,
      );
      expect(told.map(([{ id: messageId }]) => messageId)).toEqual([last.id]);
    },
  );
});
