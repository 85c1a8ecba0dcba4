import { fourCharacters, type HeaderReader } from "../header-reader.ts";
import { lasting, type MediaInfo } from "./media.ts";

/** Chunks before the samples: the format and a few of metadata. */
const CHUNKS = 20;

/** WAV: the length of the samples by the bytes of a second. */
export async function wav(reader: HeaderReader): Promise<MediaInfo | undefined> {
  const head = await reader.at(0, 12);
  if (head === undefined || fourCharacters(head, 0) !== "RIFF" || fourCharacters(head, 8) !== "WAVE")
    return undefined;
  let bytesPerSecond: number | undefined;
  let offset = 12;
  for (let count = 0; count < CHUNKS; count++) {
    const chunk = await reader.at(offset, 8);
    if (chunk === undefined) break;
    const name = fourCharacters(chunk, 0);
    const length = chunk.getUint32(4, true);
    if (name === "fmt ") bytesPerSecond = (await reader.at(offset + 8, 16))?.getUint32(8, true);
    if (name === "data") {
      // What was written while it was recorded has a length of 0 or the most there can be.
      const rest = reader.size - offset - 8;
      const samples = length === 0 ? rest : Math.min(length, rest);
      return lasting("wav", bytesPerSecond === undefined ? undefined : samples / bytesPerSecond);
    }
    // Chunks begin at even places.
    offset += 8 + length + (length % 2);
  }
  return { format: "wav" };
}
