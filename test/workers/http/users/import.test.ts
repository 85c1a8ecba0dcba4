import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { done, outcome } from "../../support/rest.ts";
import { configure, openWorld } from "../../support/world.ts";
import {
  answered,
  asDevice,
  asOwner,
  exportedRow,
  imported,
  PASSWORD,
  PRINTED,
  signedUp,
} from "./user-calls.ts";

beforeAll(() => openWorld());
afterEach(() => configure({ users: { where: null } }));

const where = async () =>
  (await done<{ users: { where: string | null } }>("GET", "/admin/settings")).users.where;
const logIn = (username: string, password: string) => asDevice("POST", "/1.1/login", { username, password });

describe("[C-05] importing users", () => {
  test("[C-05] before users are imported no request about users is served, and afterwards they are", async () => {
    const row = exportedRow("Butch");
    const refusal = await logIn(row.username, PRINTED.password);
    expect([refusal.status, await refusal.text()]).toEqual([404, expect.stringContaining("users.where")]);
    expect(await where()).toBeNull();
    await imported(row);
    expect(await where()).toBe("here");
    expect(await outcome(logIn(row.username, PRINTED.password))).toBe("200");
  });

  test.each(["hook", "upstream", "here"])(
    "[C-05] an import leaves users.where alone if the owner has set it to %s",
    async (chosen) => {
      await configure({ users: { where: chosen } });
      await imported(exportedRow("Butch"));
      expect(await where()).toBe(chosen);
    },
  );

  test("[C-05] an import of nobody leaves users.where alone", async () => {
    await imported();
    await imported({ objectId: "5d8315de" });
    expect(await where()).toBeNull();
  });

  test("[C-05] a repeated import changes users who are newer in it, and leaves the others alone", async () => {
    await configure({ users: { where: "here" } });
    const row = exportedRow("Butch", { nickname: "dog" });
    const again = (changed: object) => imported({ ...row, ...changed });
    expect(await again({})).toMatchObject({ added: 1 });
    expect(await again({ nickname: "cat" })).toMatchObject({ kept: 1 });
    expect(await again({ nickname: "hound", updatedAt: "2020-01-01T00:00:00.000Z" })).toMatchObject({
      changed: 1,
    });
    const me = () => answered(asDevice("GET", "/1.1/users/me", undefined, { session: row.sessionToken }));
    expect(await me()).toMatchObject({ nickname: "hound" });
    const path = `/1.1/users/${row.objectId}`;
    await answered(asDevice("PUT", path, { nickname: "bulldog" }, { session: row.sessionToken }));
    expect(await again({ nickname: "poodle", updatedAt: "2021-01-01T00:00:00.000Z" })).toMatchObject({
      kept: 1,
    });
    expect(await me()).toMatchObject({ nickname: "bulldog" });
  });

  test.each(["the user", "the owner"])(
    "[C-05] a user deleted by %s does not come back with a repeated import, nor does the session",
    async (who) => {
      await configure({ users: { where: "here" } });
      const authData = { anonymous: { id: crypto.randomUUID() } };
      const row = exportedRow("Butch", { authData });
      await imported(row);
      const path = `/1.1/users/${row.objectId}`;
      const deleting =
        who === "the user"
          ? asDevice("DELETE", path, undefined, { session: row.sessionToken })
          : asOwner("DELETE", path);
      await answered(deleting);
      const newer = { ...row, updatedAt: "2099-01-01T00:00:00.000Z" };
      expect(await imported(row, newer)).toMatchObject({ added: 0, changed: 0, kept: 2, refused: [] });
      const me = asDevice("GET", "/1.1/users/me", undefined, { session: row.sessionToken });
      expect(await outcome(me)).toBe("400 211");
      expect(await outcome(logIn(row.username, PRINTED.password))).toBe("400 210");
      const again = await answered(asDevice("POST", "/1.1/users", { authData }));
      expect(again.objectId).not.toBe(row.objectId);
    },
  );

  test("[C-05] deleting a user who is not there leaves no trace, and an import may bring one of that id", async () => {
    await configure({ users: { where: "here" } });
    const row = exportedRow("Butch");
    await answered(asOwner("DELETE", `/1.1/users/${row.objectId}`));
    expect(await imported(row)).toMatchObject({ added: 1 });
  });

  test("[C-05] a repeated import keeps the better hash of a user who is not newer in it", async () => {
    await configure({ users: { where: "here" } });
    const row = exportedRow("Butch");
    await imported(row);
    await answered(logIn(row.username, PRINTED.password));
    const path = `/1.1/users/${row.objectId}/updatePassword`;
    const body = { old_password: PRINTED.password, new_password: PASSWORD };
    await answered(asDevice("PUT", path, body, { session: row.sessionToken }));
    expect(await imported(row)).toMatchObject({ kept: 1 });
    expect(await outcome(logIn(row.username, PASSWORD))).toBe("200");
    expect(await outcome(logIn(row.username, PRINTED.password))).toBe("400 210");
  });

  test("[C-05] accounts on other platforms, verified addresses, ACLs and typed values are imported", async () => {
    await configure({ users: { where: "here" } });
    const uid = crypto.randomUUID();
    const more = {
      email: `${uid}@example.com`,
      emailVerified: true,
      mobilePhoneNumber: "+8618612340000",
      mobilePhoneVerified: true,
      authData: { weixin: { openid: uid, expires_in: 7200 } },
      ACL: { "*": { read: true } },
      born: { __type: "Date", iso: "1940-02-10T00:00:00.000Z" },
      nothing: null,
    };
    // A user of another platform has no password.
    const { password: _, salt: __, ...row } = exportedRow("Butch", more);
    expect(await imported(row)).toMatchObject({ added: 1 });
    const response = await asDevice("POST", "/1.1/users", { authData: { weixin: { openid: uid } } });
    expect(response.status).toBe(200);
    const { ACL: ___, nothing: ____, authData: _____, ...shown } = more;
    expect(await response.json()).toMatchObject({
      objectId: row.objectId,
      sessionToken: row.sessionToken,
      ...shown,
    });
    expect(await outcome(logIn(row.username, "password"))).toBe("400 210");
  });

  test("[C-05] an imported anonymous account has its id alone, and a name is kept as LeanCloud took it", async () => {
    await configure({ users: { where: "here" } });
    const anonymous = { id: crypto.randomUUID(), unionid: crypto.randomUUID(), platform: "weixin" };
    const row = exportedRow("Butch\tthe dog", { authData: { anonymous } });
    expect(await imported(row)).toMatchObject({ added: 1, refused: [] });
    const me = await answered(asDevice("GET", "/1.1/users/me", undefined, { session: row.sessionToken }));
    expect(me).toMatchObject({ username: row.username, authData: { anonymous: { id: anonymous.id } } });
    expect(me.authData?.anonymous).not.toHaveProperty("unionid");
    const path = `/1.1/users/${row.objectId}`;
    const change = asDevice("PUT", path, { nickname: "dog" }, { session: row.sessionToken });
    expect(await outcome(change)).toBe("200");
  });

  test("[C-05] a row that cannot be a user is refused with the reason, and the others are imported", async () => {
    await configure({ users: { where: "here" } });
    const tom = await signedUp("Tom");
    const good = exportedRow("Butch");
    const bad: [object, RegExp][] = [
      [exportedRow("A", { objectId: "../x" }), /objectId/],
      [exportedRow("B", { createdAt: "yesterday", updatedAt: undefined }), /createdAt/],
      [exportedRow("C", { password: "plain" }), /password, salt/],
      [exportedRow("D", { salt: undefined }), /password, salt/],
      [exportedRow("E", { sessionToken: "" }), /sessionToken/],
      [exportedRow("F", { username: tom.username }), /another user has this username/],
      [exportedRow("G", { sessionToken: good.sessionToken }), /another user has this session token/],
      [exportedRow("H", { email: "none" }), /email/],
    ];
    const { added, refused } = await imported(good, ...bad.map(([row]) => row));
    expect(added).toBe(1);
    expect(refused).toEqual(bad.map(([, why], at) => ({ row: at + 1, error: expect.stringMatching(why) })));
  });

  test("[C-05] a row whose name or token is another user's is refused alone, and so is the second row of a user", async () => {
    const taken = exportedRow("Tyke");
    await imported(taken);
    const [butch, spike, toodles] = [exportedRow("Butch"), exportedRow("Spike"), exportedRow("Toodles")];
    const answer = await imported(
      butch,
      { ...spike, username: taken.username },
      { ...exportedRow("Nibbles"), sessionToken: taken.sessionToken },
      toodles,
      { ...butch, nickname: "older" },
    );
    expect(answer).toMatchObject({
      added: 2,
      kept: 1,
      refused: [
        { row: 1, error: "another user has this username" },
        { row: 2, error: "another user has this session token" },
      ],
    });
    for (const row of [taken, butch, toodles])
      expect(await outcome(logIn(row.username, PRINTED.password))).toBe("200");
  });

  test("[C-05] only the owner imports, and 100 users at most at once", async () => {
    expect(await outcome(asDevice("POST", "/admin/import/users", { results: [] }))).toBe("401 401");
    const rows = Array.from({ length: 101 }, () => exportedRow("Butch"));
    await expect(imported(...rows)).rejects.toThrow("400");
  });
});

