import type { Env } from "../../bindings.ts";
import { loggableError } from "../../loggable-error.ts";
import type { HookEndpoint } from "../../metrics/counts.ts";
import type { Meter } from "../../metrics/meter.ts";
import { meterOf } from "../../metrics/meter-of.ts";
import type { EventName } from "../../model/event-names.ts";
import { type Outbound, outboundOf } from "../../outbound/http-client.ts";
import type { Settings } from "../../settings/schema.ts";
import { type AppKeys, Engine } from "./engine.ts";
import { type EngineHooks, engineHooksAt } from "./engine-hooks.ts";
import { failedAnswer, type HookAnswer } from "./hook-answer.ts";
import type { HookCall } from "./hook-call.ts";
import { callServiceHook, type WrittenToService } from "./service-hook.ts";
import { Webhook } from "./webhook.ts";

/** The bindings that hooks need. */
export type HooksEnv = Pick<
  Env,
  | "APP_ID"
  | "APP_KEY"
  | "MASTER_KEY"
  | "DEMO"
  | "DB"
  | "APP"
  | "EVENTS"
  | "EVENT_QUEUE"
  | "METRICS"
  | "SINGLE_MACHINE"
  | "PUBLIC_NETWORK"
>;

export interface AppServerHost {
  keys: AppKeys;
  outbound: Outbound;
  /** The list of hooks of the engine at a URL. */
  hooksAt(url: string): EngineHooks;
  meter: Meter;
  now(): number;
}

const NOT_CALLED: HookAnswer = { outcome: "not called" };

/** The app's server at the addresses that the settings name: `hooks.url` is an engine, `webhooks.url` a webhook. */
export function appServerOf(env: HooksEnv, settings: Settings): AppServer {
  return new AppServer(settings, {
    keys: { appId: env.APP_ID, appKey: env.APP_KEY, masterKey: env.MASTER_KEY },
    outbound: outboundOf(env, settings),
    hooksAt: engineHooksAt,
    meter: meterOf(env),
    now: () => Date.now(),
  });
}

/** The app's server: a LeanEngine with hooks, a webhook, both or neither. Nothing here rejects. */
export class AppServer {
  readonly #engine: Engine | undefined;
  readonly #webhook: Webhook | undefined;
  readonly #events: readonly EventName[];
  readonly #serviceHook: Settings["serviceHook"];
  readonly #host: AppServerHost;

  constructor(
    { hooks, webhooks, serviceHook }: Pick<Settings, "hooks" | "webhooks" | "serviceHook">,
    host: AppServerHost,
  ) {
    this.#serviceHook = serviceHook;
    this.#host = host;
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

  get hasServiceHook(): boolean {
    return this.#serviceHook.url !== null;
  }

  async callServiceHook(messages: readonly WrittenToService[]): Promise<HookAnswer> {
    const { url, secret } = this.#serviceHook;
    if (url === null) return NOT_CALLED;
    return this.#counted("service", callServiceHook(messages, { url, secret }, this.#host));
  }

  /** Calls the engine if it has the hook, else the webhook if it listens: one of them decides, never both. */
  async call(hookCall: HookCall): Promise<HookAnswer> {
    const answer = await this.callEngine(hookCall);
    return answer.outcome === "not called" ? this.callWebhook(hookCall) : answer;
  }

  async callEngine(hookCall: HookCall): Promise<HookAnswer> {
    return this.#engine === undefined ? NOT_CALLED : this.#counted("engine", this.#engine.call(hookCall));
  }

  async callWebhook(hookCall: HookCall): Promise<HookAnswer> {
    if (this.#webhook === undefined || !this.listensFor(hookCall.name)) return NOT_CALLED;
    return this.#counted("webhook", this.#webhook.post(hookCall));
  }

  async #counted(endpoint: HookEndpoint, answer: Promise<HookAnswer>): Promise<HookAnswer> {
    const { meter, now } = this.#host;
    const start = now();
    const said = await settled(answer);
    const isFailure = said.outcome === "failed";
    const wasCalled = said.outcome !== "not called" && !(isFailure && said.failure === "resting");
    if (wasCalled) meter.called(endpoint, Math.max(0, now() - start), isFailure);
    void meter.reportIfDue();
    return said;
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
