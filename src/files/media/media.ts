import type { HeaderReader } from "../header-reader.ts";

/** Audio or video as its header describes it. */
export interface MediaInfo {
  /** By the names of ffprobe, which the hosted service answers with. */
  format: string;
  /** Seconds; absent where the header does not say. */
  duration?: number;
}

/** Reads one kind of container; undefined where the file is another, or damaged. */
export type MediaFormat = (reader: HeaderReader) => Promise<MediaInfo | undefined>;

/** A duration as a header may have it: a damaged one is left out. */
export function lasting(format: string, duration: number | undefined): MediaInfo {
  return duration !== undefined && Number.isFinite(duration) && duration > 0
    ? { format, duration }
    : { format };
}
