import { type HeaderReader, textAt } from "../header-reader.ts";
import { lasting, type MediaInfo } from "./media.ts";

/* Sound without a container: frames one after another. The duration follows from the first frames and the size. */

/** The length of an ID3 tag at the beginning, which may hold a picture; 0 without one. */
async function tagBytes(reader: HeaderReader): Promise<number> {
  const tag = await reader.at(0, 10);
  if (tag === undefined || textAt(tag, 0, 3) !== "ID3") return 0;
  // Seven bits of each byte count.
  const length = [6, 7, 8, 9].reduce((sum, at) => sum * 128 + (tag.getUint8(at) & 0x7f), 0);
  return 10 + length;
}

/** kbit/s by the number in a frame's head: MPEG 1 and MPEG 2, layer 3. */
const RATES_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const RATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const SAMPLE_RATES = [44_100, 48_000, 32_000];

/** MP3: the number of frames where an encoder wrote it (Xing, Info), else as if all were as long as the first. */
export async function mp3(reader: HeaderReader): Promise<MediaInfo | undefined> {
  const start = await tagBytes(reader);
  const head = await reader.at(start, 4);
  if (head === undefined) return undefined;
  const bits = head.getUint32(0);
  // Eleven bits of sync, then layer 3.
  if (bits >>> 21 !== 0x7ff || ((bits >>> 17) & 3) !== 1) return undefined;
  const version = (bits >>> 19) & 3; // 3 is MPEG 1, 2 is MPEG 2, 0 is MPEG 2.5
  const kilobits = (version === 3 ? RATES_1 : RATES_2)[(bits >>> 12) & 15];
  const base = SAMPLE_RATES[(bits >>> 10) & 3];
  if (version === 1 || !kilobits || base === undefined) return undefined;
  const sampleRate = version === 3 ? base : version === 2 ? base / 2 : base / 4;
  const isMono = ((bits >>> 6) & 3) === 3;
  const sideBytes = version === 3 ? (isMono ? 17 : 32) : isMono ? 9 : 17;
  const counted = await reader.at(start + 4 + sideBytes, 12);
  if (counted !== undefined && ["Xing", "Info"].includes(textAt(counted, 0, 4)) && counted.getUint8(7) & 1) {
    const samplesPerFrame = version === 3 ? 1_152 : 576;
    return lasting("mp3", (counted.getUint32(8) * samplesPerFrame) / sampleRate);
  }
  return lasting("mp3", (reader.size - start) / (kilobits * 125));
}

const AAC_RATES = [96, 88.2, 64, 48, 44.1, 32, 24, 22.05, 16, 12, 11.025, 8, 7.35]; // kHz
/** Frames whose lengths are taken for those of all. */
const AAC_FRAMES = 100;

/** AAC as a stream (ADTS), each frame 1024 samples. */
export async function adts(reader: HeaderReader): Promise<MediaInfo | undefined> {
  const start = await tagBytes(reader);
  let offset = start;
  let frames = 0;
  let kilohertz: number | undefined;
  while (frames < AAC_FRAMES) {
    const head = await reader.at(offset, 7);
    if (head === undefined || (head.getUint16(0) & 0xfff6) !== 0xfff0) break;
    kilohertz ??= AAC_RATES[(head.getUint8(2) >>> 2) & 15];
    const length = (head.getUint32(3) >>> 13) & 0x1fff;
    if (length < 7) break;
    offset += length;
    frames += 1;
  }
  // One frame may be anything.
  const isWhole = offset >= reader.size && frames > 0;
  if ((frames < 2 && !isWhole) || kilohertz === undefined) return undefined;
  const all = (reader.size - start) / ((offset - start) / frames);
  return lasting("aac", (all * 1_024) / (kilohertz * 1_000));
}

/** Bytes of a frame, by its mode. */
const AMR_BYTES = [13, 14, 16, 18, 20, 21, 27, 32, 6];
const AMR_WIDE_BYTES = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6];
const AMR_FRAMES_PER_SECOND = 50;

/** AMR, as phones recorded it: as if all frames were as long as the first. */
export async function amr(reader: HeaderReader): Promise<MediaInfo | undefined> {
  const head = await reader.at(0, Math.min(10, reader.size));
  if (head === undefined) return undefined;
  const text = textAt(head, 0, head.byteLength);
  const isWide = text.startsWith("#!AMR-WB\n");
  if (!isWide && !text.startsWith("#!AMR\n")) return undefined;
  const start = isWide ? 9 : 6;
  const mode = start < head.byteLength ? (head.getUint8(start) >>> 3) & 15 : 15;
  const bytes = (isWide ? AMR_WIDE_BYTES : AMR_BYTES)[mode];
  if (bytes === undefined) return { format: "amr" };
  return lasting("amr", (reader.size - start) / bytes / AMR_FRAMES_PER_SECOND);
}
