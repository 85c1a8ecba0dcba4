// biome-ignore lint/style/noRestrictedImports: the shell of an object
import { DurableObject } from "cloudflare:workers";
import { Alarm } from "../alarm.ts";
import type { Env } from "../bindings.ts";
import type { RelayOutcome } from "../conversation/delivery-state.ts";
import { decodeCommand } from "../protocol/decode.ts";
import type { ErrorName } from "../protocol/errors.ts";
import type { SessionReport } from "../protocol/link-controls.ts";
import { Client } from "./client.ts";
import type { ClientStub, MissedEvents, TokenRefused } from "./client-stub.ts";
import { servicesOf } from "./services.ts";
import { type ProvenRequest, Session, type SessionIdentity, type SessionState } from "./session.ts";

/** One client id: a shell that gives the rules their sessions' sockets, storage and the other objects. */
export class ClientObject extends DurableObject<Env> implements ClientStub {
  readonly #sessions = new Map<WebSocket, Session>();
  readonly #client: Client;
  readonly #alarm: Alarm;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    for (const socket of ctx.getWebSockets()) {
      const session = sessionOf(socket);
      if (session !== undefined) this.#sessions.set(socket, session);
    }
    this.#alarm = new Alarm(ctx.storage, () => Date.now());
    const retryAfter = (delay: number) => this.#alarm.within(delay);
    this.#client = new Client(ctx.storage.sql, servicesOf(env, retryAfter), () => this.#sessions.values());
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load();
      this.#client.woke();
    });
  }

  /** Opens a session link. The login itself is the first frame on it. */
  override async fetch(request: Request): Promise<Response> {
    const asked: ProvenRequest = JSON.parse(decodeURIComponent(request.headers.get("parley-link") ?? ""));
    const { proof, ...identity } = asked;
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const session = new Session(server, identity, { phase: "connecting" });
    session.state = { phase: "connecting", proof };
    this.#sessions.set(server, session);
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, data: ArrayBuffer | string): Promise<void> {
    this.#alarm.check();
    const session = this.#sessions.get(socket);
    if (session === undefined) return socket.close(1011, "not a session");
    if (typeof data === "string") {
      const report: SessionReport = JSON.parse(data);
      return this.#client.reported(session, report);
    }
    const command = decodeCommand(new Uint8Array(data));
    if (command !== undefined) await this.#client.handle(session, command);
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    const session = this.#forget(socket);
    try {
      socket.close(1000);
    } catch {}
    await this.#client.sessionLinkClosed(session, code);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.#client.sessionLinkClosed(this.#forget(socket), undefined);
  }

  /** The session of a socket that closed. An object that this event woke need not have loaded it. */
  #forget(socket: WebSocket): Session | undefined {
    const session = this.#sessions.get(socket) ?? sessionOf(socket);
    this.#sessions.delete(socket);
    return session;
  }

  /** Retries calls that failed: to a conversation that did not answer in time, or for a will whose author is lost. */
  override async alarm(): Promise<void> {
    await this.#alarm.run(() => this.#client.retry());
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

  async unreadCount(clientId: string): Promise<number> {
    return this.#client.unreadCount(clientId);
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

  /** The relay: records of a conversation for a client without a subscription. Returns whether the client is online. */
  async deliver(conversationId: string, frame: Uint8Array): Promise<RelayOutcome> {
    return this.#client.deliver(conversationId, frame);
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

function sessionOf(socket: WebSocket): Session | undefined {
  const kept: { identity: SessionIdentity; state: SessionState } | null = socket.deserializeAttachment();
  return kept === null ? undefined : new Session(socket, kept.identity, kept.state);
}
