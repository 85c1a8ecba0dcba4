import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../../src/model/json.ts";
import { patchProblem } from "../../../../src/settings/schema.ts";
import { withoutSecrets } from "../../../../src/settings/secrets.ts";
import { settingsOf } from "../../../support/push-settings.ts";

const _default = { appId: "110370", appSecret: "5ecretOfMe1zu" };

describe("[N-14] the settings for Meizu", () => {
  test("[N-14] Meizu's profile needs an app id and a secret, and sends private messages by itself", () => {
    expect(settingsOf({ push: { meizu: { _default } } }).push.meizu).toEqual({
      _default: { ..._default, noticeMsgType: 1, url: null },
    });
  });

  test("[N-10] the secrets of Meizu's profiles are never shown", () => {
    const shown = JSON.stringify(withoutSecrets(settingsOf({ push: { meizu: { _default } } })));
    expect(shown).not.toContain("5ecret");
    expect(shown).toContain("110370");
  });

  test.each<[string, JsonObject, string]>([
    [
      "an app id that is no number",
      { appId: "x" },
      "push.meizu._default.appId: must be a text of 1 to 20 digits",
    ],
    ["a secret of several words", { appSecret: "a b" }, "push.meizu._default.appSecret: must be a text"],
    ["a class that is none", { noticeMsgType: 2 }, "push.meizu._default.noticeMsgType: must be 0 or 1"],
  ])("[N-10] a profile of Meizu's with %s is refused", (_, more, problem) => {
    expect(patchProblem({ push: { meizu: { _default: { ..._default, ...more } } } })).toContain(problem);
  });
});
