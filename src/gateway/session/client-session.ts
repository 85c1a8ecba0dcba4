import type { LoginProof } from "../../client/credentials.ts";
import { isConversationCommand } from "../../conversation/commands.ts";
import { loggableError } from "../../loggable-error.ts";
import * as clientEvents from "../../protocol/client-events.ts";
import type { Command, CommandOf } from "../../protocol/commands.ts";
import type { SessionControl, SessionReport, SessionRequest } from "../../protocol/link-controls.ts";
import { linkClose } from "../../protocol/link-controls.ts";
import { type LinkRecord, readControl, readRecords } from "../../protocol/link-records.ts";
import { newOrigin } from "../../protocol/origin.ts";
import type { Refused } from "../../protocol/outcome.ts";
import * as replies from "../../protocol/replies.ts";
import { withSeenVersions } from "../../protocol/seen-version.ts";
import type { Refusal } from "../limits/frame-bounds.ts";
import { ClientSender } from "./client-sender.ts";
import { type LinkSocket, openLink } from "./link-socket.ts";
import { PendingRequests, type RequestOwner } from "./pending-requests.ts";
import { SeenVersions } from "./seen-versions.ts";
import { type ConversationsOwner, SessionConversations } from "./session-conversations.ts";
import type { QueuedCommand, SessionOwner, SessionRegistry } from "./session-owner.ts";

