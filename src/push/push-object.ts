import { DurableObject } from "cloudflare:workers";
import type { Env, PushStub, ScheduledPush } from "../env.ts";
import { outboundOf } from "../hooks/outbound.ts";
import { settingsOf } from "../settings/store.ts";
import { pushQueueOf } from "./queue.ts";
import { Schedule } from "./schedule.ts";
import { TokenKeeper } from "./token-keeper.ts";

/** What pushes have in common and has to be in one place: a shell around its rules. There is one, named `push`. */
export class PushObject extends DurableObject<Env> implements PushStub {
  readonly #schedule: Schedule;
  readonly #tokens: TokenKeeper;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    this.#schedule = new Schedule(sql);
    this.#tokens = new TokenKeeper(sql, {
      push: async () => (await settingsOf(env).get()).push,
      outbound: async () => outboundOf(env, await settingsOf(env).get()),
      now: () => Date.now(),
    });
  }

  async apnsToken(teamId: string, keyId: string): Promise<string | undefined> {
    return this.#tokens.apns(teamId, keyId);
  }

  async fcmToken(): Promise<string | undefined> {
    return this.#tokens.fcm();
  }

  async tokenRefused(token: string): Promise<void> {
    this.#tokens.refused(token);
  }

  async schedule(notificationId: string, at: number): Promise<number> {
    const number = this.#schedule.add(notificationId, at);
    await this.#wakeForNext();
    return number;
  }

  async scheduled(): Promise<ScheduledPush[]> {
    return this.#schedule.list();
  }

  async unschedule(number: number): Promise<string | undefined> {
    return this.#schedule.remove(number);
  }

  async claim(requestId: string): Promise<boolean> {
    return this.#schedule.claim(requestId, Date.now());
  }

  /** Hands on what is due. Run twice after a crash, it hands on twice: a notification that is done is not sent again. */
  override async alarm(): Promise<void> {
    const due = this.#schedule.due(Date.now());
    const work = due.map(({ notificationId }) => ({
      body: { type: "select" as const, notificationId, after: undefined },
      contentType: "v8" as const,
    }));
    if (work.length > 0) await pushQueueOf(this.env).sendBatch(work);
    for (const { number } of due) this.#schedule.remove(number);
    await this.#wakeForNext();
  }

  async #wakeForNext(): Promise<void> {
    const next = this.#schedule.nextAt;
    const set = await this.ctx.storage.getAlarm();
    if (next !== undefined && (set === null || set > next)) await this.ctx.storage.setAlarm(next);
  }
}
