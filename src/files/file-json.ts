import type { JsonObject } from "../model/json.ts";
import type { StoredFile } from "../model/stored-file.ts";
import { toIsoTime } from "../protocol/encode.ts";
import { urlOfKey } from "./keys.ts";

/** The bucket that rows name; SDKs keep it and do nothing with it. */
const BUCKET = "parley-files";

export interface ShownOptions {
  /** The address of files, without a slash at its end. */
  base: string;
  withAcl: boolean;
  /** Whether it is for the app's server, which sees where an imported file was. */
  withOrigin?: boolean;
}

/** A file in the HTTP API's form. */
export function fileJson(file: StoredFile, { base, withAcl, withOrigin = false }: ShownOptions): JsonObject {
  const { id, name, mimeType, metaData, acl, fields, content, createdAt, updatedAt } = file;
  const isExternal = content.state === "external";
  const importedFrom = content.state === "stored" && withOrigin ? content.importedFrom : undefined;
  return {
    ...fields,
    objectId: id,
    name,
    mime_type: mimeType,
    metaData,
    url: isExternal ? content.url : urlOfKey(base, content.key),
    ...(!isExternal && { key: content.key, bucket: BUCKET }),
    ...(importedFrom !== undefined && { importedFrom }),
    ...(withAcl && acl !== undefined && { ACL: acl }),
    createdAt: toIsoTime(createdAt),
    updatedAt: toIsoTime(updatedAt),
  };
}
