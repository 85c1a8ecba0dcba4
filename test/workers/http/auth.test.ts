import { createHash } from "node:crypto";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { callerOf, credentialsInHeaders } from "../../../src/http/auth.ts";
import { named } from "../../support/chat.ts";
import { CONVERSATIONS, conversationOf, done } from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { configure, http, openWorld, world } from "../support/world.ts";

beforeAll(() => openWorld());

const ours: Keys = { APP_ID: "demoApp", APP_KEY: "demoAppKey0002", MASTER_KEY: "demoMasterKey0003" };

type Keys = Parameters<typeof callerOf>[1];

async function caller(given: Record<string, string>, env = ours, now = 1_700_000_000_000) {
  const credentials = credentialsInHeaders(new Headers(given));
  if (credentials === undefined) return "none";
  return callerOf(credentials, env, async (time) => Math.abs(now - time) <= 60_000);
}

/** As clients of today send them. */
const caller12 = (headers: Record<string, string>, env = ours) =>
  caller({ "X-LC-Id": "demoApp", ...headers }, env);

describe("[I12] who a caller is", () => {
  test.each([
    ["app", { "X-LC-Key": "demoAppKey0002" }],
    ["master", { "X-LC-Key": "demoMasterKey0003,master" }],
    ["app", { "X-LC-Sign": "50acf9bac26d7970045dc565a16b1e59,1700000000000" }],
    ["master", { "X-LC-Sign": "67df234c51fb8a7675c4050c4a790ba6,1700000000000,master" }],
    ["none", {}],
    ["none", { "X-LC-Key": "" }],
    ["none", { "X-LC-Key": "demoAppKey000" }],
    ["none", { "X-LC-Key": "demoMasterKey0003" }],
    ["none", { "X-LC-Key": "demoAppKey0002,master" }],
    ["none", { "X-LC-Key": ",master" }],
    ["none", { "X-LC-Key": "demoAppKey0002", "X-LC-Id": "otherApp" }],
    ["none", { "X-LC-Sign": "" }],
    ["none", { "X-LC-Sign": "50ACF9BAC26D7970045DC565A16B1E59,1700000000000" }],
    ["none", { "X-LC-Sign": "50acf9bac26d7970045dc565a16b1e59,1700000000001" }],
    ["none", { "X-LC-Sign": "50acf9bac26d7970045dc565a16b1e59,1700000000000,master" }],
    ["none", { "X-LC-Sign": "67df234c51fb8a7675c4050c4a790ba6,1700000000000" }],
    ["none", { "X-LC-Sign": "67df234c51fb8a7675c4050c4a790ba6,1700000000000,ax-sig-1" }],
    ["none", { "X-LC-Sign": "50acf9bac26d7970045dc565a16b1e59" }],
  ])("[I12] a caller is %s by %j", async (expected, headers) => {
    expect(await caller12(headers)).toBe(expected);
  });

  test("[I12] the key of Android builds that start with the app id alone has the rights of the app key", async () => {
    // LeanCloud's own example.
    const sign = { "X-LC-Sign": "a0002d2a403f35f1fdff02bec956567e,1585203244677,ax-sig-1" };
    const android = { ...ours, ANDROID_KEY: "c7906aff685238709c47416140534f3e" };
    expect(await caller12(sign, android)).toBe("app");
    expect(await caller12(sign, { ...android, ANDROID_KEY: "another" })).toBe("none");
    expect(await caller12(sign)).toBe("none");
  });

  test("[I12] an old signature with the master key is refused, and one with the app key is accepted", async () => {
    const later = 1_700_000_060_001;
    const by = (sign: string) => caller({ "X-LC-Id": "demoApp", "X-LC-Sign": sign }, ours, later);
    expect(await by("67df234c51fb8a7675c4050c4a790ba6,1700000000000,master")).toBe("none");
    expect(await by("50acf9bac26d7970045dc565a16b1e59,1700000000000")).toBe("app");
  });

  test("[I12] an empty key is refused by a deployment without keys", async () => {
    const bare = { ...ours, APP_KEY: "", MASTER_KEY: "" };
    expect(await caller12({ "X-LC-Key": "" }, bare)).toBe("none");
    expect(await caller12({ "X-LC-Key": ",master" }, bare)).toBe("none");
    // MD5 of "1" alone, which is what an empty key would sign.
    expect(await caller12({ "X-LC-Sign": "c4ca4238a0b923820dcc509a6f75849b,1" }, bare)).toBe("none");
    const unset = Object.assign({}, ours, { MASTER_KEY: undefined });
    expect(await caller12({ "X-LC-Key": "undefined,master" }, unset)).toBe("none");
  });
});

