import { createHash, randomUUID } from "node:crypto";
import AV from "leancloud-storage";
import { beforeAll, describe, expect, test } from "vitest";
import { sdks } from "./sdk.ts";
import { useTestApp } from "./test-app.ts";
import { next } from "./waiting.ts";

/* Users of the storage SDK as devices have it, without the master key, and in messaging with signed logins. */

const app = useTestApp({ security: { signLogin: true }, users: { where: "here" } });

beforeAll(() => {
  AV.init({ ...app().keys, serverURL: app().url });
});

const PASSWORD = "gruyère";

async function signedUp(name: string, attributes: object = {}) {
  const user = new AV.User();
  user.setUsername(app().named(name));
  user.setPassword(PASSWORD);
  for (const [key, value] of Object.entries(attributes)) user.set(key, value);
  await user.signUp();
  return user;
}

/** A user as the messaging SDK takes it. */
function known(user: AV.User) {
  const { id } = user;
  if (id === undefined) throw new Error("a user without an id");
  return { id, getSessionToken: () => user.getSessionToken() };
}

/** The SDK has it, its types do not. */
const updatePassword = async (user: AV.User, before: string, after: string): Promise<unknown> =>
  Reflect.apply(Reflect.get(user, "updatePassword"), user, [before, after]);

describe("users in the JavaScript storage SDK", () => {
  test("[C-05] a user of the JavaScript storage SDK signs up, is the current one, and logs in again by name and by address", async () => {
    const email = `${randomUUID()}@example.com`;
    const tom = await signedUp("Tom", { email, nickname: "cat" });
    expect(AV.User.current()?.id).toBe(tom.id);
    await AV.User.logOut();
    const again = await AV.User.logIn(tom.getUsername(), PASSWORD);
    expect([again.id, again.getSessionToken(), again.get("nickname"), again.getEmail()]).toEqual([
      tom.id,
      tom.getSessionToken(),
      "cat",
      email,
    ]);
    expect((await AV.User.loginWithEmail(email, PASSWORD)).id).toBe(tom.id);
    expect(await again.isAuthenticated()).toBe(true);
  });

  test("[C-05] the JavaScript storage SDK tells why it cannot sign up or log in", async () => {
    const tom = await signedUp("Tom", { email: `${randomUUID()}@example.com` });
    await expect(AV.User.signUp(tom.getUsername(), PASSWORD)).rejects.toMatchObject({ code: 202 });
    const other = { email: tom.getEmail() };
    await expect(AV.User.signUp(app().named("Tom"), PASSWORD, other)).rejects.toMatchObject({ code: 203 });
    await expect(AV.User.logIn(tom.getUsername(), "emmental")).rejects.toMatchObject({ code: 210 });
    await expect(AV.User.logIn(app().named("Nobody"), PASSWORD)).rejects.toMatchObject({ code: 210 });
    await expect(AV.User.requestPasswordReset("tom@example.com")).rejects.toMatchObject({ code: 119 });
    await expect(AV.User.logInWithMobilePhoneSmsCode("+8618612340000", "1")).rejects.toMatchObject({
      code: 119,
    });
  });

  test("[C-05] the JavaScript storage SDK becomes a user by a session token, until that is refreshed", async () => {
    const tom = await signedUp("Tom");
    const before = tom.getSessionToken();
    await AV.User.logOut();
    const become = await AV.User.become(before);
    expect([become.id, become.getUsername()]).toEqual([tom.id, tom.getUsername()]);
    await become.refreshSessionToken();
    expect(become.getSessionToken()).not.toBe(before);
    expect(await become.isAuthenticated()).toBe(true);
    expect(await tom.isAuthenticated()).toBe(false);
    await expect(AV.User.become(before)).rejects.toMatchObject({ code: 211 });
  });

  test("[C-05] a user of the JavaScript storage SDK changes the row and the password, and fetches what is there", async () => {
    const tom = await signedUp("Tom", { lives: 9, friends: ["Butch"] });
    tom.increment("lives", -1);
    tom.addUnique("friends", "Toodles");
    tom.set("address", { street: "Main Street" });
    await tom.save(null, { fetchWhenSave: true });
    expect(tom.get("lives")).toBe(8);
    const seen = AV.Object.createWithoutData("_User", tom.id ?? "");
    await seen.fetch();
    const { street } = seen.get("address");
    expect([seen.get("lives"), seen.get("friends"), street]).toEqual([
      8,
      ["Butch", "Toodles"],
      "Main Street",
    ]);
    await updatePassword(tom, PASSWORD, "brie");
    tom.set("lives", 7);
    await tom.save();
    await expect(updatePassword(tom, PASSWORD, "camembert")).rejects.toMatchObject({ code: 210 });
    await expect(AV.User.logIn(tom.getUsername(), PASSWORD)).rejects.toMatchObject({ code: 210 });
    expect((await AV.User.logIn(tom.getUsername(), "brie")).get("lives")).toBe(7);
  });

  test("[C-05] another user sees the name and the app's columns, and changes nothing", async () => {
    const jerry = await signedUp("Jerry", { email: `${randomUUID()}@example.com`, nickname: "mouse" });
    await signedUp("Tom");
    const seen = AV.Object.createWithoutData("_User", jerry.id ?? "");
    await seen.fetch();
    expect([seen.get("username"), seen.get("nickname"), seen.get("email")]).toEqual([
      jerry.getUsername(),
      "mouse",
      undefined,
    ]);
    seen.set("nickname", "cheese");
    await expect(seen.save()).rejects.toMatchObject({ code: 403 });
    await expect(seen.destroy()).rejects.toMatchObject({ code: 403 });
    await AV.User.logOut();
    await expect(seen.save()).rejects.toMatchObject({ code: 206 });
  });

  test("[C-05] users of the JavaScript storage SDK log in anonymously and by accounts on other platforms", async () => {
    const id = randomUUID();
    const anonymous = await AV.User.loginWithAuthData({ id }, "anonymous");
    expect(anonymous.isAnonymous()).toBe(true);
    expect((await AV.User.loginWithAuthData({ id }, "anonymous")).id).toBe(anonymous.id);
    expect((await AV.User.loginAnonymously()).id).not.toBe(anonymous.id);

    const account = { uid: randomUUID(), access_token: "t" };
    const missing = AV.User.loginWithAuthData(account, "github", { failOnNotExist: true });
    await expect(missing).rejects.toMatchObject({ code: 211 });
    const tom = await AV.User.loginWithAuthData(account, "github");
    await tom.associateWithAuthData({ openid: randomUUID(), access_token: "t" }, "weixin");
    expect(Object.keys(tom.get("authData")).toSorted()).toEqual(["github", "weixin"]);
    await tom.dissociateAuthData("weixin");
    const again = await AV.User.loginWithAuthData(account, "github");
    expect([again.id, Object.keys(again.get("authData"))]).toEqual([tom.id, ["github"]]);

    const unionid = randomUUID();
    const inOneApp = { uid: randomUUID(), access_token: "t" };
    const main = { unionIdPlatform: "weixin", asMainAccount: true };
    const one = await AV.User.loginWithAuthDataAndUnionId(inOneApp, "weixin_1", unionid, main);
    const inAnother = { uid: randomUUID(), access_token: "t" };
    const other = { unionIdPlatform: "weixin", asMainAccount: false };
    const two = await AV.User.loginWithAuthDataAndUnionId(inAnother, "weixin_2", unionid, other);
    expect(two.id).toBe(one.id);
  });

  test("[C-05] an anonymous user of the JavaScript storage SDK takes a name and keeps id and session", async () => {
    const user = await AV.User.loginAnonymously();
    const { id } = user;
    user.setUsername(app().named("Tom"));
    user.setPassword(PASSWORD);
    await user.signUp();
    expect(user.isAnonymous()).toBe(false);
    expect((await AV.User.logIn(user.getUsername(), PASSWORD)).id).toBe(id);
  });
});

