import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../../src/model/json.ts";
import { oppoNotification } from "../../../../src/push/vendors/oppo-payload.ts";
import { settingsWith } from "../../../support/app-hooks.ts";
import { push } from "../../../support/push/pushes.ts";

const NOW = 1_700_000_000_000;

const keys = { appKey: "oppo-app-key", masterSecret: "oppo-master-secret" };

/** The notification that a content makes, to be delivered within an hour. */
function made(content: JsonObject, own: JsonObject = {}, expiresAt = NOW + 3_600_000) {
  const { oppo } = settingsWith({ push: { oppo: { _default: { ...keys, ...own } } } }).push;
  const [profile] = Object.values(oppo);
  if (profile === undefined) throw new Error("no profile");
  const circumstances = { vendor: "oppo", appName: "Cheese Shop", now: NOW };
  return oppoNotification(push(content, { id: "push-1", expiresAt }), profile, circumstances);
}

function notificationOf(content: JsonObject, own?: JsonObject, expiresAt?: number): JsonObject {
  const result = made(content, own, expiresAt);
  if ("problem" in result) throw new Error(result.problem);
  return result.message;
}

/** The extras that the app finds. */
function extrasOf(content: JsonObject): unknown {
  const { action_parameters: text } = notificationOf(content);
  return typeof text === "string" ? JSON.parse(text) : text;
}

const oppo = (fields: JsonObject): JsonObject => ({ alert: "Cheese!", oppo: fields });

describe("a notification for OPPO", () => {
  test("[P-01] a notification for OPPO opens the app, is of the class for chats, and is dropped when repeated", () => {
    expect(notificationOf({ alert: "Cheese!", title: "Tom" })).toEqual({
      app_message_id: "push-1",
      style: 1,
      title: "Tom",
      content: "Cheese!",
      click_action_type: 0,
      off_line: true,
      off_line_ttl: 3_600,
      category: "IM",
    });
  });

  test("[P-07] a notification for OPPO hands the app's own keys over as flat extras", () => {
    const keys = { holes: 3, fresh: true, kinds: ["blue"], maker: { name: "Tom" }, none: null };
    expect(
      extrasOf({ alert: "Cheese!", title: "Tom", badge: 1, sound: "x", _channel: "c", ...keys }),
    ).toEqual({
      holes: "3",
      fresh: "true",
      kinds: '["blue"]',
      maker: '{"name":"Tom"}',
    });
  });

  test("[N-07] a notification for OPPO has the keys for Android, overridden by those for OPPO", () => {
    const parts = {
      android: { title: "on Android", from: "Android" },
      oppo: { title: "on OPPO", from: "OPPO" },
    };
    const content = { alert: "Cheese!", ios: { badge: 1 }, vivo: { from: "vivo" }, ...parts };
    expect(notificationOf(content)).toMatchObject({ title: "on OPPO", content: "Cheese!" });
    expect(extrasOf(content)).toEqual({ from: "OPPO" });
  });

  test("[N-07] OPPO's own fields in its part are fields of the notification, and no extras", () => {
    const fields = {
      click_action_type: 1,
      click_action_activity: "com.example.EAT",
      notify_id: 7,
      show_ttl: 60,
    };
    const content = oppo({ ...fields, key1: "value1" });
    expect(notificationOf(content)).toMatchObject(fields);
    expect(extrasOf(content)).toEqual({ key1: "value1" });
  });

  test("a push cannot ask OPPO for receipts, nor name other devices", () => {
    const others = {
      target_value: "CN_2",
      target_type: 6,
      app_message_id: "x",
      call_back_url: "https://a.example",
    };
    const { action_parameters, ...notification } = notificationOf(oppo(others));
    expect(notification).toEqual(notificationOf({ alert: "Cheese!" }));
    expect(JSON.parse(String(action_parameters))).toEqual({ ...others, target_type: "6" });
  });

  test("[N-07] OPPO's part may have the text as LeanCloud's guide has it", () => {
    expect(notificationOf({ oppo: { content: "Test" } })).toMatchObject({ content: "Test" });
    expect(notificationOf({ alert: "Cheese!", oppo: { content: "Test" } })).toMatchObject({
      content: "Test",
    });
    expect(notificationOf({ title: "Tom", content: "Test" })).toMatchObject({ content: "Test" });
  });

  test.each<[JsonObject]>([[{ a: "b" }], [{}]])("[N-07] OPPO's part may set the extras: %j", (parameters) => {
    const content = { alert: "Cheese!", key1: "value1", oppo: { action_parameters: parameters } };
    expect(extrasOf(content) ?? {}).toEqual(parameters);
  });

  test("[N-08] a notification for OPPO has the text of an alert in the form of iOS", () => {
    const content = { alert: { title: "Tom", body: "Cheese!", "loc-key": "C" } };
    expect(notificationOf(content)).toMatchObject({ title: "Tom", content: "Cheese!" });
  });

  test.each<[string, JsonObject]>([
    ["a silent push", { alert: "Cheese!", silent: true }],
    ["a push that is silent on OPPO", { alert: "Cheese!", oppo: { silent: true } }],
    ["a push without text", { holes: 3 }],
    ["a push of blanks", { alert: " \n\t" }],
  ])("[N-09] OPPO gets no notification of %s", (_, content) => {
    expect(made(content)).toEqual({ problem: expect.stringContaining("OPPO has no silent pushes") });
  });

  test.each<[JsonObject, JsonObject, string | undefined]>([
    [{}, {}, undefined],
    [{}, { channelId: "chats" }, "chats"],
    [{ _notificationChannel: "mice" }, { channelId: "chats" }, "mice"],
    [{ _notificationChannel: "cats", oppo: { _notificationChannel: "mice" } }, {}, "mice"],
    [{ _notificationChannel: "cats", oppo: { channel_id: "mice" } }, { channelId: "chats" }, "mice"],
  ])(
    "[N-09] with %j and the settings %j a notification for OPPO has the channel %s",
    (content, own, channel) => {
      const { channel_id } = notificationOf({ alert: "Cheese!", ...content }, own);
      expect(channel_id).toBe(channel);
    },
  );

  test("a notification for OPPO without a title has the app's name", () => {
    expect(notificationOf({ alert: "Cheese!" })).toMatchObject({ title: "Cheese Shop" });
    expect(notificationOf({ alert: "Cheese!", title: " " })).toMatchObject({ title: "Cheese Shop" });
  });

  test("a notification for OPPO has its class and level from the settings, unless the push says others", () => {
    const settings = { category: "ACCOUNT", notifyLevel: 16 } as const;
    expect(notificationOf({ alert: "x" }, settings)).toMatchObject({ category: "ACCOUNT", notify_level: 16 });
    const said = { category: "ORDER", notify_level: 2 };
    expect(notificationOf({ alert: "x", oppo: said }, settings)).toMatchObject(said);
  });

  test("a notification for OPPO has no level without a class", () => {
    const notification = notificationOf({ alert: "x" }, { category: "", notifyLevel: 2 });
    expect(notification).not.toHaveProperty("category");
    expect(notification).not.toHaveProperty("notify_level");
  });

  test("a tap on a notification from OPPO opens the activity in the settings, unless the push says another", () => {
    const activity = "com.example.Chat";
    expect(notificationOf({ alert: "x" }, { activity })).toMatchObject({
      click_action_type: 4,
      click_action_activity: activity,
    });
    const url = { click_action_type: 5, click_action_url: "command://test" };
    const notification = notificationOf({ alert: "x", oppo: url }, { activity });
    expect(notification).toMatchObject(url);
    expect(notification).not.toHaveProperty("click_action_activity");
  });

  test.each([
    [50, 1, 50],
    [51, 2, 51],
    [128, 2, 128],
    [129, 2, 128],
  ])("a text of %d characters has OPPO's style %d and %d of them", (length, style, shown) => {
    const notification = notificationOf({ alert: "奶".repeat(length) });
    expect(notification).toMatchObject({ style, content: "奶".repeat(shown) });
  });

  test("a text for OPPO's short style is cut to it", () => {
    const content = { alert: "x".repeat(60), oppo: { style: 1 } };
    expect(notificationOf(content)).toMatchObject({ style: 1, content: "x".repeat(50) });
  });

  test("a title for OPPO is cut at a whole character after 50, as Java counts", () => {
    expect(notificationOf({ alert: "x", title: `${"x".repeat(48)}🧀🧀` })).toMatchObject({
      title: `${"x".repeat(48)}🧀`,
    });
  });

  test.each([
    [NOW + 1, 1],
    [NOW - 5_000, 1],
    [NOW + 7 * 86_400_000, 259_200],
  ])("[P-15] a notification for OPPO that expires at %d is kept for %d s", (expiresAt, ttl) => {
    expect(notificationOf({ alert: "x" }, {}, expiresAt)).toMatchObject({ off_line_ttl: ttl });
  });

  test("keys of the app's own that are too long for OPPO are a problem", () => {
    expect(notificationOf({ alert: "x", key: "奶".repeat(3_990) })).toHaveProperty("action_parameters");
    expect(made({ alert: "x", key: "奶".repeat(3_991) })).toEqual({
      problem: "keys of the app's own with more than 4000 characters",
    });
  });
});

