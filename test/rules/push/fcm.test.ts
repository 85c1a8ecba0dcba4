import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { JsonObject } from "../../../src/model/json.ts";
import { Outbound } from "../../../src/outbound/http-client.ts";
import { Fcm } from "../../../src/push/fcm.ts";
import { fcmMessage } from "../../../src/push/fcm-payload.ts";
import {
  badField,
  badToken,
  FcmServer,
  noToken,
  otherSender,
  unregistered,
} from "../../support/push/fcm-server.ts";
import { type Answer, broken, garbage, tooMany } from "../../support/push/provider-server.ts";
import { device, phone, push, target } from "../../support/push/pushes.ts";

const NOW = 1_700_000_000_000;

/** The message that a content makes for Jerry's phone, to be delivered within an hour. */
function messageOf(content: JsonObject, expiresAt = NOW + 3_600_000): JsonObject {
  const made = fcmMessage(push(content, { id: "push-1", expiresAt }), "jerrys-token", NOW);
  if ("problem" in made) throw new Error(made.problem);
  return made.message;
}

describe("a message to FCM", () => {
  test("[P-01] a message to FCM shows a notification and has the content for the official SDK", () => {
    const content = { alert: "Cheese!", title: "Tom", holes: 3, kinds: ["blue"], action: "com.example.EAT" };
    const { data, ...message } = messageOf(content);
    expect(message).toEqual({
      token: "jerrys-token",
      notification: { title: "Tom", body: "Cheese!" },
      android: { priority: "HIGH", ttl: "3600s", notification: { tag: "push-1" } },
    });
    expect(data).toEqual({
      alert: "Cheese!",
      title: "Tom",
      holes: "3",
      kinds: '["blue"]',
      action: "com.example.EAT",
      payload: JSON.stringify(content),
    });
  });

  test("[N-07] a message to FCM has the keys for Android, overridden by those for FCM", () => {
    const parts = { android: { title: "on Android", alert: "for Android" }, fcm: { title: "on FCM" } };
    expect(messageOf({ alert: "Cheese!", ios: { badge: 1 }, ...parts })).toMatchObject({
      notification: { title: "on FCM", body: "for Android" },
      data: { payload: '{"alert":"for Android","title":"on FCM"}' },
    });
  });

  test("[N-08] a message to FCM has the text of an alert in the form of iOS", () => {
    const { notification } = messageOf({ alert: { title: "Tom", body: "Cheese!", "loc-key": "C" } });
    expect(notification).toEqual({ title: "Tom", body: "Cheese!" });
  });

  test.each<[JsonObject]>([
    [{ alert: "Cheese!", silent: true }],
    [{ android: { silent: true }, alert: "x" }],
  ])("[N-09] a message to FCM with %j is only for the app and does not wake the device", (content) => {
    const message = messageOf(content);
    expect(message).not.toHaveProperty("notification");
    expect(message.android).toEqual({ priority: "NORMAL", ttl: "3600s" });
    expect(message.data).toHaveProperty("payload");
  });

  test("[N-09] a message to FCM without text is only for the app", () => {
    expect(messageOf({ holes: 3 })).not.toHaveProperty("notification");
  });

  test.each<[JsonObject, string]>([
    [{ silent: true, priority: "high" }, "HIGH"],
    [{ alert: "x", priority: "normal" }, "NORMAL"],
    [{ alert: "x", priority: 7 }, "HIGH"],
  ])("[N-09] a message to FCM with %j has the priority %s", (content, priority) => {
    expect(messageOf(content).android).toMatchObject({ priority });
  });

  test.each<[string, JsonObject]>([
    ["beside the other keys", { alert: "x", _notificationChannel: "mice" }],
    ["for Android", { alert: "x", _notificationChannel: "cats", android: { _notificationChannel: "mice" } }],
    ["for FCM", { alert: "x", fcm: { _notificationChannel: "mice" } }],
  ])("[N-09] a message to FCM has the notification channel %s", (_, content) => {
    const { android, data } = messageOf(content);
    expect(android).toMatchObject({ notification: { channel_id: "mice" } });
    expect(data).toEqual({ alert: "x", payload: '{"alert":"x"}' });
  });

  test("a message to FCM has the channel by which the official SDK chooses what a tap opens", () => {
    expect(messageOf({ alert: "x", _channel: "mice" }).data).toEqual({
      alert: "x",
      payload: '{"alert":"x","_channel":"mice"}',
    });
  });

  test("a message to FCM replaces others only if the content has a collapse key", () => {
    const own = { alert: "x", collapse_key: "score", tag: "score" };
    expect(messageOf(own).android).toMatchObject({ collapse_key: "score", notification: { tag: "score" } });
  });

  test("a message to FCM has reserved keys only in its payload, not in its data", () => {
    const content = { from: "Tom", message_type: "x", "google.c": "x", gcm: "x", fromage: "blue" };
    expect(messageOf(content).data).toEqual({ fromage: "blue", payload: JSON.stringify(content) });
  });

  test.each([
    [NOW + 1, "1s"],
    [NOW - 5_000, "0s"],
    [NOW + 90 * 86_400_000, "2419200s"],
  ])("[P-15] a message to FCM that expires at %d is kept for %s", (expiresAt, ttl) => {
    expect(messageOf({ alert: "x" }, expiresAt).android).toMatchObject({ ttl });
  });

  test("a message to FCM has a long content only in its payload", () => {
    const content = { alert: "x", more: "ü".repeat(1_500) };
    expect(messageOf(content).data).toEqual({ payload: JSON.stringify(content) });
  });

  test("a message to FCM has at most 4096 bytes", () => {
    const tooLong = push({ more: "ü".repeat(2_048) });
    expect(fcmMessage(tooLong, "t", NOW)).toEqual({ problem: "content of more than 4096 bytes" });
  });
});

