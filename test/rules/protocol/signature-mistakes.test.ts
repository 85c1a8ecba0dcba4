import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { examineSignature, type SignatureVerdict } from "../../../src/protocol/signature-mistakes.ts";
import type { Permission } from "../../../src/protocol/signatures.ts";
import { hmac } from "../../support/sign.ts";

/** What the tester tells the writer of a signing server (G-02). */

const NOW = 1_700_000_000_000;
const HOUR = 60 * 60 * 1000;
const KEY = "masterKey123";
const STAMP = `${NOW}:n0nce`;

interface Sent {
  permission?: Permission;
  timestamp?: number;
  nonce?: string;
}

function verdict(signature: string, sent: Sent = {}): Promise<SignatureVerdict> {
  const { permission = { action: "login" }, timestamp = NOW, nonce = "n0nce" } = sent;
  const app = { appId: "appid1", masterKey: KEY, clientId: "Tom", now: NOW };
  return examineSignature(
    { ...app, permission, signature: { signature, timestamp, nonce } },
    { appKey: "appKey1" },
  );
}

const codes = async (asked: Promise<SignatureVerdict>) => (await asked).mistakes.map(({ code }) => code);

const chat: Permission = { action: "create", members: ["Tom", "Jerry"] };
const invite: Permission = { action: "invite", conversationId: "conv1", members: ["Spike", "Jerry"] };

test("[G-02] a right signature has no mistakes, and the text it was made of is shown", async () => {
  expect(await verdict(hmac(KEY, `appid1:Tom::${STAMP}`))).toEqual({
    valid: true,
    expected: [`appid1:Tom::${STAMP}`],
    mistakes: [],
  });
});

test("[G-02] the documented text comes first among those that are accepted", async () => {
  const { expected } = await verdict("", { permission: invite });
  expect(expected[0]).toBe(`appid1:Tom:conv1:Jerry:Spike:${STAMP}:invite`);
});

describe("[G-02] a signer's mistake is named:", () => {
  const login = `appid1:Tom::${STAMP}`;
  const seconds = NOW / 1000;
  const cases: [string, string, Sent, string][] = [
    ["the app key in place of the master key", hmac("appKey1", login), {}, "wrong_key"],
    ["HMAC-SHA256", createHmac("sha256", KEY).update(login).digest("hex"), {}, "wrong_digest"],
    ["Base64", createHmac("sha1", KEY).update(login).digest("base64"), {}, "wrong_digest"],
    ["seconds in the text, ms beside it", hmac(KEY, `appid1:Tom::${seconds}:n0nce`), {}, "unit_of_time"],
    ["ms in the text, seconds beside it", hmac(KEY, login), { timestamp: seconds }, "unit_of_time"],
    [
      "seven hours old",
      hmac(KEY, `appid1:Tom::${NOW - 7 * HOUR}:n0nce`),
      { timestamp: NOW - 7 * HOUR },
      "too_old",
    ],
    [
      "an hour ahead",
      hmac(KEY, `appid1:Tom::${NOW + HOUR}:n0nce`),
      { timestamp: NOW + HOUR },
      "from_the_future",
    ],
    ["a colon in the nonce", hmac(KEY, `appid1:Tom::${NOW}:a:b`), { nonce: "a:b" }, "nonce"],
    ["nonce before time", hmac(KEY, `appid1:Tom::n0nce:${NOW}`), {}, "order_of_parts"],
    [
      "a nonce of a dollar sign before time",
      hmac(KEY, `appid1:Tom::$&:${NOW}`),
      { nonce: "$&" },
      "order_of_parts",
    ],
    ["one colon missing", hmac(KEY, `appid1:Tom:${STAMP}`), {}, "missing_part"],
    ["no app id", hmac(KEY, `Tom::${STAMP}`), {}, "missing_part"],
    [
      "members not sorted",
      hmac(KEY, `appid1:Tom:Tom:Jerry:${STAMP}`),
      { permission: chat },
      "order_of_members",
    ],
    [
      "members with commas",
      hmac(KEY, `appid1:Tom:Jerry,Tom:${STAMP}`),
      { permission: chat },
      "order_of_members",
    ],
    [
      "invited members not sorted",
      hmac(KEY, `appid1:Tom:conv1:Spike:Jerry:${STAMP}:invite`),
      { permission: invite },
      "order_of_members",
    ],
    ["a login in place of a new conversation", hmac(KEY, login), { permission: chat }, "other_action"],
    [
      "a kick in place of an invitation",
      hmac(KEY, `appid1:Tom:conv1:Jerry:Spike:${STAMP}:kick`),
      { permission: invite },
      "other_action",
    ],
    ["no action", hmac(KEY, `appid1:Tom:conv1:Jerry:Spike:${STAMP}`), { permission: invite }, "missing_part"],
    ["something else", hmac(KEY, "cheese"), {}, "other_text"],
    ["no signature at all", "cheese", {}, "form"],
    ["nothing", "", {}, "form"],
  ];
  test.each(cases)("%s", async (_, signature, sent, code) => {
    const examined = await verdict(signature, sent);
    expect(examined.valid).toBe(false);
    expect(await codes(Promise.resolve(examined))).toEqual([code]);
  });
});

test("[G-02] every mistake is told at once", async () => {
  const signature = hmac("appKey1", `appid1:Tom::${NOW - 7 * HOUR}:n0nce`);
  expect(await codes(verdict(signature, { timestamp: NOW - 7 * HOUR }))).toEqual(["too_old", "wrong_key"]);
});

test("[I13] a list of 500 long ids takes less than 50 ms to examine", async () => {
  const members = Array.from({ length: 500 }, (_, index) => `${"x".repeat(58)}${index}`).toReversed();
  const permission: Permission = { action: "invite", conversationId: "conv1", members };
  await verdict("0".repeat(40), { permission }); // warm
  const started = performance.now();
  await verdict("0".repeat(40), { permission });
  expect(performance.now() - started).toBeLessThan(50);
});
