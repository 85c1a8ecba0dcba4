// biome-ignore lint/style/noRestrictedImports: the shell of an object
import { DurableObject } from "cloudflare:workers";
import { Alarm } from "../alarm.ts";
import { BatchedCalls } from "../batched-calls.ts";
import type { Env } from "../bindings.ts";
import { type RegisteredClient, registerClients } from "../database/conversations/memberships.ts";
import { copyDelayOf } from "../database/messages/copy-delay.ts";
import { readStoredSettings } from "../database/stored-settings.ts";
import { withDeadline } from "../deadline.ts";
import { loggableError } from "../loggable-error.ts";
import { counted } from "../usage/counted-env.ts";
import { countedStorage } from "../usage/counted-storage.ts";
import { usageOf } from "../usage/usage-of.ts";
import { appOf } from "./app.ts";
import type { AppStub, MovedRows, PresenceChange, PresenceCounts, PresenceSearch } from "./app-stub.ts";
import { appTables } from "./app-tables.ts";
import { KeyValues } from "./key-values.ts";
import { LaggingConversations } from "./lagging-conversations.ts";
import { Presence } from "./presence.ts";
import { DailyQuotas, Quotas } from "./quotas.ts";
import { Resharding } from "./resharding.ts";
import { shardCountOf, shardName, shardNamed } from "./shards.ts";
import { SettingsReader, type SharedSettings } from "./shared-settings.ts";

/** How long (ms) the owner of a client that was reported to the wrong shard has for an answer. */
const FORWARD_DEADLINE = 4_000;
/** How long (ms) rows wait that could not be brought to their shards. */
const RETRY = 5_000;

/** First logins that D1 registers by one call: each may have a page of 1,000 conversations, and nobody else waits for more. */
const FIRST_LOGINS_AT_ONCE = 20;
const REGISTRATION_DEADLINE = 5_000; // ms

/**
 * When this process first used the app's object (ms): on a self-hosted server, it starts and stops with everything
 * else.
 */
let startedAt: number | undefined;

