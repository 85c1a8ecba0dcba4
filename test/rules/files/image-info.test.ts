import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { orientations } from "../../../src/files/images/image.ts";
import { imageInfo } from "../../../src/files/images/image-info.ts";
import { fixture, joined, reading } from "./fixture.ts";

const infoOf = (bytes: Uint8Array) => imageInfo(reading(bytes).reader);

/** An EXIF segment that says where a photo's first row and column are. */
function exif(orientation: number, order: "II" | "MM", padding = 0): Uint8Array {
  const tiff = new DataView(new ArrayBuffer(26 + padding));
  const little = order === "II";
  tiff.setUint16(0, little ? 0x4949 : 0x4d4d);
  tiff.setUint16(2, 42, little);
  tiff.setUint32(4, 8, little);
  tiff.setUint16(8, 1, little);
  tiff.setUint16(10, 0x0112, little);
  tiff.setUint16(12, 3, little);
  tiff.setUint32(14, 1, little);
  tiff.setUint16(18, orientation, little);
  return segment(0xe1, joined("Exif\0\0", new Uint8Array(tiff.buffer)));
}

function segment(marker: number, content: Uint8Array): Uint8Array {
  const length = content.length + 2;
  return joined([0xff, marker, length >> 8, length & 255], content);
}

/** A JPEG with more segments before its own. */
const withSegments = (...segments: Uint8Array[]) => {
  const jpeg = fixture("still.jpg");
  return joined(jpeg.subarray(0, 2), ...segments, jpeg.subarray(2));
};

describe("the size of a picture", () => {
  test.each([
    ["still.png", "png"],
    ["still.jpg", "jpeg"],
    ["still.gif", "gif"],
    ["animated.gif", "gif"],
    ["still.bmp", "bmp"],
    ["lossy.webp", "webp"],
    ["lossless.webp", "webp"],
    ["animated.webp", "webp"],
  ])("the size of %s is read from its header, in one read", async (name, format) => {
    const { reader, reads } = reading(fixture(name));
    expect(await imageInfo(reader)).toEqual({ format, width: 37, height: 21 });
    expect(reads).toHaveLength(1);
  });

  test("the size of a photo is found behind large blocks of metadata, which are not read", async () => {
    const blocks = Array.from({ length: 5 }, () => segment(0xe2, new Uint8Array(65_000)));
    const { reader, reads } = reading(withSegments(...blocks));
    expect(await imageInfo(reader)).toEqual({ format: "jpeg", width: 37, height: 21 });
    expect(reads.reduce((sum, length) => sum + length)).toBeLessThan(110_000);
  });

  test.each(orientations.map((orientation, index) => [orientation, index + 1] as const))(
    "the orientation %s is read from EXIF in either order of bytes, and changes neither width nor height",
    async (orientation, number) => {
      const expected = { format: "jpeg", width: 37, height: 21, orientation };
      expect(await infoOf(withSegments(exif(number, "II")))).toEqual(expected);
      expect(await infoOf(withSegments(exif(number, "MM", 30_000)))).toEqual(expected);
    },
  );

  test("an orientation that EXIF does not have, and EXIF that is cut off, are left out", async () => {
    const plain = { format: "jpeg", width: 37, height: 21 };
    expect(await infoOf(withSegments(exif(9, "II")))).toEqual(plain);
    expect(await infoOf(withSegments(segment(0xe1, joined("Exif\0\0MM"))))).toEqual(plain);
    const far = joined("Exif\0\0II*\0", [0xff, 0xff, 0xff, 0x7f], new Uint8Array(20));
    expect(await infoOf(withSegments(segment(0xe1, far)))).toEqual(plain);
  });

  test("a JPEG with endless metadata is given up after a few reads", async () => {
    const blocks = Array.from({ length: 100 }, () => segment(0xe2, new Uint8Array(60_000)));
    const { reader, reads } = reading(withSegments(...blocks));
    expect(await imageInfo(reader)).toBeUndefined();
    expect(reads.length).toBeLessThan(20);
    const tiny = reading(
      withSegments(...Array.from({ length: 50_000 }, () => segment(0xfe, new Uint8Array()))),
    );
    expect(await imageInfo(tiny.reader)).toBeUndefined();
  });

  test("what is not a picture, is cut off or has no extent has no size", async () => {
    for (const text of [
      "",
      "a",
      "<svg width='3' height='4'/>",
      "\x89PNG\r\n\x1a\n",
      "GIF89a",
      "RIFF\0\0\0\0WEBP",
    ])
      expect(await infoOf(joined(text))).toBeUndefined();
    expect(await infoOf(joined("GIF89a", [0, 0, 5, 0, 0]))).toBeUndefined();
    const jpeg = fixture("still.jpg");
    for (const end of [2, 3, 4, 10, 20, 100]) expect(await infoOf(jpeg.subarray(0, end))).toBeUndefined();
  });

  test("damaged pictures are answered without an error, by sizes above zero or not at all", async () => {
    const names = [
      "still.png",
      "still.jpg",
      "still.gif",
      "still.bmp",
      "lossy.webp",
      "lossless.webp",
      "animated.webp",
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 8 }),
        fc.nat(400),
        async (name, changes, end) => {
          const bytes = fixture(name).slice(0, end);
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          const info = await infoOf(bytes);
          if (info !== undefined) {
            expect(info.width).toBeGreaterThan(0);
            expect(info.height).toBeGreaterThan(0);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
