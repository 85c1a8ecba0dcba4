import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../../src/model/json.ts";
import { type XiaomiForm, xiaomiMessage } from "../../../../src/push/vendors/xiaomi-payload.ts";
import { push } from "../../../support/push/pushes.ts";
import { settingsOf } from "../../../support/push-settings.ts";

const NOW = 1_700_000_000_000;

/** The profile of an app that has set these. */
function profileWith(more: JsonObject) {
  const _default = { appSecret: "secret", package: "com.example.cheese", channelId: "103", ...more };
  const profile = settingsOf({ push: { mi: { _default } } }).push.mi._default;
  if (profile === undefined) throw new Error("no profile");
  return profile;
}

function made(
  content: JsonObject,
  { profile = {}, vendor = "mi", appName, expiresAt = NOW + 3_600_000 }: Options = {},
) {
  const thePush = push(content, { id: "push-1", expiresAt });
  return xiaomiMessage(thePush, profileWith(profile), { vendor, appName, now: NOW });
}

interface Options {
  profile?: JsonObject;
  vendor?: string;
  appName?: string;
  expiresAt?: number;
}

function formOf(content: JsonObject, options?: Options): XiaomiForm {
  const result = made(content, options);
  if ("problem" in result) throw new Error(result.problem);
  return result.message;
}

/** The extras that an intent's URI has, as Android reads them. */
function extrasIn(uri = ""): Record<string, string> {
  const [, options = ""] = /^intent:#Intent;(.*);end$/.exec(uri) ?? [];
  const extras = options.split(";").filter((option) => option.startsWith("S."));
  return Object.fromEntries(
    extras.map((extra) => {
      const [name = "", text = ""] = extra.slice(2).split("=");
      return [name, decodeURIComponent(text)];
    }),
  );
}

describe("a message to Xiaomi", () => {
  test("[P-01] a message to Xiaomi shows a notification and has the whole content for LeanCloud's SDK", () => {
    const content = { alert: "Cheese!", title: "Tom", holes: 3, kinds: ["blue"], action: "com.example.EAT" };
    expect(formOf({ ...content, _channel: "mice", ios: { badge: 1 } })).toEqual({
      restricted_package_name: "com.example.cheese",
      payload: JSON.stringify({ ...content, _channel: "mice" }),
      title: "Tom",
      description: "Cheese!",
      pass_through: "0",
      notify_type: "-1",
      notify_id: "1168086621",
      time_to_live: "3600000",
      "extra.channel_id": "103",
      "extra.jobkey": "8b3f2cbaa732",
      "extra.notify_effect": "1",
    });
  });

  test("[N-07] a message to Xiaomi has the keys for Android, overridden by those in the part mi", () => {
    const parts = { android: { title: "on Android", alert: "for Android" }, mi: { title: "on Xiaomi" } };
    expect(formOf({ alert: "Cheese!", ...parts })).toMatchObject({
      title: "on Xiaomi",
      description: "for Android",
      payload: '{"alert":"for Android","title":"on Xiaomi"}',
    });
  });

  test("a message to Xiaomi has the same key and the same number at every attempt, and another for another push", () => {
    const again = formOf({ alert: "x" }, { expiresAt: NOW + 60_000 });
    const other = xiaomiMessage(push({ alert: "x" }, { id: "push-2" }), profileWith({}), {
      vendor: "mi",
      appName: undefined,
      now: NOW,
    });
    const first = formOf({ alert: "x" });
    expect(again["extra.jobkey"]).toBe(first["extra.jobkey"]);
    expect(again.notify_id).toBe(first.notify_id);
    expect(other).not.toMatchObject({ message: { "extra.jobkey": first["extra.jobkey"] } });
    expect(other).not.toMatchObject({ message: { notify_id: first.notify_id } });
  });

  test("a message to Xiaomi without a title has the app's name", () => {
    expect(formOf({ alert: "Cheese!" }, { appName: "Cheese Chat" })).toMatchObject({ title: "Cheese Chat" });
  });

  test.each([
    ["奶", 49, 127],
    ["😀", 48, 126],
    ["👨‍👩‍👧", 48, 120],
  ])(
    "a title and a text of %s too long for Xiaomi are cut at a whole character",
    (character, title, body) => {
      const long = character.repeat(200);
      const form = formOf({ title: long, alert: long });
      expect(form.title).toBe(long.slice(0, title));
      expect(form.description).toBe(long.slice(0, body));
    },
  );

  test.each([
    [NOW + 1, "1"],
    [NOW - 5_000, "1"],
    [NOW + 90 * 86_400_000, "864000000"],
  ])("[P-15] a message to Xiaomi that expires at %d is kept for %s ms", (expiresAt, ttl) => {
    expect(formOf({ alert: "x" }, { expiresAt }).time_to_live).toBe(ttl);
  });

  test("[N-09] Xiaomi's notification has the profile's channel, the content's or that of the part mi", () => {
    const channel = (content: JsonObject, profile = {}) =>
      formOf({ alert: "x", ...content }, { profile })["extra.channel_id"];
    expect(channel({})).toBe("103");
    expect(channel({}, { channelId: null })).toBeUndefined();
    expect(channel({ _notificationChannel: "mice" })).toBe("mice");
    expect(channel({ _notificationChannel: "mice", mi: { _notificationChannel: "cats" } })).toBe("cats");
    expect(channel({ _notificationChannel: "mice", mi: { channel_id: 104 } })).toBe("104");
  });

  test("Xiaomi's quota is counted for the channel of a message", () => {
    expect(made({ alert: "x" })).toMatchObject({ messageClass: "103" });
    expect(made({ alert: "x", mi: { channel_id: "104" } })).toMatchObject({ messageClass: "104" });
    expect(made({ alert: "x" }, { profile: { channelId: null } })).toMatchObject({ messageClass: "" });
  });

  test("Xiaomi's own parameters in the part mi reach their place, and other keys are the app's", () => {
    const mi = { notify_type: 2, sound_uri: "android.resource://x/raw/y", notify_foreground: 0, holes: 3 };
    const form = formOf({ alert: "Cheese!", notify_type: "common", mi });
    expect(form).toMatchObject({
      notify_type: "2",
      "extra.sound_uri": "android.resource://x/raw/y",
      "extra.notify_foreground": "0",
    });
    expect(JSON.parse(form.payload ?? "")).toEqual({ alert: "Cheese!", notify_type: "common", holes: 3 });
  });

  test("the part mi reaches no other devices, apps or servers than the push's", () => {
    const own = {
      registration_id: "spikes",
      restricted_package_name: "com.example.cat",
      payload: "x",
      callback: "https://cat.example.com",
      "callback.param": "x",
      "extra.callback": "https://cat.example.com",
    };
    const { payload, ...form } = formOf({ alert: "Cheese!", mi: own });
    expect(form).not.toHaveProperty("registration_id");
    expect(form.restricted_package_name).toBe("com.example.cheese");
    expect(JSON.stringify(form)).not.toContain("callback");
    expect(JSON.parse(payload ?? "")).toEqual({ alert: "Cheese!", ...own });
  });
});