/** A shard of the state of the app as a whole (`App`): a shell around its rules. On a single machine it is the only one. */
export class AppObject extends DurableObject<Env> implements AppStub {
  readonly #quotas = new Quotas();
  readonly #daily: DailyQuotas;
  readonly #facts: KeyValues;
  readonly #presence: Presence;
  readonly #lagging: LaggingConversations;
  readonly #resharding: Resharding;
  readonly #alarm: Alarm;
  readonly #settings: SettingsReader;
  readonly #shard: number;
  /** First logins that come while D1 registers others share the next call. */
  readonly #firstLogins = new BatchedCalls<string, RegisteredClient>(
    (clientIds) => this.#register(clientIds),
    FIRST_LOGINS_AT_ONCE,
  );

  constructor(ctx: DurableObjectState, bindings: Env) {
    const env = counted(bindings);
    super(ctx, env);
    const storage = countedStorage(ctx.storage, usageOf(env));
    const tables = appTables(storage.sql);
    const isNew = !tables.has("facts");
    // A new folder has nothing left over from an earlier run.
    startedAt ??= isNew ? Number.NEGATIVE_INFINITY : Date.now();
    this.#facts = new KeyValues(tables);
    this.#daily = new DailyQuotas(this.#facts);
    this.#presence = new Presence(tables, this.#facts);
    const start = env.SINGLE_MACHINE === "1" ? { at: startedAt } : undefined;
    this.#lagging = new LaggingConversations(tables, this.#facts, copyDelayOf(env), start);
    this.#settings = new SettingsReader(
      () => readStoredSettings(env.DB),
      () => Date.now(),
    );
    this.#shard = shardNamed(ctx.id.name);
    const host = {
      shard: this.#shard,
      shards: shardCountOf(env),
      stub: (shard: number) => env.APP.getByName(shardName(shard)),
    };
    this.#resharding = new Resharding(this.#facts, this.#presence, this.#lagging, host, isNew);
    this.#alarm = new Alarm(storage, () => Date.now());
    if (!this.#resharding.isDue) return;
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load();
      this.#alarm.within(0);
    });
  }

  async spend(
    quota: string,
    perMinute: number,
    count = 1,
    perDay = 0,
  ): Promise<{ retryAfter: number } | undefined> {
    const now = Date.now();
    const usedUp = this.#daily.check(quota, perDay, now) ?? this.#quotas.spend(quota, perMinute, count, now);
    if (usedUp === undefined && perDay > 0) this.#daily.spend(quota, now);
    return usedUp;
  }

  /** All in one turn, which is one commit. */
  async presenceChanged(changes: PresenceChange[]): Promise<void> {
    const now = Date.now();
    const app = appOf(this.env);
    const { isSettled } = this.#resharding;
    const own = changes.filter(({ clientId }) => app.shardOf(clientId) === this.#shard);
    let isUnknown = false;
    for (const { clientId, online } of own) {
      if (online) this.#presence.online(clientId, now);
      else if (!this.#presence.offline(clientId, now, !isSettled)) isUnknown = true;
    }
    // While a deployment replaces another one, some report as if there were as many shards as before.
    if (own.length < changes.length) await this.#forward(changes);
    if (isUnknown) void this.#resharding.ask();
  }

  registerClient(clientId: string): Promise<RegisteredClient> {
    return this.#firstLogins.ask(clientId);
  }

  async onlineAmong(clientIds: string[]): Promise<string[]> {
    return this.#presence.among(clientIds);
  }

  async onlineAfter(clientId: string, limit: number): Promise<string[]> {
    return this.#presence.after(clientId, limit);
  }

  async findClients(search: PresenceSearch): Promise<string[]> {
    return this.#presence.find(search, Date.now());
  }

  async archiveBehindAmong(conversationIds: string[]): Promise<string[]> {
    return this.#lagging.among(conversationIds);
  }

  async presence(): Promise<PresenceCounts> {
    return this.#presence.counts(Date.now());
  }

  async archiveBehind(conversationId: string, since: number): Promise<void> {
    this.#lagging.behind(conversationId, since);
  }

  async archiveCaughtUp(conversationId: string): Promise<void> {
    this.#lagging.caughtUp(conversationId, !this.#resharding.isSettled);
    void this.#resharding.ask();
  }

  async archivedUntil(): Promise<number> {
    return this.#lagging.archivedUntil(Date.now());
  }

  async keepSettings(overrides: string): Promise<void> {
    this.#facts.set("settings", overrides);
    this.#settings.changed();
  }

  async keptSettings(): Promise<string | undefined> {
    return this.#facts.get("settings");
  }

  async currentSettings(): Promise<SharedSettings | undefined> {
    return this.#settings.current();
  }

  async handOver(shards: number): Promise<boolean> {
    // During a deployment this object may be of another version than the one that asks.
    if (shards !== shardCountOf(this.env)) throw new Error("another number of shards is known here");
    return this.#resharding.handOver();
  }

  async takeOver({ presence, behind }: MovedRows): Promise<void> {
    this.#presence.takeOver(presence);
    this.#lagging.takeOver(behind);
  }

  async settle(shards: number): Promise<void> {
    this.#resharding.settle(shards);
  }

  async isSettled(shards: number): Promise<boolean> {
    return shards === shardCountOf(this.env) && this.#resharding.isSettled;
  }

  override async alarm(): Promise<void> {
    await this.#alarm.run(async () => {
      if (!this.#resharding.isDue) return;
      try {
        await this.#resharding.run();
      } catch (error) {
        console.warn("the app's shards: rows are not where they belong yet:", loggableError(error));
        this.#alarm.within(RETRY);
      }
    });
  }

  async #register(clientIds: string[]): Promise<(clientId: string) => RegisteredClient> {
    const each = [...new Set(clientIds)];
    const registering = registerClients(this.env.DB, each, Date.now());
    const registered = await withDeadline(registering, REGISTRATION_DEADLINE, "first logins");
    const found = new Map(each.map((clientId, at) => [clientId, registered[at]]));
    return (clientId) => {
      const answer = found.get(clientId);
      if (answer === undefined) throw new Error("a first login has no answer");
      return answer;
    };
  }

  async #forward(changes: PresenceChange[]): Promise<void> {
    const app = appOf(this.env);
    const byShard = Map.groupBy(changes, ({ clientId }) => app.shardOf(clientId));
    byShard.delete(this.#shard);
    const forwarded = [...byShard].map(([shard, theirs]) => app.presenceChanged(shard, theirs));
    await withDeadline(Promise.all(forwarded), FORWARD_DEADLINE, "presence of other shards");
  }
}
