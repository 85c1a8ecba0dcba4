import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Http2Bridge } from "../../../scripts/http2.ts";
import type { Installation } from "../../../src/model/installation.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { Apns } from "../../../src/push/apns.ts";
import type { Target } from "../../../src/push/provider.ts";
import type { ProviderFetch } from "../../../src/push/provider-calls.ts";
import type { Push } from "../../../src/push/push-work.ts";
import type { TokenKeeper } from "../../../src/push/token-keeper.ts";
import { apnsSettings, keeperWith, networkOf } from "../../support/push/apns.ts";
import {
  type ApnsServer,
  type AppleKey,
  appleKey,
  deviceTokenOf,
  openApnsServer,
} from "../../support/push/apns-server.ts";
import { device, push as pushOf } from "../../support/push/pushes.ts";

const tomsPhone = deviceTokenOf("Tom's phone");
const jerrysPhone = deviceTokenOf("Jerry's phone");
const expiresAt = Date.UTC(2026, 11, 2, 12);

let mouse: AppleKey;
let cat: AppleKey;
let apple: ApnsServer;
let bridge: Http2Bridge;
let now: number;
let keeper: TokenKeeper;

beforeEach(async () => {
  now = Date.UTC(2026, 10, 25, 12);
  mouse = await appleKey("TEAMMOUSE1", "KEYMOUSE01", ["com.example.mouse", "com.example.cheese"]);
  cat = await appleKey("TEAMCAT001", "KEYCAT0001", ["com.example.cat"]);
  apple = await openApnsServer({ keys: [mouse, cat], now: () => now });
  bridge = new Http2Bridge();
  keeper = keeperWith([mouse, cat], () => now);
});
afterEach(async () => {
  vi.useRealTimers();
  bridge.close();
  await apple.close();
});

function apns({
  keys = [mouse, cat],
  fetch = networkOf(bridge),
}: {
  keys?: AppleKey[];
  fetch?: ProviderFetch;
} = {}) {
  return new Apns(apnsSettings({ keys, url: apple.url }), {
    fetch,
    apnsToken: (teamId, keyId) => keeper.apns(teamId, keyId),
    tokenRefused: async (token) => keeper.refused(token),
    now: () => now,
  });
}

const party = { alert: "the party begins" };
const push = (more: Partial<Push> = {}): Push => pushOf(party, { id: "push-1", expiresAt, ...more });

function phone(deviceToken: string | undefined, fields: JsonObject = {}, deviceType = "ios"): Installation {
  return device({ id: `of ${deviceToken}`, deviceType, deviceToken, fields });
}

function to(deviceToken: string, fields: JsonObject = {}, badge = 0): Target {
  return { installation: { ...phone(deviceToken, fields), badge }, clientId: "Jerry" };
}

/** Many phones, with their tokens. */
function phones(count: number): Target[] {
  return Array.from({ length: count }, (_, index) => to(deviceTokenOf(`phone ${index}`)));
}

const sent = { outcome: "sent" };

describe("[N-10] Apple's devices", () => {
  test.each(["ios", "macos", "watchos", "tvos"])(
    "[N-10] APNs serves a device with a token: %s",
    (deviceType) => {
      expect(apns().serves(phone(tomsPhone, {}, deviceType))).toBe(true);
      expect(apns().serves(phone(undefined, {}, deviceType))).toBe(false);
    },
  );

  test.each(["android", "web", "windows"])(
    "[N-10] APNs serves no other device, even with a token: %s",
    (deviceType) => {
      expect(apns().serves(phone(tomsPhone, {}, deviceType))).toBe(false);
    },
  );
});

