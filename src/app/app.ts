import type { RegisteredClient } from "../database/conversations/memberships.ts";
import { withDeadline } from "../deadline.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Objects } from "../model/objects.ts";
import type { AppStub, PresenceChange, PresenceCounts, PresenceSearch } from "./app-stub.ts";
import { LastCounts } from "./last-counts.ts";
import { mergedPage } from "./merged-page.ts";
import { shardCountOf, shardName, shardOf } from "./shards.ts";
import type { SharedSettings } from "./shared-settings.ts";

/** How long (ms) one shard has where all are asked: less than those who ask wait. */
const DEADLINE = 4_000;
/** The same for counts, for which there is something else if a shard does not answer. */
const COUNT_DEADLINE = 3_000;

export type AppEnv = { APP: Objects<AppStub> } & Pick<Deployment, "SINGLE_MACHINE" | "APP_SHARDS">;

/** The state of the app as a whole. */
export function appOf(env: AppEnv): App {
  return new App(env.APP, shardCountOf(env));
}

/**
 * The state of the app as a whole, which is spread over some objects: clients by their ids, conversations by theirs,
 * quotas by their names. Every call may reject. Calls to one shard have the deadline of the caller. Of those to all
 * shards each has a deadline of its own, so that one which hangs is named.
 */
export class App {
  readonly #objects: Objects<AppStub>;
  readonly #count: number;

  constructor(objects: Objects<AppStub>, count: number) {
    this.#objects = objects;
    this.#count = count;
  }

  /** The shard that a client's presence is reported to. */
  shardOf(id: string): number {
    return shardOf(id, this.#count);
  }

  /** As `AppStub`. A quota of the day is always counted by the first shard, where it outlives a change of their number. */
  spend(
    quota: string,
    perMinute: number,
    count = 1,
    perDay = 0,
  ): Promise<{ retryAfter: number } | undefined> {
    const shard = perDay > 0 ? 0 : this.shardOf(quota);
    return this.#shard(shard).spend(quota, perMinute, count, perDay);
  }

  /** Reports clients of one shard. */
  presenceChanged(shard: number, changes: PresenceChange[]): Promise<void> {
    return this.#shard(shard).presenceChanged(changes);
  }

  registerClient(clientId: string): Promise<RegisteredClient> {
    return this.#shard(this.shardOf(clientId)).registerClient(clientId);
  }

  onlineAmong(clientIds: string[]): Promise<string[]> {
    return this.#among(clientIds, (shard, ids) => shard.onlineAmong(ids));
  }

  onlineAfter(clientId: string, limit: number): Promise<string[]> {
    return mergedPage(this.#count, clientId, limit, (shard, after, wanted) =>
      this.#ask(shard, "who is online", (stub) => stub.onlineAfter(after, wanted)),
    );
  }

  findClients(search: PresenceSearch): Promise<string[]> {
    return mergedPage(this.#count, search.after, search.limit, (shard, after, limit) =>
      this.#ask(shard, "listing clients", (stub) => stub.findClients({ ...search, after, limit })),
    );
  }

  /**
   * Of a shard that does not answer, what this isolate last heard from it counts for some minutes.
   *
   * @param deadline ms for each shard
   */
  async presence(deadline = COUNT_DEADLINE): Promise<PresenceCounts> {
    const last = LastCounts.of(this.#objects);
    const counts = await Promise.all(
      this.#shards().map((shard) =>
        last.orLast(
          shard,
          this.#ask(shard, "presence", (stub) => stub.presence(), deadline),
        ),
      ),
    );
    return counts.reduce((sum, { online, today }) => ({
      online: sum.online + online,
      today: sum.today + today,
    }));
  }

  archiveBehind(conversationId: string, since: number): Promise<void> {
    return this.#shard(this.shardOf(conversationId)).archiveBehind(conversationId, since);
  }

  archiveCaughtUp(conversationId: string): Promise<void> {
    return this.#shard(this.shardOf(conversationId)).archiveCaughtUp(conversationId);
  }

  archiveBehindAmong(conversationIds: string[]): Promise<string[]> {
    return this.#among(conversationIds, (shard, ids) => shard.archiveBehindAmong(ids));
  }

  /** The earliest of what the shards say: without one of them it is not known. */
  async archivedUntil(): Promise<number> {
    const asked = this.#shards().map((shard) =>
      this.#ask(shard, "how far history goes", (stub) => stub.archivedUntil()),
    );
    return Math.min(...(await Promise.all(asked)));
  }

  /** Keeps a copy in every shard: when D1 fails, all isolates ask for it. Rejects if one could not be kept. */
  async keepSettings(overrides: string): Promise<void> {
    const kept = this.#shards().map((shard) =>
      this.#ask(shard, "settings' copy", (stub) => stub.keepSettings(overrides)),
    );
    const failed = (await Promise.allSettled(kept)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  /** The copy of any shard. */
  keptSettings(): Promise<string | undefined> {
    return this.#any().keptSettings();
  }

  /** What any shard has read of D1 a moment ago. */
  currentSettings(): Promise<SharedSettings | undefined> {
    return this.#any().currentSettings();
  }

  /** Asks each shard about those of some ids that are its own. */
  async #among(ids: string[], ask: (shard: AppStub, ids: string[]) => Promise<string[]>): Promise<string[]> {
    const byShard = Map.groupBy(ids, (id) => this.shardOf(id));
    const answers = [...byShard].map(([shard, own]) =>
      this.#ask(shard, "the app's state", (stub) => ask(stub, own)),
    );
    return (await Promise.all(answers)).flat();
  }

  #ask<T>(shard: number, what: string, ask: (stub: AppStub) => Promise<T>, deadline = DEADLINE): Promise<T> {
    return withDeadline(ask(this.#shard(shard)), deadline, `${what}: ${shardName(shard)}`);
  }

  #shards(): number[] {
    return Array.from({ length: this.#count }, (_, shard) => shard);
  }

  #any(): AppStub {
    return this.#shard(Math.floor(Math.random() * this.#count));
  }

  #shard(shard: number): AppStub {
    return this.#objects.getByName(shardName(shard));
  }
}