describe("the age of a request signed with the master key", () => {
  afterEach(() => configure({ security: { masterSignMinutes: null } }));

  /** Reads the settings with `X-LC-Sign` of this age (ms). */
  async function settingsBy(age: number): Promise<number> {
    const time = Date.now() - age;
    const digest = createHash("md5").update(`${time}${world.MASTER_KEY}`).digest("hex");
    const headers = { "x-lc-id": world.APP_ID, "x-lc-sign": `${digest},${time},master` };
    return (await http("/admin/settings", { headers })).status;
  }

  test("a request signed with the master key is accepted within an hour of its time", async () => {
    const minutes = [0, 59, -59, 61, -61, 5_000_000].map((minutes) => settingsBy(minutes * 60_000));
    expect(await Promise.all(minutes)).toEqual([200, 200, 200, 401, 401, 401]);
  });

  test("a setting decides the accepted age of a request signed with the master key, and 0 accepts any", async () => {
    await configure({ security: { masterSignMinutes: 1 } });
    expect([await settingsBy(30_000), await settingsBy(90_000)]).toEqual([200, 401]);
    await configure({ security: { masterSignMinutes: 0 } });
    expect(await settingsBy(315_360_000_000)).toBe(200);
  });
});

describe("[http-api §1.2] older headers say the same", () => {
  test.each(["X-AVOSCloud", "X-Uluru"])(
    "[http-api §1.2] headers with the prefix %s authenticate as well",
    async (prefix) => {
      const by = (headers: Record<string, string>) =>
        caller({
          [`${prefix}-Application-Id`]: "demoApp",
          ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [`${prefix}-${name}`, value])),
        });
      expect(await by({ "Application-Key": "demoAppKey0002" })).toBe("app");
      expect(await by({ "Application-Key": "demoMasterKey0003,master" })).toBe("master");
      expect(await by({ "Master-Key": "demoMasterKey0003" })).toBe("master");
      expect(await by({ "Request-Sign": "50acf9bac26d7970045dc565a16b1e59,1700000000000" })).toBe("app");
      expect(await by({ "Request-Sign": "67df234c51fb8a7675c4050c4a790ba6,1700000000000,master" })).toBe(
        "master",
      );
      expect(await by({ "Master-Key": "demoAppKey0002" })).toBe("none");
      expect(await by({})).toBe("none");
    },
  );

  test("[http-api §1.2] a wrong master key is refused even beside the right app key", async () => {
    const given = {
      "X-AVOSCloud-Application-Id": "demoApp",
      "X-AVOSCloud-Application-Key": "demoAppKey0002",
      "X-AVOSCloud-Master-Key": "wrong",
    };
    expect(await caller(given)).toBe("none");
  });

  test("[http-api §1.2] headers of different families do not complete each other", async () => {
    expect(await caller({ "X-LC-Id": "demoApp", "X-AVOSCloud-Master-Key": "demoMasterKey0003" })).toBe(
      "none",
    );
  });
});

describe("[http-api §1.2] very old browsers put the keys into a text/plain body", () => {
  const post = (body: object, type = "text/plain;charset=UTF-8") =>
    http("/1.1/rtm/online", {
      method: "POST",
      headers: { "Content-Type": type },
      body: JSON.stringify(body),
    });
  const keys = {
    _ApplicationId: world.APP_ID,
    _ApplicationKey: world.APP_KEY,
    _MasterKey: world.MASTER_KEY,
  };

  test("[http-api §1.2] a text/plain body authenticates by its keys", async () => {
    const [jerry] = named("jerry");
    await WorkerdDevice.of(jerry);
    const response = await post({ ...keys, _SessionToken: "x", peers: [jerry] });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ results: [jerry] });
  });

  test.each([
    [{ ...keys, _MasterKey: undefined }, "text/plain"],
    [{ ...keys, _MasterKey: "wrong" }, "text/plain"],
    [{ ...keys, _ApplicationId: "other" }, "text/plain"],
    [{ ...keys, _ApplicationId: 1 }, "text/plain"],
    [keys, "application/json"],
  ])("[http-api §1.2] a body with the keys %j as %s is refused", async (body, type) => {
    const response = await post({ ...body, peers: ["Jerry"] }, type);
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ code: 401, error: "Unauthorized." });
  });

  test("[http-api §1.2] the keys, and fields with two underscores of storage SDKs, are removed from a body", async () => {
    const id = await conversationOf(["Tom"]);
    const response = await http(`${CONVERSATIONS}/${id}`, {
      method: "PUT",
      headers: { "Content-Type": "text/plain" },
      body: JSON.stringify({ ...keys, _ApplicationProduction: 1, name: "x", __kept: 2 }),
    });
    expect(response.status).toBe(200);
    const where = encodeURIComponent(JSON.stringify({ objectId: id }));
    const { results } = await done<{ results: object[] }>("GET", `${CONVERSATIONS}?where=${where}`);
    expect(results).toMatchObject([{ name: "x" }]);
    expect(JSON.stringify(results)).not.toMatch(/_Application|_MasterKey|__kept/);
  });
});
