import { describe, expect, test } from "vitest";
import {
  areListsUsedUp,
  invalidDevice,
  isTextRefused,
  isVivoTokenRefused,
  vivoVerdict,
} from "../../../../src/push/vendors/vivo-codes.ts";

const verdictOf = (result: number, desc = "") => vivoVerdict({ result, desc });

describe("vivo's codes", () => {
  test("vivo's code 0 means sent", () => {
    expect(verdictOf(0)).toEqual({ outcome: "sent" });
  });

  test("vivo's code 10302 means that the device is unknown", () => {
    expect(verdictOf(10_302, "regId不合法")).toMatchObject({ outcome: "unknown" });
  });

  test.each([
    [1, "an unknown one", "unknown"],
    [2, "one without the app", "gone"],
    [3, "one that is not reached", "failed"],
    [4, "no test phone", "failed"],
  ])("vivo's status %d for a device in its list, %s, means %s", (status, _, outcome) => {
    expect(invalidDevice(status)).toMatchObject({ outcome });
  });

  test("vivo's code 10000 asks for another access token once, and then waits", () => {
    expect(isVivoTokenRefused({ result: 10_000 })).toBe(true);
    expect(isVivoTokenRefused({ result: 0 })).toBe(false);
    expect(verdictOf(10_000)).toMatchObject({ outcome: "later" });
  });

  test.each([
    [10_040, "an outage"],
    [10_072, "calls that are too fast"],
    [10_093, "too many access tokens"],
    [10_250, "too many access tokens of the day"],
    [10_155, "a list that vivo does not have any more"],
  ])("vivo's code %d, %s, means later", (code) => {
    expect(verdictOf(code)).toMatchObject({ outcome: "later", retryAfter: undefined });
  });

  test.each([
    [10_070, "operational messages"],
    [10_073, "system messages"],
    [10_254, "messages to everybody"],
  ])("vivo's code %d means that the day's %s are used up", (code) => {
    expect(verdictOf(code)).toMatchObject({ outcome: "quota" });
  });

  test("vivo's code 10252 means that the day's lists are used up, and fails", () => {
    expect(areListsUsedUp({ result: 10_252 })).toBe(true);
    expect(areListsUsedUp({ result: 10_070 })).toBe(false);
    expect(verdictOf(10_252)).toMatchObject({ outcome: "failed" });
  });

  test.each([10_085, 10_104])("vivo's code %d refuses a text that looks like a test, and fails", (code) => {
    expect(isTextRefused({ result: code })).toBe(true);
    expect(verdictOf(code)).toMatchObject({ outcome: "failed", why: expect.stringContaining("digits") });
  });

  test.each([
    [10_043, "switched off"],
    [10_045, "set pushMode to 1"],
    [10_051, "no right"],
    [10_082, "switched off"],
    [10_094, "appId"],
    [10_096, "no such category"],
    [10_097, "does not belong"],
    [10_202, "appKey"],
    [10_205, "appId"],
    [10_206, "appSecret"],
    [10_207, "clock"],
  ])("vivo's code %d fails and names what the owner can do: %s", (code, hint) => {
    expect(verdictOf(code, "as vivo says it")).toEqual({
      outcome: "failed",
      why: expect.stringMatching(new RegExp(`^code ${code}: as vivo says it \\(.*${hint}`)),
    });
  });

  test.each([
    [10_050, "a missing regId"],
    [10_054, "a wrong notifyType"],
    [10_071, "the wrong hours"],
    [10_103, "words that vivo forbids"],
    [10_200, "a missing parameter"],
    [10_311, "a phone that takes no pushes now"],
    [10_353, "a requestId that is too long"],
  ])("vivo's code %d, %s, fails, and the device stays", (code) => {
    expect(verdictOf(code, "as vivo says it")).toEqual({
      outcome: "failed",
      why: `code ${code}: as vivo says it`,
    });
  });
});
