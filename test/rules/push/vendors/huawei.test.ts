import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { JsonObject } from "../../../../src/model/json.ts";
import { huawei } from "../../../../src/push/vendors/huawei.ts";
import { type Answer, broken, garbage, tooMany } from "../../../support/push/provider-server.ts";
import { push } from "../../../support/push/pushes.ts";
import { HuaweiServer, huaweiAnswer } from "../../../support/push/vendors/huawei-server.ts";
import { phonesOf, VendorWorld } from "../../../support/push/vendors/vendor-providers.ts";

const server = new HuaweiServer();
let world: VendorWorld;
beforeAll(() => server.open());
beforeEach(() => {
  server.clear();
  world = new VendorWorld();
  world.configure({ hms: server.settings });
});
afterAll(() => server.close());

const send = (content: JsonObject, ...ids: string[]) =>
  world.provider(huawei, ({ hms }) => hms).send(push(content, { id: "push-1" }), phonesOf("HMS", ...ids));

/** What reached Jerry's phone with this content. */
async function sent(content: JsonObject): Promise<JsonObject> {
  expect(await send(content, "jerrys")).toEqual([{ outcome: "sent" }]);
  return server.last;
}

const configure = (more: object, appName?: string) =>
  world.configure({ appName: appName ?? null, hms: { _default: { ...server.settings._default, ...more } } });

