// biome-ignore lint/style/noRestrictedImports: the shell of an object
import { DurableObject } from "cloudflare:workers";
import { Alarm } from "../alarm.ts";
import type { Env } from "../bindings.ts";
import { closeQuietly } from "../close-quietly.ts";
import type { SubscriptionRequest } from "../protocol/link-controls.ts";
import { settingsOf } from "../settings/store.ts";
import { inNextTurn } from "../turns.ts";
import { counted } from "../usage/counted-env.ts";
import { countedStorage } from "../usage/counted-storage.ts";
import { usageOf } from "../usage/usage-of.ts";
import { ConversationLifecycle } from "./conversation-lifecycle.ts";
import { conversationServices } from "./conversation-services.ts";
import { conversationTables } from "./conversation-tables.ts";
import { ConversationState } from "./state.ts";

declare global {
  namespace Cloudflare {
    interface GlobalProps {
      mainModule: typeof import("../index.ts");
    }
  }
}

/** Gives a conversation's lifecycle the platform: its storage, timers, sockets and alarm. */
export abstract class ConversationShell extends DurableObject<Env> {
  /** A field, so that no call from outside reaches it: calls find methods and accessors of the class alone. */
  protected readonly lifecycle: ConversationLifecycle;

  constructor(ctx: DurableObjectState, bindings: Env) {
    const env = counted(bindings);
    super(ctx, env);
    const { storage } = ctx;
    const now = () => Date.now();
    const rows = countedStorage(storage, usageOf(env), () => this.lifecycle.open?.state.facts.id);
    const tables = conversationTables(rows.sql);
    const alarm = new Alarm(rows, now);
    this.lifecycle = new ConversationLifecycle(
      {
        tables,
        alarm,
        now,
        timer: (delay, run) => {
          const timer = setTimeout(run, delay);
          return () => clearTimeout(timer);
        },
        inNextTurn: (run) => inNextTurn(storage, run),
        turn: () => storage.sync().catch(() => {}),
        deleteAll: () => storage.deleteAll(),
      },
      conversationServices(env, (event) => ctx.exports.DirectPush.push(event)),
    );
    const state = ConversationState.load(tables);
    if (state === undefined) return;
    void ctx.blockConcurrencyWhile(async () => {
      await alarm.load();
      // Wait for the app's settings: the defaults could show what the app hides.
      const settings = settingsOf(env);
      if (!settings.isKnown) await settings.get();
      this.lifecycle.wake(state, ctx.getWebSockets());
    });
  }

  /** Opens a subscription for a session that the gateway has authenticated; 404 if there is no such conversation. */
  override async fetch(request: Request): Promise<Response> {
    const subscriptionRequest: SubscriptionRequest = JSON.parse(
      decodeURIComponent(request.headers.get("parley-link") ?? ""),
    );
    const { 0: client, 1: server } = new WebSocketPair();
    const outcome = await this.lifecycle.subscribe(subscriptionRequest, () => {
      this.ctx.acceptWebSocket(server);
      return server;
    });
    if (outcome === "no conversation") return new Response(null, { status: 404 });
    if (outcome === "too far behind") return new Response(null, { status: 409 });
    if (typeof outcome === "object")
      return new Response(null, { status: 503, headers: { "parley-relay": String(outcome.level) } });
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, data: ArrayBuffer | string): Promise<void> {
    await this.lifecycle.received(socket, data);
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.lifecycle.closed(socket);
    // Reserved codes cannot be sent.
    closeQuietly(socket, code >= 4000 ? code : 1000);
  }

  override webSocketError(socket: WebSocket): void {
    this.lifecycle.closed(socket);
  }

  override async alarm(): Promise<void> {
    await this.lifecycle.runAlarm();
  }
}