describe("a message to Xiaomi for the app alone", () => {
  test("[N-09] a silent message to Xiaomi is refused in China", () => {
    expect(made({ silent: true, holes: 3 })).toEqual({ problem: "Xiaomi has no silent pushes in China" });
  });

  test("[N-09] a silent message to Xiaomi reaches the app abroad, without a notification", () => {
    const content = { alert: "x", silent: true, action: "com.example.EAT" };
    expect(formOf(content, { vendor: "mi-intl" })).toEqual({
      restricted_package_name: "com.example.cheese",
      payload: JSON.stringify(content),
      pass_through: "1",
      time_to_live: "3600000",
      "extra.channel_id": "103",
      "extra.jobkey": "8b3f2cbaa732",
    });
  });

  test("[N-09] a message to Xiaomi without words is refused in China, and is for the app abroad", () => {
    expect(made({ holes: 3 })).toEqual({ problem: "no text, and Xiaomi demands one in China" });
    const form = formOf({ holes: 3 }, { vendor: "mi-intl" });
    expect(form).toMatchObject({ pass_through: "1", payload: '{"holes":3}' });
    expect(form).not.toHaveProperty("description");
  });
});

describe("a tap on Xiaomi's notification", () => {
  const activity = { activity: "com.example.cheese.ChatActivity" };

  test("a tap on Xiaomi's notification opens the app in China, and is left to the SDK abroad", () => {
    expect(formOf({ alert: "x" })["extra.notify_effect"]).toBe("1");
    expect(formOf({ alert: "x" }, { vendor: "mi-intl" })).not.toHaveProperty("extra.notify_effect");
  });

  test("a tap on Xiaomi's notification does as the setting click says, wherever the phone is", () => {
    for (const vendor of ["mi", "mi-intl"]) {
      const withClick = (click: string) =>
        formOf({ alert: "x" }, { vendor, profile: { ...activity, click } });
      expect(withClick("app")["extra.notify_effect"]).toBe("1");
      expect(withClick("callback")).not.toHaveProperty("extra.notify_effect");
    }
  });

  test("a tap on Xiaomi's notification opens the profile's activity with what LeanCloud's SDKs hand over", () => {
    const own = { said: "a;b#c&d=é 奶酪 😀 'x'", end: ";end" };
    const form = formOf({ alert: "Cheese!", title: "Tom", _channel: "mice", ...own }, { profile: activity });
    expect(form["extra.notify_effect"]).toBe("2");
    expect(form["extra.intent_uri"]).toMatch(
      /^intent:#Intent;launchFlags=0x10000000;component=com\.example\.cheese\/com\.example\.cheese\.ChatActivity;/,
    );
    const { content, "com.avoscloud.Data": data } = extrasIn(form["extra.intent_uri"]);
    expect(data).toBe(form.payload);
    expect(JSON.parse(content ?? "")).toEqual(own);
  });

  test("the intent of Xiaomi's notification has less, or there is none, if the extras would be too long", () => {
    const tapOn = (more: string) => {
      const form = formOf({ alert: "x", more }, { profile: activity });
      const { "extra.intent_uri": uri, "extra.notify_effect": effect } = form;
      return [effect, Object.keys(extrasIn(uri))];
    };
    expect(tapOn("x".repeat(300))).toEqual(["2", ["com.avoscloud.Data", "content"]]);
    expect(tapOn("x".repeat(500))).toEqual(["2", ["com.avoscloud.Data"]]);
    expect(tapOn("x".repeat(900))).toEqual(["1", []]);
  });

  test.each<[JsonObject, JsonObject]>([
    [{ notify_effect: "3", web_uri: "https://cheese.example" }, { "extra.notify_effect": "3" }],
    [{ notify_effect: 2, intent_uri: "intent:#Intent;end" }, { "extra.intent_uri": "intent:#Intent;end" }],
  ])("a tap on Xiaomi's notification does what the part mi says: %j", (mi, expected) => {
    expect(formOf({ alert: "x", mi }, { profile: activity })).toMatchObject(expected);
  });

  test("a tap on Xiaomi's notification is left to the SDK if the part mi clears the effect", () => {
    expect(formOf({ alert: "x", mi: { notify_effect: null } })).not.toHaveProperty("extra.notify_effect");
  });
});

