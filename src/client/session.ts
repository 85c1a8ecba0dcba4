import type { ErrorName } from "../protocol/errors.ts";
import type { Epoch, SessionControl, SessionRequest, SyncMode } from "../protocol/link-controls.ts";
import { controlRecord } from "../protocol/link-records.ts";
import type { LoginProof } from "./credentials.ts";

/** A conversation this session is subscribed to, as the gateway reported it (L3). */
export interface HeldSubscription {
  conversationId: string;
  epoch: Epoch;
  since: number;
}

/** Up to when the device knows, by its own word, what happened (ms); undefined for what it is not to be told. */
export interface Known {
  /** Unread counts; undefined tells all (Y-19). */
  unread: number | undefined;
  /** Counts that other devices of the client set back to 0. */
  reads: number | undefined;
  /** Edits and recalls (M-19). */
  patches: number | undefined;
}

/** A session link as it is asked for: with what the login that follows on it showed. */
export interface ProvenRequest extends SessionRequest {
  proof: LoginProof;
}

/** One device's session, kept in its link's attachment, so it outlives the object's sleep. */
export type SessionState =
  | {
      phase: "connecting";
      /** What the login showed, where the gateway has judged it. */
      proof?: LoginProof;
    }
  | {
      phase: "open";
      tag: string | undefined;
      deviceId: string;
      /** What pushes may know the device by; undefined where nothing is pushed. */
      pushDevice: string | undefined;
      capabilities: number;
      /** The login showed who it was. */
      proven: boolean;
      known: Known;
      /** The app's server was told of it, and is to be told of its end (H-09). */
      announced: boolean;
      links: HeldSubscription[];
      /** Conversations the session is about to be subscribed to. */
      subscribing: string[];
      /** Conversations that did not answer the catch-up: what is for them waits at the gateway. */
      behind: string[];
    };

export interface SessionIdentity {
  clientId: string;
  sessionId: string;
  /** The user's socket, which several clients may share. */
  connectionId: string;
  mode: SyncMode;
  /** Of the device; nothing is decided by it. */
  address: string | undefined;
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

  get known(): Known {
    return this.#state.phase === "open"
      ? this.#state.known
      : { unread: undefined, reads: undefined, patches: undefined };
  }

  get links(): readonly HeldSubscription[] {
    return this.#state.phase === "open" ? this.#state.links : [];
  }

  /** Whether something may reach the client there by this session's link alone. */
  reaches(conversationId: string): boolean {
    const subscribing = this.#state.phase === "open" && this.#state.subscribing.includes(conversationId);
    return subscribing || this.subscriptionTo(conversationId) !== undefined;
  }

  get behind(): readonly string[] {
    return this.#state.phase === "open" ? this.#state.behind : [];
  }

  set behind(behind: string[]) {
    if (this.#state.phase !== "open" || (behind.length === 0 && this.#state.behind.length === 0)) return;
    this.state = { ...this.#state, behind };
  }

  /** The device is pushed to by this name from now on. */
  renameDevice(device: string): void {
    if (this.#state.phase !== "open" || this.#state.pushDevice === device) return;
    this.state = { ...this.#state, pushDevice: device };
  }

  startSubscribing(conversationId: string): void {
    if (this.#state.phase !== "open" || this.#state.subscribing.includes(conversationId)) return;
    this.state = { ...this.#state, subscribing: [...this.#state.subscribing, conversationId] };
  }

  subscriptionTo(conversationId: string): HeldSubscription | undefined {
    return this.links.find((link) => link.conversationId === conversationId);
  }

  hold(link: HeldSubscription): void {
    if (this.#state.phase !== "open") return;
    const others = this.#state.links.filter(({ conversationId }) => conversationId !== link.conversationId);
    const subscribing = this.#state.subscribing.filter((id) => id !== link.conversationId);
    this.state = { ...this.#state, links: [...others, link], subscribing };
  }

  drop(conversationId: string): void {
    if (this.#state.phase !== "open" || !this.reaches(conversationId)) return;
    const links = this.#state.links.filter((link) => link.conversationId !== conversationId);
    const subscribing = this.#state.subscribing.filter((id) => id !== conversationId);
    this.state = { ...this.#state, links, subscribing };
  }

  /** A socket that is closing refuses; its close event follows. */
  send(frame: Uint8Array): void {
    try {
      this.#socket.send(frame);
    } catch {}
  }

  /** Over, without the device having asked for it: it is told why, and nothing more. */
  end(error: ErrorName, detail: string | undefined): void {
    this.state = { phase: "connecting" };
    this.tell({ type: "ended", error, detail });
  }

  tell(control: SessionControl): void {
    this.send(controlRecord(control));
  }
}
