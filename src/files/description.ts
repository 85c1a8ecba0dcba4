import { isObject, type Json, type JsonObject } from "../model/json.ts";
import { isWritten } from "../protocol/written-number.ts";
import { isKey, isPrefix } from "./keys.ts";
import { mediaTypeOf } from "./media-type.ts";

/** What a client says of a file, as far as it counts. */
export interface FileDescription {
  name: string;
  mimeType: string;
  metaData: JsonObject;
  acl: JsonObject | undefined;
  /** The app's own fields. */
  fields: JsonObject;
  keepsName: boolean;
  prefix: string | undefined;
  /** A key that the app's server chose. */
  key: string | undefined;
}

/** Why a description is refused: the protocol's code and a sentence. */
export interface DescriptionRefused {
  code: number;
  error: string;
}

/** Codes of the storage API. */
const INVALID_NAME = 122;
const INVALID_FIELD = 105;

const NAME_LONGEST = 1_024; // characters
const URL_LONGEST = 2_048; // characters
const NAME_DEFAULT = "file";

/**
 * Fields that are not the app's own: they have a meaning, or only the server may set them. SDKs send some of them back
 * as they came.
 */
const OWN_FIELDS = new Set([
  ...["name", "mime_type", "metaData", "ACL", "keep_file_name", "prefix", "key", "url", "bucket", "provider"],
  ...["objectId", "createdAt", "updatedAt", "token", "upload_url", "importedFrom"],
]);

/**
 * Reads the body that SDKs send for a file. Where a client cannot know better it is given what it needs: a type, a name.
 *
 * @param mayName whether the caller may choose the key
 */
export function describedFile(body: JsonObject, mayName: boolean): FileDescription | DescriptionRefused {
  const name = nameIn(body);
  if (name === undefined) {
    return { code: INVALID_NAME, error: `name: must be a text of at most ${NAME_LONGEST} characters` };
  }
  const prefix = textIn(body.prefix)?.replaceAll(/^\/+|\/+$/g, "") || undefined;
  if (prefix !== undefined && !isPrefix(prefix)) {
    return { code: INVALID_FIELD, error: "prefix: must be folders of letters and digits" };
  }
  const key = mayName ? textIn(body.key) || undefined : undefined;
  if (key !== undefined && !isKey(key))
    return { code: INVALID_FIELD, error: "key: must be a path without empty parts" };
  return {
    name,
    mimeType: mediaTypeOf(body.mime_type, name),
    metaData: isObject(body.metaData) ? body.metaData : {},
    acl: isObject(body.ACL) ? body.ACL : undefined,
    fields: appsOwn(body),
    keepsName: body.keep_file_name === true,
    prefix,
    key,
  };
}

export const isDescriptionRefused = (
  described: FileDescription | DescriptionRefused,
): described is DescriptionRefused => "code" in described;

/** Bytes of JSON that a holder of the app key may have kept with a file: SDKs send less than a thousand. */
export const DESCRIPTION_LARGEST = 8_192;

/** Whether a description has more than that. */
export function isTooLong({ metaData, acl, fields }: FileDescription): boolean {
  return new TextEncoder().encode(JSON.stringify([metaData, acl, fields])).length > DESCRIPTION_LARGEST;
}

/** The address of an external file; undefined if it is none that a page may open. */
export function externalUrl(given: Json | undefined): string | undefined {
  if (typeof given !== "string" || given.length > URL_LONGEST || !URL.canParse(given)) return undefined;
  return /^https?:$/.test(new URL(given).protocol) ? given : undefined;
}

/** The size in bytes that the client announces; undefined if it says none. */
export function announcedSize({ size }: JsonObject): number | undefined {
  const number = Number(size);
  return size !== undefined && size !== null && Number.isFinite(number) ? number : undefined;
}

/** Empty where the SDK knows none; undefined for what cannot be a name. */
function nameIn({ name }: JsonObject): string | undefined {
  if (name === undefined || name === null || name === "") return NAME_DEFAULT;
  if (typeof name !== "string" || name.length > NAME_LONGEST) return undefined;
  return name.toWellFormed();
}

const textIn = (value: Json | undefined) => (typeof value === "string" ? value : undefined);

/** Plain values alone: a pointer or a file inside of a file would need its class. */
function appsOwn(body: JsonObject): JsonObject {
  const kept = Object.entries(body).filter(([name, value]) => {
    const isPlain = ["string", "number", "boolean"].includes(typeof value) || isWritten(value);
    return isPlain && /^[a-zA-Z]\w*$/.test(name) && !OWN_FIELDS.has(name);
  });
  return Object.fromEntries(kept);
}
