import { expect, test } from "vitest";
import { SessionTokens } from "../../../src/client/session-token.ts";

/** By the first version that issued tokens, at this time (ms). */
const ISSUED_AT = 1_700_000_000_000;
const TOKEN =
  "eyJ2IjoxLCJjIjoi5rGk5aeGPj9-w78iLCJ0IjoibW9iaWxlIiwiZCI6InBob25lIiwiYiI6MywiZyI6MiwicCI6MSwiaSI6MTcwMDAwMDAwMDAwMCwiZSI6MTcwMTIwOTYwMDAwMH0.2zLe3RRmXninRnRlkjsZ8wr-6zHkgfXX32vKyfyPZDw";
const claims = {
  clientId: "汤姆>?~ÿ",
  tag: "mobile",
  deviceId: "phone",
  capabilities: 3,
  generation: 2,
  proven: true,
};

const tokens = new SessionTokens("app", "master");

test("session tokens have the format in which devices hold them", async () => {
  expect(await tokens.issue(claims, ISSUED_AT)).toBe(TOKEN);
  expect(await tokens.verify(TOKEN, claims.clientId, ISSUED_AT)).toEqual({ ...claims, issuedAt: ISSUED_AT });
});

test.each([
  ["of another client", TOKEN, "tom"],
  ["without a signature", TOKEN.slice(0, TOKEN.indexOf(".")), claims.clientId],
  ["with a signature that is not Base64", TOKEN.replace(/.$/, "?"), claims.clientId],
  ["with another signature", TOKEN.replace(/..$/, "AA"), claims.clientId],
  ["with another claim", TOKEN.replace("eyJ2IjoxLCJj", "eyJ2IjoyLCJj"), claims.clientId],
  ["with a further part", `${TOKEN}.e30`, claims.clientId],
])("a session token %s is not valid", async (_, token, clientId) => {
  expect(await tokens.verify(token, clientId, ISSUED_AT)).toBeUndefined();
});