describe.each(sdks)("the JavaScript SDK $version, with users of the storage SDK", (sdk) => {
  test("[C-05] [X-06] users of the storage SDK log in to messaging with signatures and talk, and nobody else does", async () => {
    const [tom, jerry] = [await signedUp("Tom"), await signedUp("Jerry")];
    const device = await app().device(sdk);
    const toms = await device.logIn(known(tom));
    const jerrys = await (await app().device(sdk)).logIn(known(jerry));
    expect([toms.id, jerrys.id]).toEqual([tom.id, jerry.id]);
    const heard = next(jerrys, "message");
    const chat = await toms.createConversation({ members: [jerrys.id], name: "cheese" });
    await chat.send(new device.sdk.TextMessage("come out"));
    expect((await heard)[0]).toMatchObject({ from: tom.id, text: "come out" });
    await expect(device.logIn(app().named("Butch"))).rejects.toMatchObject({ code: 4102 });
    const thief = { ...known(jerry), getSessionToken: () => "stolen" };
    await expect((await app().device(sdk)).logIn(thief)).rejects.toThrow();
  });

  test("[C-05] [X-06] a phone with an imported user logs in to messaging with the session token that it has", async () => {
    const id = `5d8315de${randomUUID().replaceAll("-", "").slice(0, 16)}`;
    const sessionToken = randomUUID().replaceAll("-", "").slice(0, 25);
    const row = { objectId: id, username: app().named("Butch"), sessionToken, ...hashed("bone") };
    const times = { createdAt: "2019-09-19T05:45:02.096Z", updatedAt: "2019-09-19T06:06:23.513Z" };
    const body = { results: [{ ...row, ...times }] };
    await app().ask("/admin/import/users", { method: "POST", body });
    const butch = await (await app().device(sdk)).logIn({ id, getSessionToken: () => sessionToken });
    expect(await butch.ping([id])).toEqual([id]);
    const user = await AV.User.logIn(row.username, "bone");
    expect([user.id, user.getSessionToken()]).toEqual([id, sessionToken]);
  });
});

/** A password as LeanCloud keeps it. */
function hashed(password: string) {
  const salt = randomUUID();
  let digest = createHash("sha512").update(`${salt}${password}`).digest();
  for (let round = 0; round < 512; round++) digest = createHash("sha512").update(digest).digest();
  return { salt, password: digest.toString("base64") };
}
