import { fourCharacters, type HeaderReader, textAt, WINDOW_BYTES } from "../header-reader.ts";
import { lasting, type MediaInfo } from "./media.ts";

/** Opus counts samples at this rate, whatever the sound had before. */
const OPUS_RATE = 48_000;
/** Bytes of a page's head before its table of segments. */
const PAGE_BYTES = 27;

/** Ogg with Opus or Vorbis: the last page says how many samples there were. */
export async function ogg(reader: HeaderReader): Promise<MediaInfo | undefined> {
  const page = await reader.at(0, PAGE_BYTES);
  if (page === undefined || fourCharacters(page, 0) !== "OggS") return undefined;
  const first = await reader.at(PAGE_BYTES + page.getUint8(26), 16);
  if (first === undefined) return { format: "ogg" };
  const clock = clockOf(first);
  if (clock === undefined) return { format: "ogg" };
  const samples = await samplesOf(reader);
  return lasting("ogg", samples === undefined ? undefined : (samples - clock.skipped) / clock.rate);
}

function clockOf(packet: DataView): { rate: number; skipped: number } | undefined {
  if (textAt(packet, 0, 8) === "OpusHead") return { rate: OPUS_RATE, skipped: packet.getUint16(10, true) };
  return textAt(packet, 0, 7) === "\x01vorbis" ? { rate: packet.getUint32(12, true), skipped: 0 } : undefined;
}

async function samplesOf(reader: HeaderReader): Promise<number | undefined> {
  const length = Math.min(WINDOW_BYTES, reader.size);
  const end = await reader.at(reader.size - length, length);
  if (end === undefined) return undefined;
  const at = textAt(end, 0, length).lastIndexOf("OggS");
  // All bits set: no packet ends on this page.
  if (at < 0 || at + 14 > length || end.getBigInt64(at + 6, true) < 0n) return undefined;
  return Number(end.getBigInt64(at + 6, true));
}
