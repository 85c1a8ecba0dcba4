import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Answer, broken, ProviderServer } from "../../support/push/provider-server.ts";
import { sdk5 as sdk } from "../sdk/sdk.ts";
import type { Conversation, Message } from "../sdk/sdk-types.ts";
import { type Person, TestApp } from "../sdk/test-app.ts";
import { comeBack } from "../sdk/tom-and-jerry.ts";
import { eventually, next } from "../sdk/waiting.ts";
import {
  android,
  belongsTo,
  browser,
  installationOf,
  iphone,
  lose,
  type PushDevice,
  sameNames,
} from "./devices.ts";
import { names, Providers } from "./providers.ts";

/*
 * Providers that are down, slow or out of their minds: talk goes on, what can be pushed is, and the rest comes later,
 * each push once.
 */

let providers: Providers;
let app: TestApp;
let tom: Person;
let spike: Person;

beforeAll(async () => {
  providers = await Providers.open();
  app = await TestApp.open(providers.settings, { appId: "parley-dev" });
  tom = await app.logIn(sdk, app.named("Tom"));
  spike = await app.logIn(sdk, app.named("Spike"));
});
afterEach(() => {
  for (const name of names) providers.of(name).release();
});
afterAll(async () => {
  await app?.close();
  await providers?.close();
});

/** Tom sends to Spike and to members who are away; the message is acknowledged, and Spike receives it. */
async function say(chat: Conversation, words: string): Promise<string> {
  const heard = next(spike.client, "message", ({ id, cid }: Message) => cid === chat.id && id !== undefined);
  const message = new tom.sdk.TextMessage(words);
  const { id } = await chat.send(message, { pushData: { alert: words } });
  await heard;
  return id;
}

/** A device of each kind, whose person is away; and a conversation of them all with Tom and Spike. */
async function everyDevice() {
  const id = app.named("Jerry");
  const devices = [
    await iphone(app, id),
    await android(app, id, "fcm"),
    await android(app, id, "HMS"),
    await browser(app, providers, { sdk, id }),
    await android(app, id, "lenovo"),
  ] as const;
  await lose(app, id, ...devices);
  return { id, devices, chat: await talkTo(id) };
}

const talkTo = (...ids: string[]) =>
  tom.client.createConversation({ members: [spike.id, ...ids], unique: false });

const pushesAt = ({ way, name }: PushDevice) =>
  providers
    .arrivals(way)
    .filter(({ device }) => device === name)
    .map(({ push }) => push);

/** Resolves once a device has got these and nothing else, each once. */
async function got(device: PushDevice, ...pushes: string[]): Promise<void> {
  await eventually(
    () => pushesAt(device),
    (here) => sameNames(here, pushes),
  );
}

/** Resolves once the server says that it tried. */
async function tried(push: string, { way }: PushDevice): Promise<void> {
  await eventually(
    () => app.output,
    (output) => new RegExp(`push ${push} by ${way}: .* not sent`).test(output),
  );
}

describe("[I11] a provider in trouble", () => {
  test.each(names)("[I11] a slow provider delays no other provider's pushes: %s", async (slow) => {
    const { devices, chat } = await everyDevice();
    const provider = providers.of(slow);
    const before = provider.calls();
    provider.hold();
    const first = await say(chat, "one");
    await eventually(
      () => provider.calls(),
      (calls) => calls > before,
    );
    const second = await say(chat, "two");
    const others = devices.filter(({ way }) => way !== slow);
    for (const device of others) await got(device, first, second);
    provider.release();
    for (const device of devices) await got(device, first, second);
  });

  test("[I11] a provider that was down receives its pushes later, and no other waits", async () => {
    const { devices, chat } = await everyDevice();
    const [others, missing] = [devices.slice(4), devices.slice(0, 4)];
    await Promise.all(missing.map(({ way }) => providers.of(way).down()));
    const first = await say(chat, "one");
    for (const device of others) await got(device, first);
    for (const device of missing) await tried(first, device);
    await Promise.all(missing.map(({ way }) => providers.of(way).up()));

    await providers.of("webhook").down();
    const second = await say(chat, "two");
    for (const device of others) await tried(second, device);
    await providers.of("webhook").up();
    for (const device of devices) await got(device, first, second);
  });
});

/** An app's server that receives events. */
class AppServer extends ProviderServer {
  protected override answerTo(): Answer {
    return { status: 204 };
  }
}

test("[I11] an app's server that accepts events slowly delays no push", async () => {
  const { devices, chat } = await everyDevice();
  const [phone] = devices;
  const server = new AppServer();
  await server.open();
  server.hold();
  const webhooks = { url: server.url, events: ["messageSent"] };
  await app.configure({ webhooks, hooks: { timeoutMs: 15_000 } });
  try {
    const first = await say(chat, "one");
    await server.called(1);
    await got(phone, first, await say(chat, "two"));
    // That of the second waits for the first.
    expect(server.calls).toBe(1);
  } finally {
    server.release();
    await app.configure({ webhooks: null });
    await server.close();
  }
});