/** The extra `content` of an intent, as Android reads it. */
function extraOf(intent: string): unknown {
  const [, options = ""] = /^intent:\/\/[^#]+#Intent;(.*);end$/.exec(intent) ?? [];
  const extra = options.split(";").find((option) => option.startsWith("S.content="));
  return JSON.parse(decodeURIComponent(extra?.slice("S.content=".length) ?? ""));
}

describe("a message to Huawei", () => {
  test("a message to Huawei without a title has the app's name, else its own text", async () => {
    configure({}, "Cheese Chat");
    expect(await sent({ alert: "Cheese!" })).toMatchObject({
      android: { notification: { title: "Cheese Chat", body: "Cheese!" } },
    });
    configure({});
    expect(await sent({ alert: "Cheese!" })).toMatchObject({
      android: { notification: { title: "Cheese!" } },
    });
  });

  test("[N-09] a silent message to Huawei is data with the whole content for LeanCloud's SDK", async () => {
    const content = { silent: true, action: "com.example.EAT", holes: 3, _channel: "mice" };
    const { data, android } = await sent(content);
    expect(JSON.parse(String(data))).toEqual(content);
    expect(android).toEqual({ ttl: "3600s" });
  });

  test("[N-09] a message to Huawei without words is data for the app", async () => {
    expect(await sent({ holes: 3 })).toMatchObject({ data: '{"holes":3}' });
  });

  test("a tap on Huawei's notification opens the app's intent, whose extra has the app's own keys whatever is in them", async () => {
    configure({ intentHost: "cheese.example" });
    const own = { said: "a;b#c&d=é 奶酪 😀 'x'", nested: { end: ";end" } };
    const { android } = await sent({ alert: "Cheese!", title: "Tom", ...own });
    expect(android).toMatchObject({
      notification: {
        click_action: {
          type: 1,
          intent: expect.stringMatching(
            /^intent:\/\/cheese\.example\/notify_detail#Intent;scheme=lcpushscheme;/,
          ),
        },
      },
    });
    expect(extraOf(JSON.parse(JSON.stringify(android)).notification.click_action.intent)).toEqual(own);
  });

  test("a tap on Huawei's notification opens the app alone by the setting click", async () => {
    configure({ click: "app" });
    expect(await sent({ alert: "Cheese!", holes: 3 })).toMatchObject({
      android: { notification: { click_action: { type: 3 } } },
    });
  });

  test("the class of Huawei's messages is the profile's, and the content's part hms may name another", async () => {
    expect(await sent({ alert: "x" })).toMatchObject({ android: { category: "IM" } });
    expect(await sent({ alert: "x", hms: { category: "WORK" } })).toMatchObject({
      android: { category: "WORK" },
    });
    configure({ category: "" });
    expect((await sent({ alert: "x" })).android).not.toHaveProperty("category");
  });

  test("Huawei's own parameters in the part hms reach their place, and other keys are the app's", async () => {
    const hms = { target_user_type: 1, importance: "HIGH", title: "on Huawei", holes: 3, ttl: "60s" };
    const { android } = await sent({ alert: "Cheese!", ttl: "common", category: "common", hms });
    expect(android).toMatchObject({
      target_user_type: 1,
      ttl: "60s",
      category: "IM",
      notification: { title: "on Huawei", importance: "HIGH" },
    });
    expect(extraOf(JSON.parse(JSON.stringify(android)).notification.click_action.intent)).toEqual({
      ttl: "common",
      category: "common",
      holes: 3,
    });
  });

  test("the part hms.message is merged deeply over Huawei's message", async () => {
    const message = {
      android: { notification: { foreground_show: false, click_action: { type: 3, intent: null } } },
    };
    expect(await sent({ alert: "Cheese!", title: "Tom", hms: { message } })).toMatchObject({
      android: {
        category: "IM",
        notification: { title: "Tom", foreground_show: false, click_action: { type: 3 } },
      },
    });
  });

  test("the part hms.message reaches no other devices than the push's", async () => {
    const message = { token: ["spikes"], topic: "everybody", condition: "'x' in topics" };
    await sent({ alert: "Cheese!", hms: { message } });
    expect(server.reached).toEqual(["jerrys"]);
    expect(Object.keys(server.last)).toEqual(["android"]);
  });

  test("[P-06] a badge reaches Huawei's phones if the launcher's class is set", async () => {
    expect(JSON.stringify(await sent({ alert: "x", badge: 3 }))).not.toContain("badge");
    configure({ badgeClass: "com.example.Main" });
    const badge = async (value: number | string) =>
      JSON.parse(JSON.stringify(await sent({ alert: "x", badge: value }))).android.notification.badge;
    expect(await badge(3)).toEqual({ set_num: 3, class: "com.example.Main" });
    expect(await badge(1_000)).toEqual({ set_num: 99, class: "com.example.Main" });
    expect(await badge("Increment")).toEqual({ add_num: 1, class: "com.example.Main" });
    expect(await badge("many")).toBeUndefined();
  });

  test("[N-09] Huawei's notification has the channel of the content, or of its part hms", async () => {
    const channel = { android: { notification: { channel_id: "mice" } } };
    expect(await sent({ alert: "x", _notificationChannel: "mice" })).toMatchObject(channel);
    expect(
      await sent({ alert: "x", _notificationChannel: "cats", hms: { _notificationChannel: "mice" } }),
    ).toMatchObject(channel);
  });

  test.each(["x", "奶", "😀", '"', "👨‍👩‍👧"])(
    "a text of %s too long for Huawei is cut at a whole character",
    async (character) => {
      const { android } = await sent({ alert: character.repeat(3_000), title: "Tom", holes: 3 });
      const { body } = JSON.parse(JSON.stringify(android)).notification;
      expect(body).toBe(character.repeat(body.length / character.length));
      expect(body.length).toBeGreaterThan(50);
    },
  );

  test.each<[string, JsonObject]>([
    ["own keys", { alert: "x", more: "x".repeat(5_000) }],
    ["own keys that are encoded", { alert: "x", more: "奶".repeat(500) }],
    ["data", { silent: true, more: "x".repeat(5_000) }],
  ])("a push with too long %s for Huawei fails, and is not sent", async (_, content) => {
    expect(await send(content, "jerrys")).toEqual([
      { outcome: "failed", why: "content of more than 4096 bytes" },
    ]);
    expect(server.sends).toBe(0);
  });
});

describe("Huawei's answers", () => {
  const after = (retryAfter?: number) => ({ outcome: "later", retryAfter });
  const busy: Answer = { status: 503, body: { code: "81000001", msg: "busy", requestId: "1" } };

  test.each<[string, Answer, object]>([
    ["80000000: all devices are accepted", huaweiAnswer("80000000", "Success"), { outcome: "sent" }],
    [
      "80300002: the app has no right to push",
      huaweiAnswer("80300002", "no permission"),
      {
        outcome: "failed",
        why: "code 80300002: no permission (the app has no right to push: switch Push Kit on in AppGallery Connect)",
      },
    ],
    ["80300011: no right to urgent messages", huaweiAnswer("80300011", "no right"), { outcome: "failed" }],
    [
      "80100001: a wrong parameter",
      huaweiAnswer("80100001", "x", 400),
      { outcome: "failed", why: "code 80100001: x" },
    ],
    ["80100003: a wrong message", huaweiAnswer("80100003", "x"), { outcome: "failed" }],
    ["80100004: a wrong time", huaweiAnswer("80100004", "x"), { outcome: "failed" }],
    ["80100013: a wrong collapse key", huaweiAnswer("80100013", "x"), { outcome: "failed" }],
    ["80300008: too large", huaweiAnswer("80300008", "x"), { outcome: "failed" }],
    ["80300010: too many devices", huaweiAnswer("80300010", "x"), { outcome: "failed" }],
    ["80100016: forbidden words", huaweiAnswer("80100016", "x"), { outcome: "failed" }],
    ["an unknown code", huaweiAnswer("89999999", "x"), { outcome: "failed", why: "code 89999999: x" }],
    ["80100017: too fast", huaweiAnswer("80100017", "x"), after(60_000)],
    ["80600003: its own failure", huaweiAnswer("80600003", "x"), after()],
    ["81000001: its own failure", huaweiAnswer("81000001", "x"), after()],
    ["500", broken, after()],
    ["502", { status: 502, body: "<html>502</html>" }, after()],
    ["503: too fast", busy, after(60_000)],
    ["503 with a time", { status: 503, headers: { "Retry-After": "7" }, body: "" }, after(7_000)],
    ["429 with a time", tooMany(90), after(90_000)],
    ["a page of another server", garbage, after()],
    ["a redirect", { status: 302, headers: { Location: "/" } }, after()],
    ["a page with 404", { status: 404, body: "<html>404</html>" }, { outcome: "failed" }],
    ["JSON that is not its own", { status: 200, body: { ok: true } }, after()],
  ])("Huawei's answer %s", async (_, answer, outcome) => {
    server.trouble.push(answer);
    expect(await send({ alert: "x" }, "one", "two")).toMatchObject([outcome, outcome]);
  });

  test("Huawei's answer 80100000: the listed devices are gone, and the others have the push", async () => {
    server.gone.add("two");
    expect(await send({ alert: "x" }, "one", "two", "three")).toEqual([
      { outcome: "sent" },
      { outcome: "gone", since: undefined, why: "code 80100000: an unknown token" },
      { outcome: "sent" },
    ]);
  });

  test("Huawei's answer 80100000 is read with its details as an object and its numbers as texts, too", async () => {
    const msg = { success: "1", failure: "1", illegal_tokens: ["two"] };
    server.trouble.push({ status: 200, body: { code: 80100000, msg, requestId: "1" } });
    expect(await send({ alert: "x" }, "one", "two")).toMatchObject([
      { outcome: "sent" },
      { outcome: "gone" },
    ]);
  });

  test("Huawei's answer 80100000 that accepts no device removes none before the keys have worked", async () => {
    const said = JSON.stringify({ success: 0, failure: 2, illegal_tokens: ["one"] });
    server.trouble.push(huaweiAnswer("80100000", said));
    expect(await send({ alert: "x" }, "one", "two")).toMatchObject([
      { outcome: "failed" },
      { outcome: "failed" },
    ]);
  });

  test("Huawei's answer 80100000 without the devices is a failure, and shows no tokens", async () => {
    server.trouble.push(huaweiAnswer("80100000", "one of your tokens: one"));
    expect(await send({ alert: "x" }, "one")).toEqual([
      { outcome: "failed", why: "code 80100000: without the devices" },
    ]);
  });

  test("Huawei's answer 80300007: all devices are gone, if the keys have worked", async () => {
    server.gone.add("one");
    const why = "code 80300007: All tokens are invalid";
    expect(await send({ alert: "x" }, "one")).toMatchObject([
      { outcome: "failed", why: `${why}: looks like keys of another app, since they have never worked` },
    ]);
    await send({ alert: "x" }, "two");
    expect(await send({ alert: "x" }, "one")).toEqual([{ outcome: "gone", since: undefined, why }]);
  });

  test.each<[string, Answer]>([
    ["80200003: an expired token", huaweiAnswer("80200003", "x")],
    ["80200001: a token of another app", huaweiAnswer("80200001", "x")],
    ["401", { status: 401, body: "" }],
  ])(
    "Huawei's answer %s is followed by a call with another token, and the second one waits for the owner",
    async (_, answer) => {
      server.trouble.push(answer);
      expect(await send({ alert: "x" }, "one")).toEqual([{ outcome: "sent" }]);
      server.trouble.push(answer, answer);
      expect(await send({ alert: "x" }, "one")).toMatchObject([{ outcome: "later" }]);
      expect(server.sends).toBe(4);
    },
  );

  test("[I11] Huawei's silence is waited for 30 s, and the push tried later", async () => {
    await send({ alert: "x" }, "one");
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
