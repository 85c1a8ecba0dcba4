import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormScanner, MalformedForm } from "../../../src/files/form-scanner.ts";

const encoder = new TextEncoder();
const TYPE = "multipart/form-data; boundary=cheese";

interface Part {
  headers: string;
  content: Uint8Array;
}

const field = (name: string, content: string): Part => ({
  headers: `Content-Disposition: form-data; name="${name}"`,
  content: encoder.encode(content),
});
const file = (content: Uint8Array): Part => ({
  headers: 'Content-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png',
  content,
});

function formOf(parts: Part[], boundary = "cheese"): Uint8Array {
  const pieces = parts.flatMap(({ headers, content }) => [
    encoder.encode(`--${boundary}\r\n${headers}\r\n\r\n`),
    content,
    encoder.encode("\r\n"),
  ]);
  return Buffer.concat([...pieces, encoder.encode(`--${boundary}--\r\n`)]);
}

/** What a scanner finds in a body that comes in chunks of these lengths, again and again. */
function scanned(body: Uint8Array, lengths: number[] = [body.length], type = TYPE): Uint8Array {
  const scanner = new FormScanner(type);
  const found: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < body.length; turn++) {
    const length = Math.max(1, lengths[turn % lengths.length] ?? 1);
    // Pieces are good until the next call.
    found.push(...scanner.read(body.slice(at, at + length)).map((piece) => piece.slice()));
    at += length;
  }
  scanner.end();
  return Buffer.concat(found);
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe("[B-15] the file in a multipart form", () => {
  test.each([
    ["first", [file(encoder.encode("bytes")), field("token", "t"), field("key", "../../k")]],
    ["last", [field("token", "t"), field("name", "file"), file(encoder.encode("bytes"))]],
    ["alone", [file(encoder.encode("bytes"))]],
  ])("the scanner finds the file of a form where it comes %s", (_, parts) => {
    expect(text(scanned(formOf(parts)))).toBe("bytes");
  });

  test("the scanner finds an empty file", () => {
    expect(scanned(formOf([field("token", "t"), file(new Uint8Array())])).length).toBe(0);
  });

  test("of two files in a form the first counts", () => {
    const parts = [file(encoder.encode("first")), file(encoder.encode("second"))];
    expect(text(scanned(formOf(parts)))).toBe("first");
  });

  test("a preamble, spaces after a boundary and an epilogue are passed over", () => {
    const body = `preamble\r\n--cheese  \r\nContent-Disposition: form-data; name=file\r\n\r\nbytes\r\n--cheese--\r\nmore\r\n--cheese`;
    expect(text(scanned(encoder.encode(body)))).toBe("bytes");
  });

  test("a boundary in quotes may have spaces", () => {
    const body = formOf([file(encoder.encode("bytes"))], "the cheese");
    expect(text(scanned(body, [3], 'multipart/form-data; charset=utf-8; boundary="the cheese"'))).toBe(
      "bytes",
    );
  });

  test("every byte of any file comes out as it went in, however the body is cut", () => {
    // Bytes and pieces of delimiters, in any order.
    const nasty = fc.constantFrom(
      "\r",
      "\n",
      "\r\n",
      "-",
      "--",
      "\r\n--",
      "\r\n--chees",
      "\r\n--cheesE",
      "\r\r\n--chee",
    );
    const content = fc
      .array(
        fc.oneof(
          nasty.map((piece) => encoder.encode(piece)),
          fc.uint8Array({ maxLength: 40 }),
        ),
        { maxLength: 20 },
      )
      .map((pieces) => new Uint8Array(Buffer.concat(pieces)))
      .filter((bytes) => !Buffer.from(bytes).includes("\r\n--cheese"));
    const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(content, cuts, fc.boolean(), (bytes, lengths, isFirst) => {
        const others = [field("token", "t"), field("key", "k")];
        const body = formOf(isFirst ? [file(bytes), ...others] : [...others, file(bytes)]);
        expect(Buffer.from(scanned(body, lengths)).equals(Buffer.from(bytes))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test("a body of any bytes is refused or gives no more than it has, and never anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        const body = Buffer.concat([encoder.encode("--cheese\r\n"), bytes]);
        try {
          expect(scanned(body, [7]).length).toBeLessThanOrEqual(body.length);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedForm);
        }
      }),
    );
  });
});

describe("[B-15] a form without a whole file is refused", () => {
  test.each([
    ["has no part named file", formOf([field("token", "t"), field("data", "x")])],
    ["ends inside of the file", formOf([file(encoder.encode("bytes"))]).slice(0, -12)],
    ["ends before the file", encoder.encode('--cheese\r\nContent-Disposition: form-data; name="file"')],
    ["is empty", new Uint8Array()],
    ["has endless headers", encoder.encode(`--cheese\r\nX: ${"x".repeat(20_000)}`)],
    [
      "has a hundred parts before the file",
      formOf([...Array(100).fill(field("a", "b")), file(encoder.encode("bytes"))]),
    ],
  ])("a form that %s is refused", (_, body) => {
    expect(() => scanned(body, [100])).toThrow(MalformedForm);
  });

  test.each([
    "application/json",
    "multipart/form-data",
    "multipart/mixed; boundary=cheese",
    "multipart/form-data; boundary=",
    `multipart/form-data; boundary=${"x".repeat(500)}`,
    "",
  ])("the content type %j is no form", (type) => {
    expect(() => new FormScanner(type)).toThrow(MalformedForm);
  });
});

test("[I13] a body that is full of beginnings of delimiters is read as quickly as any other", () => {
  const boundary = "c".repeat(200);
  const scanner = new FormScanner(`multipart/form-data; boundary=${boundary}`);
  const begun = encoder.encode(`--${boundary}\r\nContent-Disposition: form-data; name="file"\r\n\r\n`);
  const chunk = encoder.encode(`\r\n--${"c".repeat(199)}`.repeat(320));
  scanner.read(begun);
  const start = performance.now();
  for (let count = 0; count < 20; count++) scanner.read(chunk);
  // 65 KB each.
  expect((performance.now() - start) / 20).toBeLessThan(50);
});
