import type { Period, SessionControl } from "../protocol/link-controls.ts";
import { controlRecord } from "../protocol/link-records.ts";

/** A conversation this session is linked to, as the gateway reported it (L3). */
export interface HeldLink {
  conversationId: string;
  period: Period;
  since: number;
}

/** One device's session, kept in its link's attachment, so it outlives the object's sleep. */
export type SessionState =
  | { phase: "connecting" }
  | {
      phase: "open";
      tag: string | undefined;
      deviceId: string | undefined;
      capabilities: number;
      links: HeldLink[];
    };

export interface SessionIdentity {
  clientId: string;
  sessionId: string;
  mode: "pull" | "push";
}

interface SessionSocket {
  send(frame: Uint8Array): void;
  serializeAttachment(value: unknown): void;
}

export class Session {
  readonly identity: SessionIdentity;
  readonly #socket: SessionSocket;
  #state: SessionState;

  constructor(socket: SessionSocket, identity: SessionIdentity, state: SessionState) {
    this.#socket = socket;
    this.identity = identity;
    this.#state = state;
  }

  get state(): SessionState {
    return this.#state;
  }

  set state(state: SessionState) {
    this.#state = state;
    this.#socket.serializeAttachment({ identity: this.identity, state });
  }

  get isOpen(): boolean {
    return this.#state.phase === "open";
  }

  get links(): readonly HeldLink[] {
    return this.#state.phase === "open" ? this.#state.links : [];
  }

  linkTo(conversationId: string): HeldLink | undefined {
    return this.links.find((link) => link.conversationId === conversationId);
  }

  hold(link: HeldLink): void {
    if (this.#state.phase !== "open") return;
    const others = this.#state.links.filter(({ conversationId }) => conversationId !== link.conversationId);
    this.state = { ...this.#state, links: [...others, link] };
  }

  drop(conversationId: string): void {
    if (this.#state.phase !== "open" || this.linkTo(conversationId) === undefined) return;
    const links = this.#state.links.filter((link) => link.conversationId !== conversationId);
    this.state = { ...this.#state, links };
  }

  /** A socket that is closing refuses; its close event follows. */
  send(frame: Uint8Array): void {
    try {
      this.#socket.send(frame);
    } catch {}
  }

  tell(control: SessionControl): void {
    this.send(controlRecord(control));
  }
}
