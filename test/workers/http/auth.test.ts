import { describe, expect, test } from "vitest";
import { callerOf } from "../../../src/http/auth.ts";
import { world } from "../support/world.ts";

const ours = { ...world, APP_ID: "demoApp", APP_KEY: "demoAppKey0002", MASTER_KEY: "demoMasterKey0003" };

function caller(headers: Record<string, string>, env = ours) {
  return callerOf(
    new Request("http://im.example.com/", { headers: { "X-LC-Id": "demoApp", ...headers } }),
    env,
  );
}

describe("[I12] a caller is", () => {
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
  ])("%s by %j", async (expected, headers) => {
    expect(await caller(headers)).toBe(expected);
  });

  test("none by the key of a deployment that has none", async () => {
    const bare = { ...ours, APP_KEY: "", MASTER_KEY: "" };
    expect(await caller({ "X-LC-Key": "" }, bare)).toBe("none");
    expect(await caller({ "X-LC-Key": ",master" }, bare)).toBe("none");
    // MD5 of "1" alone, which is what an empty key would sign.
    expect(await caller({ "X-LC-Sign": "c4ca4238a0b923820dcc509a6f75849b,1" }, bare)).toBe("none");
    const unset = Object.assign({}, ours, { MASTER_KEY: undefined });
    expect(await caller({ "X-LC-Key": "undefined,master" }, unset)).toBe("none");
  });
});
