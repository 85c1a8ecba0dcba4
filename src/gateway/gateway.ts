import { INVITATIONS_OF_ONE, INVITATIONS_PER_SOCKET, INVITED_REMEMBERED } from "../bounds.ts";
import type { LoginProof } from "../client/credentials.ts";
import type { ProvenRequest } from "../client/session.ts";
import { isClientId } from "../model/client-id.ts";
import { addressed, clientIdField } from "../protocol/addressing.ts";
import { fromBase64, toBase64 } from "../protocol/base64.ts";
import * as clientEvents from "../protocol/client-events.ts";
import type { Command, CommandOf } from "../protocol/commands.ts";
import { decodeCommand } from "../protocol/decode.ts";
import { type ClosingErrorName, type ErrorName, errors } from "../protocol/errors.ts";
import type { SubscriptionRequest } from "../protocol/link-controls.ts";
import { linkClose } from "../protocol/link-controls.ts";
import type { Refused } from "../protocol/outcome.ts";
import { withPolicyCheck, withPushPolicy } from "../protocol/policy-fields.ts";
import * as replies from "../protocol/replies.ts";
import {
  defaultSettings,
  isPushSetUp,
  needsLoginCheck,
  needsPolicyCheck,
  pushPolicyBy,
  type Settings,
} from "../settings/schema.ts";
import type { AddressAllowances } from "./address-allowances.ts";
import type { Backlog } from "./backlog.ts";
import { ClientSession, type QueuedCommand, type SessionOwner } from "./client-session.ts";
import { frameRefusal } from "./frame-bounds.ts";
import { Heartbeat } from "./heartbeat.ts";
import { InvitationCounts } from "./invitation-counts.ts";
import type { Dial } from "./link-socket.ts";
import { Logins } from "./logins.ts";
import { IsolateSubscriptions, PlatformBudget } from "./platform-budget.ts";
import { RateLimits } from "./rate-limits.ts";
import type { SubProtocol } from "./sub-protocol.ts";
import { TokenBucket } from "./token-bucket.ts";
import { IsolateUnreadBytes, UnreadBytes } from "./unread-bytes.ts";

/** The user's socket, as far as the gateway uses it. */
export interface UserSocket {
  send(data: Uint8Array | string): void;
  close(code: number, reason: string): void;
}

export interface GatewayServices {
  appId: string;
  /**
   * Whether the platform limits what a socket may use in its life, and how much memory an isolate has: on Cloudflare.
   */
  isAllotted: boolean;
  /** The address of the device. */
  address: string | undefined;
  /** The address that the limits per address count the device by. */
  countedAs: string | undefined;
  now(): number;
  timer(milliseconds: number, run: () => void): () => void;
  /** A client is logged in on the socket. */
  loggedIn(): void;
  settings: { peek(): Settings | undefined; get(): Promise<Settings> };
  /** Checks the credentials of a login. */
  judge(
    clientId: string,
    command: CommandOf<"session.open">,
    security: Settings["security"],
  ): Promise<LoginProof | Refused>;
  /** The allowances of the device's address; undefined if they are not counted. */
  allowances: AddressAllowances | undefined;
  /** The sends of all sockets that wait for an answer; undefined if no send is refused because of them. */
  backlog: Backlog | undefined;
  dialSession: Dial<ProvenRequest>;
  dialConversation: Dial<SubscriptionRequest>;
  /** Those of some ids that may be conversations. Rejects if that cannot be found out. */
  existing(conversationIds: string[]): Promise<string[]>;
}

/** Conversations that are looked up in one call. */
interface Lookup {
  ids: string[];
  found: Promise<Set<string>>;
}

/** Bytes of one frame, far more than any message: a conversation with 500 long member ids has to fit. */
const FRAME_LIMIT = 128 * 1024;
/** Clients logged in on one socket at a time. */
const CLIENT_LIMIT = 100;
const BASE64_LIMIT = Math.ceil(FRAME_LIMIT / 3) * 4;

