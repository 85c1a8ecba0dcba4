import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/model/json.ts";
import { patchProblem } from "../../../src/settings/schema.ts";
import { withoutSecrets } from "../../../src/settings/secrets.ts";
import { apns, pem, serviceAccount, settingsOf, webhook, webPush } from "../../support/push-settings.ts";

describe("[N-10] keys", () => {
  test("[N-10] keys of providers are never shown again", () => {
    const push = { apns, fcm: { serviceAccount }, webPush, webhook };
    const shown = JSON.stringify(withoutSecrets(settingsOf({ push })));
    for (const secret of [pem.slice(30, 60), webPush.privateKey, webhook.secret]) {
      expect(shown).not.toContain(secret);
    }
    expect(shown).toContain("KEY1");
  });

  test.each<[string, Json, string]>([
    [
      "an Apple key that is none",
      { apns: { keys: [{ ...apns.keys[0], privateKey: "secret" }] } },
      "push.apns.keys.0.privateKey: must be a private key in PEM (PKCS #8), as the file has it",
    ],
    [
      "an Apple key without a topic",
      { apns: { keys: [{ ...apns.keys[0], topics: [] }] } },
      "push.apns.keys.0.topics: must name a topic",
    ],
    [
      "a service account without its key",
      { fcm: { serviceAccount: { project_id: "parley", client_email: "push@parley.example" } } },
      "push.fcm.serviceAccount.private_key",
    ],
    ["a static text that is a text", { static: "news" }, "push.static: must be a JSON object"],
    [
      "a subject nobody can write to",
      { webPush: { ...webPush, subject: "Tom" } },
      "push.webPush.subject: must be a mailto: or https: URL",
    ],
  ])("[N-10] a provider's key with %s is refused", (_, push, problem) => {
    expect(patchProblem({ push })).toContain(problem);
  });

  test("[N-10] further fields of a service account's file are ignored", () => {
    expect(patchProblem({ push: { fcm: { serviceAccount } } })).toBeUndefined();
  });
});
