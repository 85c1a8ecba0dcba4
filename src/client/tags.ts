import type { Sql } from "../sql.ts";

/** Reserved by the SDKs: it means no tag (D-02). */
const NO_TAG = "default";

export interface Holder {
  deviceId: string;
  /** Counts how often the tag moved to another device. Tokens of an earlier count are invalid. */
  generation: number;
}

/** The tag of a login; undefined if it has none. */
export function tagOf(tag: string | undefined): string | undefined {
  return tag === NO_TAG ? undefined : tag;
}

/** Which device of a client holds each tag: one row per tag, written when another device takes it (D-02, D-03). */
export class Tags {
  readonly #sql: Sql;
  #holders: Map<string, Holder> | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  holder(tag: string): Holder | undefined {
    return this.#load().get(tag);
  }

  take(tag: string, holder: Holder): void {
    const current = this.holder(tag);
    if (current?.deviceId === holder.deviceId && current.generation === holder.generation) return;
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS tags (tag TEXT PRIMARY KEY, device_id TEXT NOT NULL, generation INTEGER NOT NULL) WITHOUT ROWID",
    );
    this.#sql.exec("INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", tag, holder.deviceId, holder.generation);
    this.#load().set(tag, holder);
  }

  #load(): Map<string, Holder> {
    if (this.#holders !== undefined) return this.#holders;
    const exists = this.#sql
      .exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'tags'")
      .toArray();
    const rows =
      exists.length === 0
        ? []
        : this.#sql
            .exec<{ tag: string; device_id: string; generation: number }>("SELECT * FROM tags")
            .toArray();
    this.#holders = new Map(
      rows.map(({ tag, device_id: deviceId, generation }) => [tag, { deviceId, generation }]),
    );
    return this.#holders;
  }
}
