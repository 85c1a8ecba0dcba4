// biome-ignore lint/style/noRestrictedImports: the shell of an object
import { DurableObject } from "cloudflare:workers";
import { Alarm } from "../alarm.ts";
import type { Env } from "../bindings.ts";
import { withDeadline } from "../deadline.ts";
import { loggableError } from "../loggable-error.ts";
import type { VendorName } from "../model/provider-name.ts";
import { outboundOf } from "../outbound/http-client.ts";
import { settingsOf } from "../settings/store.ts";
import { counted } from "../usage/counted-env.ts";
import { countedStorage } from "../usage/counted-storage.ts";
import { usageOf } from "../usage/usage-of.ts";
import { pushQueueOf } from "./push-queue.ts";
import type { PushStub, VendorToken } from "./push-stub.ts";
import { pushTables } from "./push-tables.ts";
import {
  type AcceptedNotification,
  type NumberedNotification,
  Schedule,
  type ScheduledNotification,
} from "./schedule.ts";
import { TokenKeeper } from "./token-keeper.ts";
import { WorkingProfiles } from "./working-profiles.ts";

/** The queue's deadline (ms). */
const QUEUE_DEADLINE = 10_000;
/** The delay before a failed queue is retried (ms). */
const QUEUE_RETRY = 10_000;

/**
 * The shared state of pushes: the schedule, in the object named `push`, and tokens of providers, which may have objects
 * of their own (`providerTokensOf`).
 */
export class PushObject extends DurableObject<Env> implements PushStub {
  readonly #schedule: Schedule;
  readonly #tokens: TokenKeeper;
  readonly #profiles: WorkingProfiles;
  readonly #alarm: Alarm;

  constructor(ctx: DurableObjectState, bindings: Env) {
    const env = counted(bindings);
    super(ctx, env);
    const storage = countedStorage(ctx.storage, usageOf(env));
    const tables = pushTables(storage.sql);
    this.#schedule = new Schedule(tables);
    this.#tokens = new TokenKeeper(tables, {
      push: async () => {
        const settings = await settingsOf(env).fresh();
        // Older settings may have no keys, and pushes would be given up.
        if (settings === undefined) throw new Error("the settings are not known");
        return settings.push;
      },
      outbound: async () => outboundOf(env, await settingsOf(env).get()),
      now: () => Date.now(),
    });
    this.#profiles = new WorkingProfiles(tables);
    this.#alarm = new Alarm(storage, () => Date.now());
    void ctx.blockConcurrencyWhile(() => this.#alarm.load());
  }

  async apnsToken(teamId: string, keyId: string): Promise<string | undefined> {
    return this.#tokens.apns(teamId, keyId);
  }

  async fcmToken(): Promise<string | undefined> {
    return this.#tokens.fcm();
  }

  async vendorToken(
    vendor: VendorName,
    profile: string,
    region: string | undefined,
  ): Promise<VendorToken | undefined> {
    const made = await this.#tokens.vendor(vendor, profile, region);
    if (made === undefined) return undefined;
    return { token: made.token, hasWorked: this.#profiles.hasWorked(vendor, profile, made.fingerprint) };
  }

  async profileWorked(vendor: VendorName, profile: string, fingerprint: string): Promise<void> {
    this.#profiles.worked(vendor, profile, fingerprint);
  }

  async hasProfileWorked(vendor: VendorName, profile: string, fingerprint: string): Promise<boolean> {
    return this.#profiles.hasWorked(vendor, profile, fingerprint);
  }

  async tokenRefused(token: string): Promise<void> {
    this.#tokens.refused(token);
  }

  async acceptedBefore(requestId: string): Promise<AcceptedNotification | undefined> {
    return this.#schedule.acceptedBefore(requestId, Date.now());
  }

  async accept(
    notification: ScheduledNotification,
    requestId: string | undefined,
  ): Promise<AcceptedNotification | "full"> {
    const accepted = this.#schedule.accept(notification, requestId, Date.now());
    this.#wakeForNext();
    return accepted;
  }

  async waiting(): Promise<NumberedNotification[]> {
    return this.#schedule.waiting(Date.now());
  }

  async notification(number: number): Promise<NumberedNotification | undefined> {
    return this.#schedule.read(number);
  }

  async remove(number: number): Promise<void> {
    this.#schedule.remove(number);
  }

  async removeAll(notificationId: string): Promise<void> {
    this.#schedule.removeAll(notificationId);
  }

  async removeExpired(): Promise<void> {
    this.#schedule.removeExpired(Date.now());
  }

  /** Queues the due notifications. If it runs twice after a crash, it queues twice; sent ones are no longer here. */
  override async alarm(): Promise<void> {
    await this.#alarm.run(async () => {
      const due = this.#schedule.due(Date.now());
      if (due.length > 0 && !(await this.#queue(due))) return this.#alarm.within(QUEUE_RETRY);
      this.#wakeForNext();
    });
  }

  /** Resolves to whether the queue accepted them. */
  async #queue(numbers: number[]): Promise<boolean> {
    const work = numbers.map((number) => ({
      body: { type: "select" as const, number, after: undefined },
      contentType: "v8" as const,
    }));
    try {
      await withDeadline(pushQueueOf(this.env).sendBatch(work), QUEUE_DEADLINE, "queue of pushes");
    } catch (error) {
      console.error("pushes: not queued, retried later:", loggableError(error));
      return false;
    }
    this.#schedule.markQueued(numbers);
    return true;
  }

  #wakeForNext(): void {
    const next = this.#schedule.nextAt;
    if (next !== undefined) this.#alarm.by(next);
  }
}