describe("[P-20] a push with token authentication", () => {
  test("[P-20] a push with token authentication reaches the device with all that Apple requires", async () => {
    expect(await apns().send(push(), [to(tomsPhone)])).toEqual([sent]);
    expect(apple.arrived).toEqual([
      {
        deviceToken: tomsPhone,
        teamId: "TEAMMOUSE1",
        topic: "com.example.mouse",
        pushType: "alert",
        priority: "10",
        expiration: expiresAt / 1_000,
        collapseId: "push-1",
        apnsId: expect.stringMatching(
          /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        ),
        payload: { aps: { alert: "the party begins" } },
      },
    ]);
  });

  test("[P-20] pushes to many devices share one connection and one token, six at a time", async () => {
    const outcomes = await apns().send(push(), phones(100));
    expect(outcomes).toEqual(Array.from({ length: 100 }, () => sent));
    expect(apple.arrived).toHaveLength(100);
    expect([apple.connections, apple.tokens.size]).toEqual([1, 1]);
    expect(apple.busiest).toBeLessThanOrEqual(6);
  });

  test("[P-20] a push gets a new token after the old one was refused for its age", async () => {
    await apns().send(push(), [to(tomsPhone)]);
    // Apple's clock is ahead: there, the token is older than an hour.
    now += 40 * 60_000;
    await apple.close();
    apple = await openApnsServer({ keys: [mouse], now: () => now + 30 * 60_000 });
    expect(await apns().send(push(), [to(tomsPhone)])).toEqual([sent]);
    expect(apple.answers).toEqual(["403 ExpiredProviderToken", "200"]);
  });

  test("[P-20] a push waits if every token is refused, and tries none twice", async () => {
    const stranger = await appleKey("TEAMMOUSE1", "KEYMOUSE01", ["com.example.mouse"]);
    keeper = keeperWith([stranger], () => now);
    const outcomes = await apns().send(push(), phones(20));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ outcome: "later" });
    expect(new Set(apple.answers)).toEqual(new Set(["403 InvalidProviderToken"]));
    expect(apple.answers.length).toBeLessThanOrEqual(6);
  });

  test("[P-20] a push requests a new token once, however many devices were tried with the old one", async () => {
    const tokens = [await keeperWith([mouse], () => now - 7_200_000).apns("TEAMMOUSE1", "KEYMOUSE01")];
    const refused: string[] = [];
    const provider = new Apns(apnsSettings({ keys: [mouse], url: apple.url }), {
      fetch: networkOf(bridge),
      apnsToken: async () => tokens[0],
      tokenRefused: async (token) => {
        refused.push(token);
        tokens[0] = await keeper.apns("TEAMMOUSE1", "KEYMOUSE01");
      },
      now: () => now,
    });
    const outcomes = await provider.send(push(), phones(20));
    expect(outcomes).toEqual(Array.from({ length: 20 }, () => sent));
    expect(refused).toHaveLength(1);
  });

  test("[P-20] a push whose key was removed meanwhile is tried later with the new settings", async () => {
    keeper = keeperWith([], () => now);
    expect(await apns().send(push(), [to(tomsPhone)])).toEqual([
      { outcome: "later", retryAfter: undefined, why: expect.stringContaining("KEYMOUSE01") },
    ]);
  });
});

describe("[P-16] the key of a push", () => {
  test("[P-16] the key of a push is that of its team", async () => {
    await apns().send(push({ teamId: "TEAMCAT001" }), [to(tomsPhone)]);
    expect(apple.arrived).toMatchObject([{ teamId: "TEAMCAT001", topic: "com.example.cat" }]);
  });

  test("[P-16] devices of another team are not sent a push", async () => {
    const outcomes = await apns().send(push({ teamId: "TEAMCAT001" }), [
      to(tomsPhone, { apnsTeamId: "TEAMCAT001" }),
      to(jerrysPhone, { apnsTeamId: "TEAMMOUSE1" }),
    ]);
    expect(outcomes).toEqual([sent, { outcome: "failed", why: expect.stringContaining("of another team") }]);
    expect(apple.answers).toEqual(["200"]);
  });

  test("[P-16] the key of a push is that of the device's own team, for its own topic", async () => {
    const own = { apnsTeamId: "TEAMMOUSE1", apnsTopic: "com.example.cheese" };
    await apns().send(push({ topic: "com.example.mouse" }), [to(tomsPhone), to(jerrysPhone, own)]);
    // Both are on their way at once: which is there first is not said.
    const topics = apple.arrived.map(({ deviceToken, topic }) => ({ deviceToken, topic }));
    expect(topics).toHaveLength(2);
    expect(topics).toContainEqual({ deviceToken: tomsPhone, topic: "com.example.mouse" });
    expect(topics).toContainEqual({ deviceToken: jerrysPhone, topic: "com.example.cheese" });
  });

  test("[P-16] the key of a push without a team is one that lists the topic", async () => {
    await apns().send(push(), [to(tomsPhone, { apnsTopic: "com.example.cat" })]);
    await apns().send(push({ topic: "com.example.cat" }), [to(jerrysPhone)]);
    expect(apple.arrived).toMatchObject([{ teamId: "TEAMCAT001" }, { teamId: "TEAMCAT001" }]);
  });

  test("[P-16] the key of a push is the first of the team, or of all, if none lists the topic", async () => {
    const outcomes = await apns().send(push({ topic: "com.example.dog" }), [
      to(tomsPhone),
      to(jerrysPhone, { apnsTeamId: "TEAMCAT001" }),
    ]);
    expect(outcomes).toEqual(
      ["", ""].map(() => ({ outcome: "failed", why: expect.stringContaining("TopicDisallowed") })),
    );
  });

  test("[P-16] a push for a team without a key is not sent", async () => {
    const outcomes = await apns().send(push(), [to(tomsPhone, { apnsTeamId: "TEAMDOG001" })]);
    expect(outcomes).toEqual([{ outcome: "failed", why: expect.stringContaining("TEAMDOG001") }]);
    expect(await apns({ keys: [] }).send(push(), [to(tomsPhone)])).toEqual([
      { outcome: "failed", why: "no APNs key" },
    ]);
    expect(apple.answers).toEqual([]);
  });
});

