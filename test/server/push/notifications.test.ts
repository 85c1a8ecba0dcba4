import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { badField, unregistered } from "../../support/push/fcm-server.ts";
import { TestApp } from "../sdk/test-app.ts";
import { eventually } from "../sdk/waiting.ts";
import { install, installationOf, newDeviceToken } from "./devices.ts";
import { Providers } from "./providers.ts";

/* What an app's server pushes by itself, through the started server and the providers' protocols. */

let providers: Providers;
let app: TestApp;

beforeAll(async () => {
  providers = await Providers.open();
  app = await TestApp.open(providers.settings, { appId: "parley-dev" });
});
afterAll(async () => {
  await app?.close();
  await providers?.close();
});

interface Record {
  status: string;
  successes: number;
  invalidTokens: number;
  errors: number;
}

async function push(body: object, path = "/1.1/push"): Promise<string> {
  const response = await app.call(path, { method: "POST", body });
  expect(response.status, await response.clone().text()).toBe(200);
  const { objectId }: { objectId: string } = await response.json();
  return objectId;
}

async function recordOf(id: string): Promise<Record> {
  const response = await app.call(`/1.1/notifications/${id}`, { method: "GET" });
  const record: Record = await response.json();
  return record;
}

/** Those that wait for their time. */
async function scheduled(): Promise<{ id: number }[]> {
  const response = await app.call("/1.1/scheduledPushMessages", { method: "GET" });
  const { results }: { results: { id: number }[] } = await response.json();
  return results;
}

/** The record, once it is known what became of so many devices. */
const settled = (id: string, devices: number) =>
  eventually(
    () => recordOf(id),
    ({ status, successes, invalidTokens, errors }) =>
      status === "done" && successes + invalidTokens + errors === devices,
  );

/** Devices of two kinds and of others, with a channel. */
async function devices(channel: string) {
  const iphone = async () => {
    const deviceToken = newDeviceToken();
    const row = { deviceType: "ios", deviceToken, channels: [channel] };
    return { name: deviceToken, id: await install(app, row) };
  };
  const android = async (vendor: string) => {
    const registrationId = randomUUID();
    const row = { deviceType: "android", vendor, registrationId, installationId: randomUUID() };
    return { name: registrationId, id: await install(app, { ...row, channels: [channel] }) };
  };
  return {
    iphones: [await iphone(), await iphone()] as const,
    androids: [await android("fcm"), await android("fcm"), await android("fcm")] as const,
    xiaomi: await android("mi"),
  };
}

const sentTo = (way: "apns" | "fcm" | "webhook", { name }: { name: string }) =>
  providers.arrivals(way).filter(({ device }) => device === name).length;

describe("a notification over HTTP", () => {
  test("[N-04] [N-05] [N-11] a notification for a channel reaches each device once, and its record counts the outcomes", async () => {
    const { iphones, androids, xiaomi } = await devices("news");
    const elsewhere = await devices("sports");
    const [phone, gone] = iphones;
    const [google, forgotten, refused] = androids;
    providers.apns.behave(gone.name, { status: 410, reason: "Unregistered", timestamp: Date.now() + 1_000 });
    providers.fcm.trouble.set(forgotten.name, unregistered);
    providers.fcm.trouble.set(refused.name, badField);
    const asked = { data: { alert: "Cheese!", badge: 3 }, channels: ["news"], req_id: "4711" };
    const id = await push(asked);
    expect(await push(asked)).toBe(id); // N-06
    expect(await settled(id, 6)).toMatchObject({
      devices: 6,
      successes: 3,
      iosSuccesses: 1,
      fcmSuccesses: 1,
      webSuccesses: 0,
      webhookSuccesses: 1,
      invalidTokens: 2,
      errors: 1,
      msg: asked.data,
      where: { channels: { $in: ["news"] } },
      errorMessage: expect.any(String),
    });
    const arrived = [sentTo("apns", phone), sentTo("fcm", google), sentTo("webhook", xiaomi)];
    expect(arrived).toEqual([1, 1, 1]);
    expect(providers.apns.arrived.map(({ payload }) => payload)).toEqual([
      { aps: { alert: "Cheese!", badge: 3 } },
    ]);
    expect(providers.webhook.received.map(({ body }) => body)).toMatchObject([
      {
        conversationId: null,
        messageId: null,
        payload: asked.data,
        recipients: [{ clientId: null, installation: { objectId: xiaomi.id } }],
      },
    ]);
    const known = (id: string) => installationOf(app, id);
    expect([await known(gone.id), await known(forgotten.id)]).toEqual([undefined, undefined]);
    expect(await known(refused.id)).toMatchObject({ channels: ["news"] });

    // N-05
    const [first, second] = elsewhere.androids;
    const listed = { device_type: "android", device_ids: [first.name, second.name], data: "Goal!" };
    expect(await settled(await push(listed, "/1.1/push/devices"), 2)).toMatchObject({ fcmSuccesses: 2 });
    expect([first, second].map((device) => sentTo("fcm", device))).toEqual([1, 1]);
  });

  test("[N-06] [N-12] a notification for a later time waits, is listed, and can be cancelled", async () => {
    const push_time = new Date(Date.now() + 61_000).toISOString();
    const id = await push({ data: { alert: "Soon" }, push_time });
    expect(await recordOf(id)).toMatchObject({ status: "scheduled", "push-time": push_time });
    const [waiting, ...others] = await scheduled();
    expect(waiting).toMatchObject({
      push_msg: { id, msg: { alert: "Soon" } },
      expire_time: Date.parse(push_time),
    });
    expect(others).toEqual([]);
    await app.ask(`/1.1/scheduledPushMessages/${waiting?.id}`, { method: "DELETE" });
    expect(await scheduled()).toEqual([]);
    expect((await app.call(`/1.1/notifications/${id}`, { method: "GET" })).status).toBe(404);
  });

  test("[N-13] a notification cannot be sent with the app key", async () => {
    const asked = { method: "POST", body: { data: "Buy cheese!" }, key: "app" } as const;
    expect((await app.call("/1.1/push", asked)).status).toBe(403);
  });
});
