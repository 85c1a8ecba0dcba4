import { describe, expect, test } from "vitest";
import type { StoredPassword } from "../../../src/model/user.ts";
import { toBase64 } from "../../../src/protocol/base64.ts";
import { nodeHashing, Passwords } from "../../../src/users/password.ts";

/** Passwords, and the work that was done for them: a letter for each hash function, a dot for each pause. */
function watched() {
  let work = "";
  const passwords = new Passwords({
    scrypt: (password, salt, by) => {
      work += "s";
      return nodeHashing.scrypt(password, salt, { ...by, cost: 16 });
    },
    leanCloud: (password, salt) => {
      work += "l";
      return nodeHashing.leanCloud(password, salt);
    },
    pause: async () => {
      work += ".";
    },
  });
  const during = async (act: () => Promise<unknown>) => {
    work = "";
    await act();
    return work;
  };
  return { passwords, during };
}

/** The example that LeanCloud's documents print. */
const printed: StoredPassword = {
  kind: "leancloud",
  salt: "h60d8x797d3oa0naxybxxv9bn7xpt2yiowz68mpiwou7gwr2",
  hash: "tA7BLW+NK0UeARng0693gCaVnljkglCB9snqlpCSUKjx2RgYp8VZZOQt0S5iUtlDrkJXfT3gknS4rRqjYsd/Ug==",
};

describe("[C-05] passwords", () => {
  test("[C-05] a password is right for its own hash, with a salt of its own each time", async () => {
    const { passwords } = watched();
    const [one, other] = [await passwords.hash("cheese"), await passwords.hash("cheese")];
    expect(one).not.toEqual(other);
    expect(await passwords.check(one, "cheese")).toEqual({ isRight: true, better: undefined });
    for (const wrong of ["Cheese", "cheese ", "", "chees", "cheesee"]) {
      expect(await passwords.check(one, wrong)).toEqual({ isRight: false });
    }
  });

  test("[C-05] the password of LeanCloud's printed example is right, and gets a better hash that it is right for", async () => {
    const { passwords } = watched();
    const check = await passwords.check(printed, "password");
    const better = check.isRight ? check.better : undefined;
    expect(better?.kind).toBe("scrypt");
    expect(await passwords.check(better, "password")).toEqual({ isRight: true, better: undefined });
    expect(await passwords.check(better, "Password")).toEqual({ isRight: false });
    expect(await passwords.check(printed, "Password")).toEqual({ isRight: false });
  });

  test("[C-05] a hash made with other numbers is still checked, and replaced by one with today's", async () => {
    const { passwords } = watched();
    const salt = new Uint8Array(16);
    const hash = nodeHashing.scrypt(new TextEncoder().encode("cheese"), salt, { cost: 16, blockSize: 8 });
    const numbers = { cost: 16, blockSize: 8, rounds: 1 };
    const stored: StoredPassword = { kind: "scrypt", ...numbers, salt: toBase64(salt), hash: toBase64(hash) };
    const check = await passwords.check(stored, "cheese");
    expect(check.isRight && check.better).toMatchObject({ kind: "scrypt", rounds: 5 });
  });

  test("[C-05] checking takes the same work whether the user exists, and whether the password is right", async () => {
    const { passwords, during } = watched();
    const own = await passwords.hash("cheese");
    const works = [
      await during(() => passwords.check(own, "cheese")),
      await during(() => passwords.check(own, "wrong")),
      await during(() => passwords.check(printed, "password")),
      await during(() => passwords.check(printed, "wrong")),
      await during(() => passwords.check(undefined, "cheese")),
    ];
    expect(new Set(works)).toEqual(new Set(["l.s.s.s.s.s."]));
  });

  test("[C-05] nobody without a password has one, not even an empty one", async () => {
    const { passwords } = watched();
    for (const password of ["", "undefined", "null"]) {
      expect(await passwords.check(undefined, password)).toEqual({ isRight: false });
    }
  });
});
