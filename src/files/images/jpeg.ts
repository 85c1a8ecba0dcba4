import { type HeaderReader, textAt } from "../header-reader.ts";
import { type ImageInfo, type Orientation, orientations } from "./image.ts";

/** Segments before the size. Cameras write some ten. */
const SEGMENTS = 200;
/** Bytes of EXIF that are looked at: the first directory stands at its beginning. */
const EXIF_BYTES = 1_024;
const ORIENTATION_TAG = 0x0112;

/** The size in the first frame header, behind any segments of metadata, and the orientation that EXIF gives. */
export async function jpegInfo(reader: HeaderReader): Promise<ImageInfo | undefined> {
  let orientation: Orientation | undefined;
  let offset = 2;
  for (let segment = 0; segment < SEGMENTS; segment++) {
    const head = await reader.at(offset, 4);
    if (head === undefined || head.getUint8(0) !== 0xff) return undefined;
    const marker = head.getUint8(1);
    if (marker === 0xff) {
      // A fill byte before the marker.
      offset += 1;
      continue;
    }
    if (isFrameHeader(marker)) {
      const frame = await reader.at(offset + 5, 4);
      if (frame === undefined) return undefined;
      const size = { width: frame.getUint16(2), height: frame.getUint16(0) };
      return { format: "jpeg", ...size, ...(orientation !== undefined && { orientation }) };
    }
    const length = head.getUint16(2);
    // Pictures begin here, or the file is damaged.
    if (marker === 0xda || marker === 0xd9 || length < 2) return undefined;
    if (marker === 0xe1 && orientation === undefined) {
      const exif = await reader.at(offset + 4, Math.min(length - 2, EXIF_BYTES));
      if (exif !== undefined) orientation = orientationIn(exif);
    }
    offset += 2 + length;
  }
  return undefined;
}

/** SOF0 to SOF15, without the tables among them. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function orientationIn(exif: DataView): Orientation | undefined {
  if (exif.byteLength < 14 || textAt(exif, 0, 6) !== "Exif\0\0") return undefined;
  const order = textAt(exif, 6, 2);
  if (order !== "II" && order !== "MM") return undefined;
  const little = order === "II";
  const directory = 6 + exif.getUint32(10, little);
  if (directory + 2 > exif.byteLength) return undefined;
  const entries = exif.getUint16(directory, little);
  for (let entry = 0; entry < entries; entry++) {
    const at = directory + 2 + 12 * entry;
    if (at + 12 > exif.byteLength) return undefined;
    if (exif.getUint16(at, little) === ORIENTATION_TAG)
      return orientations[exif.getUint16(at + 8, little) - 1];
  }
  return undefined;
}
