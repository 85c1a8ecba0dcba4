import type { LoginProof } from "../client/credentials.ts";
import type { ProvenRequest } from "../client/session.ts";
import { isConversationCommand } from "../conversation/commands.ts";
import { loggableError } from "../loggable-error.ts";
import { addressed, clientIdField } from "../protocol/addressing.ts";
import * as clientEvents from "../protocol/client-events.ts";
import type { Command, CommandOf } from "../protocol/commands.ts";
import type { ErrorName } from "../protocol/errors.ts";
import type { SessionControl, SessionReport, SyncMode } from "../protocol/link-controls.ts";
import { linkClose } from "../protocol/link-controls.ts";
import { newOrigin, readControl, readRecords } from "../protocol/link-records.ts";
import type { Refused } from "../protocol/outcome.ts";
import * as replies from "../protocol/replies.ts";
import { withSeenVersions } from "../protocol/seen-version.ts";
import type { Backlog } from "./backlog.ts";
import { type Dial, type LinkSocket, openLink } from "./link-socket.ts";
import { PendingRequests, type RequestOwner } from "./pending-requests.ts";
import { SeenVersions } from "./seen-versions.ts";
import {
  type ConversationServices,
  type ConversationsOwner,
  SessionConversations,
} from "./session-conversations.ts";
import { SettleBuffer } from "./settle-buffer.ts";

/** What a session needs of its gateway. */
export interface SessionOwner extends ConversationServices {
  /** The id of the user's socket. */
  connectionId: string;
  /** Checks the credentials of a login, before the client's object is called. */
  judge(clientId: string, command: CommandOf<"session.open">): Promise<LoginProof | Refused>;
  dialSession: Dial<ProvenRequest>;
  /** A login of this session was refused, by the gateway or by the client's object. */
  loginRefused(error: ErrorName | undefined): void;
  /** The client is logged in. */
  opened(): void;
  /** The session ended in good order. */
  ended(session: ClientSession): void;
  /** Handles commands that waited for the end of this session, from the next login on. */
  resume(rest: QueuedCommand[]): void;
  /** The device is asked to reconnect. */
  goingAway(): void;
  /** Counts the sends that wait for an answer; undefined if the app's policy takes time of its own. */
  backlog: Backlog | undefined;
  /** Writes a whole frame, with its client id, to the user's socket. */
  send(frame: Uint8Array): void;
  /** A message is sent to this client. */
  sendingMessage(clientId: string, payload: Uint8Array): void;
}

const CLOSE_DEADLINE = 5_000; // ms that a `session/close` waits for the answers to earlier commands

/** A command that waits for a login. */
export interface QueuedCommand {
  command: Command;
  frame: Uint8Array;
}

type Phase =
  /** The login is being checked, then the client's object is called. */
  | { name: "connecting"; queued: QueuedCommand[] }
  /** The client's object decides. */
  | { name: "opening"; socket: LinkSocket; queued: QueuedCommand[] }
  | { name: "open"; socket: LinkSocket }
  /** Logging out. Commands wait for the next login. */
  | { name: "closing"; socket: LinkSocket; queued: QueuedCommand[]; logout: Logout | undefined }
  | { name: "over" };

/** A `session/close` that waits until all earlier commands are answered (I10). */
interface Logout {
  frame: Uint8Array;
  /** Cancels its deadline. */
  cancel(): void;
}

/** One client on one user socket: its login, its link to the client's object, and its conversations. */
export class ClientSession implements RequestOwner, ConversationsOwner {
  readonly clientId: string;
  readonly #owner: SessionOwner;
  readonly #mode: SyncMode;
  readonly #address: string | undefined;
  readonly #sessionId = crypto.randomUUID();
  readonly #field: Uint8Array;
  #phase: Phase = { name: "connecting", queued: [] };
  readonly #requests = new PendingRequests(this);
  readonly #seenVersions = new SeenVersions();
  /** Capability bits of the device (wire §4.1). */
  #capabilities = 0;
  /** When the client's object opened the session (ms). The session is not sent again what was so before. */
  #admittedAt = 0;
  /** Undefined until there is a conversation: many sessions are idle. */
  #conversations: SessionConversations | undefined;
  /** Undefined but for a moment after the login. */
  #settling: SettleBuffer | undefined;

  /** @param address the address of the device */
  constructor(owner: SessionOwner, clientId: string, mode: SyncMode, address: string | undefined) {
    this.#owner = owner;
    this.clientId = clientId;
    this.#mode = mode;
    this.#address = address;
    this.#field = clientIdField(clientId);
  }

  get isOpen(): boolean {
    return this.#phase.name === "open";
  }

