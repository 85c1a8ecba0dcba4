import type { HeaderReader } from "../header-reader.ts";
import { lasting, type MediaInfo } from "./media.ts";

const FORMAT = "matroska,webm";
const HEADER = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const SCALE = 0x2ad7b1;
const DURATION = 0x4489;
/** Elements of one level. The duration stands before the sound and pictures. */
const ELEMENTS = 50;
/** Nanoseconds of a unit, unless the file says otherwise. */
const USUAL_SCALE = 1_000_000;

interface Element {
  id: number;
  start: number;
  end: number;
}

/** WebM and Matroska. A browser that records writes no duration. */
export async function webm(reader: HeaderReader): Promise<MediaInfo | undefined> {
  const header = await elementAt(reader, 0, reader.size);
  if (header?.id !== HEADER) return undefined;
  const segment = await find(reader, SEGMENT, header.end, reader.size);
  const info = segment && (await find(reader, INFO, segment.start, segment.end));
  if (info === undefined) return { format: FORMAT };
  const duration = await find(reader, DURATION, info.start, info.end);
  const units = duration && (await floatIn(reader, duration));
  const scale = await find(reader, SCALE, info.start, info.end);
  const nanoseconds = scale === undefined ? USUAL_SCALE : await wholeIn(reader, scale);
  return lasting(
    FORMAT,
    units !== undefined && nanoseconds !== undefined ? (units * nanoseconds) / 1e9 : undefined,
  );
}

async function find(
  reader: HeaderReader,
  id: number,
  start: number,
  end: number,
): Promise<Element | undefined> {
  let offset = start;
  for (let count = 0; count < ELEMENTS && offset < end; count++) {
    const element = await elementAt(reader, offset, end);
    if (element === undefined || element.id === id) return element;
    offset = element.end;
  }
  return undefined;
}

/** Name and length are numbers of one to eight bytes each; how many is how many zeros the first begins with. */
async function elementAt(reader: HeaderReader, offset: number, limit: number): Promise<Element | undefined> {
  const view = await reader.at(offset, Math.min(12, limit - offset));
  if (view === undefined || view.byteLength < 2) return undefined;
  const idBytes = bytesOf(view.getUint8(0));
  if (idBytes > 4 || idBytes >= view.byteLength) return undefined;
  const lengthBytes = bytesOf(view.getUint8(idBytes));
  if (lengthBytes > 8 || idBytes + lengthBytes > view.byteLength) return undefined;
  const start = offset + idBytes + lengthBytes;
  const length = wholeNumber(view, idBytes, lengthBytes, 2 ** (8 - lengthBytes) - 1);
  // All bits set: as long as what it is in.
  const isUnknown = length >= 2 ** (7 * lengthBytes) - 1;
  return {
    id: wholeNumber(view, 0, idBytes),
    start,
    end: isUnknown ? limit : Math.min(start + length, limit),
  };
}

const bytesOf = (first: number): number => Math.clz32(first) - 23;

/** @param mask of the bits of the first byte that count */
function wholeNumber(view: DataView, offset: number, bytes: number, mask = 0xff): number {
  let value = 0;
  for (let at = 0; at < bytes; at++) {
    const byte = view.getUint8(offset + at);
    value = value * 256 + (at === 0 ? byte & mask : byte);
  }
  return value;
}

async function wholeIn(reader: HeaderReader, { start, end }: Element): Promise<number | undefined> {
  const view = end - start <= 8 ? await reader.at(start, end - start) : undefined;
  return view && wholeNumber(view, 0, view.byteLength);
}

async function floatIn(reader: HeaderReader, { start, end }: Element): Promise<number | undefined> {
  const view = end - start <= 8 ? await reader.at(start, end - start) : undefined;
  if (view?.byteLength === 8) return view.getFloat64(0);
  return view?.byteLength === 4 ? view.getFloat32(0) : undefined;
}
