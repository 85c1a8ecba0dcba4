import { describe, expect, test } from "vitest";
import { mayRead } from "../../../src/files/access.ts";
import { announcedSize, describedFile, externalUrl } from "../../../src/files/description.ts";
import { isTaken, mediaTypeOf } from "../../../src/files/media-type.ts";

describe("[B-15] what a client says of a file", () => {
  test("fields of the app's own are kept if they are plain, and what only the server sets is not", () => {
    const described = describedFile(
      {
        ...{
          name: "a.png",
          __type: "File",
          url: "https://evil.example",
          bucket: "b",
          provider: "p",
          objectId: "x",
        },
        ...{ createdAt: "2020", key: "mine", token: "t", color: "red", size: 5, isNew: true, deep: { a: 1 } },
        ...{ list: [1], "a.b": 1, $where: "x", _hidden: 1 },
      },
      false,
    );
    expect(described).toMatchObject({ name: "a.png", key: undefined, mimeType: "image/png", metaData: {} });
    expect(described).toMatchObject({ fields: { color: "red", size: 5, isNew: true } });
    expect(Object.keys("fields" in described ? described.fields : {})).toEqual(["color", "size", "isNew"]);
  });

  test("a key counts only from the app's server", () => {
    expect(describedFile({ name: "a", key: "b/c.png" }, true)).toMatchObject({ key: "b/c.png" });
    expect(describedFile({ name: "a", key: "../c.png" }, true)).toMatchObject({ code: 105 });
    expect(describedFile({ name: "a", key: "../c.png" }, false)).toMatchObject({ key: undefined });
  });

  test("a prefix may have slashes around it, and leads nowhere else", () => {
    expect(describedFile({ name: "a", prefix: "/game/saves/" }, false)).toMatchObject({
      prefix: "game/saves",
    });
    expect(describedFile({ name: "a", prefix: "../x" }, false)).toMatchObject({ code: 105 });
  });

  test("a name may be missing, but not be endless or anything else than a text", () => {
    expect(describedFile({}, false)).toMatchObject({ name: "file", mimeType: "application/octet-stream" });
    expect(describedFile({ name: "x".repeat(1_025) }, false)).toMatchObject({ code: 122 });
    expect(describedFile({ name: ["a"] }, false)).toMatchObject({ code: 122 });
  });

  test.each([
    [12, 12],
    ["12", 12],
    [undefined, undefined],
    [null, undefined],
    ["large", undefined],
  ])("a size of %j in the meta data is announced as %j", (size, announced) => {
    expect(announcedSize(size === undefined ? {} : { size })).toBe(announced);
  });
});

describe("[B-15] media types", () => {
  test.each([
    ["image/png", "a.jpg", "image/png"],
    ["text/plain; charset=gbk", "a", "text/plain; charset=gbk"],
    [undefined, "a.JPG", "image/jpeg"],
    [undefined, "voice.amr", "audio/amr"],
    [undefined, "voice.m4a", "audio/mp4"],
    [undefined, "page.html", "text/html"],
    [undefined, "toString", "application/octet-stream"],
    [undefined, "a.constructor", "application/octet-stream"],
    ["image/png\r\nX-Evil: 1", "a.gif", "image/gif"],
    ["image", "a.gif", "image/gif"],
    [{}, "a.gif", "image/gif"],
  ])("the type %j of a file named %s is %s", (given, name, type) => {
    expect(mediaTypeOf(given, name)).toBe(type);
  });

  test("a type is taken if a range of the setting has it, and any if there is none", () => {
    expect(isTaken("text/html", [])).toBe(true);
    expect(isTaken("Image/PNG; a=b", ["image/*"])).toBe(true);
    expect(isTaken("application/pdf", ["image/*", "application/pdf"])).toBe(true);
    expect(isTaken("imagex/png", ["image/*"])).toBe(false);
    expect(isTaken("application/pdfx", ["application/pdf"])).toBe(false);
  });
});

test.each([
  ["https://example.com/a.png", true],
  ["http://example.com/a.png?x=1", true],
  ["javascript:alert(1)", false],
  ["data:text/html,x", false],
  ["file:///etc/passwd", false],
  ["//example.com/a", false],
  [`https://example.com/${"x".repeat(2_048)}`, false],
  [7, false],
])("[B-15] the external URL %j is accepted: %s", (url, accepted) => {
  expect(externalUrl(url)).toBe(accepted ? url : undefined);
});

test.each([
  [undefined, undefined, true],
  [{}, "Tom", false],
  [{ "*": { read: true } }, undefined, true],
  [{ "*": { read: false }, Tom: { read: true } }, "Tom", true],
  [{ "*": { write: true }, Tom: { read: true } }, "Jerry", false],
  [{ Tom: { read: true } }, undefined, false],
  [{ "role:admin": { read: true } }, "Tom", false],
])("[B-15] the ACL %j lets %s read: %s", (acl, userId, expected) => {
  expect(mayRead(acl, userId)).toBe(expected);
});
