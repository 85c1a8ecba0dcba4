import { beforeAll, describe, expect, test } from "vitest";
import * as accounts from "../../../../src/users/accounts.ts";
import { nodeHashing, Passwords } from "../../../../src/users/password.ts";
import { hmac } from "../../../support/sign.ts";
import { engineWith } from "../../support/engine.ts";
import { outcome } from "../../support/rest.ts";
import { configure, openWorld, world } from "../../support/world.ts";
import {
  answered,
  asDevice,
  asOwner,
  exportedRow,
  imported,
  named,
  PASSWORD,
  PRINTED,
  signedUp,
  type UserRow,
} from "./user-calls.ts";

beforeAll(() => openWorld({ users: { where: "here" } }));

const logIn = (body: object, headers: Record<string, string> = {}) =>
  asDevice("POST", "/1.1/login", body, { headers });

describe("[C-05] logging in", () => {
  test("[C-05] a user logs in by username, email address or phone number, and receives the row with the same session token", async () => {
    const contact = { email: `${crypto.randomUUID()}@example.com`, mobilePhoneNumber: `+86${Date.now()}` };
    const tom = await signedUp("Tom", { ...contact, nickname: "cat" });
    for (const name of [
      { username: tom.username },
      { email: contact.email },
      { mobilePhoneNumber: contact.mobilePhoneNumber },
    ]) {
      const response = await logIn({ ...name, password: PASSWORD });
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({
        objectId: tom.objectId,
        username: tom.username,
        sessionToken: tom.sessionToken,
        ...contact,
        nickname: "cat",
        emailVerified: false,
        mobilePhoneVerified: false,
        createdAt: tom.createdAt,
        updatedAt: tom.updatedAt,
      });
    }
    expect(tom.sessionToken).toMatch(/^[0-9a-z]{25}$/);
  });

  test("[C-05] a wrong password and an unknown user are refused in the same words", async () => {
    const tom = await signedUp("Tom");
    const wrong = await logIn({ username: tom.username, password: "emmental" });
    const unknown = await logIn({ username: named("Nobody"), password: "emmental" });
    expect([wrong.status, await wrong.json()]).toEqual([
      400,
      { code: 210, error: "The username and password mismatch." },
    ]);
    expect([unknown.status, await unknown.json()]).toEqual([
      400,
      { code: 210, error: "The username and password mismatch." },
    ]);
  });

  test.each([
    ["without a name", { password: PASSWORD }, "400 200"],
    ["with an empty name", { username: "", password: PASSWORD }, "400 200"],
    ["without a password", { username: "Tom" }, "400 201"],
    ["with a password that is no text", { username: "Tom", password: 5 }, "400 218"],
    ["with a password without end", { username: "Tom", password: "x".repeat(1_025) }, "400 218"],
    ["with an object for a name", { username: { $ne: null }, password: PASSWORD }, "400 200"],
    ["by a text message", { mobilePhoneNumber: "+8618612340000", smsCode: "123456" }, "400 119"],
  ])("[C-05] a login %s is refused", async (_, body, refusal) => {
    expect(await outcome(logIn(body))).toBe(refusal);
  });

  test("[C-05] six wrong passwords from an address refuse the seventh try and the right one from there, and no login from elsewhere", async () => {
    const tom = await signedUp("Tom");
    const attacker = { "cf-connecting-ip": "9.9.9.7" };
    const guess = (password: string, headers?: Record<string, string>) =>
      outcome(logIn({ username: tom.username, password }, headers));
    for (let tried = 0; tried < 6; tried++) expect(await guess(`wrong ${tried}`, attacker)).toBe("400 210");
    expect(await guess("wrong", attacker)).toBe("400 219");
    expect(await guess(PASSWORD, attacker)).toBe("400 219");
    expect(await guess(PASSWORD)).toBe("200");
  });

  test("[C-05] guesses for a user who does not exist are counted like others", async () => {
    const username = named("Nobody");
    const attacker = { "cf-connecting-ip": "9.9.9.8" };
    const codes = [];
    for (let tried = 0; tried < 7; tried++)
      codes.push(await outcome(logIn({ username, password: "x" }, attacker)));
    expect(codes).toEqual([...Array(6).fill("400 210"), "400 219"]);
  });

  test("[C-05] wrong passwords that arrive together count one by one", async () => {
    const tom = await signedUp("Tom");
    const attacker = { "cf-connecting-ip": "9.9.9.9" };
    const guesses = Array.from({ length: 12 }, (_, tried) =>
      outcome(logIn({ username: tom.username, password: `wrong ${tried}` }, attacker)),
    );
    const codes = (await Promise.all(guesses)).toSorted();
    expect(codes).toEqual([...Array(6).fill("400 210"), ...Array(6).fill("400 219")]);
  });

  test("[C-05] a login needs the app key", async () => {
    expect(await outcome(asDevice("POST", "/1.1/login", {}, { headers: { "x-lc-key": "another" } }))).toBe(
      "401 401",
    );
  });
});

