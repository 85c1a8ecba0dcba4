import { fourCharacters, type HeaderReader, textAt } from "../header-reader.ts";
import type { ImageInfo } from "./image.ts";
import { jpegInfo } from "./jpeg.ts";

/** The longest header among formats whose size stands at a fixed place. */
const FIXED_BYTES = 30;

/** What kind of picture it is and how large; undefined where it is none of these, or damaged. */
export async function imageInfo(reader: HeaderReader): Promise<ImageInfo | undefined> {
  const head = await reader.at(0, Math.min(FIXED_BYTES, reader.size));
  if (head === undefined) return undefined;
  const info = head.byteLength >= 4 && head.getUint16(0) === 0xffd8 ? await jpegInfo(reader) : fixed(head);
  return info !== undefined && info.width > 0 && info.height > 0 ? info : undefined;
}

function fixed(head: DataView): ImageInfo | undefined {
  const length = head.byteLength;
  if (length >= 24 && textAt(head, 0, 8) === "\x89PNG\r\n\x1a\n" && fourCharacters(head, 12) === "IHDR")
    return { format: "png", width: head.getUint32(16), height: head.getUint32(20) };
  if (length >= 10 && /^GIF8[79]a$/.test(textAt(head, 0, 6)))
    return { format: "gif", width: head.getUint16(6, true), height: head.getUint16(8, true) };
  if (length < FIXED_BYTES) return undefined;
  if (textAt(head, 0, 2) === "BM")
    // A negative height means that the rows begin at the top.
    return { format: "bmp", width: head.getInt32(18, true), height: Math.abs(head.getInt32(22, true)) };
  return fourCharacters(head, 0) === "RIFF" && fourCharacters(head, 8) === "WEBP" ? webp(head) : undefined;
}

/** The three forms of WebP: lossy, lossless, and extended (with animation, transparency or metadata). */
function webp(head: DataView): ImageInfo | undefined {
  switch (fourCharacters(head, 12)) {
    case "VP8 ": {
      const isKeyFrame = head.getUint8(23) === 0x9d && head.getUint16(24) === 0x012a;
      if (!isKeyFrame) return undefined;
      // The upper two bits are for scaling.
      return {
        format: "webp",
        width: head.getUint16(26, true) & 0x3fff,
        height: head.getUint16(28, true) & 0x3fff,
      };
    }
    case "VP8L": {
      if (head.getUint8(20) !== 0x2f) return undefined;
      const bits = head.getUint32(21, true);
      return { format: "webp", width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case "VP8X":
      return {
        format: "webp",
        width: (head.getUint32(24, true) & 0xffffff) + 1,
        height: (head.getUint16(27, true) | (head.getUint8(29) << 16)) + 1,
      };
    default:
      return undefined;
  }
}
