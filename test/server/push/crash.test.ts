import { afterAll, beforeAll, expect, test } from "vitest";
import { sdk5 as sdk } from "../sdk/sdk.ts";
import { type Person, TestApp } from "../sdk/test-app.ts";
import { next } from "../sdk/waiting.ts";
import { android, lose } from "./devices.ts";
import { Providers } from "./providers.ts";

/* A server that is killed while a push is on its way. */

const PATIENCE = { timeout: 30_000 }; // ms: the alarm that finds the push is ten seconds after its message

let providers: Providers;
let app: TestApp;
let tom: Person;

beforeAll(async () => {
  providers = await Providers.open();
  app = await TestApp.open(providers.settings, { appId: "parley-dev" });
  tom = await app.logIn(sdk, app.named("Tom"));
});
afterAll(async () => {
  await app?.close();
  await providers?.close();
});

test("[P-01] [I11] a message is pushed after kill -9 of the server right after it was accepted, or before", async () => {
  const { fcm } = providers;
  const jerry = app.named("Jerry");
  const phone = await android(app, jerry, "fcm");
  await lose(app, jerry, phone);
  const chat = await tom.client.createConversation({ members: [jerry], unique: false });
  // The provider takes the call and answers none of them, so the push is not settled.
  fcm.trouble.set(phone.name, "hang");
  const before = fcm.calls;
  const { id } = await chat.send(new tom.sdk.TextMessage("hello"), { pushData: { alert: "hello" } });
  await fcm.called(before + 1);
  expect(fcm.messages).toEqual([]);
  await Promise.all([next(tom.client, "reconnect"), app.crash()]);
  fcm.trouble.delete(phone.name);
  const arrived = () => fcm.messages.map(({ android: at }) => at?.notification?.tag);
  await expect.poll(arrived, PATIENCE).toEqual([id]);

  const killed = chat.send(new tom.sdk.TextMessage("again"), { pushData: { alert: "again" } });
  const { id: second } = await killed;
  await Promise.all([next(tom.client, "reconnect"), app.crash()]);
  await expect.poll(() => arrived().includes(second), PATIENCE).toBe(true);
});
