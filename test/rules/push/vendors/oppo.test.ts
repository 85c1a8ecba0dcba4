import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Outbound } from "../../../../src/outbound/http-client.ts";
import { oppo } from "../../../../src/push/vendors/oppo.ts";
import { fetchOppoToken, oppoSign } from "../../../../src/push/vendors/oppo-token.ts";
import { type Answer, broken, garbage, tooMany } from "../../../support/push/provider-server.ts";
import { device, push, target } from "../../../support/push/pushes.ts";
import { OppoServer, oppoCode } from "../../../support/push/vendors/oppo-server.ts";
import { phonesOf, VendorWorld } from "../../../support/push/vendors/vendor-providers.ts";

const server = new OppoServer();
const abroad = new OppoServer();
let world: VendorWorld;
beforeAll(() => Promise.all([server.open(), abroad.open()]));
beforeEach(() => {
  server.clear();
  abroad.clear();
  world = new VendorWorld();
  world.now = () => Date.now();
  configure({});
});
afterEach(() => vi.useRealTimers());
afterAll(() => Promise.all([server.close(), abroad.close()]));

function configure(more: object): void {
  const { _default: profile } = server.settings;
  world.configure({
    appName: "Cheese Chat",
    oppo: { _default: { ...profile, abroadUrl: abroad.url, ...more } },
  });
}

const provider = () => world.provider(oppo, (settings) => settings.oppo);
const cheese = push({ alert: "Cheese!", title: "Tom", holes: 3 }, { id: "push-1" });
const send = (...ids: string[]) => provider().send(cheese, phonesOf("oppo", ...ids));
const SENT = { outcome: "sent" };

