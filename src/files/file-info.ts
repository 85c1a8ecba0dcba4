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
 * The answer, in the hosted service's form. Java's SDK sends no message if this is not JSON, or if sound and film have
 * no `format` and, in old versions, no `size` in it; so these are there whatever the file is.
 *
 * @param agent the caller's `User-Agent`
 */
export async function answerTo(
  question: FileQuestion,
  reader: HeaderReader,
  agent: string | null,
): Promise<JsonObject> {
  if (question === "imageInfo") {
    const info = await imageInfo(reader);
    if (info === undefined) return {};
    const { format, width, height } = info;
    const described = { ...info, size: reader.size };
    return seeksObject(agent) ? { ...described, format: { format, width, height } } : described;
  }
  const info = await mediaInfo(reader);
  const size = `${reader.size}`;
  if (info === undefined) return { format: { size } };
  const format = { format_name: info.format, size };
  return { format: info.duration === undefined ? format : { ...format, duration: info.duration.toFixed(3) } };
}

/** Java before 6.3 looks for everything inside of `format`, for pictures too, and fails on a text there. */
function seeksObject(agent: string | null): boolean {
  const [, major, minor] = /LeanCloud-Java-SDK\/(\d+)\.(\d+)/.exec(agent ?? "") ?? [];
  return major !== undefined && (Number(major) < 6 || (major === "6" && Number(minor) < 3));
}
