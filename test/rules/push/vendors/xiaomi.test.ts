import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { JsonObject } from "../../../../src/model/json.ts";
import { xiaomi } from "../../../../src/push/vendors/xiaomi.ts";
import { type Answer, broken, garbage, tooMany } from "../../../support/push/provider-server.ts";
import { device, push } from "../../../support/push/pushes.ts";
import { phonesOf, VendorWorld } from "../../../support/push/vendors/vendor-providers.ts";
import {
  TEMPLATE,
  XiaomiServer,
  xiaomiError,
  xiaomiSuccess,
} from "../../../support/push/vendors/xiaomi-server.ts";
import { settingsOf } from "../../../support/push-settings.ts";

const server = new XiaomiServer();
let world: VendorWorld;
beforeAll(() => server.open());
beforeEach(() => {
  server.clear();
  world = new VendorWorld();
  world.configure({ mi: server.settings });
});
afterAll(() => server.close());

const provider = () => world.provider(xiaomi, ({ mi }) => mi);
const send = (content: JsonObject, ...ids: string[]) =>
  provider().send(push(content, { id: "push-1" }), phonesOf("mi", ...ids));
const configure = (more: object) =>
  world.configure({ mi: { _default: { ...server.settings._default, ...more } } });

describe("Xiaomi", () => {
  test.each([
    ["mi", true],
    ["mi-intl", true],
    ["MI", true],
    ["mi-other", false],
    ["mz", false],
    ["lc", false],
  ])("[P-03] Xiaomi serves phones of the vendor %s: %s", (vendor, served) => {
    expect(provider().serves(device({ vendor, registrationId: "r" }))).toBe(served);
  });

  test("[P-01] Xiaomi receives one call for the devices of a push", async () => {
    const content = { alert: "Cheese & more = 100% + 奶酪 😀", title: "Tom", deep: { a: [1, null] } };
    expect(await send(content, "a+b/c==", "two", "three")).toEqual(Array(3).fill({ outcome: "sent" }));
    expect([server.sends, server.reached]).toEqual([1, ["a+b/c==", "two", "three"]]);
    expect(server.last).toMatchObject({
      title: "Tom",
      description: content.alert,
      payload: JSON.stringify(content),
    });
  });

  test("Xiaomi accepts every kind of content", async () => {
    configure({
      activity: ".Chat",
      templateId: TEMPLATE.id,
      titleParam: TEMPLATE.variables[0],
      bodyParam: TEMPLATE.variables[1],
    });
    const contents: JsonObject[] = [
      { alert: "😀", title: "奶".repeat(200), more: "x".repeat(900) },
      {
        alert: "x".repeat(500),
        title: "\ud83d Tom\n\u0000",
        none: null,
        data: { a: 1 },
        more: "y".repeat(300),
      },
      { alert: { title: "Tom", body: "Cheese!" }, badge: "Increment", sound: "x", mi: { notify_id: 7 } },
    ];
    for (const content of contents) expect(await send(content, "one")).toEqual([{ outcome: "sent" }]);
    const silent = push({ silent: true, holes: 3 });
    expect(await provider().send(silent, phonesOf("mi-intl", "one"))).toEqual([{ outcome: "sent" }]);
  });

  test("devices in China and abroad are called with their own message", async () => {
    const phones = [...phonesOf("mi", "one"), ...phonesOf("mi-intl", "two"), ...phonesOf("MI", "three")];
    expect(await provider().send(push({ alert: "x" }), phones)).toEqual(Array(3).fill({ outcome: "sent" }));
    const effects = server.arrived.map(({ registrationId, message }) => [
      registrationId,
      message["extra.notify_effect"],
    ]);
    expect(effects).toEqual([
      ["one", "1"],
      ["three", "1"],
      ["two", undefined],
    ]);
    expect(server.sends).toBe(2);
  });

  test.each([
    ["mi", "sgp", "https://api.xmpush.xiaomi.com"],
    ["mi-intl", "sgp", "https://sgp-api.xmpush.global.xiaomi.com"],
    ["mi-intl", "fr", "https://fr-api.xmpush.global.xiaomi.com"],
    ["mi-intl", "idmb", "https://idmb-api.xmpush.global.xiaomi.com"],
    ["mi-intl", "ru", "https://ru-api.xmpush.global.xiaomi.com"],
  ])("phones of the vendor %s with the region %s are pushed to by %s", async (vendor, region, host) => {
    const mi = { _default: { ...server.settings._default, url: null, region } };
    const profile = settingsOf({ push: { mi } }).push.mi._default;
    if (profile === undefined) throw new Error("no profile");
    const post = vi.fn(async (_: { url: string }) => ({ status: 200, headers: new Headers(), text: "{}" }));
    const withToken = () => Promise.reject(new Error("Xiaomi has no tokens"));
    const sending = { profile, vendor, region: undefined, pushId: "push-1", post, withToken };
    const quota = { isUsedUp: () => false, useUp: () => {} };
    await xiaomi.send({ title: "x" }, ["one"], { ...sending, ...quota, now: Date.now });
    expect(post.mock.calls.map(([{ url }]) => url)).toEqual([`${host}/v3/message/regid`]);
  });

  test("a registration id that would be several in Xiaomi's list fails alone", async () => {
    expect(await send({ alert: "x" }, "one", "two,spikes", "th ree", "four")).toEqual([
      { outcome: "sent" },
      { outcome: "failed", why: "no registration id of this vendor" },
      { outcome: "failed", why: "no registration id of this vendor" },
      { outcome: "sent" },
    ]);
    expect(server.reached).toEqual(["one", "four"]);
    expect(await send({ alert: "x" }, ",")).toMatchObject([{ outcome: "failed" }]);
    expect(server.sends).toBe(1);
  });

  test("a push that Xiaomi has no message for fails, and is not sent", async () => {
    expect(await send({ silent: true }, "one")).toEqual([
      { outcome: "failed", why: "Xiaomi has no silent pushes in China" },
    ]);
    expect(server.sends).toBe(0);
  });
});

