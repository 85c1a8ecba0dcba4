import { createECDH } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { WebPushSubscription } from "../../../src/model/installation.ts";
import { Outbound, type OutboundPolicy } from "../../../src/outbound/http-client.ts";
import { WebPush } from "../../../src/push/web-push.ts";
import { decryptWebPush } from "../../support/push/aes128gcm.ts";
import { type Answer, broken, tooMany } from "../../support/push/provider-server.ts";
import { device, push, target } from "../../support/push/pushes.ts";
import { vapidKeys, WebPushEndpoint } from "../../support/push/web-push-endpoint.ts";

const keys = vapidKeys();
const service = new WebPushEndpoint(keys.publicKey);

const webPush = (reach: OutboundPolicy = "trial", own = keys) =>
  new WebPush(own, { outbound: new Outbound(reach, { open: fetch, all: fetch }), now: Date.now });

const browsers = (...subscriptions: WebPushSubscription[]) =>
  subscriptions.map((subscription) => target(device({ deviceType: "web", subscription })));

const cheese = push({ alert: "Cheese!" });

beforeAll(() => service.open());
beforeEach(() => {
  service.received.length = 0;
  service.refused.length = 0;
  service.trouble.clear();
});
afterEach(() => vi.useRealTimers());
afterAll(() => service.close());

describe("[P-01] a browser", () => {
  test("[P-01] Web Push serves a browser with a subscription", () => {
    expect(webPush().serves(device({ subscription: service.subscribe() }))).toBe(true);
    expect(webPush().serves(device())).toBe(false);
  });

  test("[P-01] a browser receives content that only it can read, signed by the app's server", async () => {
    const subscription = service.subscribe();
    expect(await webPush().send(cheese, browsers(subscription))).toEqual([{ outcome: "sent" }]);
    expect(service.received).toEqual([
      {
        endpoint: subscription.endpoint,
        content: { alert: "Cheese!", _id: cheese.id },
        ttl: expect.any(Number),
        urgency: "high",
        topic: cheese.id,
        subject: keys.subject,
      },
    ]);
    expect(service.refused).toEqual([]);
  });

  test("[P-01] [P-15] a push service keeps a push no longer than until it expires", async () => {
    const browser = browsers(service.subscribe());
    await webPush().send(push({ alert: "x" }, { expiresAt: Date.now() + 3_600_000 }), browser);
    await webPush().send(push({ alert: "x" }, { expiresAt: Date.now() - 1_000 }), browser);
    const [hour, none] = service.received.map(({ ttl }) => ttl);
    expect(hour).toBeGreaterThan(3_500);
    expect(hour).toBeLessThanOrEqual(3_600);
    expect(none).toBe(0);
  });

  test("[P-01] [N-07] a browser receives the keys for the web", async () => {
    const content = {
      alert: "Cheese!",
      _channel: "x",
      ios: { badge: 1 },
      web: { alert: "Cheese, web!", icon: "/c" },
    };
    await webPush().send(push(content), browsers(service.subscribe()));
    expect(service.received[0]?.content).toEqual({ alert: "Cheese, web!", icon: "/c", _id: cheese.id });
  });

  test("[P-01] a browser can recognize a push it has shown, and a repeated push replaces the waiting one", async () => {
    const browser = browsers(service.subscribe());
    const long = push({ alert: "x" }, { id: "a push of a name that is no topic: ü, and long, and longer" });
    const others = ["another", `${long.id} one`].map((id) => push({ alert: "x" }, { id }));
    for (const each of [cheese, cheese, long, long, ...others]) await webPush().send(each, browser);
    const topics = service.received.map(({ topic }) => topic);
    expect(topics[0]).toBe(topics[1]);
    expect(topics[2]).toBe(topics[3]);
    expect(new Set(topics).size).toBe(4);
    expect(service.received.map(({ content }) => content._id)[2]).toBe(long.id);
  });

  test.each([
    [{ urgency: "very-low" }, "very-low"],
    [{ web: { urgency: "normal" } }, "normal"],
    [{ urgency: "now!" }, "high"],
  ])("[P-01] a browser receives %j with the urgency %s", async (content, urgency) => {
    await webPush().send(push(content), browsers(service.subscribe()));
    expect(service.received[0]).toMatchObject({ urgency });
  });

  test("[P-01] a browser receives at most 3993 bytes", async () => {
    const fits = push({ more: "x".repeat(3_993 - '{"more":"","_id":"push-1"}'.length) }, { id: "push-1" });
    const over = push({ more: `${fits.content.more}x` }, { id: "push-1" });
    const browser = browsers(service.subscribe());
    expect(await webPush().send(fits, browser)).toEqual([{ outcome: "sent" }]);
    const tooLong = { outcome: "failed", why: "content of more than 3993 bytes" };
    expect(await webPush().send(over, browser)).toEqual([tooLong]);
    expect(service.received.map(({ content }) => content)).toEqual([{ ...fits.content, _id: "push-1" }]);
  });

  test.each<[string, Answer, object]>([
    ["that unsubscribed", { status: 410 }, { outcome: "gone", since: undefined }],
    ["unknown to its service", { status: 404 }, { outcome: "gone" }],
    ["that refuses the length", { status: 413 }, { outcome: "failed" }],
    ["that refuses the server's keys", { status: 401 }, { outcome: "failed" }],
    ["subscribed with other keys", { status: 403 }, { outcome: "failed" }],
    ["whose service finds the push malformed", { status: 400 }, { outcome: "failed" }],
    ["beyond its rate limit", tooMany(60), { outcome: "later", retryAfter: 60_000 }],
    ["during an outage", broken, { outcome: "later", retryAfter: undefined }],
    ["whose service redirects", { status: 302, headers: { Location: "/" } }, { outcome: "later" }],
    ["that accepts with 200", { status: 200 }, { outcome: "sent" }],
    ["that accepts with 202", { status: 202 }, { outcome: "sent" }],
    ["that accepts with 204", { status: 204 }, { outcome: "sent" }],
  ])("[P-01] [N-11] a browser %s does not affect the others", async (_, answer, outcome) => {
    const [one, two, three] = [service.subscribe(), service.subscribe(), service.subscribe()];
    service.trouble.set(two.endpoint, answer);
    expect(await webPush().send(cheese, browsers(one, two, three))).toMatchObject([
      { outcome: "sent" },
      outcome,
      { outcome: "sent" },
    ]);
    expect(service.received.map(({ endpoint }) => endpoint).toSorted()).toEqual(
      [one.endpoint, three.endpoint].toSorted(),
    );
  });

  test("[P-01] a browser that subscribed with another server's key receives nothing", async () => {
    const outcomes = await webPush("trial", vapidKeys()).send(cheese, browsers(service.subscribe()));
    expect(outcomes).toMatchObject([{ outcome: "failed" }]);
    expect(service.refused).toHaveLength(1);
  });

  test.each([{ p256dh: "cheese" }, { auth: "cheese" }, { p256dh: "B".repeat(87) }])(
    "[P-01] a browser with invalid keys (%j) fails alone",
    async (wrong) => {
      const [good, bad] = [service.subscribe(), service.subscribe()];
      const outcomes = await webPush().send(
        cheese,
        browsers({ ...bad, keys: { ...bad.keys, ...wrong } }, good),
      );
      expect(outcomes).toMatchObject([{ outcome: "failed" }, { outcome: "sent" }]);
    },
  );

  test("[P-01] Web Push fails if the server's two keys do not match", async () => {
    const mixed = { ...keys, publicKey: vapidKeys().publicKey };
    const outcomes = await webPush("trial", mixed).send(cheese, browsers(service.subscribe()));
    expect(outcomes).toMatchObject([{ outcome: "failed" }]);
    expect(service.received).toEqual([]);
  });
});

