import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isKey, isPrefix, keyInUrl, newKey, randomText, urlOfKey } from "../../../src/files/keys.ts";

const anyText = fc
  .array(fc.integer({ min: 0, max: 0x10ffff }))
  .map((points) => String.fromCodePoint(...points));
const none = { keepsName: false, prefix: undefined };

describe("[B-15] keys of files", () => {
  test("a key is 32 letters and digits and the extension of the name", () => {
    expect(newKey({ ...none, name: "cheese.png" })).toMatch(/^[0-9A-Za-z]{32}\.png$/);
    expect(newKey({ ...none, name: "cheese" })).toMatch(/^[0-9A-Za-z]{32}$/);
    expect(newKey({ ...none, name: "cheese.p/../g" })).toMatch(/^[0-9A-Za-z]{32}$/);
  });

  test("a key with the name in it, and after a prefix, is in folders of their own", () => {
    const key = newKey({ name: "乳酪 1.png", keepsName: true, prefix: "game/saves" });
    expect(key).toMatch(/^game\/saves\/[0-9A-Za-z]{32}\/乳酪 1\.png$/);
  });

  test("two keys of one name differ", () => {
    expect(newKey({ ...none, name: "a" })).not.toBe(newKey({ ...none, name: "a" }));
    expect(new Set(Array.from({ length: 1_000 }, () => randomText())).size).toBe(1_000);
  });

  test("a key of any name and prefix is a key, and its URL leads back to it", () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), fc.string(), (name, keepsName, given) => {
        const prefix = isPrefix(given) ? given : undefined;
        const key = newKey({ name: name.toWellFormed(), keepsName, prefix });
        expect(isKey(key)).toBe(true);
        const url = urlOfKey("https://im.example.com/files", key);
        // No part of it leads out of the path.
        expect(new URL(url).pathname.split("/").length).toBe(key.split("/").length + 2);
        expect(keyInUrl("https://im.example.com/files", url)).toBe(key);
      }),
    );
  });

  test.each([
    "",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "a/../b",
    "a/./b",
    "a\\b",
    "a\u0000",
    "a\nb",
    "\ud800",
    "x".repeat(513),
  ])("%j is no key", (text) => expect(isKey(text)).toBe(false));

  test.each(["a.png", "12chars/x/a b.png", "upload", "uploads/x", "頭像/%2e%2e", "..a", "a?b#c"])(
    "%j, as an imported file may have it, is a key",
    (text) => expect(isKey(text)).toBe(true),
  );

  test.each(["..", "a/..", ".a", "a//b", "a b", "a%2f", "x".repeat(257), ""])("%j is no prefix", (text) =>
    expect(isPrefix(text)).toBe(false),
  );

  test("a URL of another server has no key", () => {
    expect(keyInUrl("https://a.example/files", "https://a.example/filesx/y")).toBeUndefined();
    expect(keyInUrl("https://a.example/files", "https://a.example/files/%zz")).toBeUndefined();
    expect(keyInUrl("https://a.example/files", "https://a.example/files/..%2f..")).toBeUndefined();
  });
});
