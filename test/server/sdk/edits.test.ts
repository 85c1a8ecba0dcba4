import { describe, expect, test } from "vitest";
import { bytesOf } from "./bytes.ts";
import { sdk5 } from "./sdk.ts";
import type { Message, SdkExports } from "./sdk-types.ts";
import { useTestApp } from "./test-app.ts";
import { comeBack, goOffline, tomAndJerry, viewOf } from "./tom-and-jerry.ts";
import { eventually, next, record } from "./waiting.ts";

const text = (sdk: SdkExports, words: string) => new sdk.TextMessage(words);
const placeOf = ({ id, timestamp }: Message) => ({ id, timestamp });

const app = useTestApp({ messages: { allowEdit: true, allowRecall: true } });

describe("edits in the JavaScript SDK", () => {
  test("[M-14] [M-15] the other member gets the new content of an edited message in the old one's place", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const sent = await chat.send(text(tom.sdk, "helo").setAttributes({ draft: 1 }));
    const heard = next(jerry.client, "messageupdate");
    const heardThere = next(view, "messageupdate");
    const edited = await chat.update(sent, text(tom.sdk, "hello"));

    expect(edited).toMatchObject({ ...placeOf(sent), from: tom.id, text: "hello" });
    expect(sent).toMatchObject({ text: "helo", attributes: { draft: 1 } });
    const [message, inChat, reason] = await heard;
    expect(message).toMatchObject({
      ...placeOf(sent),
      from: tom.id,
      cid: chat.id,
      type: -1,
      text: "hello",
    });
    expect(message.updatedAt.getTime()).toBeGreaterThan(sent.timestamp.getTime());
    expect(inChat).toBe(view);
    expect(reason).toBeUndefined();
    expect((await heardThere)[0]).toBe(message);
  });

  test("[M-15] the history and the last message have the new content of an edited message", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const first = await chat.send(text(tom.sdk, "one"));
    const last = await chat.send(text(tom.sdk, "two"));
    const heard = next(jerry.client, "messageupdate", ({ id }) => id === last.id);
    await chat.update(first, text(tom.sdk, "uno"));
    await chat.update(last, text(tom.sdk, "due"));
    await heard;
    expect(view.lastMessage).toMatchObject({ id: last.id, text: "due" });
    expect(chat.lastMessage).toMatchObject({ id: last.id, text: "due" });
    const kept = await view.queryMessages();
    expect(kept).toMatchObject([
      { ...placeOf(first), from: tom.id, text: "uno" },
      { ...placeOf(last), from: tom.id, text: "due" },
    ]);
    for (const message of kept) expect(message.updatedAt.getTime()).toBeGreaterThan(last.timestamp.getTime());

    const laptop = await app().logIn(sdk5, jerry.id);
    const [found] = await laptop.client
      .getQuery()
      .equalTo("objectId", chat.id)
      .withLastMessagesRefreshed()
      .find();
    expect(found?.lastMessage).toMatchObject({ ...placeOf(last), text: "due" });
    expect(found?.lastMessageAt).toEqual(last.timestamp);
  });

  test("[M-15] the summary of unread messages has the new content of an edited one", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    await jerry.client.close();
    const sent = await chat.send(text(tom.sdk, "wrogn"));
    await chat.update(sent, text(tom.sdk, "right"));
    const again = await app().logIn(sdk5, jerry.id);
    const [[view]] = await next(again.client, "unreadmessagescountupdate");
    expect(view).toMatchObject({
      unreadMessagesCount: 1,
      lastMessage: { ...placeOf(sent), text: "right" },
    });
  });

  test("[M-15] [D-08] the sender's other device gets an edit, the editing device does not", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    const laptop = await app().logIn(sdk5, tom.id);
    const sent = await chat.send(text(tom.sdk, "from my phone"));
    const heard = next(laptop.client, "messageupdate");
    const echo = record(tom.client, "messageupdate");
    await chat.update(sent, text(tom.sdk, "from my telephone"));
    expect((await heard)[0]).toMatchObject({ ...placeOf(sent), from: tom.id, text: "from my telephone" });

    const after = next(tom.client, "message");
    await (await viewOf(jerry, chat)).send(text(jerry.sdk, "and then"));
    await after;
    expect(echo).toEqual([]);
  });

  test("[M-12] a message can be edited several times, also after 120 others", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const first = await chat.send(text(tom.sdk, "version 0"));
    for (let number = 0; number < 120; number += 1) await chat.send(text(tom.sdk, `${number}`));
    const told = record(jerry.client, "messageupdate");
    let message: Message = first;
    for (const version of [1, 2, 3]) {
      message = await chat.update(message, text(tom.sdk, `version ${version}`));
    }
    await eventually(
      () => told.length,
      (count) => count >= 3,
    );
    expect(told.map(([edited]) => edited)).toMatchObject(
      ["version 1", "version 2", "version 3"].map((words) => ({ ...placeOf(first), text: words })),
    );
    const [oldest] = await view.queryMessages({
      direction: jerry.sdk.MessageQueryDirection.OLD_TO_NEW,
      limit: 1,
    });
    expect(oldest).toMatchObject({ ...placeOf(first), text: "version 3" });
  });

  test("[M-13] only its sender can edit a message, and only one that exists", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const sent = await chat.send(text(tom.sdk, "mine"));
    const others = view.update(placeOf(sent), text(jerry.sdk, "not yours"));
    await expect(others).rejects.toMatchObject({ code: 4403 });
    const unknown = chat.update({ ...placeOf(sent), id: "nobodyKnowsThisMessage" }, text(tom.sdk, "?"));
    await expect(unknown).rejects.toMatchObject({ code: 4404 });
    const elsewhere = chat.update({ id: sent.id, timestamp: new Date(1) }, text(tom.sdk, "?"));
    await expect(elsewhere).rejects.toMatchObject({ code: 4404 });
    expect(await view.queryMessages()).toMatchObject([{ id: sent.id, text: "mine" }]);
  });

  test("[M-16] members get all the edits of one command", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    const sent = [await chat.send(text(tom.sdk, "a")), await chat.send(text(tom.sdk, "b"))];
    const told = record(jerry.client, "messageupdate");
    const laptop = await app().raw(tom.id);
    const patches = sent.map(({ id, timestamp }, index) => ({
      cid: chat.id,
      mid: id,
      timestamp: timestamp.getTime(),
      recall: false,
      data: utf8(JSON.stringify({ _lctype: -1, _lctext: `edited ${index}` })),
    }));
    await laptop.ask({ cmd: "patch", op: "modify", patchMessage: { patches } });
    await eventually(
      () => told.length,
      (count) => count >= 2,
    );
    expect(told.map(([message]) => message)).toMatchObject(
      sent.map((message, index) => ({ ...placeOf(message), text: `edited ${index}` })),
    );
  });

  test("[M-15] an edit may change the mentions and the type", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    const sent = await chat.send(text(tom.sdk, "somebody?"));
    const heard = next(jerry.client, "messageupdate");
    await chat.update(sent, new tom.sdk.Message("just Jerry").setMentionList([jerry.id]));
    const [message, view] = await heard;
    expect(message).toMatchObject({ content: "just Jerry", mentionList: [jerry.id], mentioned: true });
    expect(await view.queryMessages()).toMatchObject([{ content: "just Jerry", mentioned: true }]);
  });

  test("[M-15] an edit may replace text with binary content, and the other way round", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const bytes = Uint8Array.of(0, 255, 128, 10);
    const [one, other] = [
      await chat.send(text(tom.sdk, "in words")),
      await chat.send(new tom.sdk.BinaryMessage(Uint8Array.of(1, 2, 3).buffer)),
    ];
    const told = next(jerry.client, "messageupdate", ({ id }) => id === other.id);
    await chat.update(one, new tom.sdk.BinaryMessage(bytes.buffer));
    await chat.update(other, text(tom.sdk, "in words now"));
    await told;
    const [first, second] = await view.queryMessages();
    expect(first?.id).toBe(one.id);
    expect(first && bytesOf(first)).toEqual([...bytes]);
    expect(second).toMatchObject({ id: other.id, text: "in words now" });
  });

  test("[M-15] [B-09] an edit may be no longer than a message", async () => {
    const { tom, chat, view } = await tomAndJerry(app(), sdk5);
    const sent = await chat.send(text(tom.sdk, "short"));
    const edited = chat.update(sent, text(tom.sdk, "x".repeat(33_000)));
    await expect(edited).rejects.toMatchObject({ code: 4109 });
    expect(await view.queryMessages()).toMatchObject([{ id: sent.id, text: "short" }]);
  });

  test("[M-19] [M-16] a client that was away gets every edit and recall after coming back", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const told = record(jerry.client, "message");
    const sent = [];
    for (const words of ["one", "two", "three"]) sent.push(await chat.send(text(tom.sdk, words)));
    await eventually(
      () => told.length,
      (count) => count >= 3,
    );
    const [one, two, three] = sent;
    if (one === undefined || two === undefined || three === undefined) throw new Error("three were sent");
    await goOffline(jerry, tom);
    await chat.update(one, text(tom.sdk, "uno"));
    await chat.update(await chat.update(three, text(tom.sdk, "tee")), text(tom.sdk, "tre"));
    await chat.recall(two);

    const edits = record(jerry.client, "messageupdate");
    const recalls = record(jerry.client, "messagerecall");
    await comeBack(jerry);
    await eventually(
      () => edits.length + recalls.length,
      (count) => count >= 3,
    );
    expect(edits.map(([message, inChat]) => [message.id, wordsOf(message), inChat.id])).toEqual([
      [one.id, "uno", chat.id],
      [three.id, "tre", chat.id],
    ]);
    expect(recalls.map(([message]) => message)).toMatchObject([{ id: two.id, type: -127 }]);
    expect(view.lastMessage).toMatchObject({ id: three.id, text: "tre" });

    const again = record(jerry.client, "messageupdate");
    await goOffline(jerry, tom);
    await comeBack(jerry);
    const after = next(jerry.client, "message");
    await chat.send(text(tom.sdk, "nothing else changed"));
    await after;
    expect(again).toEqual([]);
  });

  test("[M-19] a client that lost its connection for a moment gets every edit and recall", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5, {
      tom: "RTMServers",
      jerry: "router over TLS",
    });
    const received = next(jerry.client, "message");
    const sent = await chat.send(text(tom.sdk, "before"));
    await received;
    const lost = next(jerry.client, "disconnect");
    const heard = next(jerry.client, "messageupdate");
    app().cutTls();
    await lost;
    await chat.update(sent, text(tom.sdk, "behind your back"));
    expect((await heard)[0]).toMatchObject({ ...placeOf(sent), text: "behind your back" });
  });
});

function utf8(words: string) {
  return new TextEncoder().encode(words);
}

function wordsOf(message: Message) {
  return "text" in message ? message.text : undefined;
}
