import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../../src/model/json.ts";
import { vivoMessage, withOtherText } from "../../../../src/push/vendors/vivo-payload.ts";
import { settingsWith } from "../../../support/app-hooks.ts";
import { push } from "../../../support/push/pushes.ts";

const NOW = 1_700_000_000_000;

const keys = { appId: "105542118", appKey: "vivo-app-key", appSecret: "vivo-app-secret" };

/** The message that a content makes, to be delivered within an hour. */
function made(content: JsonObject, own: JsonObject = {}, expiresAt = NOW + 3_600_000) {
  const { vivo } = settingsWith({ push: { vivo: { _default: { ...keys, ...own } } } }).push;
  const [profile] = Object.values(vivo);
  if (profile === undefined) throw new Error("no profile");
  const circumstances = { vendor: "vivo", appName: "Cheese Shop", now: NOW };
  return vivoMessage(push(content, { id: "push-1", expiresAt }), profile, circumstances);
}

function messageOf(content: JsonObject, own?: JsonObject, expiresAt?: number): JsonObject {
  const result = made(content, own, expiresAt);
  if ("problem" in result) throw new Error(result.problem);
  return result.message;
}

describe("a message for vivo", () => {
  test("[P-01] a message for vivo opens the app, is of the class for chats, and replaces itself when repeated", () => {
    const message = messageOf({ alert: "Cheese!", title: "Tom" });
    expect(message).toEqual({
      appId: 105_542_118,
      notifyType: 4,
      title: "Tom",
      content: "Cheese!",
      timeToLive: 3_600,
      skipType: 1,
      classification: 1,
      category: "IM",
      notifyId: expect.any(Number),
      pushMode: 0,
    });
    expect(messageOf({ alert: "Again", title: "Tom" }).notifyId).toBe(message.notifyId);
  });

  test("[P-07] a message for vivo hands the app's own keys over as texts", () => {
    const keys = { holes: 3, fresh: true, kinds: ["blue"], maker: { name: "Tom" }, none: null };
    const content = { alert: "Cheese!", title: "Tom", badge: 1, sound: "x", _channel: "c", ...keys };
    expect(messageOf(content).clientCustomMap).toEqual({
      holes: "3",
      fresh: "true",
      kinds: '["blue"]',
      maker: '{"name":"Tom"}',
    });
  });

  test("[P-07] the extras that a push names for vivo itself become texts, too, in place of the app's keys", () => {
    const content = { alert: "Cheese!", holes: 3, vivo: { clientCustomMap: { holes: 4, none: null } } };
    expect(messageOf(content).clientCustomMap).toEqual({ holes: "4" });
  });

  test("[N-07] a message for vivo has the keys for Android, overridden by those for vivo", () => {
    const parts = {
      android: { title: "on Android", from: "Android" },
      vivo: { title: "on vivo", from: "vivo" },
    };
    expect(
      messageOf({ alert: "Cheese!", ios: { badge: 1 }, oppo: { from: "OPPO" }, ...parts }),
    ).toMatchObject({
      title: "on vivo",
      content: "Cheese!",
      clientCustomMap: { from: "vivo" },
    });
  });

  test("[N-07] vivo's own fields in its part are fields of the message, and no extras", () => {
    const fields = {
      pushMode: 1,
      skipType: 4,
      skipContent: "intent:#Intent;end",
      notifyType: 2,
      timeToLive: 60,
    };
    const message = messageOf({ alert: "Cheese!", vivo: { ...fields, key1: "value1" } });
    expect(message).toMatchObject(fields);
    expect(message.clientCustomMap).toEqual({ key1: "value1" });
  });

  test("a push cannot ask vivo for receipts, nor name other devices", () => {
    const others = {
      regId: "2",
      regIds: ["2"],
      alias: "a",
      appId: 1,
      requestId: "x",
      extra: { callback: "https://a.example" },
    };
    const { clientCustomMap, ...message } = messageOf({ alert: "Cheese!", vivo: others });
    expect(message).toEqual(messageOf({ alert: "Cheese!" }));
    expect(Object.keys(clientCustomMap ?? {})).toEqual(Object.keys(others));
  });

  test("[N-07] a push for vivo may have its text as LeanCloud's demo has it", () => {
    const message = messageOf({ title: "leancloud", content: "a test", other: "x", vivo: { pushMode: 1 } });
    expect(message).toMatchObject({ title: "leancloud", content: "a test", pushMode: 1 });
    expect(messageOf({ alert: "Cheese!", vivo: { content: "Test" } })).toMatchObject({ content: "Test" });
  });

  test("[N-07] vivo's part may set the extras", () => {
    const content = { alert: "Cheese!", key1: "value1", vivo: { clientCustomMap: { a: "b" } } };
    expect(messageOf(content).clientCustomMap).toEqual({ a: "b" });
  });

  test("[N-08] a message for vivo has the text of an alert in the form of iOS", () => {
    const content = { alert: { title: "Tom", body: "Cheese!", "loc-key": "C" } };
    expect(messageOf(content)).toMatchObject({ title: "Tom", content: "Cheese!" });
  });

  test.each<[string, JsonObject]>([
    ["a silent push", { alert: "Cheese!", silent: true }],
    ["a push that is silent on vivo", { alert: "Cheese!", vivo: { silent: true } }],
    ["a push without text", { holes: 3 }],
    ["a push of blanks", { alert: " \n\t" }],
  ])("[N-09] vivo gets no message of %s", (_, content) => {
    expect(made(content)).toEqual({ problem: expect.stringContaining("vivo has no silent pushes") });
  });

  test("a message for vivo without a title has the app's name", () => {
    expect(messageOf({ alert: "Cheese!" })).toMatchObject({ title: "Cheese Shop" });
    expect(messageOf({ alert: "Cheese!", title: " " })).toMatchObject({ title: "Cheese Shop" });
  });

  test.each([
    [{ classification: 0 }, { classification: 0, category: undefined }],
    [{ category: "ORDER" }, { classification: undefined, category: "ORDER" }],
    [
      { classification: 0, category: "NEWS" },
      { classification: 0, category: "NEWS" },
    ],
  ])("a push that says %j of its class to vivo says all of it", (said, expected) => {
    const { classification, category } = messageOf({ alert: "x", vivo: said });
    expect({ classification, category }).toEqual(expected);
  });

  test("a message for vivo has its class and mode from the settings", () => {
    const settings = { classification: 0, category: "NEWS", pushMode: 1 };
    expect(messageOf({ alert: "x" }, settings)).toMatchObject(settings);
    expect(messageOf({ alert: "x" }, { category: "" })).not.toHaveProperty("category");
  });

  test("a message for vivo with another text has it as its title, too", () => {
    const message = messageOf({ alert: "123", title: "Tom", holes: 3 });
    const other = withOtherText(message, "新消息");
    expect(other).toEqual({ ...message, title: "新消息", content: "新消息" });
  });

  test("a tap on a message from vivo opens the intent in the settings, unless the push says another", () => {
    const intent = "intent://cn.leancloud.push/detail?#Intent;scheme=mixpushscheme;end";
    expect(messageOf({ alert: "x" }, { intent })).toMatchObject({ skipType: 4, skipContent: intent });
    const message = messageOf({ alert: "x", vivo: { skipType: 1 } }, { intent });
    expect(message).toMatchObject({ skipType: 1 });
    expect(message).not.toHaveProperty("skipContent");
  });

  test.each([
    ["40 Latin letters", "x".repeat(41), "x".repeat(40)],
    ["20 Chinese", "奶".repeat(21), "奶".repeat(20)],
    ["both, at a whole character", `x${"奶".repeat(20)}`, `x${"奶".repeat(19)}`],
    ["an emoji, at a whole character", `${"x".repeat(39)}🧀`, "x".repeat(39)],
  ])("a title for vivo is cut by its counting: %s", (_, title, shown) => {
    expect(messageOf({ alert: "x", title })).toMatchObject({ title: shown });
  });

  test.each([
    ["x".repeat(101), "x".repeat(100)],
    ["奶".repeat(51), "奶".repeat(50)],
    [" Cheese \n  and milk ", "Cheese and milk"],
  ])("the text %j for vivo is cleaned and cut by its counting", (alert, shown) => {
    expect(messageOf({ alert })).toMatchObject({ content: shown });
  });

  test.each([
    [NOW + 1, 60],
    [NOW - 5_000, 60],
    [NOW + 3_600_000, 3_600],
    [NOW + 7 * 86_400_000, 86_400],
  ])("[P-15] a message for vivo that expires at %d is kept for %d s", (expiresAt, ttl) => {
    expect(messageOf({ alert: "x" }, {}, expiresAt)).toMatchObject({ timeToLive: ttl });
  });

  test("keys of the app's own that are too long for vivo are a problem", () => {
    expect(messageOf({ alert: "x", key: "奶".repeat(1_021) })).toHaveProperty("clientCustomMap");
    expect(made({ alert: "x", key: "奶".repeat(1_022) })).toEqual({
      problem: "keys of the app's own with more than 1024 characters",
    });
  });
});
