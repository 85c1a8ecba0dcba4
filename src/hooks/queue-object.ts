import { DurableObject } from "cloudflare:workers";
import type { Env, EventQueueStub } from "../env.ts";
import { consumeEvents } from "./consumer.ts";
import type { QueuedEvent } from "./events.ts";
import { WaitingEvents } from "./waiting-events.ts";

const BATCH = 100; // events taken at once
/** As in wrangler.toml, where the platform's own queue gives up. */
const ATTEMPTS_MAX = 21;

/**
 * The queue of events on one's own box, where the one that stands in for Cloudflare's keeps nothing through a
 * restart (Miniflare 5, November 2026). There is one, named `events`.
 */
export class EventQueueObject extends DurableObject<Env> implements EventQueueStub {
  readonly #waiting: WaitingEvents;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#waiting = new WaitingEvents(ctx.storage.sql);
  }

  /** Takes events in, to be handed on after this many seconds. */
  async add(events: QueuedEvent[], delaySeconds: number): Promise<void> {
    this.#waiting.add(events, Date.now() + delaySeconds * 1000);
    await this.#wakeForNext();
  }

  /** Hands on what is due. Run twice after a crash, it hands on twice what it had not been told the end of. */
  override async alarm(): Promise<void> {
    const taken = this.#waiting.take(Date.now(), BATCH);
    const messages = taken.map(({ place, event, attempts }) => ({
      body: event,
      attempts,
      ack: () => this.#waiting.remove(place),
      retry: ({ delaySeconds }: { delaySeconds: number }) => {
        if (attempts < ATTEMPTS_MAX) return this.#waiting.postpone(place, Date.now() + delaySeconds * 1000);
        console.error(`event ${event.name} is given up after ${attempts} attempts`);
        this.#waiting.remove(place);
      },
    }));
    if (messages.length > 0) await consumeEvents(messages, this.env);
    await this.#wakeForNext();
  }

  async #wakeForNext(): Promise<void> {
    const next = this.#waiting.nextAt;
    const set = await this.ctx.storage.getAlarm();
    if (next !== undefined && (set === null || set > next)) await this.ctx.storage.setAlarm(next);
  }
}