describe("[C-05] imported users", () => {
  test("[C-05] an imported user logs in with the password of the hash that LeanCloud's documents print, and keeps id and session token", async () => {
    const row = exportedRow("Butch", { nickname: "dog" });
    expect(await imported(row)).toMatchObject({ added: 1, refused: [] });
    const butch = await answered(logIn({ username: row.username, password: PRINTED.password }));
    expect(butch).toMatchObject({
      objectId: row.objectId,
      sessionToken: row.sessionToken,
      nickname: "dog",
      createdAt: row.createdAt,
      updatedAt: row.updatedAt,
    });
    expect(butch).not.toHaveProperty("password");
    expect(butch).not.toHaveProperty("salt");
    expect(await outcome(logIn({ username: row.username, password: "Password" }))).toBe("400 210");
  });

  test("[C-05] the first login of an imported user replaces the hash by a better one, and a wrong password does not", async () => {
    const row = exportedRow("Butch");
    await imported(row);
    const stored = async () => {
      const found = world.DB.prepare("SELECT password FROM users WHERE id = ?").bind(row.objectId);
      return JSON.parse((await found.first<string>("password")) ?? "");
    };
    await logIn({ username: row.username, password: "wrong" });
    expect(await stored()).toEqual({ kind: "leancloud", salt: PRINTED.salt, hash: PRINTED.hash });
    await answered(logIn({ username: row.username, password: PRINTED.password }));
    expect(await stored()).toMatchObject({ kind: "scrypt", cost: 16_384, blockSize: 8, rounds: 5 });
    await answered(logIn({ username: row.username, password: PRINTED.password }));
    expect(await outcome(logIn({ username: row.username, password: "wrong" }))).toBe("400 210");
  });

  test("[C-05] neither passwords nor session tokens can be read in the database", async () => {
    const row = exportedRow("Butch");
    await imported(row);
    const spike = await signedUp("Spike");
    const { results } = await world.DB.prepare("SELECT * FROM users").all();
    const text = JSON.stringify(results);
    for (const secret of [row.sessionToken, spike.sessionToken, PASSWORD]) expect(text).not.toContain(secret);
  });
});

