import * as v from "valibot";
import type { Api } from "./api.ts";

/** A file as the server has it. */
export interface StoredFile {
  id: string;
  url: string;
  /** Undefined while its bytes are elsewhere. */
  key: string | undefined;
  /** Where it was before it was imported. */
  importedFrom: string | undefined;
}

const Rows = v.object({
  results: v.array(
    v.object({
      objectId: v.string(),
      url: v.string(),
      key: v.optional(v.string()),
      importedFrom: v.optional(v.string()),
    }),
  ),
});

/** Names in one question: they stand in an address. */
const NAMES_AT_ONCE = 40;

/** The files with these ids or keys, in no order. Both have an index, which a question for either would not use. */
export async function storedFiles(api: Api, ids: string[], keys: string[]): Promise<StoredFile[]> {
  const [byId, byKey] = await Promise.all([filesWhere(api, "objectId", ids), filesWhere(api, "key", keys)]);
  return [...byId, ...byKey];
}

async function filesWhere(api: Api, field: string, names: string[]): Promise<StoredFile[]> {
  const found: StoredFile[] = [];
  for (let at = 0; at < names.length; at += NAMES_AT_ONCE) {
    const where = JSON.stringify({ [field]: { $in: names.slice(at, at + NAMES_AT_ONCE) } });
    const { results } = v.parse(Rows, await api.get("/1.1/files", { where, limit: 1000 }));
    found.push(
      ...results.map(({ objectId: id, url, key, importedFrom }) => ({ id, url, key, importedFrom })),
    );
  }
  return found;
}
