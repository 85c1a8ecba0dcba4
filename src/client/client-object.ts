// biome-ignore lint/style/noRestrictedImports: the shell of an object
import { DurableObject } from "cloudflare:workers";
import { Alarm } from "../alarm.ts";
import type { Env } from "../bindings.ts";
import { closeQuietly } from "../close-quietly.ts";
import type { Wake, WakeAnswer } from "../conversation/delivery/wake.ts";
import type { ErrorName } from "../protocol/errors.ts";
import type { Refused } from "../protocol/outcome.ts";
import { counted } from "../usage/counted-env.ts";
import { countedStorage } from "../usage/counted-storage.ts";
import { usageOf } from "../usage/usage-of.ts";
import { type AssembledClient, assembleClient } from "./assemble-client.ts";
import type { Client } from "./client.ts";
import type { InspectedClient } from "./client-inspection.ts";
import { clientServicesOf } from "./client-services.ts";
import type { ClientStub, MissedEvents, TokenRefused } from "./client-stub.ts";
import type { RefusedPage } from "./refused-conversations.ts";
import type { ProvenRequest } from "./session.ts";
import type { SessionSockets } from "./session-sockets.ts";
import type { ServicesPage, SubscribedService } from "./subscribed-services.ts";

/** One client id: a shell that gives the rules their sessions' sockets, storage and the other objects. */
export class ClientObject extends DurableObject<Env> implements ClientStub {
  readonly #alarm: Alarm;
  readonly #assembled: AssembledClient;

  constructor(ctx: DurableObjectState, bindings: Env) {
    const env = counted(bindings);
    super(ctx, env);
    const storage = countedStorage(ctx.storage, usageOf(env));
    this.#alarm = new Alarm(storage, () => Date.now());
    this.#assembled = assembleClient(storage.sql, this.#alarm, clientServicesOf(env), ctx.getWebSockets());
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load();
      this.#client.woke();
    });
  }

  get #client(): Client {
    return this.#assembled.client;
  }

  get #sockets(): SessionSockets {
    return this.#assembled.sockets;
  }

  /** Opens a session link. The login itself is the first frame on it. */
  override async fetch(request: Request): Promise<Response> {
    const asked: ProvenRequest = JSON.parse(decodeURIComponent(request.headers.get("parley-link") ?? ""));
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    this.#sockets.add(server, asked);
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, data: ArrayBuffer | string): Promise<void> {
    this.#alarm.check();
    await this.#sockets.received(this.#client, socket, data);
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    const closed = this.#sockets.closed(this.#client, socket, code);
    closeQuietly(socket, 1000);
    await closed;
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.#sockets.closed(this.#client, socket, undefined);
  }

  /** Retries calls that failed: to a conversation that did not answer in time, or for a will whose author is lost. */
  override async alarm(): Promise<void> {
    await this.#assembled.runAlarm();
  }

  /** The events other than messages that the client missed. The caller has to send a session token of this client. */
  async missedNotices(clientId: string, token: string, after: number): Promise<MissedEvents | TokenRefused> {
    return this.#client.missedNotices(clientId, token, after);
  }

  async checkToken(clientId: string, token: string): Promise<TokenRefused | undefined> {
    return this.#client.checkToken(clientId, token);
  }

  async deviceOf(clientId: string, token: string): Promise<{ device: string } | TokenRefused> {
    return this.#client.deviceOf(clientId, token);
  }

  async signatureRefusal(signedAt: number): Promise<ErrorName | undefined> {
    return this.#client.signatureRefusal(signedAt);
  }

  async unreadCount(clientId: string, conversationId?: string): Promise<number> {
    return this.#client.unreadCount(clientId, conversationId);
  }

  async inspect(): Promise<InspectedClient> {
    return this.#client.inspect();
  }

  async kick(clientId: string, reason: string): Promise<number> {
    return this.#client.kick(clientId, reason);
  }

  async ban(clientId: string, reason: string): Promise<void> {
    this.#client.ban(clientId, reason);
  }

  async unban(): Promise<void> {
    this.#client.unban();
  }

  async refuse(clientId: string, conversationId: string): Promise<undefined | Refused> {
    return this.#client.refused.add(clientId, conversationId);
  }

  async accept(clientId: string, conversationId: string): Promise<void> {
    await this.#client.refused.remove(clientId, conversationId);
  }

  async refusedConversations(page: { offset: number; limit: number }): Promise<RefusedPage> {
    return this.#client.refused.page(page.offset, page.limit);
  }

  /** Wakes the sessions that have no subscription to a conversation. Returns which sessions there are. */
  async wake(conversationId: string, wake: Wake): Promise<WakeAnswer> {
    return this.#client.wake(conversationId, wake);
  }

  async subscribe(service: SubscribedService, exceptSession: string | undefined): Promise<void> {
    this.#client.subscribe(service, exceptSession);
  }

  async announce(record: Uint8Array, openedAfter: number | undefined): Promise<void> {
    this.#client.announce(record, openedAfter);
  }

  async unsubscribe(service: SubscribedService): Promise<void> {
    this.#client.unsubscribe(service);
  }

  async subscribedServices(page: ServicesPage): Promise<SubscribedService[]> {
    return this.#client.subscribedServices(page);
  }

  async isOnline(): Promise<boolean> {
    return this.#client.isOnline();
  }

  async isOnConnection(connectionId: string): Promise<boolean> {
    return this.#client.isOnConnection(connectionId);
  }

  /** Asks every device to reconnect. Returns how many there were. */
  async goAway(): Promise<number> {
    return this.#client.goAway();
  }
}
