import * as v from "valibot";
import type { ImportedFile } from "../../database/files/import.ts";
import { describedFile, externalUrl, isDescriptionRefused } from "../../files/description.ts";
import { isKey } from "../../files/keys.ts";
import { isObject, type Json } from "../../model/json.ts";
import { anyTime, NO_OBJECT, parsed } from "./imported-rows.ts";

const fileRow = v.looseObject({
  objectId: v.pipe(v.string("must be an id"), v.regex(/^\w{1,64}$/, "must be an id")),
  url: v.nullish(v.string("must be a text")),
  key: v.nullish(v.string("must be a text")),
  createdAt: anyTime(),
  updatedAt: anyTime(),
});

/**
 * A row of the class `_File` as the hosted service exports it, or why it is refused. A file whose bytes the app put
 * elsewhere by its own will stays there; any other may be imported, under the key that it had.
 */
export function readFileRow(row: Json): ImportedFile | string {
  if (!isObject(row)) return NO_OBJECT;
  const read = parsed(fileRow, row);
  if (typeof read === "string") return read;
  const url = externalUrl(read.url ?? undefined);
  if (url === undefined) return "url: must be an http or https URL";
  const { key: _, prefix: __, ...described } = row;
  const description = describedFile(described, false);
  if (isDescriptionRefused(description)) return description.error;
  const { name, mimeType, metaData, acl, fields } = description;
  const key = metaData.__source === "external" ? undefined : (read.key ?? pathOf(url));
  if (key !== undefined && !isKey(key)) return "key: must be a path without empty parts";
  const { objectId: id, createdAt, updatedAt } = read;
  const content = { state: "external", url, key } as const;
  return { id, name, mimeType, metaData, acl, fields, content, createdAt, updatedAt };
}

/** The path of a URL as a key; undefined if it can be none. */
function pathOf(url: string): string | undefined {
  try {
    return decodeURIComponent(new URL(url).pathname.slice(1)) || undefined;
  } catch {
    return undefined;
  }
}
