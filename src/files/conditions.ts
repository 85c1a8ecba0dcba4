/** What tells one content of a file from another. */
export interface Version {
  /** With its quotes. */
  etag: string;
  /** When the content was stored (ms). */
  modified: number;
}

/** Whether the caller has the content already: 304 (RFC 9110, 13.1). An `If-None-Match` makes the date irrelevant. */
export function isUnchanged(headers: Headers, { etag, modified }: Version): boolean {
  const tags = headers.get("If-None-Match");
  if (tags !== null)
    return tags.trim() === "*" || tags.split(",").some((tag) => withoutWeakness(tag) === etag);
  const since = Date.parse(headers.get("If-Modified-Since") ?? "");
  return wholeSeconds(modified) <= since;
}

/** Whether a `Range` counts: what the caller has of the file is of this content, if it says of which. */
export function isRangeMeant(headers: Headers, { etag, modified }: Version): boolean {
  const condition = headers.get("If-Range")?.trim();
  if (condition === undefined || condition === etag) return true;
  return Date.parse(condition) === wholeSeconds(modified);
}

/** Proxies that compress on the way mark a tag so. */
const withoutWeakness = (tag: string) => tag.trim().replace(/^W\//, "");

/** Dates in headers have no milliseconds. */
const wholeSeconds = (ms: number) => Math.floor(ms / 1_000) * 1_000;