describe("OPPO", () => {
  test.each([
    [{ vendor: "oppo", registrationId: "t" }, true],
    [{ vendor: "OPPO", registrationId: "t", deviceType: "Android" }, true],
    [{ vendor: "oppo", registrationId: "" }, false],
    [{ vendor: "oppo", registrationId: undefined }, false],
    [{ vendor: "vivo", registrationId: "t" }, false],
    [{ vendor: "lc", registrationId: "t" }, false],
    [{ vendor: "oppo", registrationId: "t", deviceType: "ios" }, false],
  ])("[P-03] OPPO serves %j: %s", (fields, served) => {
    expect(provider().serves(device(fields))).toBe(served);
  });

  test("[P-01] OPPO is called for a single device by itself", async () => {
    expect(await send("CN_1")).toEqual([SENT]);
    expect(server.names).toEqual(["auth", "unicast"]);
    expect(server.arrived).toEqual([
      {
        registrationId: "CN_1",
        pushId: "push-1",
        message: {
          app_message_id: "push-1",
          style: 1,
          title: "Tom",
          content: "Cheese!",
          click_action_type: 0,
          action_parameters: '{"holes":"3"}',
          off_line: true,
          off_line_ttl: 3_600,
          category: "IM",
        },
      },
    ]);
  });

  test("[P-01] OPPO is called once for a hundred devices, with an access token of one call", async () => {
    const ids = Array.from({ length: 100 }, (_, at) => `CN_${at}`);
    expect(await send(...ids)).toEqual(ids.map(() => SENT));
    expect(server.names).toEqual(["auth", "unicast_batch"]);
    expect(server.reached).toEqual(ids);
  });

  test("OPPO takes texts with every sign of a form", async () => {
    const text = 'a=b&c+d %41 "奶酪" 🧀 \\';
    expect(await provider().send(push({ alert: text, key: text }), phonesOf("oppo", "CN_1"))).toEqual([SENT]);
    expect(server.last).toMatchObject({
      content: text,
      action_parameters: JSON.stringify({ key: text }),
    });
  });

  test.each([
    ["b6bbd94b59cdb5df8391642c1509b7fe", "in China"],
    ["CN_b6bbd94b59cdb5df8391642c1509b7fe", "in China"],
    ["OPPO_CN_b6bbd94b59cdb5df8391642c1509b7fe", "in China"],
    ["realme_CN_b6bbd94b59cdb5df8391642c1509b7fe", "in China"],
    ["IN_b6bbd94b59cdb5df8391642c1509b7fe", "abroad"],
    ["OPPO_SG_b6bbd94b59cdb5df8391642c1509b7fe", "abroad"],
  ])("OPPO's phone %s is pushed to by the server %s", async (id, where) => {
    expect(await send(id)).toEqual([SENT]);
    expect(server.reached).toEqual(where === "in China" ? [id] : []);
    expect(abroad.reached).toEqual(where === "abroad" ? [id] : []);
  });

  test("OPPO's two servers have an access token each, which stay", async () => {
    expect(await send("CN_1", "IN_1", "CN_2", "IN_2")).toEqual(Array(4).fill(SENT));
    await send("CN_1", "IN_1");
    expect(server.names).toEqual(["auth", "unicast_batch", "unicast"]);
    expect(abroad.names).toEqual(["auth", "unicast_batch", "unicast"]);
  });

  test("a push to OPPO that is repeated reaches the phone once", async () => {
    await send("CN_1");
    expect(await send("CN_1")).toEqual([SENT]);
    expect(server.reached).toEqual(["CN_1"]);
  });

  test("[N-11] OPPO's results of a batch are those of each device", async () => {
    server.gone.add("CN_2");
    server.refused.set("CN_3", { code: 67, message: "Category error" });
    server.refused.set("CN_4", { code: -2, message: "Service in Flow Control" });
    expect(await send("CN_1", "CN_2", "CN_3", "CN_4", "CN_5")).toMatchObject([
      SENT,
      { outcome: "gone" },
      { outcome: "failed", why: expect.stringContaining("67") },
      { outcome: "later" },
      SENT,
    ]);
    expect(server.reached).toEqual(["CN_1", "CN_5"]);
  });

  test("a device that OPPO does not know stays until these keys have worked, then it is gone", async () => {
    server.gone.add("CN_1").add("CN_2");
    expect(await send("CN_1")).toMatchObject([
      { outcome: "failed", why: expect.stringContaining("another app") },
    ]);
    expect(await send("CN_1", "CN_2")).toMatchObject([{ outcome: "failed" }, { outcome: "failed" }]);
    expect(await send("CN_3")).toEqual([SENT]);
    expect(await send("CN_1", "CN_2")).toMatchObject([{ outcome: "gone" }, { outcome: "gone" }]);
  });

  test("a code of OPPO's for a whole batch removes no device", async () => {
    expect(await send("CN_3")).toEqual([SENT]);
    server.trouble.push(oppoCode(10_000));
    expect(await send("CN_1", "CN_2")).toEqual([SENT, SENT]);
  });

  test("OPPO's wish for a delay is granted beside a code, too", async () => {
    const busy = { status: 200, headers: { "Retry-After": "90" }, body: { code: -2, message: "busy" } };
    server.trouble.push(busy, { ...busy, body: { code: 13, message: "calls" } });
    for (const _ of [1, 2])
      expect(await send("CN_1")).toMatchObject([{ outcome: "later", retryAfter: 90_000 }]);
  });

  test("OPPO gets another access token once for a call whose token is refused", async () => {
    await send("CN_1");
    server.expireTokens();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    expect(await send("CN_2", "CN_3")).toEqual([SENT, SENT]);
    expect(server.names).toEqual(["auth", "unicast", "unicast_batch", "auth", "unicast_batch"]);
  });

  test("OPPO waits if its new access token is refused, too", async () => {
    server.trouble.push(oppoCode(11), oppoCode(11));
    expect(await send("CN_1")).toMatchObject([{ outcome: "later", why: expect.stringContaining("code 11") }]);
    expect(server.sends).toBe(2);
  });

  test("OPPO's access token is replaced before its 24 hours are over", async () => {
    await send("CN_1");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 23 * 3_600_000 - 60_000 });
    await send("CN_2");
    expect(server.issued).toBe(1);
    vi.setSystemTime(Date.now() + 120_000);
    await send("CN_3");
    expect(server.issued).toBe(2);
    expect(server.reached).toEqual(["CN_1", "CN_2", "CN_3"]);
  });

  test.each<[string, Answer, object]>([
    ["beyond the rate limit", tooMany(90), { outcome: "later", retryAfter: 90_000 }],
    ["in OPPO's flow control", oppoCode(-2), { outcome: "later", retryAfter: undefined }],
    ["after too many calls", oppoCode(13), { outcome: "later", retryAfter: 1_800_000 }],
    ["during an outage", broken, { outcome: "later" }],
    [
      "that another server answers",
      garbage,
      { outcome: "later", why: expect.stringContaining("not OPPO's") },
    ],
    ["that a proxy refuses", { status: 403, body: "<html>403</html>" }, { outcome: "failed" }],
    ["that is redirected", { status: 302, headers: { Location: "/" } }, { outcome: "later" }],
    [
      "without an approved template",
      oppoCode(54),
      { outcome: "failed", why: expect.stringContaining("templateId") },
    ],
  ])("[N-11] a push to OPPO %s is not sent, and has an outcome of its own", async (_, answer, outcome) => {
    server.trouble.push(answer);
    expect(await send("CN_1")).toMatchObject([outcome]);
    expect(server.reached).toEqual([]);
  });

  test.each<[object]>([
    [{ code: "0" }],
    [{ code: 0, message: null, data: null }],
    [{ code: 0, message: 7, data: "sent" }],
    [{ code: 0, data: [null, { registrationId: 7 }, { registrationId: "CN_1", errorCode: null }] }],
  ])("a push that OPPO accepts with %j is not sent again", async (body) => {
    server.trouble.push({ status: 200, body }, { status: 200, body });
    expect(await send("CN_1")).toEqual([SENT]);
    expect(await send("CN_1", "CN_2")).toEqual([SENT, SENT]);
  });

  test("a push after OPPO's messages of the day are used up fails without a call until the next day in China", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 10, 28, 15, 59) });
    server.trouble.push(oppoCode(33));
    expect(await send("CN_1")).toMatchObject([{ outcome: "failed", why: expect.stringContaining("quota") }]);
    expect(await send("CN_1")).toMatchObject([{ outcome: "failed", why: expect.stringContaining("quota") }]);
    expect(server.sends).toBe(1);
    vi.setSystemTime(Date.UTC(2026, 10, 28, 16, 0));
    expect(await send("CN_1")).toEqual([SENT]);
  });

  test("[N-14] OPPO's profiles have their own keys and settings", async () => {
    const { _default: profile } = server.settings;
    const beta = { ...profile, appKey: "unknown" };
    world.configure({ oppo: { _default: profile, beta } });
    const phone = (deviceProfile: string) =>
      target(device({ vendor: "oppo", registrationId: `CN_${deviceProfile}`, fields: { deviceProfile } }));
    expect(await provider().send(cheese, [phone(""), phone("beta"), phone("gamma")])).toMatchObject([
      SENT,
      { outcome: "later", why: expect.stringContaining("the appKey is wrong") },
      { outcome: "failed", why: expect.stringContaining("gamma") },
    ]);
  });

  test("[N-09] a silent push to OPPO fails without a call", async () => {
    const silent = push({ silent: true, alert: "x" });
    expect(await provider().send(silent, phonesOf("oppo", "CN_1"))).toEqual([
      { outcome: "failed", why: "OPPO has no silent pushes" },
    ]);
    expect(server.names).toEqual([]);
  });

  test("[I11] a push while OPPO is down is tried later and then sent, once", async () => {
    await server.close();
    expect(await send("CN_1")).toMatchObject([{ outcome: "later" }]);
    await server.open();
    configure({});
    world.now = () => Date.now() + 5_000;
    expect(await send("CN_1")).toEqual([SENT]);
    expect(server.reached).toEqual(["CN_1"]);
  });

  test("[I11] a push that OPPO never answers is tried later", async () => {
    await send("CN_1");
    server.trouble.push("hang");
    const { calls } = server;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const sending = send("CN_2");
    await server.called(calls + 1);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await sending).toMatchObject([{ outcome: "later", why: expect.stringContaining("no answer") }]);
  });
});