describe("Xiaomi's answers", () => {
  const after = (retryAfter?: number) => ({ outcome: "later", retryAfter });
  const failed = { outcome: "failed" };
  const quota = { outcome: "failed", why: expect.stringContaining("the day's quota is used up") };
  const error = (code: number) => xiaomiError(code, "because");

  test.each<[string, Answer, object]>([
    ["0: all devices are accepted", xiaomiSuccess(), { outcome: "sent" }],
    ["1: its own failure", error(1), after()],
    ["10001: its own failure", error(10_001), after()],
    ["10002: busy", error(10_002), after()],
    ["10003: a part of it is silent", error(10_003), after()],
    ["10037: its own failure", error(10_037), after()],
    ["65029: silence inside", error(65_029), after()],
    ["10027: too fast", error(10_027), after(60_000)],
    ["200002: too fast", error(200_002), after(60_000)],
    ["10034: the day's quota", error(10_034), quota],
    ["200001: the day's quota", error(200_001), quota],
    [
      "21301: a wrong secret",
      error(21_301),
      { ...after(), why: "code 21301: because (the app secret is refused)" },
    ],
    ["21302: a wrong secret", error(21_302), after()],
    ["22000: no such app", error(22_000), { ...failed, why: "code 22000: because (there is no such app)" }],
    ["22006: a wrong package", error(22_006), failed],
    ["22007: a wrong package", error(22_007), failed],
    ["22022: a wrong package", error(22_022), failed],
    ["10031: the app is blocked", error(10_031), failed],
    ["10036: forbidden", error(10_036), failed],
    ["27001: a wrong channel", error(27_001), { ...failed, why: expect.stringContaining("(the channel is") }],
    ["26006: in review", error(26_006), failed],
    ["10008: a parameter is missing", error(10_008), { ...failed, why: "code 10008: because" }],
    ["10016: too long", error(10_016), failed],
    ["10017: a wrong parameter", error(10_017), failed],
    ["65009: a wrong parameter", error(65_009), failed],
    ["20301: not sent, for another reason", error(20_301), { ...failed, why: "code 20301: because" }],
    ["an unknown code", error(99_999), failed],
    ["0 with channels that dropped all messages", xiaomiSuccess([], "no_channel:1 103:1"), quota],
    ["0 with channels that dropped none", xiaomiSuccess([], ""), { outcome: "sent" }],
    ["500", broken, after()],
    ["503", { status: 503, body: "" }, after()],
    ["429 with a time", tooMany(90), after(90_000)],
    [
      "10027 with a time",
      { status: 200, headers: { "Retry-After": "7" }, body: { code: 10_027 } },
      after(7_000),
    ],
    ["10017 during an outage", { status: 500, body: { code: 10_017 } }, after()],
    ["0 with the status of an outage", { status: 502, body: { code: 0 } }, after()],
    ["a page of another server", garbage, after()],
    ["a redirect", { status: 302, headers: { Location: "/" } }, after()],
    ["a page with 404", { status: 404, body: "<html>404</html>" }, failed],
    ["JSON that is not its own", { status: 200, body: { ok: true } }, after()],
    ["a code that is a text", { status: 200, body: { code: "10017", reason: null } }, failed],
  ])("Xiaomi's answer %s", async (_, answer, outcome) => {
    server.trouble.push(answer);
    expect(await send({ alert: "x" }, "one", "two")).toMatchObject([outcome, outcome]);
    expect(server.sends).toBe(1);
  });

  test("Xiaomi's answer 0 with bad_regids: these devices are gone, and the others have the push", async () => {
    server.gone.add("two");
    expect(await send({ alert: "x" }, "one", "two", "three")).toEqual([
      { outcome: "sent" },
      { outcome: "gone", since: undefined, why: "an unknown registration id" },
      { outcome: "sent" },
    ]);
  });

  test("Xiaomi's answer 0 with all devices in bad_regids removes none before the settings have worked", async () => {
    server.trouble.push(xiaomiSuccess(["one", "two"]));
    expect(await send({ alert: "x" }, "one", "two")).toMatchObject([failed, failed]);
  });

  test("Xiaomi's answer 20301 without valid targets: all devices are gone, if the settings have worked", async () => {
    server.gone.add("one");
    const why = "code 20301: No valid targets!";
    expect(await send({ alert: "x" }, "one")).toMatchObject([
      { outcome: "failed", why: `${why}: looks like keys of another app, since they have never worked` },
    ]);
    await send({ alert: "x" }, "two");
    expect(await send({ alert: "x" }, "one")).toEqual([{ outcome: "gone", since: undefined, why }]);
    configure({ package: "com.example.cat" });
    server.trouble.push(xiaomiError(20_301, "No valid targets!"));
    expect(await send({ alert: "x" }, "one")).toMatchObject([failed]);
  });

  test("channels that dropped some of Xiaomi's messages stop no further ones", async () => {
    server.trouble.push(xiaomiSuccess([], "103:1"));
    expect(await send({ alert: "x" }, "one", "two")).toEqual(Array(2).fill({ outcome: "sent" }));
    expect(await send({ alert: "x" }, "one")).toEqual([{ outcome: "sent" }]);
  });

  test("Xiaomi's quota of one channel stops its pushes until the next day, and not those of another", async () => {
    server.trouble.push(xiaomiError(200_001, "quota"));
    expect(await send({ alert: "x" }, "one")).toMatchObject([quota]);
    expect(await send({ alert: "x" }, "one")).toMatchObject([failed]);
    expect(server.sends).toBe(1);
    await send({ alert: "x", mi: { channel_id: "104" } }, "one");
    expect(server.sends).toBe(2);
  });

  test("the words of Xiaomi's answer cannot forge a line of the log", async () => {
    server.trouble.push(xiaomiError(10_017, "line\n2 \u001b[31m"));
    expect(await send({ alert: "x" }, "one")).toEqual([
      { outcome: "failed", why: "code 10017: line 2  [31m" },
    ]);
  });

  test("a wrong secret or package of Xiaomi's reaches no device", async () => {
    configure({ appSecret: "another" });
    expect(await send({ alert: "x" }, "one")).toMatchObject([after()]);
    configure({ package: "com.example.cat" });
    expect(await send({ alert: "x" }, "one")).toMatchObject([failed]);
    expect(server.reached).toEqual([]);
  });

  test("[I11] a push while Xiaomi is down is tried later and then sent with the same key", async () => {
    await server.close();
    expect(await send({ alert: "x" }, "one")).toMatchObject([{ outcome: "later" }]);
    await server.open();
    await send({ alert: "x" }, "one");
    await send({ alert: "x" }, "one");
    const [first, second] = server.arrived;
    expect(first?.pushId).toBe(second?.pushId);
  });

  test("[I11] Xiaomi's silence is waited for 30 s, and the push tried later", async () => {
    server.trouble.push("hang");
    const { calls } = server;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const sending = send({ alert: "x" }, "one");
    await server.called(calls + 1);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await sending).toMatchObject([{ outcome: "later", why: expect.stringContaining("no answer") }]);
    vi.useRealTimers();
  });
});
