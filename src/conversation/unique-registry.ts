import type { ConversationRecord } from "../model/records.ts";
import type { Sql } from "../sql.ts";
import type { Started } from "./started.ts";

/** More conversations than change their members while one is being looked for. */
const TRIES = 8;

/** What the object of a set does for its registry. */
export interface RegistryHost {
  /** What the object's own conversation is to these people: theirs alone, one of others too, or not there. */
  own(members: readonly string[]): "theirs" | "others'" | "none";
  /** Creates the object's own conversation, or finds it; undefined where its members are others by then. */
  startHere(record: ConversationRecord): Promise<Started | undefined>;
  /** The same in the object of the record's id. */
  startThere(record: ConversationRecord): Promise<Started | undefined>;
  newId(): string;
}

/**
 * Which conversation is the unique one of a set of people (B-03): exactly these are its members now. The object whose
 * id follows from the set decides that, so two who create it at the same moment meet. Its own conversation is the one
 * as long as its members are that set. Once they are not, it names a successor, written down before it is asked, and
 * when that has other members too, another.
 */
export class UniqueRegistry {
  readonly #sql: Sql;
  readonly #host: RegistryHost;

  constructor(sql: Sql, host: RegistryHost) {
    this.#sql = sql;
    this.#host = host;
  }

  /** The id of the conversation that took the place of the object's own; undefined while none did. */
  get successor(): string | undefined {
    if (!hasTable(this.#sql)) return undefined;
    return this.#sql.exec<{ id: string }>("SELECT id FROM successor").toArray()[0]?.id;
  }

  /** Creates the conversation of exactly these people, or finds it. Rejects where an object does not answer. */
  async start(record: ConversationRecord): Promise<Started> {
    const { members } = record;
    for (let tries = 0; tries < TRIES; tries++) {
      const id = this.successor;
      if (id === undefined) {
        const started =
          this.#host.own(members) === "others'" ? undefined : await this.#host.startHere(record);
        if (started !== undefined) return started;
        // Whoever came here at the same moment may have named one.
        if (this.successor === undefined) this.#name(this.#host.newId());
        continue;
      }
      const started = await this.#host.startThere({ ...record, id });
      if (started !== undefined) return started;
      if (this.successor !== id) continue;
      if (this.#host.own(members) === "theirs") this.#name(undefined);
      else this.#name(this.#host.newId());
    }
    throw new Error("the members of the unique conversation keep changing");
  }

  #name(id: string | undefined): void {
    this.#sql.exec("CREATE TABLE IF NOT EXISTS successor (id TEXT NOT NULL)");
    this.#sql.exec("DELETE FROM successor");
    if (id !== undefined) this.#sql.exec("INSERT INTO successor VALUES (?)", id);
  }
}

function hasTable(sql: Sql): boolean {
  const found = sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'successor'");
  return found.toArray().length > 0;
}

/** Whether these are exactly the same people. */
export function areSame(some: Iterable<string>, others: readonly string[]): boolean {
  const [first, second] = [new Set(some), new Set(others)];
  return first.size === second.size && [...first].every((each) => second.has(each));
}
