import type { IMClient } from "leancloud-realtime";
import { type App, keysOf } from "./keys.ts";
import { reasonOf } from "./reason.ts";
import { sessionTokenOf } from "./session-token.ts";

/** Whether this browser gets a person's pushes; only the browser's own settings undo `blocked`. */
export type PushState = "on" | "off" | "blocked";

/** Turns pushes for one person on and off in this browser. */
export class PushSwitch {
  readonly #name: string;
  readonly #app: App;
  readonly #publicKey: string;

  private constructor(name: string, app: App, publicKey: string) {
    this.#name = name;
    this.#app = app;
    this.#publicKey = publicKey;
  }

  /** Undefined where the server has no Web Push, or this browser has none for a page such as this. */
  static async of(name: string, app: App): Promise<PushSwitch | undefined> {
    // Browsers have both only in pages that came by https, or from their own machine.
    if (!("serviceWorker" in navigator && "PushManager" in window)) return undefined;
    const response = await fetch("/1.2/push/web", { headers: keysOf(app) }).catch(() => undefined);
    if (!response?.ok) return undefined;
    const { publicKey }: { publicKey: string } = await response.json();
    return new PushSwitch(name, app, publicKey);
  }

  /** As an earlier visit left it. */
  async state(): Promise<PushState> {
    if (Notification.permission === "denied") return "blocked";
    return (await this.#subscription()) === undefined ? "off" : "on";
  }

  /** Asks the browser's user, subscribes and registers. If that fails, it rejects and the switch stays off. */
  async turnOn(client: IMClient): Promise<PushState> {
    const permission = await Notification.requestPermission();
    if (permission === "denied") return "blocked";
    if (permission === "default") throw new Error("notifications were not allowed");
    try {
      await this.#subscribe();
      await this.register(client);
      return "on";
    } catch (error) {
      await this.#unsubscribe();
      throw error;
    }
  }

  /**
   * Registers this browser for this person if it is subscribed: a login does not register it, and a logout ends the
   * registration. Rejects if the request fails.
   */
  async register(client: IMClient): Promise<void> {
    const subscription = await this.#subscription();
    if (subscription !== undefined) await this.#ask("PUT", client, subscription.toJSON());
  }

  async turnOff(client: IMClient): Promise<PushState> {
    const endpoint = (await this.#subscription())?.endpoint;
    await this.#unsubscribe();
    // If this request fails, the push service reports the subscription as gone at the next push.
    if (endpoint !== undefined) {
      await this.#ask("DELETE", client, { endpoint }).catch((error) => console.warn(reasonOf(error)));
    }
    return "off";
  }

  /** The scope of a person's worker. A subscription belongs to a scope, and the page's two people are two devices. */
  get #scope(): string {
    return `/push/${this.#name}/`;
  }

  async #subscribe(): Promise<void> {
    const registration = await navigator.serviceWorker.register("/push-worker.js", { scope: this.#scope });
    await activation(registration);
    // One that was made with a former key would be in the way.
    await this.#unsubscribe();
    const applicationServerKey = this.#publicKey;
    await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  }

  async #unsubscribe(): Promise<void> {
    const registration = await navigator.serviceWorker.getRegistration(this.#scope);
    await (await registration?.pushManager.getSubscription())?.unsubscribe();
  }

  /** The subscription, unless it was made with a key that is not the server's any more: it takes no pushes. */
  async #subscription(): Promise<PushSubscription | undefined> {
    const registration = await navigator.serviceWorker.getRegistration(this.#scope);
    const subscription = await registration?.pushManager.getSubscription();
    const key = subscription?.options.applicationServerKey;
    return key && base64Url(key) === this.#publicKey ? subscription : undefined;
  }

  async #ask(method: "PUT" | "DELETE", client: IMClient, body: object): Promise<void> {
    const response = await fetch(`/1.2/rtm/clients/${encodeURIComponent(this.#name)}/web-push`, {
      method,
      headers: {
        ...keysOf(this.#app),
        "Content-Type": "application/json",
        "X-LC-IM-Session-Token": await sessionTokenOf(client),
      },
      body: JSON.stringify(body),
    });
    if (response.ok) return;
    const { error }: { error: string } = await response.json();
    throw new Error(error);
  }
}

/** Resolves once the worker runs: until then the browser refuses to subscribe. */
function activation({ installing, waiting, active }: ServiceWorkerRegistration): Promise<void> {
  const worker = active ?? waiting ?? installing;
  return new Promise((resolve, reject) => {
    const look = () => {
      if (worker?.state === "activated") resolve();
      if (worker === null || worker.state === "redundant")
        reject(new Error("the service worker does not start"));
    };
    worker?.addEventListener("statechange", look);
    look();
  });
}

function base64Url(bytes: ArrayBuffer): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
