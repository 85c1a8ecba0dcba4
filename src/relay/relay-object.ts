// biome-ignore lint/style/noRestrictedImports: the shell of an object
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../bindings.ts";
import { closeQuietly } from "../close-quietly.ts";
import { loggableError } from "../loggable-error.ts";
import type { SubscriptionRequest } from "../protocol/link-controls.ts";
import type { RelayAudience, RelayBatch, RelayReport } from "../protocol/relay-calls.ts";
import { settingsOf } from "../settings/store.ts";
import { counted } from "../usage/counted-env.ts";
import { Relay } from "./relay.ts";
import { type RelayPlace, relayServicesOf } from "./relay-services.ts";
import type { RelayStub } from "./relay-stub.ts";
import { levelOf } from "./tree.ts";

/** One relay: a shell that gives its rules their sockets and the conversation. It stores nothing. */
export class RelayObject extends DurableObject<Env> implements RelayStub {
  readonly #relay: Relay;
  /** Undefined while nobody was here: then there is nothing to ask a conversation about. */
  #place: RelayPlace | undefined;

  constructor(ctx: DurableObjectState, bindings: Env) {
    const env = counted(bindings);
    super(ctx, env);
    const sockets = ctx.getWebSockets();
    this.#place = sockets[0]?.deserializeAttachment();
    const services = relayServicesOf(env, () => {
      if (this.#place === undefined) throw new Error("nobody is at this relay");
      return this.#place;
    });
    this.#relay = new Relay(sockets, services);
  }

  /** Opens a subscription for a session that the gateway has authenticated. */
  override async fetch(request: Request): Promise<Response> {
    const subscriptionRequest: SubscriptionRequest = JSON.parse(
      decodeURIComponent(request.headers.get("parley-link") ?? ""),
    );
    this.#place = subscriptionRequest;
    const settings = settingsOf(this.env);
    if (settings.peek() === undefined) await settings.get();
    const { 0: client, 1: server } = new WebSocketPair();
    const outcome = await this.#relay
      .open(subscriptionRequest, () => {
        this.ctx.acceptWebSocket(server);
        return server;
      })
      .catch((error) => console.warn("subscription at a relay:", loggableError(error)));
    // The gateway dials again (L7).
    if (outcome === undefined) return new Response(null, { status: 503 });
    if (outcome === "no conversation") return new Response(null, { status: 404 });
    if (outcome === "too far behind") return new Response(null, { status: 409 });
    if (outcome === "full") {
      const level = levelOf(subscriptionRequest.relay ?? 1) + 1;
      return new Response(null, { status: 503, headers: { "parley-relay": String(level) } });
    }
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, data: ArrayBuffer | string): Promise<void> {
    await this.#relay.received(socket, data);
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.#relay.closed(socket);
    // Reserved codes cannot be sent.
    closeQuietly(socket, code >= 4000 ? code : 1000);
  }

  override webSocketError(socket: WebSocket): void {
    this.#relay.closed(socket);
  }

  async deliver(batch: RelayBatch): Promise<RelayReport> {
    return this.#relay.deliver(batch);
  }

  async close(): Promise<void> {
    this.#relay.close();
  }

  async audience(limit: number): Promise<RelayAudience> {
    return this.#relay.audience(limit);
  }

  async part(parts: number): Promise<string[]> {
    return this.#relay.part(parts);
  }

  async presentAmong(clientIds: string[]): Promise<string[]> {
    return this.#relay.presentAmong(clientIds);
  }
}