  /** Whether the session takes commands: not after `session/close`, unless the next login waits already. */
  get isUsable(): boolean {
    return this.#phase.name === "closing" ? this.#phase.queued.length > 0 : !this.#isOver;
  }

  get #isOver(): boolean {
    return this.#phase.name === "over";
  }

  /**
   * Checks the login, opens a link to the client's object and forwards the login. Commands that arrive meanwhile wait,
   * in order. A login that is refused here wakes no object.
   */
  async open(command: CommandOf<"session.open">, frame: Uint8Array): Promise<void> {
    this.#requests.sentBy(command.userAgent);
    // Released once it is sent: the events of the link live as long as the session.
    let login: Uint8Array | undefined = frame;
    const events = {
      opened: (socket: LinkSocket) => {
        if (this.#phase.name !== "connecting" || login === undefined) return socket.close(linkClose.LOST);
        this.#phase = { name: "opening", socket, queued: this.#phase.queued };
        socket.send(login);
        login = undefined;
      },
      frame: (_: LinkSocket, data: Uint8Array) => this.#onFrame(data),
      closed: () => {
        if (!this.#isOver) this.#owner.broken();
      },
    };
    try {
      const proof = await this.#owner.judge(this.clientId, command);
      if (this.#isOver) return;
      if ("refused" in proof) return this.#refuseLogin(command.serial, proof);
      const request = {
        clientId: this.clientId,
        sessionId: this.#sessionId,
        mode: this.#mode,
        connectionId: this.#owner.connectionId,
        address: this.#address,
        proof,
      };
      const result = await openLink(this.#owner.dialSession, request, events);
      if (result === "missing") throw new Error("no client object");
    } catch (error) {
      console.error("session subscription:", loggableError(error));
      // Some SDKs treat an error to a login as final. After a closed socket, all of them reconnect.
      if (!this.#isOver) this.#owner.broken();
    }
  }

  /** Routes one command of this client: to the conversations it names, or else to the client's object. */
  handle(command: Command, frame: Uint8Array): void {
    if (this.#phase.name === "over") return;
    if (this.#phase.name !== "open") {
      this.#phase.queued.push({ command, frame });
      return;
    }
    const { socket } = this.#phase;
    if (command.name === "session.open") return socket.send(frame); // it is answered again and changes nothing
    if (command.name === "session.close") return this.#logOut(socket, frame);
    // The client's object keeps the will, whatever conversation it is for (M-48).
    const isWill = command.name === "message.send" && command.will;
    if (isConversationCommand(command) && !isWill) return this.#withConversations().handle(command, frame);
    this.#requests.add(command);
    const isQuery = command.name === "conversation.query";
    socket.send(isQuery ? withSeenVersions(frame, this.#seenVersions.recent(this.now())) : frame);
  }

  /** Refuses a command that the gateway does not take, in the form that its SDK expects. */
  refuseCommand(command: Command, error: ErrorName, detail?: string): void {
    this.#requests.refuseUnsent(command, error, detail);
  }

  /** Refuses all pending requests: the user's socket is about to close. */
  refuseAll(): void {
    if (this.#phase.name !== "open" && this.#phase.name !== "closing") return;
    this.#conversations?.refusePending();
    this.#requests.refuseAll("INTERNAL_ERROR");
  }

  /** The user's socket is closed, or the session is ended from outside. */
  close(code: number): void {
    this.#end(code);
  }

  /** Sends this client a frame. */
  send(frame: Uint8Array): void {
    this.#owner.send(addressed(frame, this.#field));
  }

  // Called by the requests and conversations of this session.

  now(): number {
    return this.#owner.now();
  }

  timer(milliseconds: number, run: () => void): () => void {
    return this.#owner.timer(milliseconds, run);
  }

  get backlog(): Backlog | undefined {
    return this.#owner.backlog;
  }

  sendEvent(payload: Uint8Array): void {
    if (this.#settling === undefined) this.send(payload);
    else this.#settling.hold(payload);
  }

  sendingMessage(payload: Uint8Array): void {
    this.#owner.sendingMessage(this.clientId, payload);
  }

  report(report: SessionReport): void {
    if (this.#phase.name !== "open" && this.#phase.name !== "closing") return;
    this.#phase.socket.send(JSON.stringify(report));
  }

  /** Forwards a `session/close` that waits, once nothing before it waits any more. */
  progressed(): void {
    if (this.#phase.name !== "closing" || this.#phase.logout === undefined) return;
    if (this.#requests.size === 0 && !this.#conversations?.isWaiting) this.#forwardLogout();
  }

  /** The conversations of this session, once there are any. */
  #withConversations(): SessionConversations {
    if (this.#conversations !== undefined) return this.#conversations;
    const login = {
      clientId: this.clientId,
      sessionId: this.#sessionId,
      origin: newOrigin(),
      mode: this.#mode,
      address: this.#address,
      admittedAt: this.#admittedAt,
      capabilities: this.#capabilities,
    };
    const requests = this.#requests;
    this.#conversations = new SessionConversations(this.#owner, this, login, requests, this.#seenVersions);
    return this.#conversations;
  }

  #onFrame(data: Uint8Array): void {
    if (this.#isOver) return;
    for (const record of readRecords(data)) {
      switch (record.kind) {
        case "control":
          this.#onControl(readControl<SessionControl>(record.payload));
          break;
        case "relay":
          this.#withConversations().receiveRelayed(record.conversationId, record.payload);
          break;
        case "missed":
          this.#withConversations().receiveMissed(record.conversationId, record.payload);
          break;
        case "unread":
          this.#withConversations().receiveUnread(record.payload);
          break;
        case "reply":
          this.#requests.answerOrForward(record.serial, record.payload);
          break;
        default:
          this.sendEvent(record.payload);
      }
    }
  }

  #onControl(control: SessionControl): void {
    switch (control.type) {
      case "opened":
        return this.#onOpened(control);
      case "goAway":
        this.#owner.goingAway();
        return this.send(clientEvents.goAway());
      case "ended":
        if (this.#phase.name === "opening") this.#owner.loginRefused(undefined);
        if (control.error !== undefined) this.#sendSessionEnded(control.error, control.detail);
        return this.#end(linkClose.DONE);
      case "undecided":
        return this.#owner.broken();
      case "noted":
        return this.#conversations?.inboxConfirmed(control.conversationId);
      case "caughtUp":
        return this.#withConversations().caughtUp(control.conversationId, control.head);
      case "catchingUp":
        return this.#conversations?.catchUpProgressed();
      case "link":
        return this.#withConversations().followSibling(control.conversationId, control.since);
      case "shown":
        for (const shown of control.shown) this.#seenVersions.sawVersion(shown, this.now());
        return;
    }
  }

  #onOpened({ asking, capabilities, at }: SessionControl & { type: "opened" }): void {
    if (this.#phase.name !== "opening") return;
    const { socket, queued } = this.#phase;
    this.#phase = { name: "open", socket };
    this.#capabilities = capabilities;
    this.#admittedAt = at;
    this.#owner.opened();
    if (asking.length > 0) this.#withConversations().catchUp(asking);
    this.#settling = new SettleBuffer(this.#owner, (held) => {
      this.#settling = undefined;
      for (const payload of held) this.send(payload);
    });
    for (const { command, frame } of queued) this.handle(command, frame);
  }

  /** Java sends a token without a serial, and expects an answer all the same. */
  #refuseLogin(serial: number | undefined, { refused, detail }: Refused): void {
    if (refused === "INTERNAL_ERROR") return this.#owner.broken();
    this.send(replies.errorReply(serial, refused, { detail }));
    this.#owner.loginRefused(refused);
    this.#end(linkClose.DONE);
  }

  #logOut(socket: LinkSocket, frame: Uint8Array): void {
    const cancel = this.#owner.timer(CLOSE_DEADLINE, () => this.#forwardLogout());
    this.#phase = { name: "closing", socket, queued: [], logout: { frame, cancel } };
    this.progressed();
  }

  #forwardLogout(): void {
    if (this.#phase.name !== "closing" || this.#phase.logout === undefined) return;
    const { frame, cancel } = this.#phase.logout;
    this.#phase.logout = undefined;
    cancel();
    this.#phase.socket.send(frame);
  }

  /** The session is ended from outside: all pending requests are answered, then the device receives the reason. */
  #sendSessionEnded(error: ErrorName, detail: string | undefined): void {
    this.#requests.refuseAll(error);
    this.send(clientEvents.sessionEnded({ error, detail }));
  }

  #end(code: number): void {
    if (this.#phase.name === "over") return;
    const phase = this.#phase;
    this.#phase = { name: "over" };
    this.#requests.close();
    this.#settling?.cancel();
    if (phase.name === "closing") phase.logout?.cancel();
    this.#conversations?.close(code);
    if (phase.name !== "connecting") phase.socket.close(code);
    const queued = phase.name === "open" ? [] : phase.queued;
    const nextLogin = queued.findIndex(({ command }) => command.name === "session.open");
    for (const { command } of nextLogin === -1 ? queued : queued.slice(0, nextLogin)) {
      if (command.serial !== undefined) this.send(replies.errorReply(command.serial, "SESSION_REQUIRED"));
    }
    this.#owner.ended(this);
    // JavaScript answers a refused token at once with a login without one.
    if (nextLogin !== -1) this.#owner.resume(queued.slice(nextLogin));
  }
}
