// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of the static text are written so

import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../src/model/json.ts";
import {
  chosenContent,
  contentFor,
  controlled,
  type Platform,
  wantsIncrement,
} from "../../../src/push/push-content.ts";

const variables = { convId: "65537a0e0000000000000001", timestamp: 1_700_000_000_000, fromClientId: "Tom" };

/** What is pushed where only some of the three ways have something. */
function chosen(ways: { hook?: string; pushData?: string; template?: JsonObject }) {
  return chosenContent({ hook: undefined, pushData: undefined, template: null, variables, ...ways });
}

const hook = '{"alert":"from the hook"}';
const pushData = '{"alert":"from the message","sound":"squeak.caf"}';
const template = { alert: "from the app", badge: "Increment" };

describe("the push content for a message", () => {
  test("[P-05] a message has no push content if no source has any", () => {
    expect(chosen({})).toBeUndefined();
  });

  test("[P-05] the push content is the app's static text by default", () => {
    expect(chosen({ template })).toEqual(template);
  });

  test("[P-08] the push content is the message's own, with any keys", () => {
    const own = { alert: "Cheese!", category: "food", badge: 3, holes: [1, 2], ios: { sound: "squeak.caf" } };
    expect(chosen({ pushData: JSON.stringify(own) })).toEqual(own);
  });

  test("[P-10] the push content is the hook's, else the message's, else the static text", () => {
    expect(chosen({ hook, pushData, template })).toEqual({ alert: "from the hook" });
    expect(chosen({ pushData, template })).toEqual({ alert: "from the message", sound: "squeak.caf" });
    expect(chosen({ hook, template })).toEqual({ alert: "from the hook" });
  });

  test("[P-11] the push content has nothing of the other sources", () => {
    expect(chosen({ hook: '{"badge":1}', pushData, template })).toEqual({ badge: 1 });
  });

  test("[P-11] there is no push content if its source is empty", () => {
    expect(chosen({ hook: "{}", pushData, template })).toBeUndefined();
    expect(chosen({ pushData: "{}", template })).toBeUndefined();
    expect(chosen({ template: {} })).toBeUndefined();
  });

  test.each([
    ["words", "Cheese!", "Cheese!"],
    ["words in quotes", '"Cheese!"', "Cheese!"],
    ["words that look like JSON", "{cheese}", "{cheese}"],
  ])("[P-08] push content of %s is an alert", (_, given, alert) => {
    expect(chosen({ pushData: given, template })).toEqual({ alert });
  });

  test.each(["null", "5", "true", "[]", '[{"alert":"x"}]', "", "  ", '""'])(
    "[P-08] %j is no push content, and the next source is used",
    (given) => {
      expect(chosen({ hook: given, pushData, template })).toMatchObject({ alert: "from the message" });
      expect(chosen({ pushData: given, template })).toEqual(template);
    },
  );

  test.each(['{"__proto__":{"alert":"x"}}', `${"[".repeat(40)}${"]".repeat(40)}`, '{"badge":1e999}'])(
    "[P-08] JSON that is not allowed (%s) is neither push content nor an alert",
    (given) => {
      expect(chosen({ pushData: given })).toBeUndefined();
    },
  );
});

describe("[P-21] variables", () => {
  test("[P-21] variables are filled into every string of the static text", () => {
    const template = {
      alert: { title: "${fromClientId}", "loc-args": ["${convId}", 7, null, ["${fromClientId}!"]] },
      ios: { sound: "squeak.caf", at: "${timestamp} ${timestamp}" },
      count: 3,
    };
    expect(chosen({ template })).toEqual({
      alert: { title: "Tom", "loc-args": ["65537a0e0000000000000001", 7, null, ["Tom!"]] },
      ios: { sound: "squeak.caf", at: "1700000000000 1700000000000" },
      count: 3,
    });
  });

  test("[P-21] variables are not replaced in keys, nor with another name or form", () => {
    const template = { "${convId}": "$convId ${convid} ${ convId } ${peer} ${constructor} {convId}" };
    expect(chosen({ template })).toEqual(template);
  });

  test("[P-21] values of variables are not interpreted, since a client chooses its own id", () => {
    const mean = { ...variables, fromClientId: "${convId}$&$1" };
    const ways = { hook: undefined, pushData: undefined, template: { alert: "${fromClientId}" } };
    expect(chosenContent({ ...ways, variables: mean })).toEqual({ alert: "${convId}$&$1" });
  });

  test("[P-21] variables are replaced only in the static text", () => {
    const text = '{"alert":"${fromClientId}"}';
    expect(chosen({ pushData: text })).toEqual({ alert: "${fromClientId}" });
    expect(chosen({ hook: text })).toEqual({ alert: "${fromClientId}" });
  });

  test("[P-21] filling in variables does not change the static text", () => {
    const template = { alert: "${fromClientId}", ios: { alert: ["${convId}"] } };
    const before = structuredClone(template);
    chosen({ template });
    expect(template).toEqual(before);
  });
});

