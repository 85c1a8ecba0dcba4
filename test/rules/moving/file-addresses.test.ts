import { describe, expect, test } from "vitest";
import { fileIn, keysIn, withAddress } from "../../../scripts/moving/file-addresses.ts";

/** The address of the file in a typed message. */

const OLD = "http://lc-cheese.cn-n1.lcfile.com/a%20b/cat.png";
const NEW = "https://im.example.com/files/cat.png";

describe("the address of a message's file", () => {
  test("a message names its file by id and address, or by address alone", () => {
    expect(fileIn(JSON.stringify({ _lctype: -2, _lcfile: { objId: "f1", url: OLD } }))).toEqual({
      url: OLD,
      id: "f1",
    });
    expect(fileIn(JSON.stringify({ _lctype: -2, _lcfile: { objId: null, url: OLD } }))).toEqual({
      url: OLD,
      id: undefined,
    });
  });

  test.each(["_lcfile", "{", '{"_lcfile":5}', '{"_lcfile":{"url":5}}', "[]", '"_lcfile"'])(
    "the content %s names no file",
    (data) => expect(fileIn(data)).toBeUndefined(),
  );

  test.each([
    [
      "as most SDKs write it",
      `{"n":1.0, "_lcfile":{"url":${JSON.stringify(OLD)},"metaData":{"size":12345678901234567890}}}`,
    ],
    [
      "with slashes as Apple's SDKs write them",
      `{"_lcfile":{"url":"${OLD.replaceAll("/", "\\/")}"},"n":1.0}`,
    ],
  ])("a new address leaves all else as it was written, %s", (_, data) => {
    const rewritten = withAddress(data, OLD, NEW);
    expect(fileIn(rewritten)?.url).toBe(NEW);
    const neither = (text: string) => text.replaceAll("\\/", "/").replace(OLD, "").replace(NEW, "");
    expect(neither(rewritten)).toBe(neither(data));
  });

  test("an address whose letters are escaped is replaced as well", () => {
    const data =
      '{"_lctype":-2,"_lcfile":{"url":"http://a.lcfile.com/\\u5976.png","objId":"f1"},"_lctext":"x"}';
    expect(JSON.parse(withAddress(data, "http://a.lcfile.com/奶.png", NEW))).toEqual({
      _lctype: -2,
      _lcfile: { url: NEW, objId: "f1" },
      _lctext: "x",
    });
  });

  test("the key is the path of an address, or its end", () => {
    expect(keysIn(OLD)).toEqual(["a b/cat.png", "cat.png"]);
    expect(keysIn("https://lc-gluttony.s3.amazonaws.com/a1b2/c3d4/cat.png")).toEqual([
      "a1b2/c3d4/cat.png",
      "c3d4/cat.png",
      "cat.png",
    ]);
    for (const url of ["nowhere", "https://example.com/", "https://example.com/%E0%A4%A"])
      expect(keysIn(url)).toEqual([]);
  });
});
