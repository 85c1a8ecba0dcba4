import type { UnexpiredBroadcasts } from "../model/unexpired-broadcasts.ts";
import type { ErrorName } from "../protocol/errors.ts";
import type { CatchUpMode, SessionControl, SessionRequest } from "../protocol/link-controls.ts";
import { controlRecord } from "../protocol/link-records.ts";
import type { LoginProof } from "./credentials.ts";

/** The times (ms) up to which the device has the state, by its own report; undefined if it is not sent that state. */
export interface KnownTimes {
  /** Unread counts; undefined to send all (Y-19). */
  unread: number | undefined;
  /** Counts that other devices of the client set back to 0. */
  reads: number | undefined;
  /** Edits and recalls (M-19). */
  patches: number | undefined;
}

/** The request for a session link, with the checked credentials of the login that follows. */
export interface ProvenRequest extends SessionRequest {
  proof: LoginProof;
}

/** The session of one device, stored in the attachment of its link, so that it survives hibernation of the object. */
export type SessionState =
  | {
      phase: "connecting";
      /** The checked credentials of the login, if the gateway has checked them. */
      proof?: LoginProof;
    }
  | {
      phase: "open";
      tag: string | undefined;
      deviceId: string;
      /** When the session logged in (ms). */
      openedAt: number;
      /** The name under which the device receives push; undefined if it receives none. */
      pushDevice: string | undefined;
      /** The SDK and its version, as the device names it; sessions from before it was kept have none. */
      userAgent?: string | undefined;
      capabilities: number;
      /** The login proved the client's identity. */
      proven: boolean;
      known: KnownTimes;
      /** The app's server was sent the event that the session opened, and expects the event that it closed (H-09). */
      announced: boolean;
      /** The conversations that the session is subscribed to, or about to be, as its gateway reported. */
      subscriptions: string[];
      /** Conversations that did not answer the catch-up: frames for them wait at the gateway. */
      behind: string[];
    };

export interface SessionIdentity {
  clientId: string;
  sessionId: string;
  /** The user's socket, which several clients may share. */
  connectionId: string;
  mode: CatchUpMode;
  /** The address of the device, for events alone: no decision depends on it. */
  address: string | undefined;
}

interface SessionSocket {
  send(frame: Uint8Array): void;
  serializeAttachment(value: unknown): void;
}

export class Session {
  readonly identity: SessionIdentity;
  readonly broadcasts: UnexpiredBroadcasts;
  readonly #socket: SessionSocket;
  #state: SessionState;

  /** @param broadcasts to everybody that the login may still get; in memory alone, since the login follows at once */
  constructor(
    socket: SessionSocket,
    identity: SessionIdentity,
    state: SessionState,
    broadcasts: UnexpiredBroadcasts = {},
  ) {
    this.broadcasts = broadcasts;
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

  get deviceId(): string | undefined {
    return this.#state.phase === "open" ? this.#state.deviceId : undefined;
  }

  /** When the session logged in (ms). */
  get openedAt(): number {
    return this.#state.phase === "open" ? this.#state.openedAt : Number.POSITIVE_INFINITY;
  }

  /** The name under which the device receives push; undefined if it receives none. */
  get pushDevice(): string | undefined {
    return this.#state.phase === "open" ? this.#state.pushDevice : undefined;
  }

  get known(): KnownTimes {
    return this.#state.phase === "open"
      ? this.#state.known
      : { unread: undefined, reads: undefined, patches: undefined };
  }

  /** The conversations that the session is subscribed to, or about to be. */
  get subscriptions(): readonly string[] {
    return this.#state.phase === "open" ? this.#state.subscriptions : [];
  }

  get behind(): readonly string[] {
    return this.#state.phase === "open" ? this.#state.behind : [];
  }

  set behind(behind: string[]) {
    if (this.#state.phase !== "open" || (behind.length === 0 && this.#state.behind.length === 0)) return;
    this.state = { ...this.#state, behind };
  }

  /** The device receives push under this name from now on. */
  renameDevice(device: string): void {
    if (this.#state.phase !== "open" || this.#state.pushDevice === device) return;
    this.state = { ...this.#state, pushDevice: device };
  }

  addSubscription(conversationId: string): void {
    if (this.#state.phase !== "open" || this.#state.subscriptions.includes(conversationId)) return;
    this.state = { ...this.#state, subscriptions: [...this.#state.subscriptions, conversationId] };
  }

  dropSubscription(conversationId: string): void {
    if (this.#state.phase !== "open" || !this.#state.subscriptions.includes(conversationId)) return;
    const subscriptions = this.#state.subscriptions.filter((id) => id !== conversationId);
    this.state = { ...this.#state, subscriptions };
  }

  /** A socket that is closing throws; its close event follows. */
  send(frame: Uint8Array): void {
    try {
      this.#socket.send(frame);
    } catch {}
  }

  /** Ends the session without a request of the device. The device receives the reason and nothing more. */
  end(error: ErrorName, detail: string | undefined): void {
    this.state = { phase: "connecting" };
    this.sendControl({ type: "ended", error, detail });
  }

  sendControl(control: SessionControl): void {
    this.send(controlRecord(control));
  }
}
