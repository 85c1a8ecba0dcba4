import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/model/json.ts";
import { providersSetUp, pushPolicyBy } from "../../../src/push/providers.ts";
import { apns, serviceAccount, settingsOf, webhook, webPush } from "../../support/push-settings.ts";

describe("push providers", () => {
  test("push providers are set up by their settings, each by its own", () => {
    const push = { apns, fcm: { serviceAccount }, webPush, webhook };
    expect(providersSetUp(settingsOf({}))).toEqual([]);
    expect(providersSetUp(settingsOf({ push }))).toEqual(["apns", "fcm", "webPush", "webhook"]);
    for (const [name, own] of Object.entries(push)) {
      expect(providersSetUp(settingsOf({ push: { [name]: own } }))).toEqual([name]);
    }
  });
});

describe("[P-08, P-10] messages may be pushed", () => {
  const template = { alert: "news" };
  const engine = { hooks: { url: "https://engine.example.com" } };

  test.each<[string, Json, string]>([
    ["not at all without a way to devices", { push: { static: template } }, "never"],
    ["if they bring content, where nothing else could", { push: { webhook } }, "with data"],
    ["always, with a static text", { push: { webhook, static: template } }, "always"],
    ["always, where a hook may have something", { push: { apns }, ...engine }, "always"],
    ["always, where a webhook may", { push: { webPush }, webhooks: { url: "https://a.example" } }, "always"],
    ["by Google's way", { push: { fcm: { serviceAccount } } }, "with data"],
  ])("[P-08, P-10] messages may be pushed: %s", (_, overrides, expected) => {
    expect(pushPolicyBy(settingsOf(overrides))).toBe(expected);
  });
});
