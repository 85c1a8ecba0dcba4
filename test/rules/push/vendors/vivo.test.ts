import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { JsonObject } from "../../../../src/model/json.ts";
import { vivo } from "../../../../src/push/vendors/vivo.ts";
import { vivoSign } from "../../../../src/push/vendors/vivo-token.ts";
import { type Answer, broken, garbage, tooMany } from "../../../support/push/provider-server.ts";
import { device, push, target } from "../../../support/push/pushes.ts";
import { phonesOf, VendorWorld } from "../../../support/push/vendors/vendor-providers.ts";
import { VivoServer, vivoCode } from "../../../support/push/vendors/vivo-server.ts";

const server = new VivoServer();
let world: VendorWorld;
beforeAll(() => server.open());
beforeEach(() => {
  server.clear();
  world = new VendorWorld();
  world.now = () => Date.now();
  configure({});
});
afterEach(() => vi.useRealTimers());
afterAll(() => server.close());

function configure(more: object): void {
  const { _default: profile } = server.settings;
  world.configure({ appName: "Cheese Chat", vivo: { _default: { ...profile, ...more } } });
}

const provider = () => world.provider(vivo, (settings) => settings.vivo);
const cheese: JsonObject = { alert: "Cheese!", title: "Tom", holes: 3 };
const sendTo = (content: JsonObject, ...ids: string[]) =>
  provider().send(push(content, { id: "push-1" }), phonesOf("vivo", ...ids));
const send = (...ids: string[]) => sendTo(cheese, ...ids);
const SENT = { outcome: "sent" };