const server = new FcmServer();
const outbound = new Outbound("trial", { open: fetch, all: fetch });

let current: string | undefined;
const tokens = {
  fcmToken: async () => {
    current ??= server.issue();
    return current;
  },
  tokenRefused: async (token: string) => {
    if (token === current) current = undefined;
  },
};

const fcm = (more: { tokens?: typeof tokens } = {}) =>
  new Fcm({ projectId: "cheese-shop", url: server.url }, { tokens, outbound, now: Date.now, ...more });

const cheese = push({ alert: "Cheese!" });
const phones = (...ids: string[]) => ids.map((id) => target(phone(id)));
const sentTo = () => server.messages.map(({ token }) => token).toSorted();

beforeAll(() => server.open());
beforeEach(() => {
  server.messages.length = 0;
  server.trouble.clear();
});
afterEach(() => vi.useRealTimers());
afterAll(() => server.close());

describe("FCM", () => {
  test.each([
    [{ vendor: "fcm", registrationId: "t" }, true],
    [{ vendor: "FCM", registrationId: "t", deviceType: "Android" }, true],
    [{ vendor: "fcm", registrationId: undefined }, false],
    [{ vendor: "fcm", registrationId: "" }, false],
    [{ vendor: "HMS", registrationId: "t" }, false],
    [{ vendor: undefined, registrationId: "t" }, false],
    [{ vendor: "fcm", registrationId: "t", deviceType: "ios" }, false],
  ])("[P-03] FCM serves %j: %s", (fields, served) => {
    expect(fcm().serves(device(fields))).toBe(served);
  });

  test("[P-01] FCM receives one message for each device", async () => {
    expect(await fcm().send(cheese, phones("one", "two"))).toEqual([
      { outcome: "sent" },
      { outcome: "sent" },
    ]);
    expect(sentTo()).toEqual(["one", "two"]);
    expect(server.messages[0]).toMatchObject({ notification: { body: "Cheese!" } });
  });

  test("FCM accepts every kind of content", async () => {
    const content = {
      alert: "Cheese!",
      title: "Tom",
      from: "Tom",
      "google.x": 1,
      deep: { a: [1, null] },
      none: null,
      _notificationChannel: "mice",
      collapse_key: "c",
      tag: "t",
      payload: "mine",
      more: "x".repeat(1_800),
    };
    expect(await fcm().send(push(content), phones("one"))).toEqual([{ outcome: "sent" }]);
    expect(await fcm().send(push({ silent: true }), phones("one"))).toEqual([{ outcome: "sent" }]);
  });

  test.each<[string, Answer, object]>([
    ["to an unregistered token", unregistered, { outcome: "gone", since: undefined }],
    ["to an invalid token", noToken, { outcome: "gone" }],
    ["to an invalid token, named by its field", badToken, { outcome: "gone" }],
    ["of another app", otherSender, { outcome: "failed" }],
    ["with a field that does not fit", badField, { outcome: "failed" }],
    ["that a proxy answers with 404", { status: 404, body: "<html>404</html>" }, { outcome: "failed" }],
    ["beyond the rate limit", tooMany(90), { outcome: "later", retryAfter: 90_000 }],
    ["during an outage", broken, { outcome: "later", retryAfter: undefined }],
    ["that another server answers", garbage, { outcome: "later" }],
    ["that is redirected", { status: 302, headers: { Location: "/" } }, { outcome: "later" }],
    ["that FCM answers with 408", { status: 408 }, { outcome: "later" }],
  ])("[N-11] a push %s does not affect the others", async (_, answer, outcome) => {
    server.trouble.set("two", answer);
    expect(await fcm().send(cheese, phones("one", "two", "three"))).toMatchObject([
      { outcome: "sent" },
      outcome,
      { outcome: "sent" },
    ]);
    expect(sentTo()).toEqual(["one", "three"]);
  });

  test("a push too long for FCM fails, and is not sent", async () => {
    const { calls } = server;
    const long = push({ more: "x".repeat(5_000) });
    expect(await fcm().send(long, phones("one"))).toMatchObject([{ outcome: "failed" }]);
    expect(server.calls).toBe(calls);
  });

  test("FCM gets another token once for all devices after Google refused its token", async () => {
    await fcm().send(cheese, phones("one"));
    server.expireTokens();
    const asked = { fcmToken: vi.fn(tokens.fcmToken), tokenRefused: vi.fn(tokens.tokenRefused) };
    const outcomes = await fcm({ tokens: asked }).send(cheese, phones("one", "two", "three", "four"));
    expect(outcomes).toEqual(Array(4).fill({ outcome: "sent" }));
    expect(asked.tokenRefused).toHaveBeenCalledOnce();
    expect(asked.fcmToken).toHaveBeenCalledTimes(2);
  });

  test("FCM stops for now if the new token is refused too", async () => {
    const { calls } = server;
    const void_ = { fcmToken: async () => "ya29.void", tokenRefused: async () => {} };
    expect(await fcm({ tokens: void_ }).send(cheese, phones("one"))).toMatchObject([{ outcome: "later" }]);
    expect(server.calls).toBe(calls + 2);
  });

  test("[I11] FCM is not called while there is no token", async () => {
    const { calls } = server;
    const down = { ...tokens, fcmToken: () => Promise.reject(new Error("Google is down")) };
    expect(await fcm({ tokens: down }).send(cheese, phones("one", "two"))).toEqual(
      Array(2).fill({
        outcome: "later",
        retryAfter: undefined,
        why: "no access token: Error: Google is down",
      }),
    );
    expect(server.calls).toBe(calls);
  });

  test("[I11] a push while FCM is down is tried later and then sent", async () => {
    await server.close();
    expect(await fcm().send(cheese, phones("one"))).toMatchObject([{ outcome: "later" }]);
    await server.open();
    expect(await fcm().send(cheese, phones("one"))).toEqual([{ outcome: "sent" }]);
  });

  test("[I11] a push that FCM never answers is tried later", async () => {
    await fcm().send(cheese, phones("one"));
    server.trouble.set("one", "hang");
    const { calls } = server;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const sending = fcm().send(cheese, phones("one"));
    await server.called(calls + 1);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await sending).toMatchObject([{ outcome: "later", why: expect.stringContaining("no answer") }]);
  });
});

