import type { ProvenRequest } from "../client/session.ts";
import { closeQuietly } from "../close-quietly.ts";
import type { Meter } from "../metrics/meter.ts";
import { addressed, clientIdField } from "../protocol/addressing.ts";
import { fromBase64, toBase64 } from "../protocol/base64.ts";
import * as clientEvents from "../protocol/client-events.ts";
import type { Command } from "../protocol/commands.ts";
import { decodeCommand } from "../protocol/decode.ts";
import { type ClosingErrorName, errors } from "../protocol/errors.ts";
import type { SubscriptionRequest } from "../protocol/link-controls.ts";
import { linkClose } from "../protocol/link-controls.ts";
import * as replies from "../protocol/replies.ts";
import { isPushSetUp } from "../push/providers.ts";
import { defaultSettings, needsPolicyCheck, type Settings } from "../settings/schema.ts";
import { type ConversationKind, ConversationLookup } from "./conversation-lookup.ts";
import type { Connection, GatewayServices } from "./gateway-services.ts";
import { Heartbeat, type HeartbeatHost } from "./heartbeat.ts";
import type { Backlog } from "./limits/backlog.ts";
import { CommandAdmission } from "./limits/command-admission.ts";
import { IsolateSubscriptions, PlatformBudget } from "./limits/platform-budget.ts";
import { IsolateUnreadBytes, UnreadBytes } from "./limits/unread-bytes.ts";
import { withPolicy } from "./mark-frame.ts";
import type { Dial } from "./session/link-socket.ts";
import { type SessionsOwner, SocketSessions } from "./socket-sessions.ts";
import { type Written, WrittenFrames } from "./written-frames.ts";

/** Bytes of one frame, far more than any message: a conversation with 500 long member ids has to fit. */
const FRAME_LIMIT = 128 * 1024;
const BASE64_LIMIT = Math.ceil(FRAME_LIMIT / 3) * 4;
/** A socket that was handed over and is still open closes after this time (ms). */
const HAND_OVER_TIME = 30_000;
/** A device that was asked to reconnect does so within this time (ms). */
const RECONNECT_TIME = 60_000;

/** The codes with which links are closed if the device is not lost, by the error that closed the user's socket. */
const LINK_CLOSES: Partial<Record<ClosingErrorName, number>> = {
  INTERNAL_ERROR: linkClose.LET_GO,
  READ_TIMEOUT: linkClose.SILENT,
};

/** The limits until the first settings are read. */
const defaults = defaultSettings(false).limits;

const isolateSubscriptions = new IsolateSubscriptions();
const isolateUnreadBytes = new IsolateUnreadBytes();

/**
 * One user socket: it connects the clients logged in on it to their objects. It parses only what it routes by. Objects
 * never see text framing, missing client ids, heartbeats, frame sizes and rate limits.
 */
export class Gateway implements SessionsOwner, HeartbeatHost {
  readonly meter: Meter;
  readonly #connection: Connection;
  readonly #services: GatewayServices;
  readonly #admission: CommandAdmission;
  readonly #sessions: SocketSessions;
  /** Undefined once a client is logged in. */
  #cancelLoginDeadline: (() => void) | undefined;
  readonly #heartbeat: Heartbeat;
  readonly #unread: UnreadBytes;
  readonly #written = new WrittenFrames((written) => this.#wrote(written));
  /** Undefined if the platform does not limit what a socket uses. */
  readonly #budget: PlatformBudget | undefined;
  #lookup: ConversationLookup | undefined;
  #settings: Settings | undefined;
  /** Frames that wait for fresh settings, in order. */
  #waitingFrames: Uint8Array[] | undefined;
  /** A device that disconnects before this time (ms) was asked to reconnect. */
  #reconnectUntil = 0;
  #over = false;

