import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sdk5 } from "../sdk/sdk.ts";
import type { Conversation, SdkExports } from "../sdk/sdk-types.ts";
import { useTestApp } from "../sdk/test-app.ts";
import { tomAndJerry, viewOf } from "../sdk/tom-and-jerry.ts";
import { next, record } from "../sdk/waiting.ts";
import { type AppEngine, HOOK_KEY, startAppEngine } from "./app-engine.ts";

/*
 * Phones with the official SDKs, Parley in its own process, and the app's hooks on the official engine beside it. What
 * they do is in `app.cjs`. A trial allows an engine on this machine without a setting.
 */

const app = useTestApp({ messages: { allowEdit: true, allowRecall: true } }, { appId: "parley-dev" });

let engine: AppEngine;
beforeAll(async () => {
  engine = await startAppEngine(app());
  // Calls that take so long on a busy machine are late, not wrong.
  await app().configure({ hooks: { url: engine.url, key: HOOK_KEY, timeoutMs: 15_000 } });
});
afterAll(() => engine?.stop());

const text = (sdk: SdkExports, words: string) => new sdk.TextMessage(words);

/** The texts in the history, oldest first. */
async function said(view: Conversation) {
  const messages = await view.queryMessages();
  return messages.map((message) => ("text" in message ? message.text : undefined));
}

async function tomJerryAndSpike() {
  const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
  const spike = await app().logIn(sdk5, app().named("Spike"));
  const joined = next(view, "membersjoined");
  await chat.add([spike.id]);
  await joined;
  return { tom, jerry, spike, chat, view, spikesView: await viewOf(spike, chat) };
}

describe("a LeanEngine that decides about messages", () => {
  test("[H-01] a message that the engine drops fails with 4402 and the app's own code, and nobody receives it", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const heard = next(jerry.client, "message");
    await expect(chat.send(text(tom.sdk, "come to my casino"))).rejects.toMatchObject({
      code: 4402,
      appCode: 7,
      message: "MESSAGE_REJECTED_BY_APP",
    });
    await chat.send(text(tom.sdk, "come to my house"));
    expect((await heard)[0]).toMatchObject({ text: "come to my house" });
    expect(await said(view)).toEqual(["come to my house"]);
    expect(chat.lastMessage).toMatchObject({ text: "come to my house" });
  });

  test("[H-01] [M-18] a message that the engine rewrites has the new content for everybody, and its sender gets the reason", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const heard = next(jerry.client, "message");
    const corrected = next(tom.client, "messageupdate");
    const sent = await chat.send(text(tom.sdk, "rude"));
    const [message, , reason] = await corrected;
    expect(message).toMatchObject({ id: sent.id, timestamp: sent.timestamp, from: tom.id, text: "polite" });
    expect(reason).toEqual({ code: 8, detail: "mind your words" });
    expect((await heard)[0]).toMatchObject({ id: sent.id, from: tom.id, text: "polite" });
    expect(await said(view)).toEqual(["polite"]);
    expect(await said(chat)).toEqual(["polite"]);
  });

  test("[H-01] a message that the engine rewrites without a reason has the new content for everybody", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    const heard = next(jerry.client, "message");
    const corrected = next(tom.client, "messageupdate");
    await chat.send(text(tom.sdk, "shouted"));
    const [message, , reason] = await corrected;
    expect(message).toMatchObject({ text: "SHOUTED" });
    expect(reason).toBeUndefined();
    expect((await heard)[0]).toMatchObject({ text: "SHOUTED" });
  });

  test("[H-01] a message that the engine addresses to some members reaches no other, live or in the history", async () => {
    const { tom, jerry, spike, chat, view, spikesView } = await tomJerryAndSpike();
    const spikes = record(spike.client, "message");
    const secret = next(jerry.client, "message");
    await chat.send(text(tom.sdk, `psst ${jerry.id}`));
    await secret;
    const heard = next(spike.client, "message");
    await chat.send(text(tom.sdk, "hello"));
    await heard;
    expect(spikes.map(([message]) => message)).toMatchObject([{ text: "hello" }]);
    expect(await said(spikesView)).toEqual(["hello"]);
    expect(await said(view)).toEqual([`psst ${jerry.id}`, "hello"]);
    expect(await said(chat)).toEqual([`psst ${jerry.id}`, "hello"]);
  });

  test("[H-01] the hook receives a message's sender, recipients, content and address", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    await chat.send(text(tom.sdk, "hello"), { receipt: true });
    expect(await engine.called("onIMMessageReceived", { fromPeer: tom.id })).toEqual({
      fromPeer: tom.id,
      convId: chat.id,
      toPeers: [jerry.id],
      content: expect.stringContaining("hello"),
      bin: false,
      transient: false,
      receipt: true,
      system: null,
      groupId: null,
      timestamp: expect.any(Number),
      sourceIP: "127.0.0.1",
    });
  });

  test("[H-04] edits and recalls that the engine rejects fail with 4405, and edits that it rewrites have the new content", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const sent = await chat.send(text(tom.sdk, "hello"));
    const edited = chat.update(sent, text(tom.sdk, "hello casino"));
    await expect(edited).rejects.toMatchObject({ code: 4405, appCode: 7, detail: "no advertising" });
    await expect(chat.recall(sent)).rejects.toMatchObject({ code: 4405, appCode: 3, detail: "said is said" });
    expect(await said(view)).toEqual(["hello"]);
    const changed = next(jerry.client, "messageupdate");
    await chat.update(sent, text(tom.sdk, "rude"));
    expect((await changed)[0]).toMatchObject({ id: sent.id, text: "polite" });
  });
});