describe("vivo", () => {
  test.each([
    [{ vendor: "vivo", registrationId: "t" }, true],
    [{ vendor: "VIVO", registrationId: "t", deviceType: "Android" }, true],
    [{ vendor: "vivo", registrationId: "" }, false],
    [{ vendor: "vivo", registrationId: undefined }, false],
    [{ vendor: "oppo", registrationId: "t" }, false],
    [{ vendor: "lc", registrationId: "t" }, false],
    [{ vendor: "vivo", registrationId: "t", deviceType: "ios" }, false],
  ])("[P-03] vivo serves %j: %s", (fields, served) => {
    expect(provider().serves(device(fields))).toBe(served);
  });

  test("[P-01] vivo is called for a single device by itself", async () => {
    expect(await send("1")).toEqual([SENT]);
    expect(server.names).toEqual(["auth", "send"]);
    expect(server.reached).toEqual(["1"]);
    expect(server.last).toEqual({
      appId: 105_542_118,
      regId: "1",
      notifyType: 4,
      title: "Tom",
      content: "Cheese!",
      timeToLive: 3_600,
      skipType: 1,
      classification: 1,
      category: "IM",
      clientCustomMap: { holes: "3" },
      notifyId: expect.any(Number),
      pushMode: 0,
      requestId: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test("[P-01] vivo keeps the message for several devices, and takes their list", async () => {
    const ids = Array.from({ length: 100 }, (_, at) => String(at));
    configure({ pushMode: 1 });
    expect(await send(...ids)).toEqual(ids.map(() => SENT));
    expect(server.names).toEqual(["auth", "saveListPayload", "pushToList"]);
    expect(server.reached).toEqual(ids);
    expect(server.last).toMatchObject({ content: "Cheese!", pushMode: 1 });
  });

  test("a message to a person's profile goes to each of vivo's devices by itself", async () => {
    const vivo = { profileId: "tom" };
    expect(await sendTo({ alert: "Cheese!", vivo }, "1", "2")).toEqual([SENT, SENT]);
    expect(server.names.toSorted()).toEqual(["auth", "send", "send"]);
    expect(server.last).toMatchObject(vivo);
  });

  test("a push to vivo that is repeated has the same ids, by which the phone replaces it, and another one has others", async () => {
    await send("1");
    await send("1");
    await send("2");
    await provider().send(push(cheese, { id: "push-2" }), phonesOf("vivo", "1"));
    const [first, repeated, other, next] = server.arrived;
    expect(repeated).toEqual(first);
    expect(other?.pushId).toBe(first?.pushId);
    expect(next?.pushId).not.toBe(first?.pushId);
    expect(new Set(server.requestIds).size).toBe(3);
  });

  test("[N-11] vivo's list of invalid devices is not the others' fault", async () => {
    server.gone.add("2");
    server.invalid.set("3", 1).set("4", 4);
    expect(await send("1", "2", "3", "4", "5")).toMatchObject([
      SENT,
      { outcome: "gone" },
      { outcome: "gone" },
      { outcome: "failed", why: expect.stringContaining("test phone") },
      SENT,
    ]);
    expect(server.reached).toEqual(["1", "5"]);
  });

  test("a device that vivo does not know stays until these keys have worked, then it is gone", async () => {
    server.invalid.set("1", 1);
    expect(await send("1")).toMatchObject([
      { outcome: "failed", why: expect.stringContaining("another app") },
    ]);
    expect(await send("2")).toEqual([SENT]);
    expect(await send("1")).toMatchObject([{ outcome: "gone" }]);
  });

  test("a device that has left the app is gone at vivo's word for it", async () => {
    server.gone.add("1");
    expect(await send("1")).toMatchObject([{ outcome: "gone" }]);
  });

  test("vivo gets another access token once for a call whose token is refused", async () => {
    await send("1");
    server.expireTokens();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    expect(await send("2", "3")).toEqual([SENT, SENT]);
    const again = ["saveListPayload", "auth", "saveListPayload", "pushToList"];
    expect(server.names).toEqual(["auth", "send", ...again]);
  });

  test("vivo waits if its new access token is refused, too", async () => {
    server.trouble.push(vivoCode(10_000), vivoCode(10_000));
    expect(await send("1")).toMatchObject([{ outcome: "later", why: expect.stringContaining("code 10000") }]);
    expect(server.sends).toBe(2);
  });

  test("vivo's access token is replaced every two hours", async () => {
    await send("1");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2 * 3_600_000 - 60_000 });
    await send("2");
    expect(server.issued).toBe(1);
    vi.setSystemTime(Date.now() + 120_000);
    await send("3");
    expect(server.issued).toBe(2);
  });

  test.each<[string, Answer, object]>([
    ["beyond the rate limit", tooMany(90), { outcome: "later", retryAfter: 90_000 }],
    ["that comes too fast", vivoCode(10_072), { outcome: "later", retryAfter: undefined }],
    ["during an outage", broken, { outcome: "later" }],
    [
      "that another server answers",
      garbage,
      { outcome: "later", why: expect.stringContaining("not vivo's") },
    ],
    ["that a proxy refuses", { status: 403, body: "<html>403</html>" }, { outcome: "failed" }],
    ["that is redirected", { status: 302, headers: { Location: "/" } }, { outcome: "later" }],
    ["of a class that does not fit", vivoCode(10_097), { outcome: "failed" }],
  ])("[N-11] a push to vivo %s is not sent, and has an outcome of its own", async (_, answer, outcome) => {
    for (const name of ["send", "saveListPayload"]) server.always.set(name, answer);
    expect(await send("1")).toMatchObject([outcome]);
    expect(await send("1", "2")).toMatchObject([outcome, outcome]);
    server.always.clear();
    server.always.set("pushToList", answer);
    expect(await send("1", "2")).toMatchObject([outcome, outcome]);
    expect(server.reached).toEqual([]);
  });

  test.each<[object]>([
    [{ result: "0" }],
    [{ result: 0, desc: null, taskId: 7, invalidUser: null, invalidUsers: null }],
    [{ result: 0, desc: 7, invalidUser: "1", invalidUsers: [null, { userid: "1" }, { status: 1 }] }],
  ])("a push that vivo accepts with %j is not sent again", async (body) => {
    for (const name of ["send", "saveListPayload", "pushToList"]) {
      server.always.set(name, { status: 200, body });
    }
    expect(await send("1")).toEqual([SENT]);
    expect(await send("1", "2")).toEqual([SENT, SENT]);
  });

  test("vivo's wish for a delay is granted beside a code, too", async () => {
    const busy = { status: 200, headers: { "Retry-After": "90" }, body: { result: 10_072, desc: "busy" } };
    server.trouble.push(busy, busy);
    const later = { outcome: "later", retryAfter: 90_000 };
    expect(await send("1")).toMatchObject([later]);
    expect(await send("1", "2")).toMatchObject([later, later]);
  });

  test("vivo's quota for test phones, which a member may choose, stops no other messages", async () => {
    server.trouble.push(vivoCode(10_073));
    expect(await sendTo({ ...cheese, vivo: { pushMode: 1 } }, "1")).toMatchObject([{ outcome: "failed" }]);
    expect(await send("1")).toEqual([SENT]);
  });

  test("a list that vivo does not have any more is tried later", async () => {
    server.always.set("saveListPayload", { status: 200, body: { result: 0, desc: "", taskId: "0" } });
    expect(await send("1", "2")).toMatchObject([{ outcome: "later" }, { outcome: "later" }]);
  });

  test("after vivo's lists of the day are used up, messages go to each device until the next day in China", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 10, 28, 15, 59) });
    server.trouble.push(vivoCode(10_252));
    expect(await send("1", "2")).toEqual([SENT, SENT]);
    expect(await send("1", "2")).toEqual([SENT, SENT]);
    const singles = ["send", "send", "send", "send"];
    expect(server.names).toEqual(["auth", "saveListPayload", ...singles]);
    vi.setSystemTime(Date.UTC(2026, 10, 28, 16, 0));
    await send("1", "2");
    expect(server.names).toEqual(["auth", "saveListPayload", ...singles, "saveListPayload", "pushToList"]);
  });

  test("a push after vivo's messages of the day are used up fails without a call until the next day in China", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 10, 28, 15, 59) });
    server.trouble.push(vivoCode(10_073));
    const quota = { outcome: "failed", why: expect.stringContaining("quota") };
    expect(await send("1")).toMatchObject([quota]);
    expect(await send("1")).toMatchObject([quota]);
    expect(server.sends).toBe(1);
    const operational = { alert: "Sale!", vivo: { classification: 0, category: "MARKETING" } };
    expect(await sendTo(operational, "1")).toEqual([SENT]);
    vi.setSystemTime(Date.UTC(2026, 10, 28, 16, 0));
    expect(await send("1")).toEqual([SENT]);
  });

  test("a text that vivo takes for a test's fails, or is replaced by the text in the settings", async () => {
    server.testText = /^[ -~]*$/;
    const refused = { outcome: "failed", why: expect.stringContaining("digits") };
    expect(await send("1")).toMatchObject([refused]);
    expect(await send("1", "2")).toMatchObject([refused, refused]);
    configure({ refusedText: "您有一条新消息" });
    expect(await send("1")).toEqual([SENT]);
    expect(await send("1", "2")).toEqual([SENT, SENT]);
    const shown = { title: "您有一条新消息", content: "您有一条新消息", clientCustomMap: { holes: "3" } };
    expect(server.arrived.map(({ message }) => message)).toMatchObject([shown, shown, shown]);
  });

  test("[N-14] vivo's profiles have their own keys and settings", async () => {
    const { _default: profile } = server.settings;
    world.configure({ vivo: { _default: profile, beta: { ...profile, appId: "1" } } });
    const phone = (deviceProfile: string) =>
      target(device({ vendor: "vivo", registrationId: deviceProfile || "1", fields: { deviceProfile } }));
    const phones = [phone(""), phone("beta"), phone("gamma")];
    expect(await provider().send(push(cheese), phones)).toMatchObject([
      SENT,
      { outcome: "later", why: expect.stringContaining("the appId is wrong") },
      { outcome: "failed", why: expect.stringContaining("gamma") },
    ]);
  });

  test("[N-09] a silent push to vivo fails without a call", async () => {
    expect(await sendTo({ silent: true, alert: "x" }, "1")).toEqual([
      { outcome: "failed", why: "vivo has no silent pushes" },
    ]);
    expect(server.names).toEqual([]);
  });

  test("[I11] a push while vivo is down is tried later and then sent", async () => {
    await server.close();
    expect(await send("1")).toMatchObject([{ outcome: "later" }]);
    await server.open();
    configure({});
    world.now = () => Date.now() + 5_000;
    expect(await send("1")).toEqual([SENT]);
    expect(server.reached).toEqual(["1"]);
  });

  test("[I11] a push that vivo never answers is tried later, with the others", async () => {
    await send("1");
    server.trouble.push("hang");
    const { calls } = server;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const sending = send("1", "2");
    await server.called(calls + 1);
    await vi.advanceTimersByTimeAsync(30_000);
    const late = { outcome: "later", why: expect.stringContaining("no answer") };
    expect(await sending).toMatchObject([late, late]);
  });
});