const CLOSE_DEADLINE = 5_000; // ms that a `session/close` waits for the answers to earlier commands

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
  readonly #owner: SessionOwner;
  readonly #registry: SessionRegistry;
  readonly #request: SessionRequest;
  readonly #client: ClientSender;
  readonly #requests: PendingRequests;
  readonly #seenVersions = new SeenVersions();
  #phase: Phase = { name: "connecting", queued: [] };
  /** How the client's object opened the session, at this time (ms). The session is not sent what was so before. */
  #opened = { capabilities: 0, admittedAt: 0 };
  /** Undefined until there is a conversation: many sessions are idle. */
  #conversations: SessionConversations | undefined;

  constructor(owner: SessionOwner, registry: SessionRegistry, request: SessionRequest) {
    this.#owner = owner;
    this.#registry = registry;
    this.#request = request;
    this.#client = new ClientSender(owner, request.clientId);
    this.#requests = new PendingRequests(this, owner, this.#client);
  }

  get clientId(): string {
    return this.#request.clientId;
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
   * Opens a link to the client's object and forwards the login. Commands that arrive meanwhile wait, in order. A login
   * that is refused here wakes no object.
   *
   * @param judged whether the credentials of the login are right
   */
  async open(
    command: CommandOf<"session.open">,
    frame: Uint8Array,
    judged: Promise<LoginProof | Refused>,
  ): Promise<void> {
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
      const proof = await judged;
      if (this.#isOver) return;
      if ("refused" in proof) return this.#refuseLogin(command.serial, proof);
      const result = await openLink(this.#owner.dialSession, { ...this.#request, proof }, events);
      if (result === "missing") throw new Error("no client object");
    } catch (error) {
      console.error("session link:", loggableError(error));
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
    if (command.name === "session.open") return socket.send(frame); // the client's object decides it again
    if (command.name === "session.close") return this.#logOut(socket, frame);
    // The client's object keeps the will, whatever conversation it is for (M-48).
    const isWill = command.name === "message.send" && command.will;
    if (isConversationCommand(command) && !isWill) return this.#withConversations().handle(command, frame);
    this.#requests.add(command);
    const isQuery = command.name === "conversation.query";
    socket.send(isQuery ? withSeenVersions(frame, this.#seenVersions.recent(this.now())) : frame);
  }

  /** Refuses a command that the gateway does not take, in the form that its SDK expects. */
  refuseCommand(command: Command, refusal: Refusal): void {
    this.#requests.refuseUnsent(command, refusal);
  }

  /** Refuses all pending requests: the user's socket is about to close. */
  refuseAll(): void {
    if (this.#phase.name !== "open" && this.#phase.name !== "closing") return;
    this.#conversations?.refusePending();
    this.#requests.refuseAll("INTERNAL_ERROR");
  }

  /** Sends this client a frame. */
  send(frame: Uint8Array): void {
    this.#client.send(frame);
  }

  // Called by the requests and conversations of this session.

  now(): number {
    return this.#owner.now();
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
    const { connectionId: _, broadcasts: __, ...session } = this.#request;
    const login = { ...session, ...this.#opened, origin: newOrigin() };
    this.#conversations = new SessionConversations(
      this.#owner,
      this,
      login,
      this.#requests,
      this.#client,
      this.#seenVersions,
    );
    return this.#conversations;
  }

  #onFrame(data: Uint8Array): void {
    if (this.#isOver) return;
    for (const record of readRecords(data)) this.#onRecord(record);
  }

  #onRecord(record: LinkRecord): void {
    switch (record.kind) {
      case "control":
        return this.#onControl(readControl<SessionControl>(record.payload));
      case "reply":
        return this.#requests.takeAnswer(record.serial, record.payload);
      case "wake":
        return this.#withConversations().wake(record);
      case "missed":
        return this.#withConversations().receiveMissed(record.conversationId, record.payload);
      case "unread":
        return this.#withConversations().receiveUnread(record.payload);
      default:
        return this.#client.sendEvent(record.payload);
    }
  }

  #onControl(control: SessionControl): void {
    switch (control.type) {
      case "opened":
        return this.#onOpened(control);
      case "goAway":
        this.#owner.goingAway();
        return this.#client.send(clientEvents.goAway());
      case "ended":
        return this.#onEnded(control);
      case "undecided":
        return this.#owner.broken();
      case "entered":
        return this.#withConversations().enterRoom(control.conversationId);
      case "noted":
        return this.#conversations?.noted(control.conversationId, control.sessions);
      case "caughtUp":
        return this.#withConversations().caughtUp(control.conversationId, control.head, control.lastNotice);
      case "catchingUp":
        return this.#conversations?.catchUpProgressed();
      case "shown":
        for (const shown of control.shown) this.#seenVersions.sawVersion(shown, this.now());
        return;
    }
  }

  #onOpened({ asking, capabilities, at, room }: SessionControl & { type: "opened" }): void {
    if (this.#phase.name !== "opening") return;
    const { socket, queued } = this.#phase;
    this.#phase = { name: "open", socket };
    this.#opened = { capabilities, admittedAt: at };
    this.#registry.opened();
    if (asking.length > 0) this.#withConversations().catchUp(asking);
    if (room !== undefined) this.#withConversations().enterRoom(room);
    this.#client.settle();
    for (const { command, frame } of queued) this.handle(command, frame);
  }

  #onEnded({ error, detail }: SessionControl & { type: "ended" }): void {
    if (this.#phase.name === "opening") this.#registry.loginRefused(undefined);
    // After a logout, requests that had no answer within its deadline.
    this.#requests.refuseAll(error ?? "INTERNAL_ERROR");
    if (error !== undefined) this.#client.send(clientEvents.sessionEnded({ error, detail }));
    this.close(linkClose.DONE);
  }

  /** Java sends a token without a serial, and expects an answer all the same. */
  #refuseLogin(serial: number | undefined, { refused, detail }: Refused): void {
    if (refused === "INTERNAL_ERROR") return this.#owner.broken();
    this.#client.send(replies.errorReply(serial, refused, { detail }));
    this.#registry.loginRefused(refused);
    this.close(linkClose.DONE);
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

  /** The session is over. @param code the code with which the links are closed */
  close(code: number): void {
    if (this.#phase.name === "over") return;
    const phase = this.#phase;
    this.#phase = { name: "over" };
    this.#requests.close();
    this.#client.close();
    if (phase.name === "closing") phase.logout?.cancel();
    this.#conversations?.close(code);
    if (phase.name !== "connecting") phase.socket.close(code);
    const queued = phase.name === "open" ? [] : phase.queued;
    const nextLogin = queued.findIndex(({ command }) => command.name === "session.open");
    for (const { command } of nextLogin === -1 ? queued : queued.slice(0, nextLogin)) {
      if (command.serial !== undefined)
        this.#client.send(replies.errorReply(command.serial, "SESSION_REQUIRED"));
    }
    this.#registry.ended(this);
    // JavaScript answers a refused token at once with a login without one.
    if (nextLogin !== -1) this.#registry.resume(queued.slice(nextLogin));
  }
}