describe("control keys", () => {
  test.each([
    ["dev", "dev"],
    ["prod", "prod"],
    ["DEV", "prod"],
    [true, "prod"],
    [undefined, "prod"],
  ])("[P-17] [P-18] the control key _profile %j selects %s", (profile, environment) => {
    const content: JsonObject = profile === undefined ? {} : { _profile: profile };
    expect(controlled({ alert: "Cheese!", ...content }).environment).toBe(environment);
  });

  test("[P-16] the control key _apns_team_id selects the key", () => {
    expect(controlled({ _apns_team_id: "DEF7654321" }).teamId).toBe("DEF7654321");
    expect(controlled({ alert: "x" }).teamId).toBeUndefined();
    expect(controlled({ _apns_team_id: "" }).teamId).toBeUndefined();
    expect(controlled({ _apns_team_id: 7 }).teamId).toBeUndefined();
  });

  test("[P-17] control keys inside ios are ignored", () => {
    const content = { ios: { _profile: "dev", _apns_team_id: "DEF7654321" } };
    expect(controlled(content)).toMatchObject({ environment: "prod", teamId: undefined });
  });

  test("[P-19] control keys are never sent, wherever they are", () => {
    const keys = { _profile: "dev", _apns_team_id: "DEF7654321" };
    const content = {
      alert: "Cheese!",
      ...keys,
      ios: { badge: 1, ...keys },
      android: { title: "T", ...keys },
    };
    expect(controlled(content).content).toEqual({
      alert: "Cheese!",
      ios: { badge: 1 },
      android: { title: "T" },
    });
  });

  test("[P-19] _profile and _apns_team_id alone are control keys, and the same names inside the app's own keys stay", () => {
    const content = { _notificationChannel: "mice", food: { _profile: "dev" } };
    expect(controlled(content).content).toEqual(content);
  });
});

describe("[N-07] content for a platform", () => {
  const content = {
    alert: "Cheese!",
    title: "Tom",
    holes: 3,
    _channel: "mice",
    ios: { alert: "Cheese, iOS!", badge: 1 },
    android: { title: "Tom on Android", silent: false, _notificationChannel: "mice" },
    fcm: { title: "Tom on FCM" },
    mi: { a: 1 },
    hms: { a: 1 },
    mz: { a: 1 },
    vivo: { a: 1 },
    oppo: { a: 1 },
    honor: { a: 1 },
    web: { icon: "/cheese.png" },
  };

  test.each<[Platform[], JsonObject]>([
    [[], {}],
    [["ios"], { alert: "Cheese, iOS!", badge: 1 }],
    [["android"], { title: "Tom on Android", silent: false }],
    [["android", "fcm"], { title: "Tom on FCM", silent: false }],
    [["web"], { icon: "/cheese.png" }],
    [["honor"], { a: 1 }],
  ])("[N-07] content for %j is the common keys, overridden by its own", (platforms, own) => {
    const common = { alert: "Cheese!", title: "Tom", holes: 3 };
    expect(contentFor(content, ...platforms)).toEqual({ ...common, ...own });
  });

  test("[N-07] content keeps the app's own key with the name of a platform if it is not an object", () => {
    expect(contentFor({ web: "https://example.com/", mi: 7 }, "web")).toEqual({
      web: "https://example.com/",
      mi: 7,
    });
  });
});

describe("[P-06] the icon of an iOS device shows one more", () => {
  test.each<[JsonObject]>([
    [{ badge: "Increment" }],
    [{ ios: { badge: "Increment" } }],
    [{ badge: 3, ios: { badge: "Increment" } }],
    [{ aps: { alert: "Cheese!", badge: "Increment" } }],
    [{ ios: { aps: { badge: "Increment" } } }],
  ])("[P-06] the badge of an iOS device is incremented by %j", (content) => {
    expect(wantsIncrement(content)).toBe(true);
  });

  test.each<[JsonObject]>([
    [{}],
    [{ badge: 3 }],
    [{ badge: "increment" }],
    [{ badge: "INCREMENT" }],
    [{ badge: "Increment", ios: { badge: 3 } }],
    [{ android: { badge: "Increment" } }],
    [{ aps: { badge: 3 } }],
  ])("[P-06] the badge of an iOS device is not incremented by %j", (content) => {
    expect(wantsIncrement(content)).toBe(false);
  });
});
