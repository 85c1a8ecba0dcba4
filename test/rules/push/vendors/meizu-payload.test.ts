import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../../src/model/json.ts";
import { meizuMessage } from "../../../../src/push/vendors/meizu-payload.ts";
import { push } from "../../../support/push/pushes.ts";
import { settingsOf } from "../../../support/push-settings.ts";

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;

interface Options {
  profile?: JsonObject;
  appName?: string;
  expiresAt?: number;
}

function made(content: JsonObject, { profile = {}, appName, expiresAt = NOW + 25 * HOUR }: Options = {}) {
  const _default = { appId: "110370", appSecret: "secret", ...profile };
  const found = settingsOf({ push: { meizu: { _default } } }).push.meizu._default;
  if (found === undefined) throw new Error("no profile");
  const thePush = push(content, { id: "push-1", expiresAt });
  return meizuMessage(thePush, found, { vendor: "mz", appName, now: NOW });
}

function messageOf(content: JsonObject, options?: Options): JsonObject {
  const result = made(content, options);
  if ("problem" in result) throw new Error(result.problem);
  return result.message;
}

/** The content that LeanCloud's SDK is handed at a tap: Meizu's hands it one parameter, or all of them as JSON. */
function handedOver({ clickTypeInfo }: JsonObject): unknown {
  const { parameters } = JSON.parse(JSON.stringify(clickTypeInfo));
  return JSON.parse(parameters.sk ?? JSON.stringify(parameters));
}

describe("a message to Meizu", () => {
  test("[P-01] a message to Meizu shows a private notification, and a tap hands the content to the app", () => {
    const content = { alert: "Cheese!", title: "Tom", kind: "blue", action: "com.example.EAT" };
    expect(messageOf({ ...content, _channel: "mice", ios: { badge: 1 } })).toEqual({
      noticeBarInfo: { noticeMsgType: 1, title: "Tom", content: "Cheese!" },
      clickTypeInfo: { clickType: 0, parameters: { ...content, _channel: "mice" } },
      pushTimeInfo: { offLine: 1, validTime: 25 },
      advanceInfo: { notifyKey: "8b3f2cba" },
    });
  });

  test("Meizu's parameters are texts, and LeanCloud's SDK is handed other values unchanged", () => {
    const content = { alert: "x", holes: 3, fresh: true, kinds: ["blue"], deep: { a: null } };
    const message = messageOf({ ...content, _channel: "mice" });
    expect(message.clickTypeInfo).toMatchObject({
      parameters: { holes: "3", fresh: "true", kinds: '["blue"]', deep: '{"a":null}', _channel: "mice" },
    });
    expect(handedOver(message)).toEqual({ ...content, _channel: "mice" });
  });

  test("an app's own key sk, which Meizu's SDK would hand over alone, takes nothing from the content", () => {
    expect(handedOver(messageOf({ alert: "x", sk: "mine" }))).toEqual({ alert: "x", sk: "mine" });
  });

  test("[N-07] a message to Meizu has the keys for Android, overridden by those in the part mz", () => {
    const parts = { android: { title: "on Android", alert: "for Android" }, mz: { title: "on Meizu" } };
    const message = messageOf({ alert: "Cheese!", ...parts });
    expect(message.noticeBarInfo).toMatchObject({ title: "on Meizu", content: "for Android" });
    expect(handedOver(message)).toEqual({ alert: "for Android", title: "on Meizu" });
  });

  test("a message to Meizu without a title has the app's name", () => {
    expect(messageOf({ alert: "x" }, { appName: "Cheese Chat" })).toMatchObject({
      noticeBarInfo: { title: "Cheese Chat" },
    });
  });

  test.each([
    ["奶", 32, 100],
    ["😀", 32, 100],
    ["👨‍👩‍👧", 32, 96],
  ])("a title and a text of %s too long for Meizu are cut at a whole character", (character, title, body) => {
    const long = character.repeat(200);
    expect(messageOf({ title: long, alert: long })).toMatchObject({
      noticeBarInfo: { title: long.slice(0, title), content: long.slice(0, body) },
    });
  });

  test.each([
    [NOW + 2.9 * HOUR, 2],
    [NOW + 1, 1],
    [NOW - HOUR, 1],
    [NOW + 100 * HOUR, 72],
  ])("[P-15] a message to Meizu that expires at %d is kept for %d whole hours", (expiresAt, validTime) => {
    expect(messageOf({ alert: "x" }, { expiresAt }).pushTimeInfo).toEqual({ offLine: 1, validTime });
  });

  test("the class of Meizu's messages is the profile's or that of the part mz, and its quota is counted", () => {
    expect(made({ alert: "x" })).toMatchObject({ messageClass: "1" });
    const profile = { noticeMsgType: 0 };
    expect(made({ alert: "x" }, { profile })).toMatchObject({
      message: { noticeBarInfo: { noticeMsgType: 0 } },
      messageClass: "0",
    });
    const mz = { noticeBarInfo: { noticeMsgType: 1 } };
    expect(made({ alert: "x", mz }, { profile })).toMatchObject({ messageClass: "1" });
  });

  test("Meizu's own parameters in the part mz are merged deeply, and other keys are the app's", () => {
    const mz = {
      advanceInfo: { suspend: 0, notificationType: { sound: 0 } },
      clickTypeInfo: { clickType: 2, url: "cheese://chat", parameters: null },
      holes: "3",
    };
    expect(messageOf({ alert: "Cheese!", title: "Tom", mz })).toEqual({
      noticeBarInfo: { noticeMsgType: 1, title: "Tom", content: "Cheese!" },
      clickTypeInfo: { clickType: 2, url: "cheese://chat" },
      pushTimeInfo: { offLine: 1, validTime: 25 },
      advanceInfo: { notifyKey: "8b3f2cba", suspend: 0, notificationType: { sound: 0 } },
    });
    expect(handedOver(messageOf({ alert: "x", mz: { holes: "3" } }))).toEqual({ alert: "x", holes: "3" });
  });

  test("the part mz cannot ask Meizu to report devices to another server", () => {
    const extra = { callback: "https://cat.example.com" };
    expect(messageOf({ alert: "x", mz: { extra } })).not.toHaveProperty("extra");
  });

  test("[N-09] a silent message to Meizu is refused", () => {
    expect(made({ silent: true, alert: "x" })).toEqual({ problem: "Meizu has no silent pushes" });
  });

  test("a message to Meizu without a text is refused", () => {
    expect(made({ holes: 3 })).toEqual({ problem: "no text, and Meizu demands one" });
  });
});