describe("[I12] an endpoint written by a client", () => {
  test.each([
    "https://169.254.169.254/latest/meta-data/",
    "http://push.example.com/1",
    "https://tom@push.example.com/1",
    "ftp://push.example.com/1",
    "cheese",
  ])("[I12] the endpoint %s is not called", async (endpoint) => {
    const subscription = { ...service.subscribe(), endpoint };
    expect(await webPush("public").send(cheese, browsers(subscription))).toMatchObject([
      { outcome: "failed" },
    ]);
  });

  test("[I12] an endpoint on this machine is called only by a demo", async () => {
    const outcomes = await webPush("public").send(cheese, browsers(service.subscribe()));
    expect(outcomes).toMatchObject([{ outcome: "failed" }]);
  });
});

describe("[I11] a push service", () => {
  test("[I11] a push while the push service is down is tried later and then sent", async () => {
    const browser = browsers(service.subscribe());
    await service.close();
    expect(await webPush().send(cheese, browser)).toMatchObject([{ outcome: "later" }]);
    await service.open();
    expect(await webPush().send(cheese, browser)).toEqual([{ outcome: "sent" }]);
  });

  test("[I11] a push service that is down does not stop calls to others", async () => {
    const down = new WebPushEndpoint(keys.publicKey);
    await down.open();
    const lost = Array.from({ length: 20 }, () => down.subscribe());
    await down.close();
    const outcomes = await webPush().send(cheese, browsers(...lost, service.subscribe()));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([...lost.map(() => "later"), "sent"]);
    expect(
      outcomes.filter((each) => "why" in each && each.why.startsWith("not tried")).length,
    ).toBeGreaterThan(10);
  });

  test("[I11] a push that the push service never answers is tried later", async () => {
    const subscription = service.subscribe();
    service.trouble.set(subscription.endpoint, "hang");
    const { calls } = service;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const sending = webPush().send(cheese, browsers(subscription));
    await service.called(calls + 1);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await sending).toMatchObject([{ outcome: "later", why: expect.stringContaining("no answer") }]);
  });
});

test("the test's browser reads the example of RFC 8291", () => {
  const bytes = (text: string) => Buffer.from(text, "base64url");
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"));
  const body = bytes(
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl" +
      "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
  );
  const auth = bytes("BTBZMqHH6r4Tts7J_aSIgg");
  expect(decryptWebPush(body, { ecdh, auth }).toString()).toBe("When I grow up, I want to be a watermelon");
  body.writeUInt8(body.readUInt8(120) ^ 1, 120);
  expect(() => decryptWebPush(body, { ecdh, auth })).toThrow();
});