/**
 * One user socket: it connects the clients logged in on it to their objects. It parses only what it routes by. Nothing
 * else handles text framing, missing client ids, heartbeats, frame sizes and rate limits.
 */
export class Gateway implements SessionOwner {
  readonly connectionId: string = crypto.randomUUID();
  readonly #socket: UserSocket;
  readonly #protocol: SubProtocol;
  readonly #services: GatewayServices;
  /** In the order they were opened. */
  readonly #sessions = new Map<string, ClientSession>();
  readonly #rates: RateLimits;
  readonly #logins = new Logins();
  readonly #invitations = new TokenBucket(INVITATIONS_PER_SOCKET);
  readonly #invited = new InvitationCounts(INVITATIONS_OF_ONE.bySocket, INVITED_REMEMBERED.bySocket);
  readonly #cancelLoginDeadline: () => void;
  readonly #heartbeat: Heartbeat;
  readonly #unread: UnreadBytes;
  /** Undefined if the platform does not limit what a socket uses. */
  readonly #allotment: PlatformBudget | undefined;
  #settings: Settings | undefined;
  /** Frames that wait for fresh settings, in order. */
  #waitingFrames: Uint8Array[] | undefined;
  #lookup: Lookup | undefined;
  /** A device that disconnects before this time (ms) was asked to reconnect. */
  #reconnectUntil = 0;
  #over = false;

