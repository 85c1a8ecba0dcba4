import { describe, expect, test } from "vitest";
import { sdks } from "./sdk.ts";
import type { Conversation, ImClient, Message } from "./sdk-types.ts";
import { type Person, useTestApp } from "./test-app.ts";
import { eventually, next, record } from "./waiting.ts";

const app = useTestApp();

describe.each(sdks)("the JavaScript SDK $version, unread counts", (sdk) => {
  /** Logs in and waits for the unread count of a conversation. */
  async function returning(id: string, conversationId: string): Promise<Person & { view: Conversation }> {
    const person = await app().logIn(sdk, id);
    return { ...person, view: await unreadIn(person.client, conversationId) };
  }

  async function unreadIn(client: ImClient, conversationId: string) {
    const [conversations] = await next(client, "unreadmessagescountupdate", (changed) =>
      changed.some(({ id }) => id === conversationId),
    );
    const view = conversations.find(({ id }) => id === conversationId);
    if (view === undefined) throw new Error("the event names the conversation");
    return view;
  }

  async function tomWriting(jerry: string, count: number) {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const chat = await tom.client.createConversation({ members: [jerry] });
    const say = (text: string) => chat.send(new tom.sdk.TextMessage(text));
    const sent = [];
    for (let index = 0; index < count; index += 1) sent.push(await say(`${index}`));
    return { tom, chat, say, sent };
  }

  test("[Y-03] [Y-10] [Y-11] [Y-17] a client that was away gets the number of unread messages and the last one", async () => {
    const id = app().named("Jerry");
    const { tom, chat, sent } = await tomWriting(id, 3);
    const jerry = await returning(id, chat.id);
    expect(jerry.view.unreadMessagesCount).toBe(3);
    expect(jerry.view.lastMessage).toMatchObject({
      id: sent[2]?.id,
      from: tom.id,
      text: "2",
      timestamp: sent[2]?.timestamp,
    });
    expect((await jerry.view.queryMessages()).map((message) => message.id)).toEqual(
      sent.map((message) => message.id),
    );
  });

  test("[Y-10] a client that was away gets the conversations with unread messages", async () => {
    const id = app().named("Jerry");
    const { tom, chat } = await tomWriting(id, 1);
    const other = await tom.client.createConversation({ members: [id], unique: false });
    for (const byte of [1, 2]) await other.send(new tom.sdk.BinaryMessage(Uint8Array.of(byte).buffer));
    await tom.client.createConversation({ members: [id], unique: false, name: "nothing said here" });

    const jerry = await app().logIn(sdk, id);
    const counts = new Map<string, number>();
    jerry.client.on("unreadmessagescountupdate", (conversations) => {
      for (const conversation of conversations) counts.set(conversation.id, conversation.unreadMessagesCount);
    });
    await eventually(
      () => counts.size,
      (size) => size >= 2,
    );
    expect(counts).toEqual(
      new Map([
        [chat.id, 1],
        [other.id, 2],
      ]),
    );
  });

  test("[Y-12] [Y-16] each received message increments the unread count, own messages do not", async () => {
    const id = app().named("Jerry");
    const { chat, say } = await tomWriting(id, 2);
    const jerry = await returning(id, chat.id);
    const changed = unreadIn(jerry.client, chat.id);
    await say("one more");
    expect((await changed).unreadMessagesCount).toBe(3);
    await jerry.view.send(new jerry.sdk.TextMessage("from me"));
    expect(jerry.view.unreadMessagesCount).toBe(3);

    const laptop = await returning(id, chat.id);
    expect(laptop.view.unreadMessagesCount).toBe(3);
  });

  test("[Y-14] going offline again does not reset the unread count, nor does receiving online", async () => {
    const id = app().named("Jerry");
    const { chat, say } = await tomWriting(id, 1);
    const first = await returning(id, chat.id);
    const received = next(first.client, "message");
    await say("received online");
    await received;
    await first.view.queryMessages();
    await first.client.close();
    await say("while away again");
    const second = await returning(id, chat.id);
    expect(second.view.unreadMessagesCount).toBe(3);
  });

  test("[Y-14] [C-07] a resumed device gets the count of messages that came while it was paused", async () => {
    const id = app().named("Jerry");
    const { tom, chat, say } = await tomWriting(id, 1);
    const jerry = await returning(id, chat.id);
    jerry.realtime.pause();
    await eventually(
      () => tom.client.ping([id]),
      (online) => online.length === 0,
    );
    const missed = [await say("missed"), await say("missed too")];
    const changed = unreadIn(jerry.client, chat.id);
    jerry.realtime.resume();
    const view = await changed;
    expect(view.unreadMessagesCount).toBe(3);
    expect(view.lastMessage).toMatchObject({ id: missed[1]?.id });
    const since = view.lastMessageAt;
    expect(since).toEqual(missed[1]?.timestamp);
    expect((await view.queryMessages({ limit: 2 })).map((message) => message.id)).toEqual(
      missed.map((message) => message.id),
    );
  });

  test("[Y-13] [Y-15] [Y-21] read clears the unread count on every device", async () => {
    const id = app().named("Jerry");
    const { chat, say } = await tomWriting(id, 4);
    const phone = await returning(id, chat.id);
    const laptop = await returning(id, chat.id);
    expect([phone.view.unreadMessagesCount, laptop.view.unreadMessagesCount]).toEqual([4, 4]);

    const cleared = unreadIn(laptop.client, chat.id);
    await phone.view.read();
    expect(phone.view.unreadMessagesCount).toBe(0);
    expect((await cleared).unreadMessagesCount).toBe(0);
    expect(laptop.view.unreadMessagesCount).toBe(0);

    await Promise.all([phone.client.close(), laptop.client.close()]);
    const fresh = await app().logIn(sdk, id);
    const heard = record(fresh.client, "unreadmessagescountupdate");
    const received = next(fresh.client, "message");
    await say("after reading");
    const [, view] = await received;
    expect(view.unreadMessagesCount).toBe(1);
    expect(heard.flatMap(([conversations]) => conversations).map((conversation) => conversation.id)).toEqual([
      chat.id,
    ]);
  });

  test("[Y-13] [Y-21] a device that was away while another device read gets the cleared count", async () => {
    const id = app().named("Jerry");
    const { tom, chat, say } = await tomWriting(id, 4);
    const phone = await returning(id, chat.id);
    const laptop = await returning(id, chat.id);
    await phone.client.close();
    laptop.realtime.pause();
    await eventually(
      () => tom.client.ping([id]),
      (online) => online.length === 0,
    );
    const tablet = await returning(id, chat.id);
    await tablet.view.read();
    const cleared = unreadIn(laptop.client, chat.id);
    laptop.realtime.resume();
    expect((await cleared).unreadMessagesCount).toBe(0);
    const received = next(laptop.client, "message");
    await say("and on from there");
    await received;
    expect(laptop.view.unreadMessagesCount).toBe(1);
  });

  test("[Y-15] read covers the messages up to then and no later one", async () => {
    const id = app().named("Jerry");
    const { chat, say } = await tomWriting(id, 2);
    const phone = await returning(id, chat.id);
    const laptop = await returning(id, chat.id);
    const cleared = unreadIn(laptop.client, chat.id);
    await phone.view.read();
    await cleared;
    await Promise.all([phone.client.close(), laptop.client.close()]);
    for (const text of ["x", "y", "z"]) await say(text);
    const again = await returning(id, chat.id);
    expect(again.view.unreadMessagesCount).toBe(3);
  });

  test("[Y-10] a client that was invited while away gets the conversation and its messages", async () => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const chat = await tom.client.createConversation({ members: [], name: "new to Jerry" });
    const id = app().named("Jerry");
    await chat.add([id]);
    const sent = await chat.send(new tom.sdk.TextMessage("hello, Jerry"));
    const jerry = await returning(id, chat.id);
    expect(jerry.view).toMatchObject({
      name: "new to Jerry",
      unreadMessagesCount: 1,
      lastMessage: { id: sent.id },
    });
    expect(jerry.view.members).toContain(id);
  });

  test("[Y-10] [Y-12] a login amid messages misses none and repeats none", async () => {
    const id = app().named("Jerry");
    const { chat, say, sent } = await tomWriting(id, 5);
    const writing = (async () => {
      for (let number = 0; number < 60; number += 1) sent.push(await say(`amid ${number}`));
    })();
    const jerry = await app().logIn(sdk, id);
    const told = record(jerry.client, "message");
    const [conversations] = await next(jerry.client, "unreadmessagescountupdate");
    const summary = conversations[0]?.lastMessage?.timestamp;
    await writing;
    const last = await say("the last");
    sent.push(last);
    // Until it has the conversation, the SDK requests it with every message and may emit messages out of order.
    const inOrder = () =>
      told.map(([message]) => message).toSorted((a, b) => a.timestamp.getTime() - b.timestamp.getTime());
    const isWhole = (messages: Message[]) =>
      messages.at(-1)?.id === last.id &&
      messages.every(({ id }, index) => id === sent.at(index - messages.length)?.id);
    const heard = await eventually(inOrder, isWhole);
    const before = sent.at(-heard.length - 1)?.timestamp;
    expect(summary?.getTime()).toBeGreaterThanOrEqual(before?.getTime() ?? 0);

    const laptop = await returning(id, chat.id);
    expect(laptop.view.unreadMessagesCount).toBe(sent.length);
  });

  test("[Y-08] the unread count is exact beyond 100", async () => {
    const id = app().named("Jerry");
    const { tom, chat } = await tomWriting(id, 0);
    await Promise.all(
      Array.from({ length: 104 }, (_, index) => chat.send(new tom.sdk.TextMessage(`${index}`))),
    );
    const jerry = await returning(id, chat.id);
    expect(jerry.view.unreadMessagesCount).toBe(104);
  });
});