describe("[P-17][P-18] the server of a push", () => {
  test.each([
    ["prod", "https://api.push.apple.com"],
    ["dev", "https://api.sandbox.push.apple.com"],
  ] as const)("[P-17][P-18] the server for %s is %s", async (environment, server) => {
    const called: string[] = [];
    const provider = new Apns(apnsSettings({ keys: [mouse], url: null }), {
      fetch: async (url) => {
        called.push(url);
        return new Response(null);
      },
      apnsToken: (teamId, keyId) => keeper.apns(teamId, keyId),
      tokenRefused: async () => {},
      now: () => now,
    });
    expect(await provider.send(push({ environment }), [to(tomsPhone)])).toEqual([sent]);
    expect(called).toEqual([`${server}/3/device/${tomsPhone}`]);
  });
});

describe("[N-08][P-19] what a device receives", () => {
  test("[N-08][P-19] a device receives the content in Apple's form, with its headers", async () => {
    const content = {
      alert: "1:0",
      badge: "Increment",
      from: "Tom",
      _profile: "dev",
      _apns_team_id: "TEAMMOUSE1",
      ios: { "collapse-id": "score", "apns-priority": 5 },
      android: { alert: "1:0, Android" },
    };
    await apns().send(push({ content }), [to(tomsPhone, {}, 7)]);
    expect(apple.arrived).toMatchObject([{ collapseId: "score", priority: "5" }]);
    expect(apple.arrived[0]?.payload).toEqual({ aps: { alert: "1:0", badge: 7 }, from: "Tom" });
  });

  test.each(["比分", `${"x".repeat(70)}1`])(
    "[N-08][P-19] pushes with one collapse id replace each other, whatever it is: %s",
    async (id) => {
      const scored = (alert: string, collapseId: string) =>
        push({ id: alert, content: { alert, "collapse-id": collapseId } });
      await apns().send(scored("1:0", id), [to(tomsPhone)]);
      await apns().send(scored("another game", `${id.slice(0, -1)}2`), [to(tomsPhone)]);
      await apns().send(scored("2:0", id), [to(tomsPhone)]);
      expect(apple.arrived).toHaveLength(3);
      const shown = apple.shownOn(tomsPhone).map(({ payload }) => payload.aps);
      expect(shown).toEqual([{ alert: "2:0" }, { alert: "another game" }]);
    },
  );

  test("[N-08][P-19] a push larger than Apple accepts is not sent", async () => {
    const most = (length: number) => push({ content: { alert: "ä".repeat(length) } });
    const room = Math.floor((4_096 - JSON.stringify({ aps: { alert: "" } }).length) / 2);
    expect(await apns().send(most(room), [to(tomsPhone)])).toEqual([sent]);
    expect(await apns().send(most(room + 1), [to(tomsPhone)])).toEqual([
      { outcome: "failed", why: expect.stringContaining("of 4096 at most") },
    ]);
    expect(apple.answers).toEqual(["200"]);
  });

  test("[N-08][P-19] a push repeated after a lost answer replaces the first", async () => {
    apple.behave(tomsPhone, "deliver, then break", "deliver");
    expect(await apns().send(push(), [to(tomsPhone)])).toMatchObject([{ outcome: "later" }]);
    expect(await apns().send(push(), [to(tomsPhone)])).toEqual([sent]);
    expect(apple.arrived).toHaveLength(2);
    expect(apple.shownOn(tomsPhone)).toHaveLength(1);
    expect(new Set(apple.arrived.map(({ apnsId }) => apnsId)).size).toBe(1);
  });
});

