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

/** Ids or keys of one question: the server takes no more. */
const NAMES_AT_ONCE = 1_000;

/** The files with these ids or keys, in no order. */
export async function storedFiles(
  api: Pick<Api, "post">,
  ids: string[],
  keys: string[],
): Promise<StoredFile[]> {
  const found: StoredFile[] = [];
  for (let at = 0; at < Math.max(ids.length, keys.length); at += NAMES_AT_ONCE) {
    const [some, others] = [ids, keys].map((names) => names.slice(at, at + NAMES_AT_ONCE));
    const answer = await api.post("/admin/import/files/known", JSON.stringify({ ids: some, keys: others }));
    const { results } = v.parse(Rows, answer);
    found.push(
      ...results.map(({ objectId: id, url, key, importedFrom }) => ({ id, url, key, importedFrom })),
    );
  }
  return found;
}