describe("[C-05] where users are", () => {
  test.each(["hook", "upstream", null])(
    "[C-05] while users.where is %s, no row here is read or changed by requests about users",
    async (elsewhere) => {
      await configure({ users: { where: "here" } });
      const tom = await signedUp("Tom");
      await configure({ users: { where: elsewhere } });
      const as = { session: tom.sessionToken };
      const row = `/1.1/users/${tom.objectId}`;
      for (const asked of [
        asDevice("GET", row, undefined, as),
        asDevice("PUT", row, { nickname: "cat" }, as),
        asDevice("DELETE", row, undefined, as),
        asDevice("GET", "/1.1/users/me", undefined, as),
        asDevice("POST", "/1.1/users", { username: "x", password: "y" }),
        asDevice("POST", "/1.1/requestPasswordReset", { email: "tom@example.com" }),
        asDevice("GET", `/1.1/classes/_User/${tom.objectId}`, undefined, as),
      ]) {
        expect(await outcome(asked)).toBe("404 404");
      }
      const signing = await outcome(asDevice("POST", "/1.1/rtm/sign", { session_token: tom.sessionToken }));
      expect(signing).toBe("404 404");
    },
  );

  test.each(["/1/login", "/1.1/users/self/friends", "/1.1/requestPasswordReset/x", "/1.1/LOGIN"])(
    "[C-05] while users are here, %s is passed on to nobody",
    async (path) => {
      await configure({ users: { where: "here" }, upstream: { url: "https://upstream.example.com" } });
      const response = await asDevice("POST", path, { email: "tom@example.com" });
      expect(response.status).toBeLessThan(500);
      expect([400, 404]).toContain(response.status);
      await configure({ upstream: null });
    },
  );
});
