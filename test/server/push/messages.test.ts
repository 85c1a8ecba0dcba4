import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../../src/model/json.ts";
import { noToken, unregistered } from "../../support/push/fcm-server.ts";
import { HOOK_KEY } from "../hooks/app-engine.ts";
import { type EngineProcess, startEngine } from "../hooks/engine-process.ts";
import { sdk5 as sdk } from "../sdk/sdk.ts";
import type { Conversation } from "../sdk/sdk-types.ts";
import { type Person, TestApp } from "../sdk/test-app.ts";
import { viewOf } from "../sdk/tom-and-jerry.ts";
import { android, browser, installationOf, iphone, lose, type PushDevice } from "./devices.ts";
import { Providers } from "./providers.ts";

/*
 * From the JavaScript SDK of a sender to the devices of members who are offline, through a running server and the
 * providers' protocols; Apple's by TLS.
 */

const PATIENCE = { timeout: 20_000 }; // ms
const WEEK = 7 * 24 * 60 * 60 * 1_000; // ms

let folder: string;
let providers: Providers;
let app: TestApp;
let tom: Person;

beforeAll(async () => {
  providers = await Providers.open({ tls: true });
  folder = await mkdtemp(join(tmpdir(), "parley-push-"));
  const certificate = join(folder, "apple.pem");
  await writeFile(certificate, providers.apns.certificate ?? "");
  app = await TestApp.open(providers.settings, {
    appId: "parley-dev",
    env: { NODE_EXTRA_CA_CERTS: certificate },
  });
  tom = await app.logIn(sdk, app.named("Tom"));
});
afterAll(async () => {
  await app?.close();
  await providers?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const say = (chat: Conversation, words: string, pushData?: object) =>
  chat.send(new tom.sdk.TextMessage(words), pushData && { pushData });

const talkTo = (...members: string[]) => tom.client.createConversation({ members, unique: false });

/** A client with an iPhone that lost its connection without logging out. */
async function awayWithIphone(name: string, fields: object = {}) {
  const id = app.named(name);
  const device = await iphone(app, id, fields);
  await lose(app, id, device);
  return { id, device };
}

/** The pushes to an iPhone, once there are so many. */
async function arrivedAt({ name }: PushDevice, count = 1) {
  const here = () => providers.apns.arrived.filter(({ deviceToken }) => deviceToken === name);
  await expect.poll(() => here().length, PATIENCE).toBe(count);
  return here();
}

const alertsAt = async (device: PushDevice, count = 1) =>
  (await arrivedAt(device, count)).map(({ payload }) => alertIn(payload));

function alertIn({ aps }: JsonObject) {
  return typeof aps === "object" && aps !== null && "alert" in aps ? aps.alert : undefined;
}

describe("a message to a client that is offline", () => {
  test("[C-12] [P-20] a message to a client that is offline reaches all its four devices", async () => {
    const jerry = app.named("Jerry");
    const phone = await iphone(app, jerry);
    const google = await android(app, jerry, "fcm");
    const lenovo = await android(app, jerry, "lenovo");
    const page = await browser(app, providers, { sdk, id: jerry });
    await lose(app, jerry, phone, google, lenovo, page);

    const speaker = await app.logIn(sdk, app.named("Tom"));
    const chat = await speaker.client.createConversation({ members: [jerry], unique: false });
    const pushData = { alert: "Tom: hello", title: "Cheese", sound: "squeak.caf", table: 7 };
    const message = await chat.send(new speaker.sdk.TextMessage("hello"), { pushData });
    const expiresAt = message.timestamp.getTime() + WEEK; // P-15

    const [atApple] = await arrivedAt(phone);
    expect(atApple).toMatchObject({
      topic: "com.example.mouse",
      teamId: "MOUSETEAM1",
      pushType: "alert",
      priority: "10",
      expiration: Math.floor(expiresAt / 1_000),
      collapseId: message.id,
      payload: { aps: { alert: { title: "Cheese", body: "Tom: hello" }, sound: "squeak.caf" }, table: 7 },
    });
    const atGoogle = () => providers.fcm.messages.filter(({ token }) => token === google.name);
    await expect.poll(() => atGoogle().length, PATIENCE).toBe(1);
    expect(atGoogle()[0]).toMatchObject({
      notification: { title: "Cheese", body: "Tom: hello" },
      data: { alert: "Tom: hello", table: "7" },
      android: { priority: "HIGH", notification: { tag: message.id } },
    });
    const inBrowser = () => providers.web.received.filter(({ endpoint }) => endpoint === page.name);
    await expect.poll(() => inBrowser().length, PATIENCE).toBe(1);
    expect(inBrowser()[0]).toMatchObject({ content: { ...pushData, _id: message.id }, urgency: "high" });
    const byWebhook = () =>
      providers.webhook.received.filter(({ body }) =>
        body.recipients.some(({ clientId }) => clientId === jerry),
      );
    await expect.poll(() => byWebhook().length, PATIENCE).toBe(1);
    expect(byWebhook()[0]?.body).toMatchObject({
      conversationId: chat.id,
      messageId: message.id,
      payload: pushData,
      expiresAt,
      recipients: [{ clientId: jerry, installation: { objectId: lenovo.installation, vendor: "lenovo" } }],
    });
    // Once for all: Google's exchange of a signature, and Apple's token.
    expect([providers.fcm.issued, providers.apns.tokens.size]).toEqual([1, 1]);
    expect([providers.web.refused, providers.webhook.refused]).toEqual([[], []]);
  });

  test("[P-06] each push of a message increments the badge of its installation until the app resets it", async () => {
    const jerry = app.named("Jerry");
    const [old, recent] = [await iphone(app, jerry), await iphone(app, jerry, { badge: 40 })];
    await lose(app, jerry, old, recent);
    const chat = await talkTo(jerry);
    const badgesAt = async (device: PushDevice, count: number) =>
      (await arrivedAt(device, count)).map(({ payload }) => payload);
    const pushData = { alert: "Tom: hello", badge: "Increment" };
    await say(chat, "one", pushData);
    await arrivedAt(old);
    await say(chat, "two", pushData);
    await arrivedAt(old, 2);
    await app.ask(`/1.1/installations/${old.installation}`, { method: "PUT", body: { badge: 0 } });
    await say(chat, "three", pushData);
    const withBadge = (badge: number) => ({ aps: { alert: "Tom: hello", badge } });
    expect(await badgesAt(old, 3)).toEqual([1, 2, 1].map(withBadge));
    expect(await badgesAt(recent, 3)).toEqual([41, 42, 43].map(withBadge));
    expect(await installationOf(app, old.installation)).toMatchObject({ badge: 1 });
  });
});

describe("keys of two teams", () => {
  test("[P-16] each device gets its push with its own team's key, without the control fields", async () => {
    const mouse = await awayWithIphone("Jerry", {
      apnsTeamId: "MOUSETEAM1",
      apnsTopic: "com.example.mouse.pro",
    });
    const cat = await awayWithIphone("Butch", { apnsTeamId: "CATTEAM002", apnsTopic: "com.example.cat" });
    const unknown = await awayWithIphone("Spike", { apnsTopic: "com.example.cat" });
    const chat = await talkTo(mouse.id, cat.id, unknown.id);
    // P-17 to P-19. Which of Apple's servers it is, the setting of another in their place hides.
    await say(chat, "to all", { alert: "to all", _profile: "dev", ios: { badge: 2, _profile: "dev" } });
    const payload = { aps: { alert: "to all", badge: 2 } };
    const [mouses, cats] = [{ teamId: "MOUSETEAM1" }, { teamId: "CATTEAM002" }];
    expect(await arrivedAt(mouse.device)).toMatchObject([
      { ...mouses, topic: "com.example.mouse.pro", payload },
    ]);
    expect(await arrivedAt(cat.device)).toMatchObject([{ ...cats, topic: "com.example.cat", payload }]);
    expect(await arrivedAt(unknown.device)).toMatchObject([{ ...cats, topic: "com.example.cat", payload }]);
    for (const { payload } of providers.apns.arrived) expect(JSON.stringify(payload)).not.toContain("_");

    await say(chat, "to cats", { alert: "to cats", _apns_team_id: "CATTEAM002" });
    expect(await alertsAt(cat.device, 2)).toEqual(["to all", "to cats"]);
    expect(await alertsAt(unknown.device, 2)).toEqual(["to all", "to cats"]);
    expect(await alertsAt(mouse.device)).toEqual(["to all"]);
  });
});

describe("a device that its provider reports as gone", () => {
  test("[N-02] a device that its provider reports as gone is deleted, and the others get their push once", async () => {
    const { apns, fcm, web } = providers;
    const jerry = app.named("Jerry");
    const phones = [await iphone(app, jerry), await iphone(app, jerry), await iphone(app, jerry)] as const;
    const androids = [await android(app, jerry, "fcm"), await android(app, jerry, "fcm")] as const;
    const third = await android(app, jerry, "fcm");
    const pages = [await browser(app, providers, { sdk, id: jerry })];
    pages.push(await browser(app, providers, { sdk, id: jerry }));
    await lose(app, jerry, ...phones, ...androids, third, ...pages);
    const [gone, bad, phone] = phones;
    const [forgotten, noneAtAll] = androids;
    const [left, page] = pages;
    if (left === undefined || page === undefined) throw new Error("there are two pages");
    apns.behave(gone.name, { status: 410, reason: "Unregistered", timestamp: Date.now() + 1_000 });
    apns.behave(bad.name, { status: 400, reason: "BadDeviceToken" });
    fcm.trouble.set(forgotten.name, unregistered);
    fcm.trouble.set(noneAtAll.name, noToken);
    web.trouble.set(left.name, { status: 410 });

    const { id } = await say(await talkTo(jerry), "hello", { alert: "Tom: hello" });
    for (const dead of [gone, bad, forgotten, noneAtAll, left]) {
      const known = () => installationOf(app, dead.installation);
      await expect.poll(known, PATIENCE).toBeUndefined();
    }
    for (const device of [phone, third, page]) {
      const here = () => providers.arrivals(device.way).filter(({ device: name }) => name === device.name);
      await expect.poll(here, PATIENCE).toEqual([{ device: device.name, push: id }]);
      expect(await installationOf(app, device.installation)).toMatchObject({ channels: [jerry] });
    }
  });
});

describe("the hook about offline recipients on an unmodified LeanEngine", () => {
  let engine: EngineProcess;
  beforeAll(async () => {
    engine = await startEngine({
      script: resolve(import.meta.dirname, "engine.cjs"),
      env: {
        LEANCLOUD_APP_ID: app.keys.appId,
        LEANCLOUD_APP_KEY: app.keys.appKey,
        LEANCLOUD_APP_MASTER_KEY: app.masterKey,
        LEANCLOUD_APP_HOOK_KEY: HOOK_KEY,
      },
    });
    await app.configure({ hooks: { url: engine.url, key: HOOK_KEY, timeoutMs: 15_000 } });
  });
  beforeEach(() => app.configure({ push: { static: { alert: "the static text", badge: 9 } } }));
  afterAll(() => engine?.stop());

  test("[P-10] [P-11] a push has the content of the hook, else of the message, else the static text", async () => {
    const jerry = await awayWithIphone("Jerry");
    const chat = await talkTo(jerry.id);
    const pushData = { alert: "the message", sound: "squeak.caf" };
    await say(chat, "hello", pushData);
    await arrivedAt(jerry.device);
    await say(chat, "no hook", pushData);
    await arrivedAt(jerry.device, 2);
    await say(chat, "nothing of its own");
    expect((await arrivedAt(jerry.device, 3)).map(({ payload }) => payload)).toEqual([
      { aps: { alert: "The engine says hello" } },
      { aps: { alert: "the message", sound: "squeak.caf" } },
      { aps: { alert: "the static text", badge: 9 } },
    ]);
  });

  test("[P-22] the hook skips a push, limits its recipients, and forces it on members who muted (M-46)", async () => {
    const [jerry, spike] = [await awayWithIphone("Jerry"), await awayWithIphone("Spike")];
    const chat = await talkTo(jerry.id, spike.id);
    const muted = await app.logIn(sdk, app.named("Zorro"));
    const phone = await iphone(app, muted.id);
    await chat.add([muted.id]);
    await (await viewOf(muted, chat)).mute();
    muted.realtime.pause();
    await lose(app, muted.id, phone);

    await say(chat, "hush");
    await say(chat, "the first alone", { alert: "Jerry alone" });
    await say(chat, "fire");
    await say(chat, "over", { alert: "over" });
    expect(await alertsAt(phone)).toEqual(["Fire!"]);
    expect((await alertsAt(jerry.device, 3)).toSorted()).toEqual(["Fire!", "Jerry alone", "over"]);
    expect((await alertsAt(spike.device, 2)).toSorted()).toEqual(["Fire!", "over"]);
    expect(await alertsAt(phone)).toEqual(["Fire!"]);
  });
});
