import { describe, expect, test } from "vitest";
import { sdk5 } from "./sdk.ts";
import type { Conversation, Message, SdkExports } from "./sdk-types.ts";
import { useTestApp } from "./test-app.ts";

const app = useTestApp();

describe("history in the JavaScript SDK", () => {
  test("[B-24] the history is paged from new to old without gap or repetition", async () => {
    const { view, sent } = await conversationOf(25);
    const pages = view.createMessagesIterator({ limit: 10 });
    const read = [await pages.next(), await pages.next(), await pages.next(), await pages.next()];
    expect(read.map(({ value }) => ids(value))).toEqual([
      ids(sent.slice(15)),
      ids(sent.slice(5, 15)),
      ids(sent.slice(0, 5)),
      [],
    ]);
    expect(read.map(({ done }) => done)).toEqual([false, false, true, true]);
  });

  test("[B-24] the history is paged from a given message on", async () => {
    const { view, sent } = await conversationOf(12);
    const from = at(sent, 8);
    const pages = view.createMessagesIterator({
      limit: 5,
      beforeTime: from.timestamp,
      beforeMessageId: from.id,
    });
    expect(ids((await pages.next()).value)).toEqual(ids(sent.slice(3, 8)));
    expect(ids((await pages.next()).value)).toEqual(ids(sent.slice(0, 3)));
  });

  test("[B-24] a page of the history has 20 messages by default, and none with limit 0", async () => {
    const { view, sent } = await conversationOf(23);
    expect(ids(await view.queryMessages())).toEqual(ids(sent.slice(3)));
    expect(await view.queryMessages({ limit: 0 })).toEqual([]);
  });

  test("[B-24] a page of the history has at most 100 messages", async () => {
    const { view, sent } = await conversationOf(120);
    const newest = await view.queryMessages({ limit: 100 });
    expect(ids(newest)).toEqual(ids(sent.slice(20)));
    expect(ids(await view.queryMessages({ limit: 100, startTime: at(newest, 0).timestamp }))).toEqual(
      ids(sent.slice(0, 20)),
    );
  });

  test("[B-24] the history of an empty conversation is empty", async () => {
    const { view } = await conversationOf(0);
    expect(await view.queryMessages()).toEqual([]);
    expect(await view.createMessagesIterator({ limit: 10 }).next()).toEqual({ value: [], done: true });
  });

  test("[B-26] the history is paged from old to new, from its beginning or from a message on", async () => {
    const { view, sent, exports } = await conversationOf(12);
    const direction = exports.MessageQueryDirection.OLD_TO_NEW;
    const first = await view.queryMessages({ direction, limit: 5 });
    expect(ids(first)).toEqual(ids(sent.slice(0, 5)));
    expect(ids(await view.queryMessages({ direction, limit: 5, startTime: new Date(1) }))).toEqual(
      ids(first),
    );

    const last = at(first, 4);
    const second = await view.queryMessages({
      direction,
      limit: 5,
      startTime: last.timestamp,
      startMessageId: last.id,
    });
    expect(ids(second)).toEqual(ids(sent.slice(5, 10)));
    const end = at(second, 4);
    expect(ids(await view.queryMessages({ direction, limit: 5, startTime: end.timestamp }))).toEqual(
      ids(sent.slice(10)),
    );
  });

  test("[B-26] an interval of the history is open or closed, in both directions", async () => {
    const { view, sent } = await conversationOf(10);
    const [low, high] = [at(sent, 2), at(sent, 7)];
    const upwards = {
      startTime: low.timestamp,
      startMessageId: low.id,
      endTime: high.timestamp,
      endMessageId: high.id,
    };
    const downwards = {
      startTime: high.timestamp,
      startMessageId: high.id,
      endTime: low.timestamp,
      endMessageId: low.id,
    };
    const query = async (options: object) => ids(await view.queryMessages(options));

    expect(await query(upwards)).toEqual(ids(sent.slice(3, 7)));
    expect(await query({ ...upwards, startClosed: true })).toEqual(ids(sent.slice(2, 7)));
    expect(await query({ ...upwards, endClosed: true })).toEqual(ids(sent.slice(3, 8)));
    expect(await query({ ...upwards, startClosed: true, endClosed: true })).toEqual(ids(sent.slice(2, 8)));
    expect(await query({ ...upwards, limit: 2 })).toEqual(ids(sent.slice(3, 5)));

    expect(await query(downwards)).toEqual(ids(sent.slice(3, 7)));
    expect(await query({ ...downwards, startClosed: true })).toEqual(ids(sent.slice(3, 8)));
    expect(await query({ ...downwards, endClosed: true })).toEqual(ids(sent.slice(2, 7)));
    expect(await query({ ...downwards, startClosed: true, endClosed: true })).toEqual(ids(sent.slice(2, 8)));
    expect(await query({ ...downwards, limit: 2 })).toEqual(ids(sent.slice(5, 7)));

    const byTimeAlone = { startTime: low.timestamp, endTime: high.timestamp };
    expect(await query(byTimeAlone)).toEqual(ids(sent.slice(3, 7)));
    expect(await query({ ...byTimeAlone, startClosed: true, endClosed: true })).toEqual(
      ids(sent.slice(2, 8)),
    );
  });

  test("[B-26] a page beyond either end of the history is empty", async () => {
    const { view, exports } = await conversationOf(3);
    const future = new Date("2099-01-01");
    expect(await view.queryMessages({ startTime: new Date(1) })).toEqual([]);
    expect(
      await view.queryMessages({ startTime: future, direction: exports.MessageQueryDirection.OLD_TO_NEW }),
    ).toEqual([]);
    expect(await view.queryMessages({ startTime: future })).toHaveLength(3);
  });

  test("[B-25] a page of one type of message counts only that type towards its limit", async () => {
    const { chat, view, exports } = await conversationOf(0);
    class Vote extends exports.TypedMessage {}
    exports.messageType(7)(Vote);
    const texts: Message[] = [];
    const votes: Message[] = [];
    for (let round = 0; round < 4; round += 1) {
      texts.push(await chat.send(new exports.TextMessage(`round ${round}`)));
      votes.push(await chat.send(new Vote()));
      await chat.send(new exports.Message("untyped"));
    }
    expect(ids(await view.queryMessages({ type: -1 }))).toEqual(ids(texts));
    expect(ids(await view.queryMessages({ type: 7, limit: 3 }))).toEqual(ids(votes.slice(1)));
    expect(ids(await view.queryMessages({ type: 7, limit: 3, startTime: at(votes, 2).timestamp }))).toEqual(
      ids(votes.slice(0, 2)),
    );
    expect(await view.queryMessages({ type: 1000 })).toEqual([]);
  });

  test("[B-24] the history has every kind of content with sender, id and time", async () => {
    const { chat, view, exports, tom } = await conversationOf(0);
    const sent = [
      await chat.send(new exports.Message("plain")),
      await chat.send(new exports.TextMessage("text").setAttributes({ a: [1] })),
      await chat.send(new exports.BinaryMessage(Uint8Array.of(1, 2, 3).buffer)),
    ];
    const kept = await view.queryMessages();
    expect(kept).toMatchObject([
      { content: "plain" },
      { type: -1, text: "text", attributes: { a: [1] } },
      { buffer: Uint8Array.of(1, 2, 3).buffer },
    ]);
    expect(kept).toMatchObject(sent.map(({ id, timestamp }) => ({ id, timestamp, from: tom, cid: chat.id })));
  });

  test("[B-24] a client that is no member cannot read the history; one that rejoins reads all of it", async () => {
    const { chat, view, exports, jerry } = await conversationOf(1);
    await chat.remove([jerry]);
    const meanwhile = await chat.send(new exports.TextMessage("meanwhile"));
    await expect(view.queryMessages()).rejects.toMatchObject({ code: 4312 });
    await chat.add([jerry]);
    expect((await view.queryMessages()).map(({ id }) => id)).toContain(meanwhile.id);
  });

  test("[B-24] a member invited later reads the earlier history", async () => {
    const { chat, sent } = await conversationOf(3);
    const spike = await app().logIn(sdk5, app().named("Spike"));
    await chat.add([spike.id]);
    const view = await spike.client.getConversation(chat.id);
    expect(ids((await view?.queryMessages()) ?? [])).toEqual(ids(sent));
  });
});

/** Tom's conversation with Jerry after Tom has said so much, and Jerry's view of it. */
async function conversationOf(messages: number): Promise<{
  exports: SdkExports;
  tom: string;
  jerry: string;
  chat: Conversation;
  view: Conversation;
  sent: Message[];
}> {
  const tom = await app().logIn(sdk5, app().named("Tom"));
  const jerry = await app().logIn(sdk5, app().named("Jerry"));
  const chat = await tom.client.createConversation({ members: [jerry.id] });
  const sent = await Promise.all(
    Array.from({ length: messages }, (_, index) => chat.send(new tom.sdk.TextMessage(`${index}`))),
  );
  const view = await jerry.client.getConversation(chat.id);
  if (view === null) throw new Error("Jerry is a member and finds no conversation");
  return { exports: tom.sdk, tom: tom.id, jerry: jerry.id, chat, view, sent };
}

const ids = (messages: Message[]) => messages.map(({ id }) => id);

function at(messages: Message[], index: number) {
  const message = messages[index];
  if (message === undefined) throw new Error(`no message ${index}`);
  return message;
}