describe("[X-06] session tokens", () => {
  test("[X-06] a session token is signed for with the user's id, in both versions", async () => {
    const tom = await signedUp("Tom");
    for (const signing of [
      asDevice("POST", "/1.1/rtm/sign", { session_token: tom.sessionToken }),
      asDevice("GET", `/1.2/rtm/clients/sign?session_token=${tom.sessionToken}`),
    ]) {
      interface Signed {
        signature: string;
        nonce: string;
        client_id: string;
        timestamp: number;
      }
      const { signature, nonce, client_id, timestamp } = await answered<Signed>(signing);
      expect(client_id).toBe(tom.objectId);
      const text = `${world.APP_ID}:${tom.objectId}::${timestamp}:${nonce}`;
      expect(signature).toBe(hmac(world.MASTER_KEY, text));
    }
    expect(await outcome(asDevice("POST", "/1.1/rtm/sign", { session_token: "nobody's" }))).toBe("400 211");
  });

  test("[H-10] the hook _rtmClientSign receives the user's row, and may refuse the signature", async () => {
    const [tom, jerry] = [await signedUp("Tom"), await signedUp("Jerry")];
    const asked = await engineWith({
      _rtmClientSign: ({ username }) =>
        username === tom.username ? { result: true } : { result: false, error: "no mice" },
    });
    const sign = ({ sessionToken }: UserRow) =>
      asDevice("POST", "/1.1/rtm/sign", { session_token: sessionToken });
    const { client_id } = await answered<{ client_id: string }>(sign(tom));
    expect(client_id).toBe(tom.objectId);
    expect(asked[0]?.parameters).toMatchObject(tom);
    const refusal = await sign(jerry);
    expect([refusal.status, await refusal.json()]).toEqual([403, { code: 403, error: "no mice" }]);
    await configure({ hooks: null });
  });

  test.each(["x-lc-session", "x-avoscloud-session-token", "x-uluru-session-token"])(
    "[C-05] the user of the session token in %s is read by users/me",
    async (header) => {
      const tom = await signedUp("Tom");
      const me = await answered(
        asDevice("GET", "/1.1/users/me", undefined, { headers: { [header]: tom.sessionToken } }),
      );
      expect(me).toMatchObject({ objectId: tom.objectId, sessionToken: tom.sessionToken });
    },
  );

  test("[C-05] users/me takes the session token in the query as well, and knows no other", async () => {
    const tom = await signedUp("Tom");
    const me = await answered(asDevice("GET", `/1.1/users/me?session_token=${tom.sessionToken}`));
    expect(me.objectId).toBe(tom.objectId);
    expect(await outcome(asDevice("GET", "/1.1/users/me", undefined, { session: "0" }))).toBe("400 211");
    expect(await outcome(asDevice("GET", "/1.1/users/me"))).toBe("400 211");
  });

  test("[C-05] a new session token ends the one before it", async () => {
    const tom = await signedUp("Tom");
    const path = `/1.1/users/${tom.objectId}/refreshSessionToken`;
    const fresh = await answered<UserRow>(asDevice("PUT", path, undefined, { session: tom.sessionToken }));
    expect(Object.keys(fresh).toSorted()).toEqual(["objectId", "sessionToken", "updatedAt"]);
    expect(fresh.sessionToken).not.toBe(tom.sessionToken);
    const me = (session: string) => outcome(asDevice("GET", "/1.1/users/me", undefined, { session }));
    expect([await me(tom.sessionToken), await me(fresh.sessionToken)]).toEqual(["400 211", "200"]);
    expect(await outcome(asDevice("PUT", path, undefined, { session: tom.sessionToken }))).toBe("400 206");
    const jerry = await signedUp("Jerry");
    expect(await outcome(asDevice("PUT", path, undefined, { session: jerry.sessionToken }))).toBe("403 403");
    expect((await answered(asOwner("PUT", path))).sessionToken).toMatch(/^[0-9a-z]{25}$/);
  });

  test.each(["the user", "the owner"])(
    "[C-05] of eight requests of %s for a new session token at once, each answer is the valid one",
    async (who) => {
      const tom = await signedUp("Tom");
      const path = `/1.1/users/${tom.objectId}/refreshSessionToken`;
      const session = tom.sessionToken;
      const one = () =>
        who === "the user" ? asDevice("PUT", path, undefined, { session }) : asOwner("PUT", path);
      const all = await Promise.all(Array.from({ length: 8 }, one));
      const fresh = await Promise.all(all.filter(({ ok }) => ok).map((each) => each.json<UserRow>()));
      expect(fresh.length).toBeGreaterThan(0);
      expect(new Set(fresh.map(({ sessionToken }) => sessionToken)).size).toBe(1);
      const me = asDevice("GET", "/1.1/users/me", undefined, { session: fresh[0]?.sessionToken });
      expect(await outcome(me)).toBe("200");
    },
  );

  test("[C-05] of changes of a password that arrive together one is made, and its session token is valid", async () => {
    const tom = await signedUp("Tom");
    const path = `/1.1/users/${tom.objectId}/updatePassword`;
    const as = { session: tom.sessionToken };
    const change = (new_password: string) =>
      asDevice("PUT", path, { old_password: PASSWORD, new_password }, as);
    const all = await Promise.all(Array.from({ length: 4 }, (_, at) => change(`brie ${at}`)));
    const made = all.flatMap(({ ok }, at) => (ok ? [at] : []));
    expect(made).toHaveLength(1);
    const { sessionToken } = (await all[made[0] ?? 0]?.json<UserRow>()) ?? tom;
    const again = await answered(logIn({ username: tom.username, password: `brie ${made[0]}` }));
    expect(again.sessionToken).toBe(sessionToken);
  });

  test("[C-05] a login during which the session token was renewed answers the new one", async () => {
    const tom = await signedUp("Tom");
    const path = `/1.1/users/${tom.objectId}/refreshSessionToken`;
    let renewing: Promise<UserRow> | undefined;
    const pause = async () => {
      renewing ??= answered(asDevice("PUT", path, undefined, { session: tom.sessionToken }));
      await renewing;
    };
    const key = { by: "username", value: tom.username } as const;
    const answer = await accounts.logIn(world, new Passwords({ ...nodeHashing, pause }), key, PASSWORD);
    expect(answer).toHaveProperty("sessionToken", (await renewing)?.sessionToken);
  });

  test("[C-05] a login by a password that was changed meanwhile is refused", async () => {
    const tom = await signedUp("Tom");
    const path = `/1.1/users/${tom.objectId}/updatePassword`;
    const body = { old_password: PASSWORD, new_password: "brie" };
    let changing: Promise<UserRow> | undefined;
    const pause = async () => {
      changing ??= answered(asDevice("PUT", path, body, { session: tom.sessionToken }));
      await changing;
    };
    const key = { by: "username", value: tom.username } as const;
    const answer = await accounts.logIn(world, new Passwords({ ...nodeHashing, pause }), key, PASSWORD);
    expect(answer).toEqual({ refused: "MISMATCH" });
  });

  test("[C-05] a user changes the password with the old one, and devices with the session token before log in again", async () => {
    const tom = await signedUp("Tom");
    const path = `/1.1/users/${tom.objectId}/updatePassword`;
    const change = (old_password: string, new_password: unknown, session: string) =>
      asDevice("PUT", path, { old_password, new_password }, { session });
    expect(await outcome(change("wrong", "brie", tom.sessionToken))).toBe("400 210");
    expect(await outcome(change(PASSWORD, "", tom.sessionToken))).toBe("400 201");
    expect(await outcome(change(PASSWORD, "brie", "nobody's"))).toBe("400 206");
    const { sessionToken } = await answered(change(PASSWORD, "brie", tom.sessionToken));
    expect(await outcome(logIn({ username: tom.username, password: PASSWORD }))).toBe("400 210");
    const again = await answered(logIn({ username: tom.username, password: "brie" }));
    expect(again.sessionToken).toBe(sessionToken);
    expect(sessionToken).not.toBe(tom.sessionToken);
  });
});
