import type { ConversationRecord } from "../../model/records.ts";
import type { ConversationTables } from "../conversation-tables.ts";
import type { StartResult } from "./start-result.ts";

/** Attempts while conversations change their members during a lookup. */
const TRIES = 8;

/** What the registry needs from the object of a set of members. */
export interface RegistryHost {
  /** Whether the object's own conversation has exactly these members, has others too, or does not exist. */
  own(members: readonly string[]): "theirs" | "others'" | "none";
  /** Creates the object's own conversation, or returns it; undefined if its members are others by then. */
  startHere(record: ConversationRecord): Promise<StartResult | undefined>;
  /** The same in the object of the record's id. */
  startThere(record: ConversationRecord): Promise<StartResult | undefined>;
  newId(): string;
}

/**
 * Decides which conversation is the unique one of a set of members (B-03): the one whose members are exactly these now.
 * The object whose id is derived from the set decides it, so that two clients that create it at the same moment get the
 * same one. Its own conversation is the unique one while its members are that set. Afterwards the registry names a
 * successor, which is stored before it is created, and another one when the successor's members have changed too.
 */
export class UniqueRegistry {
  readonly #tables: ConversationTables;
  readonly #host: RegistryHost;

  constructor(tables: ConversationTables, host: RegistryHost) {
    this.#tables = tables;
    this.#host = host;
  }

  /** The id of the conversation that replaced the object's own; undefined if none did. */
  get successor(): string | undefined {
    return this.#tables.read<{ id: string }>("successor", "SELECT id FROM successor")[0]?.id;
  }

  /** Creates the conversation of exactly these members, or finds it. Rejects if an object does not answer. */
  async start(record: ConversationRecord): Promise<StartResult> {
    const { members } = record;
    for (let tries = 0; tries < TRIES; tries++) {
      const id = this.successor;
      if (id === undefined) {
        const started =
          this.#host.own(members) === "others'" ? undefined : await this.#host.startHere(record);
        if (started !== undefined) return started;
        // A concurrent call may have named one.
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

  /**
   * Names an imported conversation as the unique one of these members, unless the object's own is, or another one than
   * `instead` is named. Returns the id of the one that is it now; undefined for the object's own.
   */
  nameImported(id: string, members: readonly string[], instead: string | undefined): string | undefined {
    const named = this.successor;
    if (named === undefined && this.#host.own(members) === "theirs") return undefined;
    if (named !== undefined && named !== instead) return named;
    if (named !== id) this.#name(id);
    return id;
  }

  #name(id: string | undefined): void {
    this.#tables.change("successor", "DELETE FROM successor");
    if (id !== undefined) this.#tables.add("successor", "INSERT INTO successor VALUES (?)", id);
  }
}

/** Whether both have exactly the same members. */
export function areSame(some: Iterable<string>, others: readonly string[]): boolean {
  const [first, second] = [new Set(some), new Set(others)];
  return first.size === second.size && [...first].every((each) => second.has(each));
}
