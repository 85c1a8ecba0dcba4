import { expect, test } from "vitest";
import { fromBase64, toBase64 } from "../../../src/protocol/base64.ts";

test("bytes of every length are written as standard Base64 and read back", () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 37 + 251) & 0xff);
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  }
});

test("long frames are written as Base64 and read back", () => {
  const bytes = Uint8Array.from({ length: 100_001 }, (_, index) => index & 0xff);
  expect(fromBase64(toBase64(bytes))).toEqual(bytes);
});

test.each([
  ["standard", "+/+/8A=="],
  ["URL-safe", "-_-_8A=="],
  ["mixed", "+_-/8A=="],
  ["without padding", "+/+/8A"],
  ["with half the padding", "+/+/8A="],
  ["with line breaks", "+/+/\r\n8A ==\n"],
])("the decoder reads Base64 %s", (_how, text) => {
  expect(fromBase64(text)).toEqual(Uint8Array.from([0xfb, 0xff, 0xbf, 0xf0]));
});

test.each(["A", "AAAAA", "A===", "AA=A", "AA===", "=", "AA.A", "ÄAAA", "AA\u4e2dA"])(
  "the decoder refuses %j",
  (text) => {
    expect(fromBase64(text)).toBeUndefined();
  },
);

test("an empty text decodes to no bytes", () => {
  expect(fromBase64("")).toEqual(new Uint8Array());
  expect(toBase64(new Uint8Array())).toBe("");
});