describe("the server that stands for Google's gives tokens", () => {
  const stranger = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey;
  const scope = "https://www.googleapis.com/auth/firebase.messaging";

  async function exchanged(claims: JsonObject, seconds = 3_600, key?: KeyObject) {
    const { client_email, private_key, token_uri } = server.serviceAccount;
    const { createPrivateKey } = await import("node:crypto");
    const now = Math.floor(Date.now() / 1_000);
    const assertion = await new SignJWT({ iss: client_email, aud: token_uri, scope, ...claims })
      .setProtectedHeader({ alg: "RS256", typ: "JWT" })
      .setIssuedAt(now)
      .setExpirationTime(now + seconds)
      .sign(key ?? createPrivateKey(private_key));
    const grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    const body = new URLSearchParams({ grant_type, assertion });
    return fetch(token_uri, { method: "POST", body });
  }

  test("the test's token server gives a token to the service account", async () => {
    const response = await exchanged({});
    expect(await response.json()).toMatchObject({ access_token: expect.any(String), expires_in: 3_599 });
  });

  test.each<[string, () => Promise<Response>]>([
    ["another key", () => exchanged({}, 3_600, stranger)],
    ["another issuer", () => exchanged({ iss: "jerry@example.com" })],
    ["another audience", () => exchanged({ aud: "https://example.com/" })],
    ["another scope", () => exchanged({ scope: "https://www.googleapis.com/auth/drive" })],
    ["what has expired", () => exchanged({}, -3_600)],
    ["what counts too long", () => exchanged({}, 7_200)],
  ])("the test's token server refuses %s", async (_, asked) => {
    const response = await asked();
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "invalid_grant" });
  });
});