describe("a template of OPPO's", () => {
  const template = { templateId: "t-1", titleParam: "sender", contentParam: "text" };

  test("a template of OPPO's has the texts as its variables, and nothing beside them", () => {
    const notification = notificationOf({ alert: "Cheese!", title: "Tom" }, template);
    expect(notification).toMatchObject({
      private_msg_template_id: "t-1",
      private_title_parameters: { sender: "Tom" },
      private_content_parameters: { text: "Cheese!" },
    });
    expect(notification).not.toHaveProperty("title");
    expect(notification).not.toHaveProperty("content");
  });

  test("a template of OPPO's without a variable gets no empty object", () => {
    const notification = notificationOf({ alert: "Cheese!" }, { templateId: "t-1", contentParam: "text" });
    expect(notification).not.toHaveProperty("private_title_parameters");
    expect(notification).toHaveProperty("private_content_parameters");
  });

  test("a push may name another of OPPO's templates, whose variables are its own", () => {
    const own = { private_msg_template_id: "t-2", private_content_parameters: { city: "北京" } };
    const notification = notificationOf(oppo(own), template);
    expect(notification).toMatchObject(own);
    for (const field of ["title", "content", "private_title_parameters"]) {
      expect(notification).not.toHaveProperty(field);
    }
  });

  test("a push may go without OPPO's template", () => {
    const notification = notificationOf(oppo({ private_msg_template_id: null }), template);
    expect(notification).toMatchObject({ title: "Cheese Shop", content: "Cheese!" });
    expect(Object.keys(notification).filter((field) => field.startsWith("private_"))).toEqual([]);
  });
});
