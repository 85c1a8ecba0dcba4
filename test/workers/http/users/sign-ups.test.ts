import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { outcome } from "../../support/rest.ts";
import { configure, openWorld, world } from "../../support/world.ts";
import { answered, asDevice, asOwner, named, PASSWORD, signedUp, type UserRow } from "./user-calls.ts";

beforeAll(() => openWorld({ users: { where: "here" } }));
afterEach(() => configure({ users: { signUp: null, thirdParty: null }, limits: { signUpsPerMinute: null } }));

const signUp = (body: object, path = "/1.1/users") => asDevice("POST", path, body);
const numberOf = async (table: string, where: string, value: string) =>
  world.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${where} = ?`).bind(value).first<number>("n");

describe("[C-05] signing up", () => {
  test("[C-05] a user signs up and receives the row with a session token, and where it is", async () => {
    const body = {
      username: named("Tom"),
      password: PASSWORD,
      email: `${crypto.randomUUID()}@example.com`,
      gender: "male",
    };
    const response = await signUp(body);
    expect(response.status).toBe(201);
    const row = await response.json<UserRow>();
    expect(response.headers.get("Location")).toBe(`/1.1/users/${row.objectId}`);
    const { password: _, ...shown } = body;
    expect(row).toEqual({
      ...shown,
      objectId: expect.stringMatching(/^[0-9a-f]{24}$/),
      sessionToken: expect.stringMatching(/^[0-9a-z]{25}$/),
      emailVerified: false,
      mobilePhoneVerified: false,
      createdAt: row.updatedAt,
      updatedAt: row.updatedAt,
    });
  });

  test("[C-05] a username, an email address and a phone number belong to one user each", async () => {
    const contact = { email: `${crypto.randomUUID()}@example.com`, mobilePhoneNumber: `+86${Date.now()}` };
    const tom = await signedUp("Tom", contact);
    const again = (body: object) => outcome(signUp({ username: named("Tom"), password: PASSWORD, ...body }));
    expect(await again({ username: tom.username })).toBe("400 202");
    expect(await again({ email: contact.email })).toBe("400 203");
    expect(await again({ mobilePhoneNumber: contact.mobilePhoneNumber })).toBe("400 214");
    expect(await again({ username: tom.username.toUpperCase() })).toBe("201");
  });

  test.each([
    ["without a username", { password: PASSWORD }, "400 200"],
    ["with a blank username", { username: " ", password: PASSWORD }, "400 217"],
    ["with a username that is no text", { username: 7, password: PASSWORD }, "400 217"],
    ["with a username without end", { username: "x".repeat(257), password: PASSWORD }, "400 217"],
    ["without a password", { username: "Tyke" }, "400 201"],
    ["with a blank password", { username: "Tyke", password: "  " }, "400 218"],
    ["with a line break in the username", { username: "Tyke\nTyke", password: PASSWORD }, "400 217"],
    ["with NUL in the username", { username: "Tyke\0", password: PASSWORD }, "400 217"],
    ["with DEL in the username", { username: "Tyke\u007f", password: PASSWORD }, "400 217"],
    ["with a password's path", { username: "Tyke", password: PASSWORD, "password.x": 1 }, "400 105"],
    [
      "with a line break in the number",
      { username: "T", password: PASSWORD, mobilePhoneNumber: "12\n34" },
      "400 127",
    ],
    ["with an address that is none", { username: "Tyke", password: PASSWORD, email: "tyke" }, "400 125"],
    [
      "with a number that is none",
      { username: "Tyke", password: PASSWORD, mobilePhoneNumber: "tyke" },
      "400 127",
    ],
    ["with an ACL that is none", { username: "Tyke", password: PASSWORD, ACL: ["*"] }, "400 123"],
    ["with a column that cannot be named so", { username: "Tyke", password: PASSWORD, "1a": 1 }, "400 105"],
    ["with more than 300 columns", { username: "Tyke", password: PASSWORD, ...columns(301) }, "400 105"],
    [
      "with an account on a platform without an id",
      { authData: { weixin: { access_token: "t" } } },
      "400 250",
    ],
    ["with a platform that is no object", { authData: { weixin: "t" } }, "400 250"],
  ])("[C-05] a sign-up %s is refused", async (_, body, refusal) => {
    expect(await outcome(signUp(body))).toBe(refusal);
    expect(await numberOf("users", "username", "Tyke")).toBe(0);
  });

  test("[C-05] of 50 who sign up at once by one name, one becomes a user", async () => {
    const username = named("Tom");
    const all = Array.from({ length: 50 }, (_, at) =>
      outcome(signUp({ username, password: `${PASSWORD} ${at}` })),
    );
    const outcomes = await Promise.all(all);
    expect(outcomes.filter((each) => each === "201")).toHaveLength(1);
    expect(outcomes.filter((each) => each === "400 202")).toHaveLength(49);
    expect(await numberOf("users", "username", username)).toBe(1);
  });

  test("[C-05] what only the service sets is ignored in a sign-up", async () => {
    const forged = {
      objectId: "65537a0e0000000000000009",
      sessionToken: "forged",
      salt: "x",
      emailVerified: true,
    };
    const tom = await signedUp("Tom", {
      ...forged,
      mobilePhoneVerified: true,
      createdAt: "2001-01-01T00:00:00.000Z",
    });
    expect(tom).toMatchObject({ emailVerified: false, mobilePhoneVerified: false });
    expect(tom.objectId).not.toBe(forged.objectId);
    expect(tom.sessionToken).not.toBe("forged");
    expect(Date.parse(tom.createdAt)).toBeGreaterThan(Date.now() - 60_000);
  });

  test("[C-05] the owner creates users while nobody may sign up", async () => {
    await configure({ users: { signUp: false } });
    const body = { username: named("Tom"), password: PASSWORD };
    expect(await outcome(signUp(body))).toBe("400 207");
    expect(await outcome(signUp({ authData: { anonymous: { id: crypto.randomUUID() } } }))).toBe("400 207");
    expect((await answered(asOwner("POST", "/1.1/users", body))).username).toBe(body.username);
  });

  test("[C-05] while nobody may sign up, taken and free names, addresses and numbers are refused alike", async () => {
    const contact = { email: `${crypto.randomUUID()}@example.com`, mobilePhoneNumber: `+86${Date.now()}` };
    const { username } = await signedUp("Tom", contact);
    await configure({ users: { signUp: false } });
    const taken = { authData: { anonymous: { id: crypto.randomUUID() } }, username };
    for (const body of [{ username }, contact, { username: named("Free"), ...contact }, {}, taken])
      expect(await outcome(signUp({ password: PASSWORD, ...body }))).toBe("400 207");
  });

  test("[C-05] sign-ups of the whole app are limited, and log nobody out", async () => {
    const anonymous = { authData: { anonymous: { id: crypto.randomUUID() } } };
    const first = await answered(signUp(anonymous));
    await configure({ limits: { signUpsPerMinute: 1 } });
    const others = Array.from({ length: 3 }, () =>
      signUp({ authData: { anonymous: { id: crypto.randomUUID() } } }),
    );
    expect(
      (await Promise.all(others.map(outcome))).filter((each) => each === "429 429").length,
    ).toBeGreaterThan(0);
    expect((await answered(signUp(anonymous))).objectId).toBe(first.objectId);
  });
});

function columns(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`c${at}`, at]));
}

describe("[C-05] accounts on other platforms", () => {
  const weixin = () => ({
    weixin: { openid: crypto.randomUUID(), access_token: "t", expires_in: 1382686496 },
  });

  test("[C-05] an account on another platform signs a user up with a made-up name, and later logs the same user in", async () => {
    const authData = weixin();
    const first = await signUp({ authData });
    expect(first.status).toBe(201);
    const user = await first.json<UserRow>();
    expect(user).toMatchObject({ authData, username: expect.stringMatching(/^[0-9a-z]{25}$/) });
    const renewed = { weixin: { ...authData.weixin, access_token: "another" } };
    const second = await signUp({ authData: renewed });
    expect(second.status).toBe(200);
    const again = await second.json<UserRow>();
    expect(again).toMatchObject({
      objectId: user.objectId,
      sessionToken: user.sessionToken,
      authData: renewed,
    });
  });

  test("[C-05] logins add no more than 20 platforms to a user, and no more than a row may have", async () => {
    const uid = crypto.randomUUID();
    const first = await answered(signUp({ authData: { a: { uid } } }));
    const more = (from: number, count: number, padding = "") =>
      Object.fromEntries(
        Array.from({ length: count }, (_, at) => [`p${from + at}`, { uid: crypto.randomUUID(), padding }]),
      );
    expect(await outcome(signUp({ authData: { a: { uid }, ...more(0, 10) } }))).toBe("200");
    expect(await outcome(signUp({ authData: { a: { uid }, ...more(10, 15) } }))).toBe("400 250");
    const large = () => signUp({ authData: { a: { uid }, ...more(10, 1, "x".repeat(40_000)) } });
    expect(await outcome(large())).toBe("200");
    const another = signUp({ authData: { a: { uid }, ...more(11, 1, "x".repeat(40_000)) } });
    expect(await outcome(another)).toBe("400 105");
    expect((await answered(signUp({ authData: { a: { uid } } }))).objectId).toBe(first.objectId);
  });

  test.each(["7", "9007199254740993", '"\\u6c64\\u59c6"'])(
    "[C-05] the account with the uid %s is one user's",
    async (written) => {
      const platform = `p${crypto.randomUUID().slice(0, 8)}`;
      const body = `{"authData":{"${platform}":{"uid":${written}}}}`;
      const ids = [
        await answered(asDevice("POST", "/1.1/users", body)),
        await answered(asDevice("POST", "/1.1/users", body)),
      ];
      expect(ids[1]?.objectId).toBe(ids[0]?.objectId);
    },
  );

  test.each(["1e5", "1.5", "-1", "123456789012345678901", "true", '"a\\u0000b"', '"\\ud800"', "{}"])(
    "[C-05] an account with the uid %s is refused",
    async (written) => {
      expect(
        await outcome(asDevice("POST", "/1.1/users", `{"authData":{"github":{"uid":${written}}}}`)),
      ).toBe("400 250");
    },
  );

  test("[C-05] failOnNotExist creates nobody", async () => {
    const authData = weixin();
    const path = "/1.1/users?failOnNotExist=true";
    const response = await signUp({ authData }, path);
    expect([response.status, await response.json()]).toEqual([
      400,
      { code: 211, error: "Could not find user." },
    ]);
    const { objectId } = await answered(signUp({ authData }));
    expect((await answered(signUp({ authData }, path))).objectId).toBe(objectId);
  });

  test("[C-05] of 20 who log in at once by one new account, all are the same user", async () => {
    const authData = { anonymous: { id: crypto.randomUUID() } };
    const all = await Promise.all(Array.from({ length: 20 }, () => answered(signUp({ authData }))));
    expect(new Set(all.map(({ objectId }) => objectId)).size).toBe(1);
    expect(new Set(all.map(({ sessionToken }) => sessionToken)).size).toBe(1);
    expect(await numberOf("user_identities", "uid", authData.anonymous.id)).toBe(1);
  });

  test("[C-05] of 20 who log in at once by one account with data of their own, all do", async () => {
    const openid = crypto.randomUUID();
    const logIn = (access_token: string) => signUp({ authData: { weixin: { openid, access_token } } });
    const { objectId } = await answered(logIn("t"));
    const all = Array.from({ length: 20 }, (_, at) => answered(logIn(`t${at}`)));
    expect(new Set((await Promise.all(all)).map((user) => user.objectId))).toEqual(new Set([objectId]));
  });

  test("[C-05] a union id is one user in all apps of a company", async () => {
    const unionid = crypto.randomUUID();
    const account = (uid: string, main_account: boolean) => ({
      uid,
      platform: "weixin",
      unionid,
      main_account,
    });
    const first = await answered(signUp({ authData: { weixin_1: account(crypto.randomUUID(), true) } }));
    expect(first.authData).toHaveProperty("_weixin_unionid", { uid: unionid });
    const response = await signUp({ authData: { weixin_2: account(crypto.randomUUID(), false) } });
    expect(response.status).toBe(200);
    const second = await response.json<UserRow>();
    expect(second.objectId).toBe(first.objectId);
    expect(Object.keys(second.authData ?? {}).toSorted()).toEqual([
      "_weixin_unionid",
      "weixin_1",
      "weixin_2",
    ]);
  });

  test("[C-05] a user links an account, is anonymous no longer, and unlinks it again", async () => {
    const anonymous = { anonymous: { id: crypto.randomUUID() } };
    const tom = await answered(signUp({ authData: anonymous }));
    const path = `/1.1/classes/_User/${tom.objectId}`;
    const as = { session: tom.sessionToken };
    const github = { github: { uid: crypto.randomUUID(), access_token: "t" } };
    const linked = await answered(asDevice("PUT", `${path}?new=true`, { authData: github }, as));
    expect(linked).toMatchObject({ objectId: tom.objectId, authData: github });
    expect(linked.authData).not.toHaveProperty("anonymous");
    expect(await numberOf("user_identities", "uid", anonymous.anonymous.id)).toBe(0);
    expect((await answered(signUp({ authData: github }))).objectId).toBe(tom.objectId);
    const unlinked = await answered(asDevice("PUT", path, { "authData.github": { __op: "Delete" } }, as));
    expect(Object.keys(unlinked).toSorted()).toEqual(["objectId", "updatedAt"]);
    expect((await answered(signUp({ authData: github }))).objectId).not.toBe(tom.objectId);
  });

  test("[C-05] an account that belongs to another user cannot be linked", async () => {
    const authData = weixin();
    await answered(signUp({ authData }));
    const tom = await signedUp("Tom");
    const linking = asDevice(
      "PUT",
      `/1.1/users/${tom.objectId}`,
      { authData },
      { session: tom.sessionToken },
    );
    expect(await outcome(linking)).toBe("400 208");
    expect(await numberOf("user_identities", "user_id", tom.objectId)).toBe(0);
  });

  test("[C-05] an anonymous user who takes a name and a password is anonymous no longer", async () => {
    const authData = { anonymous: { id: crypto.randomUUID() } };
    const tom = await answered(signUp({ authData }));
    const username = named("Tom");
    const change = { username, password: PASSWORD };
    await answered(
      asDevice("PUT", `/1.1/classes/_User/${tom.objectId}`, change, { session: tom.sessionToken }),
    );
    const again = await answered(asDevice("POST", "/1.1/login", { username, password: PASSWORD }));
    expect(again).toMatchObject({ objectId: tom.objectId, sessionToken: tom.sessionToken });
    expect(again).not.toHaveProperty("authData");
    expect((await answered(signUp({ authData }))).objectId).not.toBe(tom.objectId);
  });

  test("[C-05] users.thirdParty off leaves anonymous users alone in logging in so", async () => {
    const authData = weixin();
    const tom = await answered(signUp({ authData }));
    await configure({ users: { thirdParty: false } });
    expect(await outcome(signUp({ authData }))).toBe("400 207");
    const as = { session: tom.sessionToken };
    const linking = asDevice("PUT", `/1.1/users/${tom.objectId}`, { authData: weixin() }, as);
    expect(await outcome(linking)).toBe("400 207");
    expect(await outcome(signUp({ authData: { anonymous: { id: crypto.randomUUID() } } }))).toBe("201");
    const unlinking = { "authData.weixin": { __op: "Delete" }, nickname: "cat" };
    expect(await outcome(asDevice("PUT", `/1.1/users/${tom.objectId}`, unlinking, as))).toBe("200");
  });

  const victimOf = async () => {
    const unionid = crypto.randomUUID();
    const account = { openid: crypto.randomUUID(), platform: "weixin", unionid, main_account: true };
    const tom = await answered(signUp({ authData: { weixin: account } }));
    return { tom, union: { unionid, platform: "weixin", main_account: true } };
  };

  test.each([true, false])(
    "[C-05] an anonymous account names nobody by a union id or another field, while users.thirdParty is %s",
    async (thirdParty) => {
      const { tom, union } = await victimOf();
      await configure({ users: { thirdParty } });
      const id = crypto.randomUUID();
      const strange = { anonymous: { id, ...union } };
      const known = "/1.1/users?failOnNotExist=true";
      expect(await outcome(signUp({ authData: strange }, known))).toBe("400 211");
      const jerry = await answered(signUp({ authData: strange }));
      expect([jerry.objectId === tom.objectId, jerry.authData]).toEqual([false, { anonymous: { id } }]);
      expect((await answered(signUp({ authData: strange }))).authData).toEqual({ anonymous: { id } });
      for (const field of ["uid", "openid"])
        expect(await outcome(signUp({ authData: { anonymous: { [field]: id } } }, known))).toBe("400 250");
      const as = { session: jerry.sessionToken };
      const paths = { "authData.anonymous.unionid": union.unionid, "authData.anonymous.platform": "weixin" };
      const path = `/1.1/users/${jerry.objectId}`;
      for (const change of [{ authData: strange }, paths, { "authData.anonymous": strange.anonymous }]) {
        const after = await answered(asDevice("PUT", `${path}?new=true`, change, as));
        expect(after.authData).toEqual({ anonymous: { id } });
      }
      expect(await numberOf("user_identities", "user_id", jerry.objectId)).toBe(1);
    },
  );

  test.each([
    ["a column", (data: object) => ({ authData: { weixin: data } })],
    ["a path", (data: object) => ({ "authData.weixin": data })],
    ["a path into it", (data: object) => ({ "authData.weixin.openid": Object.values(data)[0] ?? null })],
    ["a path to a union id", (data: object) => ({ "authData._weixin_unionid": data })],
    [
      "a column beside an anonymous account",
      (data: object) => ({ authData: { weixin: data, anonymous: { id: "x" } } }),
    ],
  ])(
    "[C-05] users.thirdParty off refuses to link an account by %s, in a change and in a sign-up",
    async (_, by) => {
      const tom = await signedUp("Tom");
      await configure({ users: { thirdParty: false } });
      const linked = by({ openid: crypto.randomUUID() });
      const as = { session: tom.sessionToken };
      expect(await outcome(asDevice("PUT", `/1.1/users/${tom.objectId}`, linked, as))).toBe("400 207");
      const body = { username: named("Jerry"), password: PASSWORD, ...linked };
      expect(await outcome(signUp(body))).toBe("400 207");
      expect(await numberOf("users", "username", body.username)).toBe(0);
    },
  );

  test("[C-05] an account that is linked by a path obeys the rules of its column", async () => {
    const anonymous = { anonymous: { id: crypto.randomUUID() } };
    const tom = await answered(signUp({ authData: anonymous }));
    const unionid = crypto.randomUUID();
    const account = { openid: crypto.randomUUID(), platform: "weixin", unionid, main_account: true };
    const path = `/1.1/users/${tom.objectId}?new=true`;
    const after = await answered(
      asDevice("PUT", path, { "authData.weixin": account }, { session: tom.sessionToken }),
    );
    expect(after.authData).toEqual({ weixin: account, _weixin_unionid: { uid: unionid } });
  });
});
