import { describe, expect, test } from "vitest";
import { readOptions } from "../../../scripts/options.ts";

const good = {
  APP_ID: "our-own-app",
  APP_KEY: "5d4c3b2a19f8e7d6",
  MASTER_KEY: "9f8e7d6c5b4a39281706f5e4d3c2b1a0",
};

function started(keys: Record<string, string | undefined>, host = "0.0.0.0") {
  const options = readOptions(["--host", host], keys);
  if (options === "help") throw new Error("nobody asked for help");
  return options;
}

describe("[I12] on an address that others can reach, a server", () => {
  test("[I12] a server that others can reach starts with keys of its own", () => {
    expect(started(good).variables).toMatchObject(good);
  });

  test.each([
    ["without any", {}, /APP_ID, APP_KEY, MASTER_KEY must be set/],
    ["with an empty one", { ...good, APP_KEY: "" }, /APP_KEY must be set/],
    ["with the known master key", { ...good, MASTER_KEY: "parley-dev-master" }, /MASTER_KEY must be set/],
    ["with a short master key", { ...good, MASTER_KEY: "another-secret" }, /MASTER_KEY must have 24.*has 14/],
    ["with a short app key", { ...good, APP_KEY: "a-secret" }, /APP_KEY must have 12.*has 8/],
    [
      "with a long key that is one letter",
      { ...good, MASTER_KEY: "k".repeat(40) },
      /the same few characters/,
    ],
    ["with one key for both", { ...good, APP_KEY: good.MASTER_KEY }, /must not be MASTER_KEY/],
    ["with a space at the end", { ...good, MASTER_KEY: `${good.MASTER_KEY} ` }, /without spaces around it/],
    ["with letters that no header carries", { ...good, MASTER_KEY: `${good.MASTER_KEY}é` }, /plain ASCII/],
  ])("[I12] a server that others can reach does not start %s", (_, keys, why) => {
    for (const host of ["0.0.0.0", "::", "192.168.1.5", "im.example.com", "127.0.0.1.example.com"]) {
      expect(() => started(keys, host)).toThrow(why);
    }
  });
});

describe("on this machine alone, a server", () => {
  test("a server on this machine alone starts with the trial keys without a warning", () => {
    for (const host of ["127.0.0.1", "127.1.2.3", "::1", "localhost"]) {
      expect(started({}, host).weaknesses).toEqual([]);
    }
  });

  test("a server on this machine alone starts with weak keys of its own and warns about them", () => {
    const { weaknesses } = started({ ...good, MASTER_KEY: "k" }, "127.0.0.1");
    expect(weaknesses).toEqual([expect.stringContaining("MASTER_KEY must have 24 characters")]);
    expect(started(good, "127.0.0.1").weaknesses).toEqual([]);
  });
});
