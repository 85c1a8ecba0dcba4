import { mimes } from "hono/utils/mime";

export const UNKNOWN_TYPE = "application/octet-stream";

const LONGEST = 255; // characters

/** A type and perhaps parameters, in plain characters. */
const MEDIA_TYPE = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+(?:\s*;[\x20-\x7e]*)?$/i;

/** Types of files that people send and Hono does not know. */
const others = {
  "7z": "application/x-7z-compressed",
  amr: "audio/amr",
  apk: "application/vnd.android.package-archive",
  caf: "audio/x-caf",
  doc: "application/msword",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  flac: "audio/flac",
  heic: "image/heic",
  heif: "image/heif",
  m4a: "audio/mp4",
  m4v: "video/mp4",
  mkv: "video/x-matroska",
  mov: "video/quicktime",
  ppt: "application/vnd.ms-powerpoint",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  rar: "application/vnd.rar",
  wav: "audio/wav",
  xls: "application/vnd.ms-excel",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};

/** Types by the extension of a name. */
const known = new Map(Object.entries({ ...mimes, ...others }));

/** The media type of a file: what the client says, else what the name says. */
export function mediaTypeOf(given: unknown, name: string): string {
  if (typeof given === "string" && given.length <= LONGEST && MEDIA_TYPE.test(given.trim()))
    return given.trim();
  const extension = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  // Without parameters, which the C# SDK does not take from the server.
  return known.get(extension)?.split(";")[0] ?? UNKNOWN_TYPE;
}

/**
 * Whether a media type is among those that are taken.
 *
 * @param ranges such as `image/png` or `image/*`; none is all of them
 */
export function isTaken(type: string, ranges: readonly string[]): boolean {
  if (ranges.length === 0) return true;
  const plain = type.split(";")[0]?.trim().toLowerCase() ?? "";
  return ranges.some((range) =>
    range.endsWith("/*") ? plain.startsWith(range.slice(0, -1)) : plain === range,
  );
}
