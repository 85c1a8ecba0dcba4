import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { JsonObject } from "../../../../src/model/json.ts";
import { meizu } from "../../../../src/push/vendors/meizu.ts";
import { type Answer, broken, garbage, tooMany } from "../../../support/push/provider-server.ts";
import { device, push } from "../../../support/push/pushes.ts";
import { MeizuServer, meizuAnswer, meizuVerdicts } from "../../../support/push/vendors/meizu-server.ts";
import { phonesOf, VendorWorld } from "../../../support/push/vendors/vendor-providers.ts";

const server = new MeizuServer();
let world: VendorWorld;
beforeAll(() => server.open());
beforeEach(() => {
  server.clear();
  world = new VendorWorld();
  world.configure({ meizu: server.settings });
});
afterAll(() => server.close());

const provider = () => world.provider(meizu, (settings) => settings.meizu);
const send = (content: JsonObject, ...ids: string[]) =>
  provider().send(push(content, { id: "push-1" }), phonesOf("mz", ...ids));
const configure = (more: object) =>
  world.configure({ meizu: { _default: { ...server.settings._default, ...more } } });

describe("Meizu", () => {
  test.each([
    ["mz", true],
    ["MZ", true],
    ["meizu", false],
    ["mi", false],
    ["lc", false],
  ])("[P-03] Meizu serves phones of the vendor %s: %s", (vendor, served) => {
    expect(provider().serves(device({ vendor, registrationId: "r" }))).toBe(served);
  });

  test("[P-01] Meizu receives one signed call for the devices of a push", async () => {
    const content = { alert: "Cheese & more = 100% + 奶酪 😀", title: "Tom\ud83d", deep: { a: [1, null] } };
    expect(await send(content, "one", "two", "three")).toEqual(Array(3).fill({ outcome: "sent" }));
    expect([server.sends, server.reached]).toEqual([1, ["one", "two", "three"]]);
    expect(server.last).toMatchObject({ noticeBarInfo: { title: "Tom\ufffd", content: content.alert } });
  });

  test("Meizu accepts every kind of content", async () => {
    const contents: JsonObject[] = [
      { alert: "😀", title: "奶".repeat(200), more: "x".repeat(900), none: null, sk: 1 },
      { alert: { title: "Tom", body: "Cheese!" }, badge: "Increment", lone: "\udc00", _channel: "mice" },
      { alert: "x", mz: { noticeExpandInfo: { noticeExpandType: 1, noticeExpandContent: "y" } } },
    ];
    for (const content of contents) expect(await send(content, "one")).toEqual([{ outcome: "sent" }]);
  });

  test("no call to Meizu has more than 100 devices", async () => {
    const ids = Array.from({ length: 150 }, (_, at) => `phone${at}`);
    expect(await send({ alert: "x" }, ...ids)).toEqual(Array(150).fill({ outcome: "sent" }));
    expect([server.sends, server.reached]).toEqual([2, ids]);
  });

  test("a push id that would be several in Meizu's list fails alone", async () => {
    expect(await send({ alert: "x" }, "one", "two,spikes")).toEqual([
      { outcome: "sent" },
      { outcome: "failed", why: "no registration id of this vendor" },
    ]);
    expect(server.reached).toEqual(["one"]);
  });

  test("a push that Meizu has no message for fails, and is not sent", async () => {
    expect(await send({ silent: true }, "one")).toEqual([
      { outcome: "failed", why: "Meizu has no silent pushes" },
    ]);
    expect(server.sends).toBe(0);
  });
});