describe("[N-02] a device is gone", () => {
  const gone = (since: number | undefined, why: string) => [{ outcome: "gone", since, why }];

  test.each(["Unregistered", "ExpiredToken"])(
    "[N-02] a device is gone since Apple's time: %s",
    async (reason) => {
      apple.behave(tomsPhone, { status: 410, reason, timestamp: now - 1_000 });
      expect(await apns().send(push(), [to(tomsPhone)])).toEqual(gone(now - 1_000, reason));
    },
  );

  test("[N-02] a device whose token is impossible is gone", async () => {
    expect(await apns().send(push(), [to("../../admin")])).toEqual(gone(undefined, "not a device token"));
    expect(apple.answers).toEqual([]);
  });

  test("[N-02] a device whose token Apple refuses is gone", async () => {
    apple.behave(tomsPhone, { status: 400, reason: "BadDeviceToken" });
    expect(await apns().send(push(), [to(tomsPhone)])).toEqual(gone(undefined, "BadDeviceToken"));
  });

  test("[N-02] [P-17] a device whose token the sandbox refuses is not gone, since production tokens are refused there", async () => {
    apple.behave(tomsPhone, { status: 400, reason: "BadDeviceToken" });
    const outcomes = await apns().send({ ...push(), environment: "dev" }, [to(tomsPhone)]);
    expect(outcomes).toMatchObject([{ outcome: "failed" }]);
  });

  test("[N-02] a device is not gone if Apple refuses the settings", async () => {
    apple.behave(tomsPhone, { status: 400, reason: "DeviceTokenNotForTopic" });
    expect(await apns().send(push(), [to(tomsPhone)])).toEqual([
      {
        outcome: "failed",
        why: "DeviceTokenNotForTopic: the device's app has another bundle id than the topic",
      },
    ]);
  });
});

describe("[I11] a push that Apple does not take", () => {
  test.each([
    [400, "BadTopic"],
    [403, "Forbidden"],
    [404, "BadPath"],
    [413, "PayloadTooLarge"],
  ])("[I11] a push that Apple refuses fails with Apple's reason: %d %s", async (status, reason) => {
    apple.behave(tomsPhone, { status, reason });
    expect(await apns().send(push(), [to(tomsPhone)])).toEqual([{ outcome: "failed", why: reason }]);
  });

  test.each([
    [429, "TooManyProviderTokenUpdates", "1200", 1_200_000],
    [429, "TooManyRequests", "Wed, 25 Nov 2026 12:01:00 GMT", 60_000],
    [500, "InternalServerError", undefined, undefined],
    [503, "ServiceUnavailable", "5", 5_000],
    [520, "Unknown", undefined, undefined],
  ])(
    "[I11] a push is tried again at Apple's time after %d %s",
    async (status, reason, retryAfter, milliseconds) => {
      apple.behave(tomsPhone, { status, reason, retryAfter });
      expect(await apns().send(push(), [to(tomsPhone)])).toEqual([
        { outcome: "later", retryAfter: milliseconds, why: reason },
      ]);
    },
  );

  test.each([{ garbage: 200 }, { garbage: 400 }, { garbage: 410 }, { garbage: 502 }])(
    "[I11] a push is tried later after %j",
    async (garbage) => {
      apple.behave(tomsPhone, garbage);
      expect(await apns().send(push(), [to(tomsPhone)])).toMatchObject([{ outcome: "later" }]);
    },
  );

  test("[I11] a push whose answer breaks off is tried later, and others are sent", async () => {
    apple.behave(tomsPhone, "break");
    expect(await apns().send(push(), [to(tomsPhone), to(jerrysPhone)])).toMatchObject([
      { outcome: "later" },
      sent,
    ]);
  });

  test("[I11] a push without an answer in 30 s is tried later, and others are sent meanwhile", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    apple.behave(tomsPhone, "hang");
    const outcomes = apns().send(push(), [to(tomsPhone), to(jerrysPhone)]);
    await apple.reached(jerrysPhone, 1);
    // Of each call two wait: who asked, and the bridge.
    while (vi.getTimerCount() > 2) await new Promise(setImmediate);
    vi.advanceTimersByTime(30_000);
    expect(await outcomes).toEqual([
      { outcome: "later", retryAfter: undefined, why: expect.stringContaining("no answer in 30000 ms") },
      sent,
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("[I11] while Apple is down, pushes to all devices are tried later after a few calls, and sent afterwards", async () => {
    await apple.down();
    const network = networkOf(bridge);
    let calls = 0;
    const counted: ProviderFetch = (url, init) => {
      calls += 1;
      return network(url, init);
    };
    const outcomes = await apns({ fetch: counted }).send(push(), phones(100));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ outcome: "later" });
    expect(calls).toBeLessThanOrEqual(8);
    await apple.up();
    expect(await apns().send(push(), phones(2))).toEqual([sent, sent]);
  });

  test("[I11] data of one device cannot affect the pushes to others", async () => {
    const odd = { apnsTopic: "com.example.Mäuse\n", apnsTeamId: 7 };
    expect(await apns().send(push(), [to(jerrysPhone, odd), to(tomsPhone)])).toMatchObject([
      { outcome: "failed" },
      sent,
    ]);
  });
});
