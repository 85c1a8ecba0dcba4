import type { ClientTables } from "./client-tables.ts";

/** A word of the SDKs that means no tag (D-02). */
const NO_TAG = "default";

export interface Holder {
  deviceId: string;
  /** Counts how often the tag moved to another device. Tokens of an earlier count are invalid. */
  generation: number;
}

type Row = { tag: string; device_id: string; generation: number };

/** The tag of a login; undefined if it has none. */
export function tagOf(tag: string | undefined): string | undefined {
  return tag === NO_TAG ? undefined : tag;
}

/** Which device of a client holds each tag: one row per tag, written when another device takes it (D-02, D-03). */
export class Tags {
  readonly #tables: ClientTables;
  #holders: Map<string, Holder> | undefined;

  constructor(tables: ClientTables) {
    this.#tables = tables;
  }

  holder(tag: string): Holder | undefined {
    return this.#load().get(tag);
  }

  take(tag: string, holder: Holder): void {
    const current = this.holder(tag);
    if (current?.deviceId === holder.deviceId && current.generation === holder.generation) return;
    const { deviceId, generation } = holder;
    this.#tables.add("tags", "INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", tag, deviceId, generation);
    this.#load().set(tag, holder);
  }

  #load(): Map<string, Holder> {
    if (this.#holders !== undefined) return this.#holders;
    const rows = this.#tables.read<Row>("tags", "SELECT * FROM tags");
    this.#holders = new Map(
      rows.map(({ tag, device_id: deviceId, generation }) => [tag, { deviceId, generation }]),
    );
    return this.#holders;
  }
}
