import { beforeEach, describe, expect, test } from "vitest";
import { RecentTokens } from "../../../src/push/recent-tokens.ts";

const MINUTE = 60_000; // ms

let time: number;
let asked: number;
let tokens: RecentTokens<string>;

beforeEach(async () => {
  time = 1_000_000;
  tokens = new RecentTokens(() => time);
  // These keys are not new.
  for (const name of ["key", "another key"]) await tokens.get(name, ask);
  time += 10_000;
  asked = 0;
});

const ask = async () => `token ${++asked}`;

describe("[P-20] the tokens that an isolate was given lately", () => {
  test("[P-20] a token is not asked for again for a minute, and one of other keys is", async () => {
    expect(await tokens.get("key", ask)).toBe("token 1");
    time += MINUTE - 1;
    expect(await tokens.get("key", ask)).toBe("token 1");
    expect(await tokens.get("another key", ask)).toBe("token 2");
    time += 1;
    expect(await tokens.get("key", ask)).toBe("token 3");
  });

  test("[P-20] a token of keys that are new here is not kept: its keeper may still have made it of those before", async () => {
    expect(await tokens.get("new key", async () => "token of the old key")).toBe("token of the old key");
    time += 9_999;
    expect(await tokens.get("new key", ask)).toBe("token 1");
    time += 1;
    expect(await tokens.get("new key", ask)).toBe("token 2");
    time += MINUTE - 1;
    expect(await tokens.get("new key", ask)).toBe("token 2");
  });

  test("[P-20] a token that its provider refused is asked for anew", async () => {
    await tokens.get("key", ask);
    await tokens.get("another key", ask);
    tokens.forget("token 1");
    expect(await tokens.get("key", ask)).toBe("token 3");
    expect(await tokens.get("another key", ask)).toBe("token 2");
  });

  test("[P-20] a token lasts no longer if the clock is set back", async () => {
    await tokens.get("key", ask);
    time -= 10 * MINUTE;
    expect(await tokens.get("key", ask)).toBe("token 2");
  });

  test("[P-20] no token, and no answer at all, are nothing to remember", async () => {
    await expect(tokens.get("key", () => Promise.reject(new Error("down")))).rejects.toThrow("down");
    expect(await tokens.get("key", async () => undefined)).toBeUndefined();
    expect(await tokens.get("key", ask)).toBe("token 1");
  });
});