describe("a LeanEngine that decides about conversations", () => {
  test("[H-05] a conversation that the engine rejects is not created and fails with 4305", async () => {
    const tom = await app().logIn(sdk5, app().named("Tom"));
    const members = [app().named("Jerry")];
    const asked = tom.client.createConversation({ members, name: "forbidden" });
    await expect(asked).rejects.toMatchObject({ code: 4305, appCode: 9, detail: "no such talk" });
    expect(await tom.client.getQuery().withMembers(members).find()).toEqual([]);
    const question = await engine.called("onIMConversationStart", { initBy: tom.id });
    expect(question).toMatchObject({ members: expect.arrayContaining([tom.id, ...members]) });
  });

  test("[H-06] [H-07] adding, joining and removing fail with 4305 if the engine rejects them; leaving never asks it", async () => {
    const { tom, jerry, spike, chat } = await tomJerryAndSpike();
    const butch = await app().logIn(sdk5, app().named("Butch"));
    const noDogs = { code: 4305, appCode: 10, detail: "no dogs" };
    await expect(chat.add([butch.id])).rejects.toMatchObject(noDogs);
    await expect((await viewOf(butch, chat)).join()).rejects.toMatchObject(noDogs);
    await expect(chat.remove([spike.id])).rejects.toMatchObject({ code: 4305, appCode: 11 });
    await (await viewOf(spike, chat)).quit();
    expect((await chat.fetch()).members.toSorted()).toEqual([tom.id, jerry.id].toSorted());
  });

  test("[H-08] renaming and muting fail with 4305 if the engine rejects them, and a rewritten name is stored", async () => {
    const { jerry, chat, view } = await tomAndJerry(app(), sdk5);
    chat.name = "forbidden";
    await expect(chat.save()).rejects.toMatchObject({ code: 4305, appCode: 12, detail: "no such name" });
    await expect(chat.mute()).rejects.toMatchObject({ code: 4305, appCode: 13 });
    const told = next(view, "infoupdated");
    chat.name = "good";
    await chat.save();
    expect((await told)[0].attributes).toEqual({ name: "better" });
    expect((await viewOf(jerry, chat)).name).toBe("better");
    expect((await chat.fetch()).name).toBe("better");
  });
});
