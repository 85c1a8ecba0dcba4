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

/** The files with these ids or keys, in no order. */
export async function storedFiles(api: Api, ids: string[], keys: string[]): Promise<StoredFile[]> {
  const found: StoredFile[] = [];
  const named = [...ids.map((id) => ({ id })), ...keys.map((key) => ({ key }))];
  for (let at = 0; at < named.length; at += NAMES_AT_ONCE) {
    const group = named.slice(at, at + NAMES_AT_ONCE);
    const conditions = [
      { objectId: { $in: group.flatMap((each) => ("id" in each ? each.id : [])) } },
      { key: { $in: group.flatMap((each) => ("key" in each ? each.key : [])) } },
    ];
    const where = JSON.stringify({ $or: conditions });
    const { results } = v.parse(Rows, await api.get("/1.1/files", { where, limit: 1000 }));
    found.push(
      ...results.map(({ objectId: id, url, key, importedFrom }) => ({ id, url, key, importedFrom })),
    );
  }
  return found;
}
