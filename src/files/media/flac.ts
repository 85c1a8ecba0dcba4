import { fourCharacters, type HeaderReader } from "../header-reader.ts";
import { lasting, type MediaInfo } from "./media.ts";

/** FLAC: rate and number of samples stand in its first block. */
export async function flac(reader: HeaderReader): Promise<MediaInfo | undefined> {
  const head = await reader.at(0, 26);
  if (head === undefined || fourCharacters(head, 0) !== "fLaC") return undefined;
  // 20 bits of rate, 8 of others, 36 of samples.
  const rate = head.getUint32(18) >>> 12;
  const samples = (head.getUint8(21) & 0x0f) * 2 ** 32 + head.getUint32(22);
  return lasting("flac", samples / rate);
}
