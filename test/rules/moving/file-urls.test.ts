import { describe, expect, test } from "vitest";
import { fileOfMessage, fileOfRow } from "../../../scripts/export/file-urls.ts";
import { isHosted } from "../../../scripts/moving/file-hosts.ts";

/** Which files an export fetches: an address in a message is its author's word. */

describe("an address is of LeanCloud's", () => {
  test.each([
    "https://lc-abc12345.cn-n1.lcfile.com/x.png",
    "http://ac-abc12345.clouddn.com/x",
    "https://abc12345.tds1.tapfiles.cn/x",
    "https://lc-gluttony.s3.amazonaws.com/abc/x/y.png",
    "https://files.example.com:8443/x",
  ])("%s", (url) => expect(isHosted(url, ["files.example.com:8443"])).toBe(true));
});

describe("an address is not fetched", () => {
  test.each([
    "https://lcfile.com.evil.example/x",
    "https://notlcfile.com/x",
    "https://evil.example/lcfile.com",
    "https://lcfile.com@evil.example/x",
    "http://169.254.169.254/latest/meta-data",
    "http://localhost:8787/admin/settings",
    "https://s3.amazonaws.com/other/x",
    "file:///etc/passwd",
    "ftp://lc.lcfile.com/x",
    "files.example.com/x",
    "",
  ])("%s", (url) => expect(isHosted(url, ["files.example.com"])).toBe(false));
});

test("a row's file is its url; one that lies elsewhere by the app's will is none", () => {
  expect(fileOfRow('{"objectId":"a","url":"u","key":"k"}')).toEqual({ url: "u", objectId: "a" });
  expect(fileOfRow('{"objectId":"a","key":"k"}')).toBe("without address");
  expect(fileOfRow('{"objectId":"a","url":"u","metaData":{"__source":"external"}}')).toBeUndefined();
});

test("a message's file is in the JSON of its text, if it is any", () => {
  const message = (data: string) => JSON.stringify({ data });
  expect(fileOfMessage(message('{"_lcfile":{"url":"u","objId":"a"}}'))).toEqual({ url: "u", objectId: "a" });
  expect(fileOfMessage(message('{"_lcfile":{"url":"u","objId":null}}'))).toEqual({ url: "u" });
  expect(fileOfMessage(message('{"_lcfile":{"objId":"a"}}'))).toBeUndefined();
  expect(fileOfMessage(message("I like _lcfile"))).toBeUndefined();
});
