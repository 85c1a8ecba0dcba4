import { describe, expect, test } from "vitest";
import { isOppoTokenRefused, oppoVerdict, oppoWords } from "../../../../src/push/vendors/oppo-codes.ts";

const verdictOf = (code: number, message = "") => oppoVerdict({ code, message });

describe("OPPO's codes", () => {
  test.each([
    [0, "success"],
    [32, "a repeat of the same id"],
  ])("OPPO's code %d, %s, means sent", (code) => {
    expect(verdictOf(code)).toEqual({ outcome: "sent" });
  });

  test("OPPO's code 10000 means that the device is unknown", () => {
    expect(verdictOf(10_000, "registration_id格式不正确")).toMatchObject({ outcome: "unknown" });
  });

  test.each([
    ["registration_id is invalid", "unknown"],
    ["registrationId invalid", "unknown"],
    ["content length", "failed"],
    ["", "failed"],
  ])("OPPO's code 41 with %j means %s", (message, outcome) => {
    expect(verdictOf(41, message)).toMatchObject({ outcome });
  });

  test("OPPO's code 11 asks for another access token once, and then waits", () => {
    expect(isOppoTokenRefused({ code: 11 })).toBe(true);
    expect(isOppoTokenRefused({ code: 0 })).toBe(false);
    expect(verdictOf(11)).toMatchObject({ outcome: "later", retryAfter: undefined });
  });

  test.each([
    [-2, "flow control"],
    [-1, "an outage"],
    [55, "calls that are too frequent"],
    [69, "a limit of OPPO's"],
  ])("OPPO's code %d, %s, means later", (code) => {
    expect(verdictOf(code)).toMatchObject({ outcome: "later", retryAfter: undefined });
  });

  test("OPPO's code 13, too many calls, means later, after half an hour", () => {
    expect(verdictOf(13)).toMatchObject({ outcome: "later", retryAfter: 1_800_000 });
  });

  test.each([33, 42])("OPPO's code %d means that the day's messages are used up", (code) => {
    expect(verdictOf(code)).toMatchObject({ outcome: "quota" });
  });

  test.each([
    [14, "the appKey is wrong"],
    [16, "masterSecret"],
    [19, "clock"],
    [26, "address"],
    [27, "no right"],
    [28, "switched off"],
    [30, "no right to push"],
    [54, "set templateId"],
    [59, "no right"],
    [67, "category"],
  ])("OPPO's code %d fails and names what the owner can do: %s", (code, hint) => {
    expect(verdictOf(code, "as OPPO says it")).toEqual({
      outcome: "failed",
      why: expect.stringMatching(new RegExp(`^code ${code}: as OPPO says it \\(.*${hint}`)),
    });
  });

  test.each([12, 15, 17, 18, 20, 21, 22, 23, 24, 25, 29, 31, 40, 51, 999])(
    "OPPO's code %d fails, and the device stays",
    (code) => {
      expect(verdictOf(code, "as OPPO says it")).toEqual({
        outcome: "failed",
        why: `code ${code}: as OPPO says it`,
      });
    },
  );

  test("OPPO's words cannot forge lines of a log, nor fill it", () => {
    expect(oppoWords({ code: 40, message: `one\ntwo${"x".repeat(1_000)}` })).toMatch(
      /^code 40: one twox{193}…$/,
    );
    expect(oppoWords({ code: 40 })).toBe("code 40: ");
  });
});