describe.concurrent("pushes that a provider did not accept at once", () => {
  test("[I11] a push that a provider answered with garbage, or asked to get later, comes later", async () => {
    const { apns, fcm, hms, web, webhook } = providers;
    const [some, more, well] = [await everyDevice(), await everyDevice(), await everyDevice()];
    const busy: Answer = { status: 503, headers: { "Retry-After": "6" }, body: {} };
    for (const { name } of some.devices) {
      apns.behave(name, { garbage: 200 }, "deliver");
      for (const { trouble } of [fcm, web]) trouble.set(name, broken);
    }
    for (const { name } of more.devices) {
      apns.behave(name, { status: 503, reason: "ServiceUnavailable", retryAfter: "6" }, "deliver");
      for (const { trouble } of [fcm, web]) trouble.set(name, busy);
    }
    // Of this maker, one call is for all phones.
    hms.trouble.push(broken, busy);
    webhook.answer = busy;
    const chat = await talkTo(some.id, more.id, well.id);
    const push = await say(chat, "one");
    const [phone, google, huawei, page, lenovo] = well.devices;
    for (const device of [phone, google, page]) await got(device, push);
    for (const device of [phone, google, huawei, page, lenovo]) await tried(push, device);
    for (const { name } of [...some.devices, ...more.devices]) {
      for (const { trouble } of [fcm, web]) trouble.delete(name);
    }
    webhook.answer = { status: 204 };
    const next = await say(chat, "two");
    for (const device of [...some.devices, ...more.devices, ...well.devices]) await got(device, push, next);
  });

  test("[P-12] a push that waits for its provider is dropped when its client logs out of the SDK", async () => {
    const { web } = providers;
    const id = app.named("Jerry");
    const page = await browser(app, providers, { sdk, id });
    const nibbles = app.named("Nibbles");
    const other = await browser(app, providers, { sdk, id: nibbles });
    const invited = [page, other].map(({ person }) => next(person.client, "invited"));
    const chat = await talkTo(id, nibbles);
    await Promise.all(invited);
    await lose(app, id, page);
    await lose(app, nibbles, other);
    for (const { name } of [page, other]) web.trouble.set(name, broken);
    const first = await say(chat, "one");
    await tried(first, page);
    const news = next(page.person.client, "unreadmessagescountupdate");
    await comeBack(page.person);
    await news;
    await page.logOut();
    expect(await installationOf(app, page.installation)).toMatchObject({ channels: [] });
    for (const { name } of [page, other]) web.trouble.delete(name);
    await got(other, first);
    await got(other, first, await say(chat, "two"));
    expect(pushesAt(page)).toEqual([]);
  });

  test("[P-12] a push that waits for its provider is dropped when another client logs in on the phone", async () => {
    const { apns } = providers;
    const [tomcat, jerry, nibbles] = [app.named("Tomcat"), app.named("Jerry"), app.named("Nibbles")];
    const [phone, other] = [await iphone(app, tomcat), await iphone(app, nibbles)];
    await lose(app, tomcat, phone);
    await lose(app, nibbles, other);
    const busy = { status: 503, reason: "ServiceUnavailable" };
    for (const { name } of [phone, other]) apns.behave(name, busy, "deliver");
    const chat = await talkTo(tomcat, nibbles);
    const first = await say(chat, "one");
    await tried(first, phone);
    const next = await app.raw(jerry, { deviceToken: phone.name });
    await belongsTo(app, phone.installation, [jerry]);
    next.close();
    await got(other, first);
    await got(other, first, await say(chat, "two"));
    expect(pushesAt(phone)).toEqual([]);
    // It is Jerry's now.
    const third = await say(await talkTo(jerry), "three");
    await got(phone, third);
  });
});

test("[I11] pushes that providers had not accepted come once after kill -9 of the server", async () => {
  const { devices, chat } = await everyDevice();
  await Promise.all(names.map((name) => providers.of(name).down()));
  const first = await say(chat, "one");
  for (const device of devices) await tried(first, device);
  await Promise.all([
    ...[next(tom.client, "reconnect"), next(spike.client, "reconnect"), app.crash()],
    ...names.map((name) => providers.of(name).up()),
  ]);
  const second = await say(chat, "two");
  for (const device of devices) await got(device, first, second);
});

test("[I11] no push of a message or notification came twice", () => {
  for (const name of names) {
    const arrivals = providers.arrivals(name).map(({ device, push }) => `${push} at ${device}`);
    expect(arrivals.length).toBeGreaterThan(10);
    expect(arrivals).toEqual([...new Set(arrivals)]);
  }
});
