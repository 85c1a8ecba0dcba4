// biome-ignore lint/style/noRestrictedImports: the shell of an object
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../bindings.ts";
import { copyDelayOf } from "../database/messages/copy-delay.ts";
import type { AppStub, PresenceChange, PresenceSearch } from "./app-stub.ts";
import { appTables } from "./app-tables.ts";
import { KeyValues } from "./key-values.ts";
import { LaggingConversations } from "./lagging-conversations.ts";
import { Presence } from "./presence.ts";
import { DailyQuotas, Quotas } from "./quotas.ts";

/**
 * When this process first used the app's object (ms): on a self-hosted server, it starts and stops with everything
 * else.
 */
let startedAt: number | undefined;

/** The state of the app as a whole: a shell around its rules. There is one such object (`appOf`). */
export class AppObject extends DurableObject<Env> implements AppStub {
  readonly #quotas = new Quotas();
  readonly #daily: DailyQuotas;
  readonly #facts: KeyValues;
  readonly #presence: Presence;
  readonly #lagging: LaggingConversations;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const tables = appTables(ctx.storage.sql);
    // A new folder has nothing left over from an earlier run.
    startedAt ??= tables.has("facts") ? Date.now() : Number.NEGATIVE_INFINITY;
    this.#facts = new KeyValues(tables);
    this.#daily = new DailyQuotas(this.#facts);
    this.#presence = new Presence(tables, this.#facts);
    const start = env.SINGLE_MACHINE === "1" ? { at: startedAt } : undefined;
    this.#lagging = new LaggingConversations(tables, this.#facts, copyDelayOf(env), start);
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
    for (const { clientId, online } of changes) {
      if (online) this.#presence.online(clientId, now);
      else this.#presence.offline(clientId, now);
    }
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

  async presence(): Promise<{ online: number; today: number }> {
    return this.#presence.counts(Date.now());
  }

  async archiveBehind(conversationId: string, since: number): Promise<void> {
    this.#lagging.behind(conversationId, since);
  }

  async archiveCaughtUp(conversationId: string): Promise<void> {
    this.#lagging.caughtUp(conversationId);
  }

  async archivedUntil(): Promise<number> {
    return this.#lagging.archivedUntil(Date.now());
  }

  async keepSettings(overrides: string): Promise<void> {
    this.#facts.set("settings", overrides);
  }

  async keptSettings(): Promise<string | undefined> {
    return this.#facts.get("settings");
  }
}
