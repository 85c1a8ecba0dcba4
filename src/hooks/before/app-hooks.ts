import { isClientId } from "../../model/client-id.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { OfflineAnswer, OfflineEvent } from "../../push/offline-push.ts";
import type { Settings } from "../../settings/schema.ts";
import { settingsOf } from "../../settings/store.ts";
import { type AppServer, appServerOf, type HooksEnv } from "../app-server/app-server.ts";
import type { HookAnswer } from "../app-server/hook-answer.ts";
import { eventCall, type HookCall, questionCall } from "../app-server/hook-call.ts";
import {
  ALLOWED,
  type AppRefusal,
  type ConversationVerdict,
  type HookQuestion,
  type Hooks,
  type MessageVerdict,
} from "./hook-question.ts";
import {
  conversationVerdict,
  messageVerdict,
  offlineAnswer,
  type SignAnswer,
  signAnswer,
} from "./read-verdict.ts";

export interface AppHooksHost {
  /** Resolves within 2 s and never fails. */
  settings(): Promise<Settings>;
  server(settings: Settings): AppServer;
  now(): number;
  newId(): string;
}

const FAILED = "The app's hook failed.";

/** The app's policy, by the settings that this isolate last read. Without a hook nothing waits. */
export function hooksOf(env: HooksEnv): AppHooks {
  return new AppHooks({
    settings: () => settingsOf(env).get(),
    server: (settings) => appServerOf(env, settings),
    now: () => Date.now(),
    newId: () => crypto.randomUUID(),
  });
}

/** Calls the app's server, and decides in its place if it does not respond (H-11). */
export class AppHooks implements Hooks {
  readonly #host: AppHooksHost;

  constructor(host: AppHooksHost) {
    this.#host = host;
  }

  async aboutMessage(question: Parameters<Hooks["aboutMessage"]>[0]): Promise<MessageVerdict> {
    return this.#about(question, (result, { limits }) =>
      messageVerdict(result, question, limits.messageBytes),
    );
  }

  async aboutConversation(question: Parameters<Hooks["aboutConversation"]>[0]): Promise<ConversationVerdict> {
    return this.#about(question, (result) => conversationVerdict(result, question));
  }

  /** The hook before a push to offline members (H-03). A hook that fails neither delays nor changes a push. */
  async aboutOffline(event: OfflineEvent): Promise<OfflineAnswer> {
    const answer = await this.#call(await this.#host.settings(), eventCall(event));
    return offlineAnswer(answer.outcome === "answered" ? answer.result : undefined, event);
  }

  /**
   * Whether a session token permits a login signature, and for which client (H-10). Undefined if no hook exists for it. A
   * hook that fails refuses the login.
   *
   * @param user the user of the token, whose row the hook receives as at LeanCloud; without one, the hook alone knows
   *   whom the token stands for
   */
  async aboutSignIn(sessionToken: string, user?: JsonObject): Promise<SignAnswer | undefined> {
    const about = { id: this.#host.newId(), at: this.#host.now(), address: undefined };
    const settings = await this.#host.settings();
    const answer = await this.#call(settings, {
      ...about,
      name: "rtmClientSign",
      parameters: user ?? { sessionToken },
    });
    if (answer.outcome === "not called") return undefined;
    if (answer.outcome === "failed") return { allowed: false, error: FAILED };
    const sign = signAnswer(answer.result, user?.objectId);
    if (sign.allowed && !isClientId(sign.clientId)) {
      return { allowed: false, error: "The app's hook gave an objectId that is no client id." };
    }
    return sign;
  }

  async #about<Verdict>(
    question: HookQuestion,
    verdict: (result: Json | undefined, settings: Settings) => Verdict,
  ): Promise<Verdict | typeof ALLOWED | ({ allowed: false } & AppRefusal)> {
    const settings = await this.#host.settings();
    const answer = await this.#call(settings, questionCall(question, this.#host.newId(), this.#host.now()));
    if (answer.outcome === "answered") return verdict(answer.result, settings);
    const refused = answer.outcome === "failed" && settings.hooks.onFailure === "refuse";
    return refused ? { allowed: false, appCode: undefined, appMessage: FAILED } : ALLOWED;
  }

  async #call(settings: Settings, hookCall: HookCall): Promise<HookAnswer> {
    const answer = await this.#host.server(settings).call(hookCall);
    // An engine that is down needs one line every few seconds, which was written.
    if (answer.outcome === "failed" && answer.failure !== "resting") {
      console.warn(`hook ${hookCall.name} failed: ${answer.why}`);
    }
    return answer;
  }
}