describe("an access token of vivo's", () => {
  test("the signature for vivo's access token is MD5 of the app's id and key, the time and the secret", () => {
    const keys = { appId: "10004", appKey: "key", appSecret: "secret" };
    const hash = createHash("md5").update("10004key1700000000000secret").digest("hex");
    expect(vivoSign(keys, 1_700_000_000_000)).toBe(hash);
    expect(hash).toBe("c8c535379302fced2a2076f8473068db");
  });

  test.each([-601_000, 601_000])(
    "a push fails for now and names the clock if it is %d ms off at vivo",
    async (off) => {
      server.clockAhead = off;
      expect(await send("1")).toMatchObject([
        { outcome: "later", why: expect.stringContaining("the clock here is more than 10 minutes off") },
      ]);
    },
  );

  test.each([-590_000, 590_000])("a clock that is %d ms off is good enough for vivo", async (off) => {
    server.clockAhead = off;
    expect(await send("1")).toEqual([SENT]);
  });

  test("wrong keys are named without showing them", async () => {
    configure({ appSecret: "5ecret-of-another-app" });
    const [outcome] = await send("1");
    expect(outcome).toMatchObject({ outcome: "later", why: expect.stringContaining("code 10206") });
    expect(JSON.stringify(outcome)).not.toContain("5ecret");
  });

  test.each<[string, Answer, string]>([
    ["a page", garbage, "not vivo's"],
    ["an error", broken, "not vivo's"],
    ["no token", { status: 200, body: { result: 0, desc: "" } }, "code 0"],
    ["an empty token", { status: 200, body: { result: 0, desc: "", authToken: "" } }, "code 0"],
    ["too many tokens", vivoCode(10_093), "code 10093"],
  ])("a push waits if vivo answers with %s in place of a token", async (_, answer, why) => {
    server.tokenTrouble = answer;
    expect(await send("1")).toMatchObject([{ outcome: "later", why: expect.stringContaining(why) }]);
    expect(server.sends).toBe(0);
  });
});
