import type { ContentOf, StoredFile } from "../model/stored-file.ts";
import { rangeOf } from "./byte-range.ts";
import { isRangeMeant, isUnchanged, type Version } from "./conditions.ts";
import { dispositionOf, type Presentation, presentationOf } from "./content-type.ts";
import type { Span } from "./storage.ts";

/** What is answered to a request for a file. */
export interface FileAnswer {
  status: 200 | 206 | 304 | 416;
  headers: Record<string, string>;
  /** The bytes that follow; undefined for none. */
  span: Span | undefined;
}

/**
 * A file is never changed: a key has one content for good. A browser that opens one as a page shows it, and can run
 * nothing in it; other pages may use it.
 */
export const FILE_HEADERS = {
  "Cache-Control": "public, max-age=31536000, immutable",
  "Content-Security-Policy":
    "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; sandbox",
  "Cross-Origin-Resource-Policy": "cross-origin",
  "X-Content-Type-Options": "nosniff",
} as const;

/** A browser's viewer for PDF is a plugin, which starts in no sandbox. What it shows has no part in the address's pages. */
const PDF_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'";

/**
 * The answer to a GET or HEAD, whose header fields for conditions and ranges count (RFC 9110).
 *
 * @param etag with its quotes; another for other content
 */
export function fileAnswer(
  { name, mimeType, content, createdAt }: StoredFile<ContentOf<"stored">>,
  etag: string,
  { method, headers: asked }: Request,
): FileAnswer {
  const version: Version = { etag, modified: createdAt };
  const presentation = presentationOf(mimeType);
  const known = {
    ...FILE_HEADERS,
    ...(isPdf(presentation) && { "Content-Security-Policy": PDF_POLICY }),
    ETag: etag,
    "Last-Modified": new Date(createdAt).toUTCString(),
  };
  if (isUnchanged(asked, version)) return { status: 304, headers: known, span: undefined };
  const { size } = content;
  const headers = {
    ...known,
    "Accept-Ranges": "bytes",
    "Content-Type": presentation.type,
    "Content-Disposition": dispositionOf(name, presentation),
  };
  const isRange = method === "GET" && isRangeMeant(asked, version);
  const range = rangeOf(isRange ? asked.get("Range") : null, size);
  switch (range.kind) {
    case "whole":
      return answer(200, headers, { offset: 0, length: size }, method);
    case "part": {
      const { offset, length } = range;
      const contentRange = `bytes ${offset}-${offset + length - 1}/${size}`;
      return answer(206, { ...headers, "Content-Range": contentRange }, { offset, length }, method);
    }
    case "outside":
      // Not for a year: it is about the request more than about the file.
      return {
        status: 416,
        headers: { ...headers, "Cache-Control": "no-store", "Content-Range": `bytes */${size}` },
        span: undefined,
      };
  }
}

const isPdf = ({ type, isShown }: Presentation) => isShown && /^application\/pdf\b/i.test(type);

function answer(status: 200 | 206, headers: Record<string, string>, span: Span, method: string): FileAnswer {
  const hasBody = method === "GET" && span.length > 0;
  return {
    status,
    headers: { ...headers, "Content-Length": `${span.length}` },
    span: hasBody ? span : undefined,
  };
}
