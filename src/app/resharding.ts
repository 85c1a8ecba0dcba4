import { withDeadline } from "../deadline.ts";
import type { AppStub, MovedRows } from "./app-stub.ts";
import type { KeyValues } from "./key-values.ts";
import type { LaggingConversations } from "./lagging-conversations.ts";
import type { Presence } from "./presence.ts";
import { shardName, shardOf } from "./shards.ts";

/** Rows that are looked at in one turn. */
const SLICE = 500;
/** How long (ms) another shard has for an answer. */
const DEADLINE = 10_000;

/** Where a shard is in its own rows while it hands over those of others. */
type Place =
  | { table: "presence"; after: { online: 0 | 1; clientId: string } | undefined }
  | { table: "behind"; after: string };

const START: Place = { table: "presence", after: undefined };

export interface ReshardingHost {
  /** This shard, and how many there are. */
  readonly shard: number;
  readonly shards: number;
  /** The object of a shard. */
  stub(shard: number): AppStub;
}

/**
 * Brings every row to its shard after the number of shards has changed. The first shard leads: it has each of the
 * shards hand over what is not its own, a slice at a time, and then tells all that everything is in its place. Until
 * then reports go to the shards of the new number, and what they say stands against a row that comes later.
 */
export class Resharding {
  readonly #facts: KeyValues;
  readonly #presence: Presence;
  readonly #lagging: LaggingConversations;
  readonly #host: ReshardingHost;
  #place: Place = START;
  #isSettled: boolean;
  #asking: Promise<void> | undefined;

  /** @param isNew whether nothing was ever stored here */
  constructor(
    facts: KeyValues,
    presence: Presence,
    lagging: LaggingConversations,
    host: ReshardingHost,
    isNew: boolean,
  ) {
    this.#facts = facts;
    this.#presence = presence;
    this.#lagging = lagging;
    this.#host = host;
    // Before there were shards, the first one had everything.
    const before = facts.get("shards") ?? (host.shard === 0 && !isNew ? "1" : undefined);
    if (host.shard === 0 && before === undefined) facts.set("shards", String(host.shards));
    this.#isSettled = before === undefined ? host.shard === 0 : Number(before) === host.shards;
  }

  /** Whether no row of this shard may still be at another one. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Whether the first shard has to bring rows to their places. */
  get isDue(): boolean {
    return this.#host.shard === 0 && !this.#isSettled;
  }

  /** Asks the first shard, which may begin with it by that, whether everything is in its place. Never rejects. */
  async ask(): Promise<void> {
    if (this.#isSettled || this.#host.shard === 0) return;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    await this.#asking;
  }

  async #ask(): Promise<void> {
    const { shards } = this.#host;
    try {
      if (await withDeadline(this.#host.stub(0).isSettled(shards), DEADLINE, shardName(0)))
        this.settle(shards);
    } catch {
      // It is asked again with the next report.
    }
  }

  /** Brings all rows to their places. To be called again if it rejects: what is done stays done. */
  async run(): Promise<void> {
    const { shards } = this.#host;
    const withRows = Math.max(Number(this.#facts.get("shards") ?? 1), this.#withRows, shards);
    this.#facts.set("shardsWithRows", String(withRows));
    for (let shard = 0; shard < withRows; shard++) while (await this.#handOverAt(shard));
    for (let shard = 1; shard < withRows; shard++)
      await withDeadline(this.#host.stub(shard).settle(shards), DEADLINE, shardName(shard));
    this.settle(shards);
    this.#facts.set("shardsWithRows", String(shards));
  }

  #handOverAt(shard: number): Promise<boolean> {
    const { shards } = this.#host;
    if (shard === 0) return this.handOver();
    return withDeadline(this.#host.stub(shard).handOver(shards), 2 * DEADLINE, shardName(shard));
  }

  get #withRows(): number {
    return Number(this.#facts.get("shardsWithRows") ?? 1);
  }

  /** Hands over what is not this shard's own of the next slice. Resolves to whether there may be more. */
  async handOver(): Promise<boolean> {
    const place = this.#place;
    const moved: MovedRows = { presence: [], behind: [] };
    if (place.table === "presence") {
      const rows = this.#presence.slice(place.after, SLICE);
      moved.presence = rows.filter(({ clientId }) => !this.#isOwn(clientId));
      this.#place = placeAfter(place.after, rows);
    } else {
      const rows = this.#lagging.slice(place.after, SLICE);
      moved.behind = rows.filter(({ conversationId }) => !this.#isOwn(conversationId));
      const last = rows.at(-1);
      this.#place =
        rows.length < SLICE || last === undefined ? START : { table: "behind", after: last.conversationId };
    }
    try {
      await this.#send(moved);
    } catch (error) {
      this.#place = START;
      throw error;
    }
    return this.#place !== START;
  }

  /** Rows are removed here only once they are there. */
  async #send({ presence, behind }: MovedRows): Promise<void> {
    const clients = Map.groupBy(presence, ({ clientId }) => this.#owner(clientId));
    const conversations = Map.groupBy(behind, ({ conversationId }) => this.#owner(conversationId));
    const sent = [...new Set([...clients.keys(), ...conversations.keys()])].map(async (shard) => {
      const rows = { presence: clients.get(shard) ?? [], behind: conversations.get(shard) ?? [] };
      await withDeadline(this.#host.stub(shard).takeOver(rows), DEADLINE, shardName(shard));
      this.#presence.remove(rows.presence);
      this.#lagging.remove(rows.behind);
    });
    const failed = (await Promise.allSettled(sent)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  /** Everything is in its place for this number of shards. */
  settle(shards: number): void {
    this.#facts.set("shards", String(shards));
    this.#isSettled = shards === this.#host.shards;
    this.#lagging.settle();
  }

  #owner(id: string): number {
    return shardOf(id, this.#host.shards);
  }

  #isOwn(id: string): boolean {
    return this.#owner(id) === this.#host.shard;
  }
}

/** Clients that are online move first, then the others, then conversations. */
function placeAfter(
  after: { online: 0 | 1; clientId: string } | undefined,
  rows: MovedRows["presence"],
): Place {
  const last = rows.at(-1);
  if (rows.length === SLICE && last !== undefined) return { table: "presence", after: last };
  const online = after?.online ?? 1;
  if (online === 1) return { table: "presence", after: { online: 0, clientId: "" } };
  return { table: "behind", after: "" };
}
