import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../../src/model/json.ts";
import { patchProblem } from "../../../../src/settings/schema.ts";
import { withoutSecrets } from "../../../../src/settings/secrets.ts";
import { settingsOf } from "../../../support/push-settings.ts";

const _default = { appSecret: "Xi4omi+5ecret==", package: "com.example.cheese" };

describe("[N-14] the settings for Xiaomi", () => {
  test("[N-14] Xiaomi's profile needs a secret and a package, and sends no channel or template by itself", () => {
    expect(settingsOf({ push: { mi: { _default } } }).push.mi).toEqual({
      _default: {
        ..._default,
        channelId: null,
        templateId: null,
        titleParam: null,
        bodyParam: null,
        activity: null,
        click: "auto",
        region: "sgp",
        url: null,
      },
    });
  });

  test("[N-10] the secrets of Xiaomi's profiles are never shown", () => {
    const push = { mi: { _default, second: { ..._default, appSecret: "another" } } };
    const shown = JSON.stringify(withoutSecrets(settingsOf({ push })));
    expect(shown).not.toMatch(/5ecret|another/);
    expect(shown).toContain("com.example.cheese");
  });

  test.each<[string, JsonObject, string]>([
    ["secret of several words", { appSecret: "a secret" }, "push.mi._default.appSecret: must be a text"],
    ["empty package", { package: "" }, "push.mi._default.package: must be a text"],
    ["channel of several lines", { channelId: "103\n" }, "push.mi._default.channelId: must be a text"],
    ["variable with a blank", { titleParam: "a b" }, "push.mi._default.titleParam: must be the name of"],
    ["click of another kind", { click: "2" }, "push.mi._default.click: must be auto, app or callback"],
    ["region that has no server", { region: "cn" }, "push.mi._default.region: must be one of sgp, fr"],
    ["field that it has not", { appId: "2882303761517" }, "push.mi._default.appId: is not a setting"],
  ])("[N-10] a profile of Xiaomi's with a %s is refused", (_, more, problem) => {
    expect(patchProblem({ push: { mi: { _default: { ..._default, ...more } } } })).toContain(problem);
  });
});
