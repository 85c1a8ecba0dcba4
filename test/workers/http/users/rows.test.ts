import { beforeAll, describe, expect, test } from "vitest";
import { outcome } from "../../support/rest.ts";
import { openWorld } from "../../support/world.ts";
import {
  answered,
  asDevice,
  asOwner,
  exportedRow,
  imported,
  named,
  PASSWORD,
  signedUp,
} from "./user-calls.ts";

beforeAll(() => openWorld({ users: { where: "here" } }));

const PATHS = ["/1.1/users", "/1.1/classes/_User"];
const email = () => `${crypto.randomUUID()}@example.com`;

describe.each(PATHS)("[C-05] a user's row at %s", (path) => {
  test("[C-05] the user and the owner see the whole row, others the name and the app's columns", async () => {
    const contact = { email: email(), authData: { github: { uid: crypto.randomUUID() } } };
    const tom = await signedUp("Tom", { ...contact, nickname: "cat" });
    const { objectId, username, sessionToken, createdAt, updatedAt } = tom;
    const row = `${path}/${objectId}`;
    const open = { objectId, username, nickname: "cat", createdAt, updatedAt };
    const own = { ...open, ...contact, emailVerified: false, mobilePhoneVerified: false };
    const jerry = await signedUp("Jerry");
    expect(await answered(asDevice("GET", row))).toEqual(open);
    expect(await answered(asDevice("GET", row, undefined, { session: jerry.sessionToken }))).toEqual(open);
    expect(await answered(asDevice("GET", row, undefined, { session: "nobody's" }))).toEqual(open);
    expect(await answered(asDevice("GET", row, undefined, { session: sessionToken }))).toEqual(own);
    expect(await answered(asOwner("GET", row))).toEqual({ ...own, sessionToken });
  });

  test("[C-05] a user whose ACL names readers is seen by them alone", async () => {
    const jerry = await signedUp("Jerry");
    const ACL = { [jerry.objectId]: { read: true }, "role:cats": { read: true } };
    const tom = await signedUp("Tom", { ACL });
    const see = (session?: string) =>
      outcome(asDevice("GET", `${path}/${tom.objectId}`, undefined, { session }));
    expect([await see(), await see(jerry.sessionToken), await see(tom.sessionToken)]).toEqual([
      "404 101",
      "200",
      "200",
    ]);
  });

  test("[C-05] a user changes columns by values and operations, and only that user and the owner do", async () => {
    const tom = await signedUp("Tom", { lives: 9, friends: ["Butch"], address: { town: "Here" } });
    const row = `${path}/${tom.objectId}`;
    const as = { session: tom.sessionToken };
    const changes = {
      lives: { __op: "Increment", amount: -1 },
      friends: { __op: "AddUnique", objects: ["Butch", "Toodles"] },
      "address.town": "There",
      born: { __type: "Date", iso: "1940-02-10T00:00:00.000Z" },
      __type: "Object",
    };
    const short = await answered(asDevice("PUT", row, changes, as));
    expect(Object.keys(short).toSorted()).toEqual(["objectId", "updatedAt"]);
    expect(Date.parse(short.updatedAt)).toBeGreaterThan(Date.parse(tom.updatedAt));
    const after = { lives: 8, friends: ["Butch", "Toodles"], address: { town: "There" }, born: changes.born };
    expect(await answered(asDevice("GET", row))).toMatchObject(after);
    expect(await answered(asOwner("PUT", `${row}?fetchWhenSave=true`, { born: null }))).not.toHaveProperty(
      "born",
    );
    const jerry = await signedUp("Jerry");
    const theft = (session?: string) => outcome(asDevice("PUT", row, { lives: 0 }, { session }));
    expect([await theft(), await theft("nobody's"), await theft(jerry.sessionToken)]).toEqual([
      "400 206",
      "400 206",
      "403 403",
    ]);
  });

  test("[C-05] paths into columns that only the service sets are ignored, as the columns are", async () => {
    const forged = { "sessionToken.x": 1, "salt.x": 1, "objectId.x": 1, "createdAt.x": 1, "_x.y": 1 };
    const hidden = { "emailVerified.x": 1, "mobilePhoneVerified.x": 1, "smsCode.x": 1, "updatedAt.x": 1 };
    const tom = await signedUp("Tom", { ...forged, ...hidden });
    const row = `${path}/${tom.objectId}`;
    const as = { session: tom.sessionToken };
    await answered(asDevice("PUT", row, { ...forged, ...hidden, nickname: "cat" }, as));
    expect(await outcome(asDevice("PUT", row, { "password.a": 1 }, as))).toBe("400 105");
    const { objectId, username, createdAt } = tom;
    const shown = { objectId, username, createdAt, updatedAt: expect.any(String), nickname: "cat" };
    expect(await answered(asDevice("GET", row))).toEqual(shown);
    const imports = exportedRow("Butch", { "sessionToken.x": 1, "salt.x": 1, "objectId.x": 1 });
    await imported(imports);
    const seen = await answered(asDevice("GET", `${path}/${imports.objectId}`));
    expect(Object.keys(seen).toSorted()).toEqual(["createdAt", "objectId", "updatedAt", "username"]);
  });

  test("[C-05] a new address is not verified until the owner says so, and nobody else can say it", async () => {
    const tom = await signedUp("Tom", { email: email() });
    const row = `${path}/${tom.objectId}`;
    const as = { session: tom.sessionToken };
    const verified = async () =>
      (await answered<{ emailVerified: boolean }>(asOwner("GET", row))).emailVerified;
    await answered(asDevice("PUT", row, { emailVerified: true }, as));
    expect(await verified()).toBe(false);
    await answered(asOwner("PUT", row, { emailVerified: true }));
    expect(await verified()).toBe(true);
    await answered(asDevice("PUT", row, { nickname: "cat" }, as));
    expect(await verified()).toBe(true);
    await answered(asDevice("PUT", row, { email: email(), emailVerified: true }, as));
    expect(await verified()).toBe(false);
    await answered(asOwner("PUT", row, { email: email(), emailVerified: true }));
    expect(await verified()).toBe(true);
  });

  test("[C-05] a change that takes what another user has, or makes the row invalid, changes nothing", async () => {
    const jerry = await signedUp("Jerry", { email: email() });
    const tom = await signedUp("Tom", { story: "x".repeat(1_000) });
    const row = `${path}/${tom.objectId}`;
    const change = (body: object) => outcome(asDevice("PUT", row, body, { session: tom.sessionToken }));
    expect(await change({ nickname: "cat", username: jerry.username })).toBe("400 202");
    expect(await change({ nickname: "cat", email: jerry.email })).toBe("400 203");
    expect(await change({ nickname: "cat", username: { __op: "Delete" } })).toBe("400 200");
    expect(await change({ nickname: "cat", password: "" })).toBe("400 201");
    expect(await change({ nickname: "cat", authData: 5 })).toBe("400 105");
    expect(await change({ nickname: "cat", "authData.github": "x" })).toBe("400 250");
    expect(await change({ nickname: "cat", lives: { __op: "Explode" } })).toBe("400 105");
    expect(await change({ nickname: "cat", essay: "x".repeat(65_300) })).toBe("400 105");
    expect(await answered(asDevice("GET", row))).not.toHaveProperty("nickname");
  });

  test("[C-05] of changes that arrive together, all count", async () => {
    const tom = await signedUp("Tom", { lives: 0 });
    const row = `${path}/${tom.objectId}`;
    const as = { session: tom.sessionToken };
    const one = () => asDevice("PUT", row, { lives: { __op: "Increment", amount: 1 } }, as);
    const saved = await Promise.all(Array.from({ length: 40 }, () => outcome(one())));
    expect(saved).toEqual(Array(40).fill("200"));
    expect(await answered(asDevice("GET", row))).toMatchObject({ lives: 40 });
  });

  test("[C-05] a user who is deleted has no session, no login and no accounts, and leaves the name to others", async () => {
    const authData = { github: { uid: crypto.randomUUID() } };
    const tom = await signedUp("Tom", { authData });
    const row = `${path}/${tom.objectId}`;
    const jerry = await signedUp("Jerry");
    expect(await outcome(asDevice("DELETE", row, undefined, { session: jerry.sessionToken }))).toBe(
      "403 403",
    );
    expect(await outcome(asDevice("DELETE", row))).toBe("400 206");
    expect(await outcome(asDevice("DELETE", row, {}, { session: tom.sessionToken }))).toBe("200");
    expect(await outcome(asDevice("GET", "/1.1/users/me", undefined, { session: tom.sessionToken }))).toBe(
      "400 211",
    );
    expect(
      await outcome(asDevice("POST", "/1.1/login", { username: tom.username, password: PASSWORD })),
    ).toBe("400 210");
    expect(await outcome(asDevice("GET", row))).toMatch(/^40[04] (211|101)$/);
    const again = await answered(
      asDevice("POST", "/1.1/users", { username: tom.username, password: PASSWORD, authData }),
    );
    expect(again.objectId).not.toBe(tom.objectId);
  });
});