  /** @param loginDeadline ms to log in after connecting (4108) */
  constructor(connection: Connection, services: GatewayServices, loginDeadline: number) {
    this.meter = services.meter;
    this.#connection = connection;
    this.#services = services;
    this.#admission = new CommandAdmission(connection.countedAs, connection.allowances, services.backlog);
    this.#sessions = new SocketSessions(this, connection, services, this.#admission);
    this.#cancelLoginDeadline = services.timer(loginDeadline, () => this.#closeWith("LOGIN_TIMEOUT"));
    this.#budget = services.hasPlatformLimits ? new PlatformBudget(() => this.#handOver()) : undefined;
    this.#unread = new UnreadBytes(isolateUnreadBytes, () =>
      this.#closeWith("INTERNAL_ERROR", linkClose.LOST),
    );
    this.#heartbeat = new Heartbeat(this);
  }

  /** One message of the user's socket. */
  receive(data: ArrayBuffer | string): void {
    if (this.#over) return;
    const [length, limit] =
      typeof data === "string" ? [data.length, BASE64_LIMIT] : [data.byteLength, FRAME_LIMIT];
    this.#heartbeat.received();
    this.#budget?.received(length);
    if (length > limit) return this.#closeWith("FRAME_TOO_LONG");
    if (!this.#admission.takesFrame(length, this.now())) {
      return this.#closeWith("MESSAGE_SENT_QUOTA_EXCEEDED");
    }
    // Text is base64 from any client: some mini-program platforms deliver no binary frames.
    const frame = typeof data === "string" ? fromBase64(data) : new Uint8Array(data);
    if (frame === undefined) return this.#closeWith("UNPARSEABLE_RAW_MESSAGE");
    const settings = this.#waitingFrames === undefined ? this.#services.settings.peek() : undefined;
    if (settings !== undefined) {
      this.#settings = settings;
      return this.#handle(frame, settings);
    }
    if (this.#waitingFrames !== undefined) {
      this.#waitingFrames.push(frame);
      return;
    }
    this.#waitingFrames = [frame];
    void this.#handleWaiting();
  }

  /** The user's socket is closed: closes all links. */
  lost(): void {
    this.#finish(this.now() < this.#reconnectUntil ? linkClose.LET_GO : linkClose.LOST);
  }

  // Called by the heartbeat.

  silenceLimits(): { silence: number; idle: number } {
    const { silenceSeconds, keepAliveSeconds } = this.#settings?.limits ?? defaults;
    return { silence: silenceSeconds * 1000, idle: keepAliveSeconds * 1000 };
  }

  deviceIsSilent(): void {
    this.#closeWith("READ_TIMEOUT");
  }

  /** Every SDK accepts it as an answer to a heartbeat, or ignores it (wire §2.2). */
  socketIsIdle(): void {
    this.send(replies.echo(undefined));
  }

  // Called by the sessions.

  now(): number {
    return this.#services.now();
  }

  get settings(): Settings | undefined {
    return this.#settings;
  }

  get isOver(): boolean {
    return this.#over;
  }

  loggingIn(userAgent: string | undefined): void {
    if (userAgent !== undefined) this.#heartbeat.identify(userAgent);
  }

  loggedIn(): void {
    this.#connection.loggedIn();
    this.#endLoginDeadline();
    this.#heartbeat.start();
  }

  tooManyRefused(): void {
    this.#closeWith("LOGIN_TIMEOUT");
  }

  get dialSession(): Dial<ProvenRequest> {
    this.#budget?.called();
    return this.#services.dialSession;
  }

  get dialConversation(): Dial<SubscriptionRequest> {
    return this.#services.dialConversation;
  }

  kindOf(conversationId: string): Promise<ConversationKind | undefined> {
    this.#lookup ??= new ConversationLookup((ids) => this.#services.kinds(ids));
    return this.#lookup.kindOf(conversationId);
  }

  get backlog(): Backlog | undefined {
    if (this.#settings === undefined || needsPolicyCheck(this.#settings)) return undefined;
    return this.#services.backlog;
  }

  subscriptionLimit(): number {
    const limit = this.#settings?.limits.linksPerSession ?? 1;
    return this.#budget === undefined ? limit : isolateSubscriptions.limit(limit);
  }

  subscriptionsChanged(by: number): void {
    isolateSubscriptions.changed(by);
  }

  send(frame: Uint8Array, isUnconfirmed = false): void {
    if (this.#over) return;
    const data = this.#connection.protocol.text ? toBase64(frame) : frame;
    try {
      this.#connection.socket.send(data);
    } catch {
      return this.lost();
    }
    this.#written.add(data.length, isUnconfirmed);
  }

  timer(milliseconds: number, run: () => void): () => void {
    return this.#services.timer(milliseconds, run);
  }

  sendingMessage(clientId: string, payload: Uint8Array): void {
    if (!this.#heartbeat.hasInvisibleHeartbeats) return;
    const message = clientEvents.readMessage(payload);
    // SDKs do not acknowledge a copy of the client's own message.
    if (message !== undefined && message.from !== clientId) this.#heartbeat.sentMessage();
  }

  goingAway(): void {
    this.#reconnectUntil = this.now() + RECONNECT_TIME;
  }

  /** Refuses all pending requests first: an error number tells an app more than a socket that closes. */
  broken(): void {
    if (!this.#over) for (const session of this.#sessions.all()) session.refuseAll();
    this.#closeWith("INTERNAL_ERROR");
  }

  /**
   * Asks all SDKs to look up the server again and reconnect. Those that do not are reconnected when the socket closes.
   */
  #handOver(): void {
    this.goingAway();
    for (const session of this.#sessions.all()) session.send(clientEvents.goAway());
    this.#services.timer(HAND_OVER_TIME, () => this.broken());
  }

  #wrote({ frames, bytes, unconfirmed }: Written): void {
    this.meter.sent(frames, bytes);
    if (this.#over) return;
    this.#heartbeat.sent();
    if (unconfirmed > 0) this.#unread.sentUnconfirmed(unconfirmed);
    if (bytes > unconfirmed) this.#unread.sent(bytes - unconfirmed);
    this.#budget?.sent(frames, bytes);
  }

  async #handleWaiting(): Promise<void> {
    this.#budget?.called();
    const settings = await this.#services.settings.get();
    this.#settings = settings;
    const frames = this.#waitingFrames ?? [];
    this.#waitingFrames = undefined;
    for (const frame of frames) if (!this.#over) this.#handle(frame, settings);
  }

  #handle(frame: Uint8Array, settings: Settings): void {
    const command = decodeCommand(frame);
    if (command === undefined) return this.#closeWith("UNPARSEABLE_RAW_MESSAGE");
    this.#unread.received(command);
    const { serial } = command;
    switch (command.name) {
      case "echo": // answered here, so that heartbeats wake no object (wire §2.2)
        this.#heartbeat.receivedHeartbeat();
        return this.send(replies.echo(serial));
      case "login":
        this.#endLoginDeadline();
        this.#heartbeat.unidentified();
        this.#heartbeat.start();
        return this.send(replies.loggedIn(serial, command.service ?? 0, command.installationId));
      case "logout": // of live queries alone
        if (serial === undefined) return;
        return this.send(replies.loggedOut(serial, command.service ?? 0, command.installationId));
      case "session.open":
        return this.#sessions.open(command, frame, settings);
    }
    const session = this.#sessions.of(command);
    if (session === undefined) return this.#refuseWithoutSession(command);
    const refusal = this.#admission.refusal(session.clientId, command, frame.length, settings, this.now());
    if (refusal !== undefined) return session.refuseCommand(command, refusal);
    if (command.name === "report" && (command.deviceToken === undefined || !isPushSetUp(settings))) {
      if (serial !== undefined) session.send(replies.reportUploaded(serial));
      return;
    }
    session.handle(command, withPolicy(command, frame, settings));
  }

  #refuseWithoutSession({ clientId, serial }: Command): void {
    if (serial === undefined) return;
    const reply = replies.errorReply(serial, "SESSION_REQUIRED");
    this.send(clientId === undefined ? reply : addressed(reply, clientIdField(clientId)));
  }

  /** @param code the code with which the links are closed */
  #closeWith(error: ClosingErrorName, code = LINK_CLOSES[error] ?? linkClose.LOST): void {
    if (this.#over) return;
    this.#finish(code);
    closeQuietly(this.#connection.socket, errors[error].code, error);
  }

  #endLoginDeadline(): void {
    this.#cancelLoginDeadline?.();
    this.#cancelLoginDeadline = undefined;
  }

  #finish(code: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#endLoginDeadline();
    this.#heartbeat.stop();
    this.#unread.close();
    for (const session of this.#sessions.all()) session.close(code);
  }
}