describe("Xiaomi's template", () => {
  const profile = { templateId: "P10001", titleParam: "name", bodyParam: "words" };
  const valuesOf = (content: JsonObject, options: Options = {}) => {
    const { "extra.template_param": values = "null" } = formOf(content, { profile, ...options });
    return JSON.parse(values);
  };

  test("Xiaomi's template is filled in with title and text, which the message has as well", () => {
    expect(formOf({ alert: "Cheese!", title: "Tom" }, { profile })).toMatchObject({
      title: "Tom",
      description: "Cheese!",
      "extra.template_id": "P10001",
      "extra.template_param": '{"name":"Tom","words":"Cheese!"}',
    });
  });

  test("Xiaomi's template has only the variables that the profile names", () => {
    expect(
      valuesOf({ alert: "Cheese!", title: "Tom" }, { profile: { ...profile, titleParam: null } }),
    ).toEqual({
      words: "Cheese!",
    });
    expect(valuesOf({ alert: "x" }, { profile: { templateId: "P10001" } })).toEqual({});
    expect(formOf({ alert: "x" })).not.toHaveProperty("extra.template_param");
  });

  test.each([
    ["Cheese 😀 for you ❤️!", "Cheese for you !"],
    ["1️⃣ 奶酪™ 👨‍👩‍👧 ok", "1 奶酪 ok"],
    ["a\u0378b\ue000c\u200bd", "a b c d"],
    ["🏴󠁧󠁢󠁥󠁮󠁧󠁿 👍🏽 🇨🇳", "Tom"],
    ["± 5 % < 3 € ^ `", "± 5 % < 3 € ^ `"],
  ])("the variable of Xiaomi's template for %j has %j, without what Xiaomi refuses", (alert, words) => {
    expect(valuesOf({ alert, title: "Tom" })).toEqual({ name: "Tom", words });
  });

  test("no variable of Xiaomi's template is empty or longer than 128 characters", () => {
    expect(valuesOf({ alert: "😀", title: "🧀" })).toEqual({ name: "…", words: "…" });
    expect(valuesOf({ alert: "奶".repeat(200), title: "Tom" }).words).toBe("奶".repeat(128));
  });

  test("Xiaomi's template is China's: abroad only the part mi names one", () => {
    const abroad = { profile, vendor: "mi-intl" };
    expect(formOf({ alert: "x" }, abroad)).not.toHaveProperty("extra.template_id");
    expect(formOf({ alert: "x", mi: { template_id: "P3" } }, abroad)["extra.template_id"]).toBe("P3");
  });

  test("the part mi adds variables to Xiaomi's template, and may name another one", () => {
    const mi = { template_id: "P2", template_param: { room: "Kitchen 😀", count: 3 } };
    const form = formOf({ alert: "Cheese!", title: "Tom", mi }, { profile });
    expect(form["extra.template_id"]).toBe("P2");
    expect(JSON.parse(form["extra.template_param"] ?? "")).toEqual({
      name: "Tom",
      words: "Cheese!",
      room: "Kitchen",
      count: "3",
    });
    expect(JSON.parse(form.payload ?? "")).toEqual({ alert: "Cheese!", title: "Tom" });
  });

  test("a text of the part mi takes the place of all variables of Xiaomi's template", () => {
    const form = formOf({ alert: "x", mi: { template_param: '{"a":"b"}' } }, { profile });
    expect(form["extra.template_param"]).toBe('{"a":"b"}');
  });
});
