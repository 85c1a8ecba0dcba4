import { loggableError } from "../loggable-error.ts";
import type { EventName } from "../model/event-names.ts";
import type { Outbound } from "../outbound/http-client.ts";
import type { Settings } from "../settings/schema.ts";
import { failedAnswer, type HookAnswer } from "./answer.ts";
import { type AppKeys, Engine } from "./engine.ts";
import type { HookList } from "./hook-list.ts";
import type { Told } from "./parameters.ts";
import { Webhook } from "./webhook.ts";

export interface AppServerHost {
  keys: AppKeys;
  outbound: Outbound;
  /** The list of hooks of the engine at a URL. */
  hooksAt(url: string): HookList;
  now(): number;
}

const NOT_ASKED: HookAnswer = { outcome: "not asked" };

/** The app's server: a LeanEngine with hooks, a webhook, both or neither. Nothing here rejects. */
export class AppServer {
  readonly #engine: Engine | undefined;
  readonly #webhook: Webhook | undefined;
  readonly #events: readonly EventName[];

  constructor({ hooks, webhooks }: Pick<Settings, "hooks" | "webhooks">, host: AppServerHost) {
    const { timeoutMs } = hooks;
    if (hooks.url !== null) {
      this.#engine = new Engine(hooks.url, hooks, { ...host, list: host.hooksAt(hooks.url) });
    }
    if (webhooks.url !== null) {
      this.#webhook = new Webhook({ url: webhooks.url, secret: webhooks.secret, timeoutMs }, host);
    }
    this.#events = webhooks.events;
  }

  get hasEngine(): boolean {
    return this.#engine !== undefined;
  }

  /** Whether the webhook listens for an event. */
  listensFor(name: EventName): boolean {
    return this.#webhook !== undefined && this.#events.includes(name);
  }

  /** Calls the engine if it has the hook, else the webhook if it listens: one of them decides, never both. */
  async ask(told: Told): Promise<HookAnswer> {
    const answer = await this.tellEngine(told);
    return answer.outcome === "not asked" ? this.tellWebhook(told) : answer;
  }

  async tellEngine(told: Told): Promise<HookAnswer> {
    return this.#engine === undefined ? NOT_ASKED : settled(this.#engine.call(told));
  }

  async tellWebhook(told: Told): Promise<HookAnswer> {
    if (this.#webhook === undefined || !this.listensFor(told.name)) return NOT_ASKED;
    return settled(this.#webhook.post(told));
  }
}

/** An unexpected exception counts as a failed call. */
async function settled(answer: Promise<HookAnswer>): Promise<HookAnswer> {
  try {
    return await answer;
  } catch (error) {
    return failedAnswer("unable", loggableError(error));
  }
}