describe("an access token of OPPO's", () => {
  test("the signature for OPPO's access token is SHA-256 of the app key, the time and the master secret", () => {
    const hash = createHash("sha256").update("key1700000000000secret").digest("hex");
    expect(oppoSign("key", "1700000000000", "secret")).toBe(hash);
    expect(hash).toBe("ee412f504f93d283888979ab4f37e98beb471243575d468a4048c57285abad84");
  });

  test.each([-601_000, 601_000])(
    "a push fails for now and names the clock if it is %d ms off at OPPO",
    async (off) => {
      server.clockAhead = off;
      expect(await send("CN_1")).toMatchObject([
        { outcome: "later", why: expect.stringContaining("the clock here is more than 10 minutes off") },
      ]);
    },
  );

  test.each([-590_000, 590_000])("a clock that is %d ms off is good enough for OPPO", async (off) => {
    server.clockAhead = off;
    expect(await send("CN_1")).toEqual([SENT]);
  });

  test("wrong keys are named without showing them", async () => {
    configure({ masterSecret: "5ecret-of-another-app" });
    const [outcome] = await send("CN_1");
    expect(outcome).toMatchObject({ outcome: "later", why: expect.stringContaining("code 16") });
    expect(JSON.stringify(outcome)).not.toContain("5ecret");
  });

  test.each<[string, Answer, string]>([
    ["a page", garbage, "not OPPO's"],
    ["an error", broken, "not OPPO's"],
    ["no token", { status: 200, body: { code: 0, data: {} } }, "code 0"],
    ["an empty token", { status: 200, body: { code: 0, data: { auth_token: "" } } }, "code 0"],
    ["flow control", oppoCode(-2), "code -2"],
  ])("a push waits if OPPO's server for tokens answers with %s", async (_, answer, why) => {
    server.tokenTrouble = answer;
    expect(await send("CN_1")).toMatchObject([{ outcome: "later", why: expect.stringContaining(why) }]);
    expect(server.sends).toBe(0);
  });

  test("a token that OPPO made a while ago is replaced in time", async () => {
    const now = Date.now();
    const keys = { server: server.url, appKey: server.appKey, masterSecret: server.masterSecret };
    const outbound = new Outbound("trial", { open: fetch, all: fetch });
    const hour = 3_600_000;
    server.tokenTrouble = {
      status: 200,
      body: { code: 0, data: { auth_token: "old", create_time: now - 20 * hour } },
    };
    expect(await fetchOppoToken(keys, outbound, now)).toEqual({ token: "old", renewAt: now + 3 * hour });
  });
});
