import * as v from "valibot";

/* The address of the file in a typed message. */

const Content = v.looseObject({
  _lcfile: v.looseObject({ url: v.string(), objId: v.optional(v.nullable(v.string())) }),
});

export interface FileInMessage {
  url: string;
  id: string | undefined;
}

/** The file that a message's content names; undefined for one without. */
export function fileIn(data: string): FileInMessage | undefined {
  if (!data.includes("_lcfile")) return undefined;
  try {
    const { url, objId } = v.parse(Content, JSON.parse(data))._lcfile;
    return { url, id: objId || undefined };
  } catch {
    return undefined;
  }
}

/** The content with another address in place of the file's; all else stays as it was written. */
export function withAddress(data: string, from: string, to: string): string {
  for (const written of [(url: string) => JSON.stringify(url), slashed]) {
    if (data.includes(written(from))) return data.replaceAll(written(from), () => written(to));
  }
  const content = v.parse(Content, JSON.parse(data));
  return JSON.stringify({ ...content, _lcfile: { ...content._lcfile, url: to } });
}

/** As Apple's SDKs write it. */
const slashed = (url: string) => JSON.stringify(url).replaceAll("/", "\\/");

/** The keys that the path of an address may be: all of it, or its end, since some hosts have a folder before it. */
export function keysIn(url: string): string[] {
  if (!URL.canParse(url)) return [];
  let path: string;
  try {
    path = decodeURIComponent(new URL(url).pathname).replace(/^\/+/, "");
  } catch {
    return [];
  }
  const parts = path.split("/");
  return parts
    .slice(0, 3)
    .map((_, at) => parts.slice(at).join("/"))
    .filter(Boolean);
}
