import type { JsonObject } from "../model/json.ts";
import type { HeaderReader } from "./header-reader.ts";
import { imageInfo } from "./images/image-info.ts";
import { mediaInfo } from "./media/media-info.ts";

/** What an SDK asks about a file in place of its bytes: the parameter's name in the query. */
export type FileQuestion = "imageInfo" | "avinfo";

/** The question in a query. Other parameters, such as those for a smaller picture, are answered with the file itself. */
export function questionIn(query: URLSearchParams): FileQuestion | undefined {
  if (query.has("imageInfo")) return "imageInfo";
  return query.has("avinfo") ? "avinfo" : undefined;
}

/**
 * The answer, in the hosted service's form. Java sends no message if this is not JSON, or if sound and film have no
 * `format`; so both are there for what is neither a picture nor sound or film.
 */
export async function answerTo(question: FileQuestion, reader: HeaderReader): Promise<JsonObject> {
  const size = `${reader.size}`;
  if (question === "imageInfo") {
    const info = await imageInfo(reader);
    return info === undefined ? {} : { ...info, size: reader.size };
  }
  const info = await mediaInfo(reader);
  if (info === undefined) return { format: {} };
  const format = { format_name: info.format, size };
  return { format: info.duration === undefined ? format : { ...format, duration: info.duration.toFixed(3) } };
}
