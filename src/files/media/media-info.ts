import type { HeaderReader } from "../header-reader.ts";
import { flac } from "./flac.ts";
import { adts, amr, mp3 } from "./frames.ts";
import { webm } from "./matroska.ts";
import type { MediaFormat, MediaInfo } from "./media.ts";
import { mp4 } from "./mp4.ts";
import { ogg } from "./ogg.ts";
import { wav } from "./wav.ts";

/** In this order: MP3 and AAC are told by a few bits only, so they come last. */
const formats: MediaFormat[] = [mp4, wav, ogg, flac, webm, amr, mp3, adts];

/** What audio or video it is and how long; undefined where it is none of these. */
export async function mediaInfo(reader: HeaderReader): Promise<MediaInfo | undefined> {
  for (const format of formats) {
    const info = await format(reader);
    if (info !== undefined) return info;
  }
  return undefined;
}
