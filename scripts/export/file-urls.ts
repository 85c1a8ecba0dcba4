import * as v from "valibot";

/* Which files lie at LeanCloud, and are lost with it. */

/** A file to fetch. */
export interface Wanted {
  url: string;
  objectId: string | undefined;
}

export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "no address";
}

const FileRow = v.object({
  objectId: v.string(),
  url: v.optional(v.string()),
  metaData: v.optional(v.nullable(v.looseObject({ __source: v.optional(v.unknown()) }))),
});

/** The file of a row of `_File`; undefined where it lies somewhere else by the app's own will. */
export function fileOfRow(text: string): Wanted | "without address" | undefined {
  const row = v.safeParse(FileRow, JSON.parse(text));
  if (!row.success || row.output.metaData?.__source === "external") return undefined;
  const { url, objectId } = row.output;
  return url === undefined || url === "" ? "without address" : { url, objectId };
}

const Message = v.object({ data: v.string() });
const Content = v.object({
  _lcfile: v.object({ url: v.string(), objId: v.optional(v.nullable(v.string())) }),
});

/** The file that a message shows; undefined for one without. */
export function fileOfMessage(text: string): Wanted | undefined {
  // Most messages have none: they are not parsed.
  if (!text.includes("_lcfile")) return undefined;
  const { data } = v.parse(Message, JSON.parse(text));
  try {
    const { url, objId } = v.parse(Content, JSON.parse(data))._lcfile;
    return { url, objectId: objId || undefined };
  } catch {
    return undefined;
  }
}