  /** @param loginDeadline ms to log in after connecting (4108) */
  constructor(socket: UserSocket, protocol: SubProtocol, services: GatewayServices, loginDeadline: number) {
    this.#socket = socket;
    this.#protocol = protocol;
    this.#services = services;
    this.#rates = new RateLimits(services.countedAs);
    this.#cancelLoginDeadline = services.timer(loginDeadline, () => this.#closeWith("LOGIN_TIMEOUT"));
    this.#allotment = services.isAllotted ? new PlatformBudget(() => this.#handOver()) : undefined;
    this.#unread = new UnreadBytes(isolateUnreadBytes, () =>
      this.#closeWith("INTERNAL_ERROR", linkClose.LOST),
    );
    this.#heartbeat = new Heartbeat({
      now: () => services.now(),
      timer: (milliseconds, run) => services.timer(milliseconds, run),
      limits: () => {
        const { silenceSeconds, keepAliveSeconds } = this.#settings?.limits ?? defaults;
        return { silence: silenceSeconds * 1000, idle: keepAliveSeconds * 1000 };
      },
      silent: () => this.#closeWith("READ_TIMEOUT"),
      // Every SDK accepts it as an answer to a heartbeat, or ignores it (wire §2.2).
      idle: () => this.send(replies.echo(undefined)),
    });
  }

  /** One message of the user's socket. */
  receive(data: ArrayBuffer | string): void {
    if (this.#over) return;
    this.#heartbeat.heard();
    this.#allotment?.heard(typeof data === "string" ? data.length : data.byteLength);
    if (typeof data === "string" ? data.length > BASE64_LIMIT : data.byteLength > FRAME_LIMIT) {
      return this.#closeWith("FRAME_TOO_LONG");
    }
    const length = typeof data === "string" ? data.length : data.byteLength;
    if (!this.#rates.takesFrame(length, this.now())) return this.#closeWith("MESSAGE_SENT_QUOTA_EXCEEDED");
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

  // Called by the sessions.

  now(): number {
    return this.#services.now();
  }

  async judge(clientId: string, command: CommandOf<"session.open">): Promise<LoginProof | Refused> {
    const { security } = this.#settings ?? (await this.#services.settings.get());
    const proof = await this.#services.judge(clientId, command, security);
    // A client with a token has logged in before.
    if ("refused" in proof || proof.claims !== undefined) return proof;
    const isWithin = this.#services.allowances?.logins.take(1, this.now()) ?? true;
    return isWithin ? proof : { refused: "MESSAGE_SENT_QUOTA_EXCEEDED" };
  }

  loginRefused(error: ErrorName | undefined): void {
    if (this.#logins.refused(error)) this.#closeWith("LOGIN_TIMEOUT");
  }

  get dialSession(): Dial<ProvenRequest> {
    this.#allotment?.called();
    return this.#services.dialSession;
  }

  get dialConversation(): Dial<SubscriptionRequest> {
    return this.#services.dialConversation;
  }

  /** Ids asked about in one turn, as for a `read` of many conversations, are looked up in one call. */
  async mayExist(conversationId: string): Promise<boolean> {
    this.#lookup ??= this.#lookUp();
    this.#lookup.ids.push(conversationId);
    return (await this.#lookup.found).has(conversationId);
  }

  #lookUp(): Lookup {
    const ids: string[] = [];
    const find = async () => {
      await Promise.resolve();
      this.#lookup = undefined;
      return new Set(await this.#services.existing(ids));
    };
    return { ids, found: find() };
  }

  get backlog(): Backlog | undefined {
    if (this.#settings === undefined || needsPolicyCheck(this.#settings)) return undefined;
    return this.#services.backlog;
  }

  subscriptionLimit(): number {
    const limit = this.#settings?.limits.linksPerSession ?? 1;
    return this.#allotment === undefined ? limit : isolateSubscriptions.limit(limit);
  }

  subscriptionsChanged(by: number): void {
    isolateSubscriptions.changed(by);
  }

  send(frame: Uint8Array): void {
    if (this.#over) return;
    this.#heartbeat.sent();
    const data = this.#protocol.text ? toBase64(frame) : frame;
    try {
      this.#socket.send(data);
    } catch {
      return this.lost();
    }
    this.#unread.sent(data.length);
    this.#allotment?.sent(data.length);
  }

  timer(milliseconds: number, run: () => void): () => void {
    return this.#services.timer(milliseconds, run);
  }

  ended(session: ClientSession): void {
    if (this.#sessions.get(session.clientId) === session) this.#sessions.delete(session.clientId);
  }

  resume(rest: QueuedCommand[]): void {
    for (const { command, frame } of rest) {
      if (this.#over || this.#settings === undefined) return;
      if (command.name === "session.open") this.#open(command, frame, this.#settings);
      else this.#sessionOf(command)?.handle(command, frame);
    }
  }

  opened(): void {
    this.#services.loggedIn();
    this.#logins.succeeded();
    this.#cancelLoginDeadline();
    this.#heartbeat.start();
  }

  sendingMessage(clientId: string, payload: Uint8Array): void {
    if (!this.#heartbeat.hasInvisibleHeartbeats) return;
    const message = clientEvents.messagePushed(payload);
    // SDKs do not acknowledge a copy of the client's own message.
    if (message !== undefined && message.from !== clientId) this.#heartbeat.sentMessage();
  }

  goingAway(): void {
    this.#reconnectUntil = this.now() + RECONNECT_TIME;
  }

  /** Refuses all pending requests first: an error number tells an app more than a socket that closes. */
  broken(): void {
    if (!this.#over) for (const session of [...this.#sessions.values()]) session.refuseAll();
    this.#closeWith("INTERNAL_ERROR");
  }

  /**
   * Asks all SDKs to look up the server again and reconnect. Those that do not are reconnected when the socket closes.
   */
  #handOver(): void {
    this.goingAway();
    for (const session of this.#sessions.values()) session.send(clientEvents.goAway());
    this.#services.timer(HAND_OVER_TIME, () => this.broken());
  }

  async #handleWaiting(): Promise<void> {
    this.#allotment?.called();
    const settings = await this.#services.settings.get();
    this.#settings = settings;
    const frames = this.#waitingFrames ?? [];
    this.#waitingFrames = undefined;
    for (const frame of frames) if (!this.#over) this.#handle(frame, settings);
  }

  #handle(frame: Uint8Array, settings: Settings): void {
    const command = decodeCommand(frame);
    if (command === undefined) return this.#closeWith("UNPARSEABLE_RAW_MESSAGE");
    this.#unread.heard(command);
    const { serial } = command;
    switch (command.name) {
      case "echo": // answered here, so that heartbeats wake no object (wire §2.2)
        this.#heartbeat.beaten();
        return this.send(replies.echo(serial));
      case "login":
        this.#cancelLoginDeadline();
        this.#heartbeat.mayBeInvisible();
        this.#heartbeat.start();
        return this.send(replies.loggedIn(serial, command.service ?? 0, command.installationId));
      case "session.open":
        return this.#open(command, frame, settings);
    }
    const session = this.#sessionOf(command);
    if (session === undefined) return this.#refuse(command.clientId, serial, "SESSION_REQUIRED");
    const { clientId } = session;
    if (!this.#allows(clientId, command, frame, settings)) {
      return session.refuseCommand(command, "MESSAGE_SENT_QUOTA_EXCEEDED");
    }
    const { backlog } = this.#services;
    if (REFUSED_WHEN_BUSY.has(command.name) && backlog?.refuses(conversationIn(command), this.now())) {
      return session.refuseCommand(command, "MESSAGE_SENT_QUOTA_EXCEEDED", "the server is busy");
    }
    const refusal = frameRefusal(command, frame.length, settings);
    if (refusal !== undefined) return session.refuseCommand(command, refusal.error, refusal.detail);
    switch (command.name) {
      case "malformed":
        return session.refuseCommand(command, command.error, command.detail);
      case "unsupported":
        return session.refuseCommand(command, command.error, command.what);
      case "report":
        if (command.deviceToken !== undefined && isPushSetUp(settings)) break;
        if (serial !== undefined) session.send(replies.reportUploaded(serial));
        return;
      case "conversation.start":
      case "conversation.add":
        if (!this.#mayInvite(clientId, command.members)) {
          return session.refuseCommand(command, "MESSAGE_SENT_QUOTA_EXCEEDED");
        }
        break;
    }
    session.handle(command, withPolicy(command, frame, settings));
  }

  #open(command: CommandOf<"session.open">, frame: Uint8Array, settings: Settings): void {
    const { serial, appId } = command;
    // Without an id, the server makes one and names it in the reply (C-03).
    const clientId = command.clientId ?? crypto.randomUUID().replaceAll("-", "");
    if (appId !== undefined && appId !== this.#services.appId) {
      return this.#refuseLogin(clientId, serial, "APP_NOT_AVAILABLE");
    }
    if (!isClientId(clientId)) return this.#refuseLogin(clientId, serial, "INVALID_LOGIN");
    const current = this.#sessions.get(clientId);
    const hasRoom = current !== undefined || this.#sessions.size < CLIENT_LIMIT;
    if (!hasRoom || !this.#logins.allows(this.now()) || !this.#allows(clientId, command, frame, settings)) {
      return this.#refuseLogin(clientId, serial, "MESSAGE_SENT_QUOTA_EXCEEDED");
    }
    if (command.userAgent !== undefined) this.#heartbeat.madeBy(command.userAgent);
    const login = withPolicy(command, frame, settings);
    if (current !== undefined) return current.handle(command, login);
    const session = new ClientSession(this, clientId, this.#protocol.mode, this.#services.address);
    this.#sessions.set(clientId, session);
    void session.open(command, login);
  }

  #allows(clientId: string, command: Command, frame: Uint8Array, { limits }: Settings): boolean {
    return this.#rates.allows(clientId, command, frame.length, limits, this.now());
  }

  /**
   * Whether more clients may be added to conversations: each of them has to be notified. All clients of the socket are
   * counted together.
   */
  #mayInvite(clientId: string, members: string[]): boolean {
    const others = [...new Set(members)].filter((member) => member !== clientId);
    const now = this.now();
    const { allowances } = this.#services;
    return (
      this.#invitations.take(others.length, now) &&
      this.#invited.take(others, now) &&
      (allowances === undefined ||
        (allowances.invitations.take(others.length, now) && allowances.mayInvite(others, now)))
    );
  }

  /**
   * The session that a frame belongs to: the one it names, or else the first one opened here that is still open (wire
   * §2.6).
   */
  #sessionOf(command: Command): ClientSession | undefined {
    if (command.clientId !== undefined) {
      const named = this.#sessions.get(command.clientId);
      return named?.isUsable ? named : undefined;
    }
    const usable = [...this.#sessions.values()].filter((session) => session.isUsable);
    return usable.find((session) => session.isOpen) ?? usable[0];
  }

  #refuse(clientId: string | undefined, serial: number | undefined, error: ErrorName, detail?: string): void {
    if (serial === undefined) return;
    const reply = replies.errorReply(serial, error, { detail });
    this.send(clientId === undefined ? reply : addressed(reply, clientIdField(clientId)));
  }

  /** Java logs in without a serial, and then handles no error but that of its token (wire §4.1). */
  #refuseLogin(clientId: string, serial: number | undefined, error: ErrorName): void {
    if (serial !== undefined) this.#refuse(clientId, serial, error);
    else this.send(addressed(clientEvents.sessionEnded({ error }), clientIdField(clientId)));
    this.loginRefused(error);
  }

  /** @param code the code with which the links are closed */
  #closeWith(error: ClosingErrorName, code = LINK_CLOSES[error] ?? linkClose.LOST): void {
    if (this.#over) return;
    this.#finish(code);
    try {
      this.#socket.close(errors[error].code, error);
    } catch {}
  }

  #finish(code: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelLoginDeadline();
    this.#heartbeat.stop();
    this.#unread.close();
    for (const session of [...this.#sessions.values()]) session.close(code);
  }
}

/** A socket that was handed over and is still open closes after this time (ms). */
const HAND_OVER_TIME = 30_000;

const isolateSubscriptions = new IsolateSubscriptions();
const isolateUnreadBytes = new IsolateUnreadBytes();

/** A device that was asked to reconnect does so within this time (ms). */
const RECONNECT_TIME = 60_000;

/**
 * The commands that make most of the work, and that people repeat by themselves. Cursors and logouts are not among
 * them: SDKs do not notice when they fail.
 */
const REFUSED_WHEN_BUSY: ReadonlySet<Command["name"]> = new Set([
  "message.send",
  "message.history",
  "message.patch",
  "conversation.start",
  "conversation.query",
]);

function conversationIn(command: Command): string | undefined {
  return command.name === "message.send" || command.name === "message.history"
    ? command.conversationId
    : undefined;
}

/** The limits until settings are read. */
const defaults = defaultSettings(false).limits;

/** The codes with which links are closed if the device is not lost, by the error that closed the user's socket. */
const LINK_CLOSES: Partial<Record<ClosingErrorName, number>> = {
  INTERNAL_ERROR: linkClose.LET_GO,
  READ_TIMEOUT: linkClose.SILENT,
};

/** Adds what the settings require for a frame, for the object that handles it. */
function withPolicy({ name, pushes }: Command, frame: Uint8Array, settings: Settings): Uint8Array {
  const isLogin = name === "session.open" || name === "session.refresh";
  const needsCheck = isLogin ? needsLoginCheck(settings) : needsPolicyCheck(settings);
  const policy = NEEDS_PUSH_POLICY.has(name) ? pushPolicyBy(settings) : "never";
  const checked = needsCheck ? withPolicyCheck(frame) : frame;
  // The client's own value is overruled.
  return policy === "never" && pushes === "never" ? checked : withPushPolicy(checked, policy);
}

/** Messages may be pushed. A login binds a device to its client (C-12), and a logout unbinds it. */
const NEEDS_PUSH_POLICY: ReadonlySet<Command["name"]> = new Set(["message.send", "session.open"]);
