import type { ObjectSocket } from "../object-socket.ts";
import { decodeCommand } from "../protocol/decode.ts";
import type { SessionReport } from "../protocol/link-controls.ts";
import type { Client } from "./client.ts";
import { type ProvenRequest, Session, type SessionIdentity, type SessionState } from "./session.ts";

type Socket = ObjectSocket<{ identity: SessionIdentity; state: SessionState }>;

/** The sockets of a client's sessions. */
export class SessionSockets {
  readonly #sessions = new Map<Socket, Session>();

  /** @param sockets those that survived hibernation */
  constructor(sockets: Iterable<Socket>) {
    for (const socket of sockets) {
      const session = sessionOf(socket);
      if (session !== undefined) this.#sessions.set(socket, session);
    }
  }

  get sessions(): Iterable<Session> {
    return this.#sessions.values();
  }

  /** An accepted socket becomes a session. The login itself is the first frame on it. */
  add(socket: Socket, { proof, broadcasts, ...identity }: ProvenRequest): void {
    const session = new Session(socket, identity, { phase: "connecting" }, broadcasts);
    session.state = { phase: "connecting", proof };
    this.#sessions.set(socket, session);
  }

  /** A frame or a report arrived. Resolves when it has been handled. */
  async received(client: Client, socket: Socket, data: ArrayBuffer | Uint8Array | string): Promise<void> {
    const session = this.#sessions.get(socket);
    if (session === undefined) return socket.close(1011, "not a session");
    if (typeof data === "string") {
      const report: SessionReport = JSON.parse(data);
      return client.reported(session, report);
    }
    const command = decodeCommand(new Uint8Array(data));
    if (command !== undefined) await client.handle(session, command);
  }

  /**
   * A socket closed. An object that this event woke need not have loaded its session.
   *
   * @param code undefined if the socket broke
   */
  async closed(client: Client, socket: Socket, code: number | undefined): Promise<void> {
    const session = this.#sessions.get(socket) ?? sessionOf(socket);
    this.#sessions.delete(socket);
    await client.sessionLinkClosed(session, code);
  }
}

function sessionOf(socket: Socket): Session | undefined {
  const kept = socket.deserializeAttachment();
  return kept === null ? undefined : new Session(socket, kept.identity, kept.state);
}
