import { expect, test } from "vitest";
import { withoutSecrets } from "../../../../src/push/vendors/secret-texts.ts";

const secret = 'a+secret/with="signs"';

test.each<[string, string, string]>([
  ["as it is", `you sent ${secret}!`, "you sent ***!"],
  ["in JSON", JSON.stringify({ sent: secret }), '{"sent":"***"}'],
  ["in a form", String(new URLSearchParams({ client_secret: secret, a: "1" })), "client_secret=***&a=1"],
  ["in an address", `/token?s=${encodeURIComponent(secret)}`, "/token?s=***"],
  ["twice", `${secret} ${secret}`, "*** ***"],
])("a secret that a server quotes %s is not shown", (_, text, shown) => {
  expect(withoutSecrets(text, ["another-secret", secret])).toBe(shown);
});

test("a text that is too short for a secret leaves an answer as it is", () => {
  expect(withoutSecrets('{"code":0}', ["code"])).toBe('{"code":0}');
});