describe("[C-05] what becomes of hostile input", () => {
  test.each([
    ["__proto__", { ["__proto__"]: { admin: true } }],
    ["constructor.prototype", { "constructor.prototype.admin": true }],
    ["a path through a text", { "username.x": 1 }],
    ["a hundred levels", { deep: JSON.parse(`${"[".repeat(100)}${"]".repeat(100)}`) }],
  ])("[C-05] a change with %s gives no rights and no 500", async (_, body) => {
    const tom = await signedUp("Tom");
    const answer = await asDevice("PUT", `/1.1/users/${tom.objectId}`, body, { session: tom.sessionToken });
    expect(answer.status).toBeLessThan(500);
    expect(Reflect.get({}, "admin")).toBeUndefined();
  });

  test("[C-05] numbers of columns stay as they were written", async () => {
    const tom = await signedUp("Tom");
    const row = `/1.1/users/${tom.objectId}`;
    await answered(asDevice("PUT", row, '{"big":9007199254740993,"one":1.0}', { session: tom.sessionToken }));
    expect(await (await asDevice("GET", row)).text()).toMatch(/"big":9007199254740993,"one":1\.0[,}]/);
  });

  test("[C-05] a name in any script is a name, and one that is no text of Unicode is none", async () => {
    const username = named("汤姆 🐱");
    const body = { username, password: "密码🧀" };
    const { objectId } = await answered(asDevice("POST", "/1.1/users", body));
    expect((await answered(asDevice("POST", "/1.1/login", body))).objectId).toBe(objectId);
    const broken = '{"username":"\\ud800 broken","password":"gruyère"}';
    expect(await outcome(asDevice("POST", "/1.1/users", broken))).toBe("400 217");
  });
});
