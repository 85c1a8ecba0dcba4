import { fourCharacters, type HeaderReader } from "../header-reader.ts";
import { lasting, type MediaInfo } from "./media.ts";

const FORMAT = "mov,mp4,m4a,3gp,3g2,mj2";
/** Boxes of one level. A file that is sent while it is recorded has thousands, but the header first. */
const BOXES = 50;

/** A box: its name and where its content lies. */
interface Box {
  name: string;
  start: number;
  end: number;
}

/** MP4, M4A, 3GP and QuickTime, with the duration in the movie's header (`moov`, `mvhd`). */
export async function mp4(reader: HeaderReader): Promise<MediaInfo | undefined> {
  const first = await boxAt(reader, 0, reader.size);
  // Old QuickTime files have no `ftyp`.
  if (first === undefined || !["ftyp", "moov", "wide"].includes(first.name)) return undefined;
  const movie = await find(reader, "moov", 0, reader.size);
  const header = movie && (await find(reader, "mvhd", movie.start, movie.end));
  return lasting(FORMAT, header && (await durationOf(reader, header)));
}

async function durationOf(reader: HeaderReader, { start, end }: Box): Promise<number | undefined> {
  const version = (await reader.at(start, 1))?.getUint8(0);
  const isLong = version === 1;
  const view = await reader.at(start, isLong ? 32 : 20);
  if (view === undefined || start + view.byteLength > end) return undefined;
  const scale = view.getUint32(isLong ? 20 : 12);
  const duration = isLong ? Number(view.getBigUint64(24)) : view.getUint32(16);
  const isUnknown = !isLong && duration === 0xffffffff;
  return scale === 0 || isUnknown ? undefined : duration / scale;
}

async function find(
  reader: HeaderReader,
  name: string,
  start: number,
  end: number,
): Promise<Box | undefined> {
  let offset = start;
  for (let count = 0; count < BOXES && offset < end; count++) {
    const box = await boxAt(reader, offset, end);
    if (box === undefined || box.name === name) return box;
    offset = box.end;
  }
  return undefined;
}

/** @param limit the end of what the box is in */
async function boxAt(reader: HeaderReader, offset: number, limit: number): Promise<Box | undefined> {
  const head = await reader.at(offset, 8);
  if (head === undefined) return undefined;
  const name = fourCharacters(head, 4);
  const short = head.getUint32(0);
  // To the end of the file.
  if (short === 0) return { name, start: offset + 8, end: limit };
  if (short !== 1) return boxOf(name, offset, 8, short, limit);
  const long = (await reader.at(offset + 8, 8))?.getBigUint64(0);
  return long === undefined ? undefined : boxOf(name, offset, 16, Number(long), limit);
}

function boxOf(name: string, offset: number, head: number, length: number, limit: number): Box | undefined {
  if (length < head) return undefined;
  return { name, start: offset + head, end: Math.min(offset + length, limit) };
}
