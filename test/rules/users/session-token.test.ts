import { describe, expect, test } from "vitest";
import { hashOf, newToken, storedToken, tokenIn } from "../../../src/users/session-token.ts";

describe("[C-05] session tokens", () => {
  test("[C-05] session tokens are 25 digits and small letters, all of them about as often", () => {
    const tokens = Array.from({ length: 2_000 }, newToken);
    for (const token of tokens) expect(token).toMatch(/^[0-9a-z]{25}$/);
    expect(new Set(tokens).size).toBe(tokens.length);
    const counts = Map.groupBy(tokens.join(""), (character) => character);
    expect(counts.size).toBe(36);
    const share = (tokens.length * 25) / 36;
    for (const { length } of counts.values()) {
      expect(length).toBeGreaterThan(share * 0.8);
      expect(length).toBeLessThan(share * 1.2);
    }
  });

  test("[C-05] a stored session token is read with the master key it was stored under, and with no other", async () => {
    const stored = await storedToken("qmdj8pdidnmyzp0c7yqil91oc", "master");
    expect(await tokenIn(stored, "master")).toBe("qmdj8pdidnmyzp0c7yqil91oc");
    expect(await tokenIn(stored, "another")).toBeUndefined();
    expect(await tokenIn({ ...stored, sealedToken: "" }, "master")).toBeUndefined();
    expect(JSON.stringify(stored)).not.toContain("qmdj8");
  });

  test("[C-05] a session token is found by the same hash under any master key, and stored differently each time", async () => {
    const [one, other] = [await storedToken("t0ken", "a"), await storedToken("t0ken", "b")];
    expect(one.tokenHash).toBe(await hashOf("t0ken"));
    expect(other.tokenHash).toBe(one.tokenHash);
    expect((await storedToken("t0ken", "a")).sealedToken).not.toBe(one.sealedToken);
  });
});
