import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sdk5 } from "../sdk/sdk.ts";
import { useTestApp } from "../sdk/test-app.ts";
import { comeBack, goOffline, tomAndJerry, viewOf } from "../sdk/tom-and-jerry.ts";
import { next } from "../sdk/waiting.ts";
import { type AppEngine, contentOf, HOOK_KEY, startAppEngine } from "./app-engine.ts";

const [LOGOUT, LOST, DISPLACED, KICKED] = [1, 2, 3, 4];

const app = useTestApp({}, { appId: "parley-dev" });

let engine: AppEngine;
beforeAll(async () => {
  engine = await startAppEngine(app());
  await app().configure({ hooks: { url: engine.url, key: HOOK_KEY, timeoutMs: 15_000 } });
});
afterAll(() => engine?.stop());

describe("a LeanEngine is called after what the JavaScript SDK does", () => {
  test("[H-02] [H-03] a LeanEngine is called after a message, with the recipients who were online and those who were not", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    const spike = app().named("Spike");
    await chat.add([spike]);
    const sent = await chat.send(new tom.sdk.TextMessage("hello").setMentionList([spike]));
    const timestamp = sent.timestamp.getTime();
    const message = { fromPeer: tom.id, convId: chat.id, content: contentOf("hello"), timestamp };
    expect(await engine.called("onIMMessageSent", { convId: chat.id })).toEqual({
      ...message,
      msgId: sent.id,
      onlinePeers: [jerry.id],
      offlinePeers: [spike],
      bin: false,
      transient: false,
      receipt: false,
      system: null,
      sourceIP: "127.0.0.1",
    });
    expect(await engine.called("onIMReceiversOffline", { convId: chat.id })).toEqual({
      ...message,
      offlinePeers: [spike],
      mentionAll: false,
      mentionOfflinePeers: [spike],
    });
  });

  test("[H-05] [H-06] [H-07] a LeanEngine is called after a conversation started and after each change of its members", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const spike = await app().logIn(sdk5, app().named("Spike"));
    await chat.add([spike.id]);
    await (await viewOf(spike, chat)).quit();
    await chat.remove([jerry.id]);
    await view.join();
    const here = { convId: chat.id };
    expect(await engine.called("onIMConversationStarted", here)).toEqual(here);
    for (const [hook, by, member] of [
      ["onIMConversationAdded", tom, spike],
      ["onIMConversationRemoved", spike, spike],
      ["onIMConversationRemoved", tom, jerry],
      ["onIMConversationAdded", jerry, jerry],
    ] as const) {
      await engine.called(hook, { initBy: by.id, members: [member.id], convId: chat.id });
    }
  });

  test("[H-09] a LeanEngine is called when a client logs in, reconnects, and leaves, with the reason", async () => {
    const tom = await app().logIn(sdk5, app().named("Tom"), { tag: "Mobile" });
    const jerry = await app().logIn(sdk5, app().named("Jerry"));
    await goOffline(tom, jerry);
    await comeBack(tom);
    const displaced = next(tom.client, "conflict");
    const other = await app().logIn(sdk5, tom.id, { tag: "Mobile" });
    await displaced;
    await other.client.close();
    await app().kick(jerry.id, "for the cat");
    const toms = { peerId: tom.id, sourceIP: "127.0.0.1", tag: "Mobile" };
    await engine.called("onIMClientOnline", { ...toms, reconnect: 0 });
    await engine.called("onIMClientOnline", { ...toms, reconnect: 1 });
    for (const closeCode of [LOST, DISPLACED, LOGOUT]) {
      await engine.called("onIMClientOffline", { peerId: tom.id, closeCode });
    }
    await engine.called("onIMClientOffline", { peerId: jerry.id, closeCode: KICKED });
  });
});
