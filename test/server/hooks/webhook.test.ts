import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { afterEvents } from "../../../src/model/event-names.ts";
import { sdk5 } from "../sdk/sdk.ts";
import { useTestApp } from "../sdk/test-app.ts";
import { tomAndJerry } from "../sdk/tom-and-jerry.ts";
import { eventually, next } from "../sdk/waiting.ts";
import { type AppEngine, contentOf, HOOK_KEY, startAppEngine } from "./app-engine.ts";
import { Receiver } from "./receiver.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const app = useTestApp({}, { appId: "parley-dev" });

let engine: AppEngine;
const receiver = new Receiver(SECRET);

beforeAll(async () => {
  await receiver.open();
  engine = await startAppEngine(app(), { hooks: ["onIMMessageSent", "onIMConversationStarted"] });
  await app().configure({
    hooks: { url: engine.url, key: HOOK_KEY, timeoutMs: 15_000 },
    webhooks: { url: `${receiver.url}/parley`, secret: SECRET },
  });
});
afterEach(() => {
  expect(receiver.refused).toEqual([]);
});
afterAll(async () => {
  await engine?.stop();
  await receiver.close();
});

const arrived = (type: string, conversationId: string, count = 1) =>
  eventually(
    () => receiver.about(type, conversationId),
    (events) => events.length >= count,
  );

describe("a webhook beside an engine", () => {
  test("[H-02] [H-05] [H-06] a webhook receives signed events of what the JavaScript SDK did, beside the engine", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    const spike = app().named("Spike");
    await chat.add([spike]);
    const sent = await chat.send(new tom.sdk.TextMessage("hello"));
    const message = { fromPeer: tom.id, convId: chat.id, content: contentOf("hello") };
    expect(await arrived("messageSent", chat.id)).toMatchObject([
      { data: { ...message, msgId: sent.id, onlinePeers: [jerry.id], offlinePeers: [spike] } },
    ]);
    expect(await arrived("receiversOffline", chat.id)).toMatchObject([
      { data: { ...message, offlinePeers: [spike] } },
    ]);
    await arrived("conversationStarted", chat.id);
    const [added] = await arrived("conversationAdded", chat.id);
    expect(added?.data).toEqual({ initBy: tom.id, members: [spike], convId: chat.id });
    await engine.called("onIMMessageSent", { msgId: sent.id });
  });
});

describe("a webhook", () => {
  test("[H-01] a webhook decides about a message if the engine has no such hook", async () => {
    await app().configure({ webhooks: { events: ["messageReceived", ...afterEvents] } });
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    receiver.answer = ({ type, data }) => {
      if (type !== "messageReceived") return undefined;
      if (data.content === contentOf("casino")) return { drop: true, code: 7 };
      return { content: contentOf("from the webhook") };
    };
    const refused = { code: 4402, appCode: 7 };
    await expect(chat.send(new tom.sdk.TextMessage("casino"))).rejects.toMatchObject(refused);
    const heard = next(jerry.client, "message");
    await chat.send(new tom.sdk.TextMessage("hello"));
    expect((await heard)[0]).toMatchObject({ text: "from the webhook" });
    await app().configure({ webhooks: { events: null } });
  });

  test("[H-11] a webhook that was down receives everything later, and the engine nothing twice", async () => {
    const { tom, chat } = await tomAndJerry(app(), sdk5);
    await arrived("conversationStarted", chat.id);
    await receiver.close();
    const ids: string[] = [];
    for (const words of ["one", "two", "three"]) {
      const { id } = await chat.send(new tom.sdk.TextMessage(words));
      ids.push(id);
    }
    for (const msgId of ids) await engine.called("onIMMessageSent", { msgId });
    await receiver.open();
    await eventually(
      () => new Set(receiver.about("messageSent", chat.id).map(({ data }) => data.msgId)),
      (told) => told.size === ids.length,
    );
    const calls = engine.calls("onIMMessageSent").filter(({ convId }) => convId === chat.id);
    expect(calls.map(({ msgId }) => msgId).toSorted()).toEqual(ids.toSorted());
    // Each time with the same id, by which a receiver recognises repetitions.
    const told = receiver.about("messageSent", chat.id);
    expect(new Set(told.map(({ id }) => id)).size).toBe(ids.length);
    expect(engine.calls("onIMConversationStarted").filter(({ convId }) => convId === chat.id)).toHaveLength(
      1,
    );
  });

  test("a webhook's event fails verification with another secret", async () => {
    const stranger = new Receiver("whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldA==");
    await stranger.open();
    await app().configure({ webhooks: { url: stranger.url } });
    const tom = await app().logIn(sdk5, app().named("Tom"));
    await tom.client.close();
    await eventually(
      () => stranger.refused,
      (refused) => refused.length > 0,
    );
    expect(String(stranger.refused[0])).toContain("signature");
    expect(stranger.received).toEqual([]);
    await stranger.close();
  });
});
