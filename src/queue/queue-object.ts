// biome-ignore lint/style/noRestrictedImports: the shell of an object
import { DurableObject } from "cloudflare:workers";
import { Alarm } from "../alarm.ts";
import type { QueueMessage } from "./queue.ts";
import type { QueueStub } from "./queue-stub.ts";
import { queueTables } from "./queue-tables.ts";
import { type BodyText, WaitingMessages } from "./waiting.ts";

export interface QueueRules<Body, Bindings> {
  /** Messages taken at once. */
  batch: number;
  /** The attempts of the platform's own queue in wrangler.toml: its retries and one. */
  attemptsMax: number;
  text: BodyText<Body>;
  /** Consumes messages and settles every one of them. */
  consume(messages: readonly QueueMessage<Body>[], env: Bindings): Promise<void>;
  /** A message's name in the log. */
  nameOf(body: Body): string;
}

/**
 * A queue on a single machine, where Miniflare's stand-in for Cloudflare's keeps nothing through a restart (Miniflare
 * 5, November 2026).
 */
export abstract class QueueObject<Body, Bindings> extends DurableObject<Bindings> implements QueueStub<Body> {
  readonly #rules: QueueRules<Body, Bindings>;
  readonly #waiting: WaitingMessages<Body>;
  readonly #alarm: Alarm;

  constructor(ctx: DurableObjectState, env: Bindings, rules: QueueRules<Body, Bindings>) {
    super(ctx, env);
    this.#rules = rules;
    this.#waiting = new WaitingMessages(queueTables(ctx.storage.sql), rules.text);
    this.#alarm = new Alarm(ctx.storage, () => Date.now());
    void ctx.blockConcurrencyWhile(() => this.#alarm.load());
  }

  /** Stores messages, to be delivered after this many seconds. */
  async add(bodies: Body[], delaySeconds: number): Promise<void> {
    this.#waiting.add(bodies, Date.now() + delaySeconds * 1000);
    this.#wakeForNext();
  }

  async length(): Promise<number> {
    return this.#waiting.length;
  }

  /** Delivers what is due. If it runs twice after a crash, it delivers twice what was not settled. */
  override async alarm(): Promise<void> {
    await this.#alarm.run(() => this.#deliver());
  }

  async #deliver(): Promise<void> {
    const { batch, attemptsMax, consume, nameOf } = this.#rules;
    const messages = this.#waiting.take(Date.now(), batch).map(({ place, body, attempts }) => ({
      body,
      attempts,
      ack: () => this.#waiting.remove(place),
      retry: ({ delaySeconds }: { delaySeconds: number }) => {
        if (attempts < attemptsMax) return this.#waiting.postpone(place, Date.now() + delaySeconds * 1000);
        console.error(`${nameOf(body)} is given up after ${attempts} attempts`);
        this.#waiting.remove(place);
      },
    }));
    if (messages.length > 0) await consume(messages, this.env);
    this.#wakeForNext();
  }

  #wakeForNext(): void {
    const next = this.#waiting.nextAt;
    if (next !== undefined) this.#alarm.by(next);
  }
}