describe("Meizu's answers to a call", () => {
  const after = (retryAfter?: number) => ({ outcome: "later", retryAfter });
  const failed = { outcome: "failed" };
  const quota = { outcome: "failed", why: expect.stringContaining("the day's quota is used up") };
  const error = (code: string) => meizuAnswer(code, "because");
  const keys = { ...after(), why: expect.stringContaining("(the app id or its secret is refused)") };

  test.each<[string, Answer, object]>([
    ["200: all devices are accepted", meizuVerdicts({}), { outcome: "sent" }],
    ["200 with an empty text", meizuAnswer("200", ""), { outcome: "sent" }],
    ["500: its own failure", error("500"), after()],
    ["1001: its own failure", error("1001"), after()],
    ["1003: busy", error("1003"), after()],
    ["1005: a wrong parameter", error("1005"), { ...failed, why: "code 1005: because" }],
    ["1006: a wrong signature", error("1006"), keys],
    ["110000: a wrong app id", error("110000"), keys],
    ["110001: a wrong app key", error("110001"), keys],
    ["110031: a wrong app", error("110031"), keys],
    ["110033: a wrong app", error("110033"), keys],
    [
      "110004: an empty parameter",
      error("110004"),
      { ...failed, why: "code 110004: because (a parameter is empty)" },
    ],
    ["110009: the app is blocked", error("110009"), { ...failed, why: expect.stringContaining("blocked") }],
    ["110010: too fast", error("110010"), after(60_000)],
    ["110019: the day's quota", error("110019"), quota],
    ["110051: the day's quota", error("110051"), quota],
    ["110053: the limit of messages for the app alone", error("110053"), failed],
    ["300: a redirect", error("300"), failed],
    ["an unknown code", error("999999"), failed],
    ["a code that is a number", { status: 200, body: { code: 1_003 } }, after()],
    ["500 as a status", broken, after()],
    ["429 with a time", tooMany(90), after(90_000)],
    [
      "110010 with a time",
      { status: 200, headers: { "Retry-After": "7" }, body: { code: "110010" } },
      after(7_000),
    ],
    ["200 with the status of an outage", { status: 502, body: { code: "200" } }, after()],
    ["a page of another server", garbage, after()],
    ["a redirecting status", { status: 302, headers: { Location: "/" } }, after()],
    ["a page with 404", { status: 404, body: "<html>404</html>" }, failed],
    ["JSON that is not its own", { status: 200, body: { ok: true } }, after()],
  ])("Meizu's answer %s", async (_, answer, outcome) => {
    server.trouble.push(answer);
    expect(await send({ alert: "x" }, "one", "two")).toMatchObject([outcome, outcome]);
    expect(server.sends).toBe(1);
  });

  test("a wrong secret or app id of Meizu's reaches no device", async () => {
    configure({ appSecret: "another" });
    expect(await send({ alert: "x" }, "one")).toMatchObject([keys]);
    configure({ appId: "110371" });
    expect(await send({ alert: "x" }, "one")).toMatchObject([keys]);
    expect(server.reached).toEqual([]);
  });

  test("Meizu's quota stops its pushes until the next day, and not those of another class", async () => {
    server.trouble.push(error("110019"));
    expect(await send({ alert: "x" }, "one")).toMatchObject([quota]);
    expect(await send({ alert: "x" }, "one")).toMatchObject([failed]);
    expect(server.sends).toBe(1);
    const mz = { noticeBarInfo: { noticeMsgType: 0 } };
    expect(await send({ alert: "x", mz }, "one")).toEqual([{ outcome: "sent" }]);
  });

  test("[I11] a push while Meizu is down is tried later and then sent with the same key", async () => {
    await server.close();
    expect(await send({ alert: "x" }, "one")).toMatchObject([{ outcome: "later" }]);
    await server.open();
    await send({ alert: "x" }, "one");
    await send({ alert: "x" }, "one");
    const [first, second] = server.arrived;
    expect(first?.pushId).toBe(second?.pushId);
  });

  test("[I11] Meizu's silence is waited for 30 s, and the push tried later", async () => {
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

describe("Meizu's verdicts on single devices", () => {
  test.each<[string, string, object]>([
    [
      "110002: not subscribed",
      "110002",
      { outcome: "gone", since: undefined, why: "code 110002: not subscribed" },
    ],
    ["110003: no push id", "110003", { outcome: "gone" }],
    ["110010: switched off", "110010", { outcome: "failed", why: expect.stringContaining("switched off") }],
    [
      "110011: the day's limit",
      "110011",
      { outcome: "failed", why: expect.stringContaining("the day's limit") },
    ],
    ["201: refused", "201", { outcome: "failed" }],
    ["501: its own failure", "501", { outcome: "later" }],
    ["513: its own failure", "513", { outcome: "later" }],
    ["519: busy", "519", { outcome: "later" }],
    ["520: shown as one with others", "520", { outcome: "sent" }],
    ["of an unknown code", "999999", { outcome: "failed", why: "code 999999" }],
    ["of a name that every object has", "toString", { outcome: "failed" }],
  ])("Meizu's verdict on a device %s does not affect the others", async (_, code, outcome) => {
    server.trouble.push(meizuVerdicts({ [code]: ["two"] }));
    expect(await send({ alert: "x" }, "one", "two", "three")).toMatchObject([
      { outcome: "sent" },
      outcome,
      { outcome: "sent" },
    ]);
  });

  test("Meizu's verdicts of several kinds each count for their devices", async () => {
    server.trouble.push(meizuVerdicts({ "110002": ["one"], "519": ["two"], "110003": ["three", "nobodys"] }));
    const outcomes = await send({ alert: "x" }, "one", "two", "three", "four");
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["gone", "later", "gone", "sent"]);
  });

  test("devices that Meizu does not know are removed, if one of the call was known or the keys have worked", async () => {
    server.gone.add("one");
    const unknown = meizuVerdicts({ "110002": ["one"], "513": ["two"] });
    server.trouble.push(unknown);
    expect(await send({ alert: "x" }, "one", "two")).toMatchObject([
      { outcome: "failed", why: expect.stringContaining("looks like keys of another app") },
      { outcome: "later" },
    ]);
    expect(await send({ alert: "x" }, "one")).toMatchObject([{ outcome: "failed" }]);
    await send({ alert: "x" }, "three");
    expect(await send({ alert: "x" }, "one")).toMatchObject([{ outcome: "gone" }]);
  });

  test("a list of Meizu's that is none takes no device's push", async () => {
    server.trouble.push(meizuAnswer("200", "", { "110002": "one", "110003": [7] }));
    expect(await send({ alert: "x" }, "one")).toEqual([{ outcome: "sent" }]);
  });
});
