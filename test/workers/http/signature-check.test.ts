import { beforeAll, expect, test } from "vitest";
import { hmac, signingTime, stamped } from "../../support/sign.ts";
import { loggedIn } from "../support/commands.ts";
import { done, outcome, rest } from "../support/rest.ts";
import { configure, openWorld, world } from "../support/world.ts";

/** The tester of signing servers over HTTP (G-02). */

beforeAll(() => openWorld());

interface Answer {
  valid: boolean;
  required: boolean;
  expected: string[];
  mistakes: { code: string; text: string }[];
}

const check = (body: object) => done<Answer>("POST", "/admin/signatures/check", body);

/** A login as the app's server signs it now. */
function login(clientId: string, key = world.MASTER_KEY) {
  const { timestamp, nonce } = stamped(signingTime());
  const signature = hmac(key, `${world.APP_ID}:${clientId}::${timestamp}:${nonce}`);
  return { action: "login", client_id: clientId, signature, timestamp, nonce };
}

test("[G-02] a login's signature is valid, for a client that never logged in too", async () => {
  const name = crypto.randomUUID();
  const asked = login(name);
  expect(await check(asked)).toEqual({
    valid: true,
    required: false,
    expected: [`${world.APP_ID}:${name}::${asked.timestamp}:${asked.nonce}`],
    mistakes: [],
  });
});

test("[G-02] the app key in place of the master key is recognised", async () => {
  const { valid, mistakes } = await check(login("Tom", world.APP_KEY));
  expect(valid).toBe(false);
  expect(mistakes.map(({ code }) => code)).toEqual(["wrong_key"]);
});

test("[G-02] a signature from before a kick is revoked, and one from after it is not", async () => {
  const name = crypto.randomUUID();
  const device = await loggedIn(name);
  const before = login(name);
  await done("POST", `/1.2/rtm/clients/${name}/kick`, {});
  expect((await check(before)).mistakes.map(({ code }) => code)).toEqual(["revoked"]);
  expect((await check(login(name))).valid).toBe(true);
  device.close();
});

test("[G-02] a banned client has no valid signature, even if it never logged in", async () => {
  const name = crypto.randomUUID();
  await done("POST", "/admin/bans", { client_ids: [name] });
  expect((await check(login(name))).mistakes.map(({ code }) => code)).toEqual(["revoked"]);
});

test("[G-02] the answer tells whether the settings ask for the signature", async () => {
  await configure({ security: { signLogin: true } });
  expect((await check(login("Tom"))).required).toBe(true);
  await configure({ security: null });
});

test("[G-02] an action about a conversation needs its id", async () => {
  const invited = { ...login("Tom"), action: "invite", members: ["Jerry"] };
  expect(await outcome(rest("POST", "/admin/signatures/check", invited))).toBe("400 105");
});
