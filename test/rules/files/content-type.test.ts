import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dispositionOf, presentationOf } from "../../../src/files/content-type.ts";

describe("the type of a file", () => {
  test.each([
    "image/png",
    "image/jpeg",
    "IMAGE/PNG",
    "audio/mpeg",
    "video/mp4",
    "audio/mp4; codecs=mp4a.40.2",
    "text/plain; charset=utf-8",
    "application/pdf",
  ])("%s is shown in a browser", (type) => {
    expect(presentationOf(type)).toEqual({ type, isShown: true });
  });

  test.each([
    "text/html",
    "TEXT/HTML",
    "text/html; charset=utf-8",
    "text/html;x=y",
    "application/xhtml+xml",
    "image/svg+xml",
    "application/xml",
    "text/xml",
    "text/xsl",
    "application/rss+xml",
    "application/mathml+xml",
    "multipart/x-mixed-replace",
    "multipart/related",
    "message/rfc822",
    "application/x-shockwave-flash",
    "application/zip",
    "text/css",
    "text/vtt",
    "video/x+xml",
    "x/y",
  ])("%s is downloaded", (type) => {
    expect(presentationOf(type)).toEqual({ type, isShown: false });
  });

  test.each([
    "text/javascript",
    "application/x-javascript",
    "application/ecmascript",
    "text/jscript",
    "application/wasm",
    "",
    "html",
    "text/html\r\nSet-Cookie: a=b",
    "text/html;x=image/png",
    "image/png, text/html",
    "image/png text/html",
    "image/",
    "/png",
    "*/*x y",
    "image/猫",
    "image/png; a",
    `image/${"x".repeat(300)}`,
    "image/png\u0000",
  ])("%j is sent as bytes that nothing takes for a script or a page", (type) => {
    expect(presentationOf(type)).toEqual({ type: "application/octet-stream", isShown: false });
  });

  test("any type can be sent as a header, and none that has to do with pages is shown", () => {
    const type = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc
        .tuple(fc.constantFrom("text/html", "image/svg+xml", "image/png", "text/xml"), fc.string())
        .map((all) => all.join("")),
      fc
        .tuple(fc.string(), fc.constantFrom("text/html", "image/svg+xml", "image/png"))
        .map((all) => all.join("")),
    );
    fc.assert(
      fc.property(type, (stored) => {
        const shown = presentationOf(stored);
        expect(new Headers({ "Content-Type": shown.type }).get("Content-Type")).toBe(shown.type);
        if (shown.isShown) expect(shown.type.split(";")[0]).not.toMatch(/html|xml|script/i);
      }),
      { numRuns: 500 },
    );
  });
});

describe("the name of a file", () => {
  const shown = { type: "image/png", isShown: true };
  const downloaded = { type: "text/html", isShown: false };

  test.each([
    ["cat.png", 'inline; filename="cat.png"'],
    ["a cat.png", 'inline; filename="a cat.png"'],
    ["猫.png", "inline; filename=\"_.png\"; filename*=UTF-8''%E7%8C%AB.png"],
    ['a"b\\c%41.png', "inline; filename=\"c_41.png\"; filename*=UTF-8''c%2541.png"],
    ["it's (1)*.png", 'inline; filename="it\'s (1)*.png"'],
    ["é'(1)*", "inline; filename=\"_'(1)*\"; filename*=UTF-8''%C3%A9%27%281%29%2A"],
    ["../../etc/passwd", 'inline; filename="passwd"'],
    ["C:\\temp\\cat.png", 'inline; filename="cat.png"'],
    ["a\r\nSet-Cookie: x=y", 'inline; filename="aSet-Cookie: x=y"'],
    ["gpj\u202e.exe", 'inline; filename="gpj.exe"'],
    ["", "inline"],
    ["..", "inline"],
    ["a/", "inline"],
  ])("%j is told as %s", (name, expected) => {
    expect(dispositionOf(name, shown)).toBe(expected);
  });

  test("what may not be shown is an attachment, with or without a name", () => {
    expect(dispositionOf("cat.html", downloaded)).toBe('attachment; filename="cat.html"');
    expect(dispositionOf("", downloaded)).toBe("attachment");
  });

  test("a long name keeps its end, and its characters whole", () => {
    const told = dispositionOf(`${"🐱".repeat(1_000)}.png`, shown);
    expect(told.endsWith("%F0%9F%90%B1.png")).toBe(true);
    expect(told.length).toBeLessThan(5_000);
  });

  test("any name can be sent as a header", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.string({ unit: "binary-ascii" }),
          fc.string().map((text) => `\ud800${text}`),
        ),
        (name) => {
          const told = dispositionOf(name, downloaded);
          expect(told).toMatch(/^attachment(; filename="[ -~]*"(; filename\*=UTF-8''[!#$&+.\w%~-]+)?)?$/);
          expect(new Headers({ a: told }).get("a")).toBe(told);
        },
      ),
      { numRuns: 500 },
    );
  });
});
