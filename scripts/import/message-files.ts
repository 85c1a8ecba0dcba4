import * as v from "valibot";
import type { Api } from "../moving/api.ts";
import { type FileInMessage, fileIn, keysIn, withAddress } from "../moving/file-addresses.ts";
import { isHosted } from "../moving/file-hosts.ts";
import { storedFiles } from "../moving/stored-files.ts";
import type { Row } from "./sender.ts";

const Message = v.looseObject({ data: v.string() });
/** Files that are remembered: their names and keys. */
const REMEMBERED = 50_000;

export interface MessageFilesOptions {
  api: Api;
  /** Where phones find files, without a slash at the end. */
  filesUrl: string;
}

/** A file that is here. */
interface Known {
  key: string;
  importedFrom: string | undefined;
}

/**
 * Puts this server's address in place of the old one where a message shows a file that is here now: by its id first, and
 * by the key in the address second, if that is LeanCloud's or the very one that the file had. The server itself is
 * asked, since it has files of earlier imports, too.
 */
export class MessageFiles {
  readonly #options: MessageFilesOptions;
  /** By `id …` and `key …`; undefined for those that are not here. */
  readonly #known = new Map<string, Known | undefined>();

  constructor(options: MessageFilesOptions) {
    this.#options = options;
  }

  async rewrite(rows: Row[]): Promise<Row[]> {
    const found = rows.map(({ kind, text }) =>
      kind === "messages" && text.includes("_lcfile") ? inRow(text) : undefined,
    );
    const files = found.flatMap((each) => each?.file ?? []);
    if (files.length === 0) return rows;
    await this.#ask(files);
    return rows.map((row, at) => {
      const shown = found[at];
      const key = shown && this.#keyOf(shown.file);
      if (shown === undefined || key === undefined) return row;
      const url = `${this.#options.filesUrl}/${key.split("/").map(encodeURIComponent).join("/")}`;
      const data = withAddress(shown.message.data, shown.file.url, url);
      return { ...row, sent: JSON.stringify({ ...shown.message, data }) };
    });
  }

  #keyOf({ id, url }: FileInMessage): string | undefined {
    const byId = id === undefined ? undefined : this.#known.get(`id ${id}`);
    if (byId !== undefined) return byId.key;
    const byKey = keysIn(url).map((key) => this.#known.get(named(key)));
    return byKey.find((file) => file !== undefined && (isHosted(url, []) || file.importedFrom === url))?.key;
  }

  async #ask(files: FileInMessage[]): Promise<void> {
    if (this.#known.size > REMEMBERED) this.#known.clear();
    const isNew = (name: string) => !this.#known.has(name);
    const ids = [...new Set(files.flatMap(({ id }) => id ?? []))].filter((id) => isNew(`id ${id}`));
    const keys = [...new Set(files.flatMap(({ url }) => keysIn(url)))].filter((key) => isNew(named(key)));
    if (ids.length + keys.length === 0) return;
    const found = await storedFiles(this.#options.api, ids, keys);
    for (const id of ids) this.#known.set(`id ${id}`, undefined);
    for (const key of keys) this.#known.set(named(key), undefined);
    for (const { id, key, importedFrom } of found) {
      if (key === undefined) continue;
      this.#known.set(`id ${id}`, { key, importedFrom });
      this.#known.set(named(key), { key, importedFrom });
    }
  }
}

const named = (key: string) => `key ${key}`;

function inRow(text: string): { message: v.InferOutput<typeof Message>; file: FileInMessage } | undefined {
  const message = v.parse(Message, JSON.parse(text));
  const file = fileIn(message.data);
  return file && { message, file };
}
