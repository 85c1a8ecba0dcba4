import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { JsonObject } from "../../../../src/model/json.ts";
import { honor } from "../../../../src/push/vendors/honor.ts";
import { type Answer, broken, garbage, tooMany } from "../../../support/push/provider-server.ts";
import { push } from "../../../support/push/pushes.ts";
import { HonorServer, honorAnswer } from "../../../support/push/vendors/honor-server.ts";
import { phonesOf, VendorWorld } from "../../../support/push/vendors/vendor-providers.ts";

const server = new HonorServer();
let world: VendorWorld;
beforeAll(() => server.open());
beforeEach(() => {
  server.clear();
  world = new VendorWorld();
  world.configure({ honor: server.settings });
});
afterAll(() => server.close());

const configure = (more: object) =>
  world.configure({ honor: { _default: { ...server.settings._default, ...more } } });

const send = (content: JsonObject, ...ids: string[]) =>
  world
    .provider(honor, (push) => push.honor)
    .send(push(content, { id: "push-1" }), phonesOf("honor", ...ids));

/** What reached Jerry's phone with this content. */
async function sent(content: JsonObject): Promise<JsonObject> {
  expect(await send(content, "jerrys")).toEqual([{ outcome: "sent" }]);
  return server.last;
}

describe("a message to Honor", () => {
  test("a message to Honor is service and communication, unless its profile or the content's part honor says otherwise", async () => {
    const importance = async (content: JsonObject = {}) =>
      JSON.parse(JSON.stringify(await sent({ alert: "x", ...content }))).android.notification.importance;
    expect(await importance()).toBe("NORMAL");
    expect(await importance({ honor: { importance: "LOW" } })).toBe("LOW");
    configure({ importance: "LOW" });
    expect(await importance()).toBe("LOW");
  });

  test("[N-09] a silent message to Honor is data with the whole content for LeanCloud's SDK", async () => {
    const content = { silent: true, action: "com.example.EAT", holes: 3 };
    const { data, android } = await sent(content);
    expect(JSON.parse(String(data))).toEqual(content);
    expect(android).toEqual({ ttl: "3600s" });
  });

  test("a tap on Honor's notification opens the app's intent with the app's own keys, or the app alone", async () => {
    const action = async () =>
      JSON.parse(JSON.stringify(await sent({ alert: "x", holes: 3 }))).android.notification.clickAction;
    const content = encodeURIComponent('{"holes":3}');
    const [before, after] = ["intent://cn.leancloud.push/notify_detail#Intent;scheme=lcpushscheme", ";end"];
    expect(await action()).toEqual({
      type: 1,
      intent: `${before};launchFlags=0x10000000;S.content=${content}${after}`,
    });
    configure({ click: "app" });
    expect(await action()).toEqual({ type: 3 });
  });

  test("Honor's own parameters in the part honor reach their place, and other keys are the app's", async () => {
    const own = { targetUserType: 1, notifyId: 7, title: "on Honor", holes: 3, ttl: "60s" };
    const { android } = await sent({ alert: "Cheese!", honor: own });
    expect(android).toMatchObject({
      targetUserType: 1,
      ttl: "60s",
      notification: {
        title: "on Honor",
        notifyId: 7,
        clickAction: { intent: expect.stringContaining("holes") },
      },
    });
  });

  test("the part honor reaches no other devices than the push's", async () => {
    await sent({ alert: "x", honor: { token: ["spikes"], message: { token: ["spikes"] } } });
    expect(server.reached).toEqual(["jerrys"]);
  });

  test("[P-06] a badge reaches Honor's phones if the launcher's class is set", async () => {
    expect(JSON.stringify(await sent({ alert: "x", badge: 3 }))).not.toContain("badge");
    configure({ badgeClass: "com.example.Main" });
    const badge = async (badge: number | string) =>
      JSON.parse(JSON.stringify(await sent({ alert: "x", badge }))).android.notification.badge;
    expect(await badge(3)).toEqual({ setNum: 3, badgeClass: "com.example.Main" });
    expect(await badge("Increment")).toEqual({ addNum: 1, badgeClass: "com.example.Main" });
  });

  test("a text too long for Honor is cut, and too long keys of the app fail the push", async () => {
    const { android } = await sent({ alert: "😀".repeat(3_000), title: "Tom" });
    expect(JSON.parse(JSON.stringify(android)).notification.body).toMatch(/^(😀){500,}$/u);
    const { sends } = server;
    const why = "content of more than 4096 bytes";
    for (const kind of ["alert", "silent"])
      expect(await send({ [kind]: kind === "silent" || "x", more: "x".repeat(5_000) }, "jerrys")).toEqual([
        { outcome: "failed", why },
      ]);
    expect(server.sends).toBe(sends);
  });
});

describe("Honor's answers", () => {
  const after = (retryAfter?: number) => ({ outcome: "later", retryAfter });

  test.each<[string, Answer, object]>([
    ["200", honorAnswer(200, "success", { sendResult: true }), { outcome: "sent" }],
    ["200 without details", honorAnswer(200, "success"), { outcome: "sent" }],
    [
      "of success by its result alone",
      honorAnswer(80000000, "Success", { sendResult: true }),
      { outcome: "sent" },
    ],
    [
      "of an unknown code",
      honorAnswer(80300002, "no right"),
      { outcome: "failed", why: "code 80300002: no right" },
    ],
    [
      "400 with a code",
      honorAnswer(80100003, "bad", null, 400),
      { outcome: "failed", why: "code 80100003: bad" },
    ],
    ["500", broken, after()],
    ["502", { status: 502, body: "<html>502</html>" }, after()],
    ["503: too fast", { status: 503, body: "" }, after(60_000)],
    ["429 with a time", tooMany(90), after(90_000)],
    ["a page of another server", garbage, after()],
    ["a redirect", { status: 302, headers: { Location: "/" } }, after()],
    ["a page with 404", { status: 404, body: "<html>404</html>" }, { outcome: "failed" }],
  ])("Honor's answer %s", async (_, answer, outcome) => {
    server.trouble.push(answer);
    expect(await send({ alert: "x" }, "one", "two")).toMatchObject([outcome, outcome]);
  });

  test("Honor's answer with expired tokens: those devices are gone; failed ones stay, and the others have the push", async () => {
    server.gone.add("two");
    server.failing.add("three");
    expect(await send({ alert: "x" }, "one", "two", "three")).toEqual([
      { outcome: "sent" },
      { outcome: "gone", since: undefined, why: "code 200: partial: the token has expired" },
      { outcome: "failed", why: "code 200: partial: not accepted for this token" },
    ]);
  });

  test("Honor's answer that expires every device removes none before the keys have worked", async () => {
    server.gone.add("one");
    expect(await send({ alert: "x" }, "one")).toMatchObject([{ outcome: "failed" }]);
    await send({ alert: "x" }, "two");
    expect(await send({ alert: "x" }, "one")).toMatchObject([{ outcome: "gone" }]);
  });

  test("Honor's answer 401 is followed by a call with another token, and the second one waits for the owner", async () => {
    await send({ alert: "x" }, "one");
    server.expireTokens();
    world.now = () => Date.now() + 2 * 60_000;
    expect(await send({ alert: "x" }, "two")).toEqual([{ outcome: "sent" }]);
    server.trouble.push({ status: 401, body: "" }, { status: 401, body: "" });
    expect(await send({ alert: "x" }, "three")).toMatchObject([{ outcome: "later" }]);
    expect(server.reached).toEqual(["one", "two"]);
  });

  test("[I11] Honor's silence is waited for 30 s, and the push tried later", async () => {
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
