import { newMessageId } from "../../conversation/messages/ids.ts";
import type { Meter } from "../../metrics/meter.ts";
import type { Command } from "../../protocol/commands.ts";
import { type ErrorName, errors } from "../../protocol/errors.ts";
import type { LinkRecord } from "../../protocol/link-records.ts";
import * as replies from "../../protocol/replies.ts";
import type { Backlog, WaitingSend } from "../limits/backlog.ts";
import type { Refusal } from "../limits/frame-bounds.ts";
import type { ClientSender } from "./client-sender.ts";
import { JavaReplies } from "./java-replies.ts";

interface Pending {
  /** The conversation of a send, whose refusal has a form of its own; undefined for other requests. */
  sendTo: { conversationId: string } | undefined;
  /** How many objects have not answered yet. */
  remaining: number;
  /** The answer so far. */
  answer: Uint8Array | undefined;
  /** The send as the backlog counts it. */
  counted: { backlog: Backlog; waiting: WaitingSend } | undefined;
}

const isTransientMessage = (command: Command) =>
  command.name === "message.send" && command.transient && !command.will;

/** The session whose requests these are. */
export interface RequestOwner {
  /** A request has its answer. */
  progressed(): void;
}

export interface RequestServices {
  now(): number;
  /** Counts the sends that wait for an answer; undefined if the app's policy takes time of its own. */
  backlog: Backlog | undefined;
  meter: Meter;
}

/**
 * The requests of a session that were forwarded to objects and have no answer yet. Each gets exactly one answer (I10),
 * in the form that its SDK expects.
 */
export class PendingRequests {
  readonly #owner: RequestOwner;
  readonly #services: RequestServices;
  readonly #client: ClientSender;
  /** By serial. Undefined until there is one: many sessions are idle. */
  #pending: Map<number, Pending> | undefined;
  #javaReplies: JavaReplies | undefined;
  #isJavaScript = false;

  constructor(owner: RequestOwner, services: RequestServices, client: ClientSender) {
    this.#owner = owner;
    this.#services = services;
    this.#client = client;
  }

  get size(): number {
    return this.#pending?.size ?? 0;
  }

  /** @param userAgent what the device named at the login */
  sentBy(userAgent: string | undefined): void {
    this.#javaReplies = JavaReplies.of(userAgent);
    this.#isJavaScript = userAgent?.startsWith("js/") ?? false;
  }

  /**
   * A request is being forwarded. One without a serial gets no answer.
   *
   * @param answers how many objects answer it; a refusal of one of them refuses the request
   */
  add(command: Command, answers = 1): void {
    const { serial } = command;
    if (isTransientMessage(command)) this.#services.meter.message("messages.transient");
    if (serial === undefined) return;
    this.#pending ??= new Map();
    const counted = this.#pending.get(serial)?.counted ?? this.#count(command);
    const sendTo = command.name === "message.send" ? { conversationId: command.conversationId } : undefined;
    this.#pending.set(serial, { sendTo, remaining: answers, answer: undefined, counted });
    this.#javaReplies?.requested(command);
  }

  #count(command: Command): Pending["counted"] {
    // A will is not a send yet.
    if (command.name !== "message.send" || command.will) return undefined;
    const { backlog } = this.#services;
    return (
      backlog && {
        backlog,
        waiting: backlog.forwarded(command.conversationId, this.#client.clientId, this.#services.now()),
      }
    );
  }

  /** Takes the answer of one object. An answer to a request that is not pending goes nowhere. */
  answer(serial: number | undefined, payload: Uint8Array): void {
    const pending = serial === undefined ? undefined : this.#pending?.get(serial);
    if (serial === undefined || pending === undefined) return;
    if (pending.answer === undefined || !replies.isErrorReply(pending.answer))
      pending.answer = payload.slice();
    pending.remaining -= 1;
    if (pending.remaining > 0) return;
    this.#pending?.delete(serial);
    pending.counted?.backlog.finished(pending.counted.waiting);
    this.#reply(serial, pending.answer);
    this.#owner.progressed();
  }

  /** Takes the reply of a conversation. */
  takeReply({ serial, accepted, payload }: LinkRecord & { kind: "reply" }): void {
    if (accepted === undefined) this.#countRefusal(payload);
    this.answer(serial, payload);
  }

  #countRefusal(payload: Uint8Array): void {
    const code = replies.refusalCode(payload);
    if (code !== undefined) this.#services.meter.count(`refusals.${code}`);
  }

  /** Takes an answer of the client's object. Logins and logouts are not among the pending requests. */
  takeAnswer(serial: number, payload: Uint8Array): void {
    this.#countRefusal(payload);
    this.#answerOrForward(serial, payload);
  }

  #answerOrForward(serial: number, payload: Uint8Array): void {
    if (this.#pending?.has(serial)) this.answer(serial, payload);
    else this.#client.send(payload);
  }

  /**
   * Refuses a forwarded request, unless it is answered. Another part of the same frame, for another conversation, may
   * have done that.
   */
  refuse(command: Command, error: ErrorName): void {
    const { serial } = command;
    if (serial === undefined || !this.#pending?.has(serial)) return;
    this.#countError(error);
    if (command.name === "message.send") this.#refuseSend(serial, command, error);
    else this.answer(serial, replies.errorReply(serial, error));
  }

  /** Refuses a command that is not forwarded. */
  refuseUnsent(command: Command, { error, detail }: Refusal): void {
    const { serial } = command;
    if (serial === undefined) return;
    this.#countError(error);
    if (command.name === "message.send") return this.#refuseSend(serial, command, error);
    this.#javaReplies?.requested(command);
    this.#reply(serial, replies.errorReply(serial, error, { detail }));
  }

  /** Refuses all requests: the socket is about to close, or the session is ended from outside. */
  refuseAll(error: ErrorName): void {
    for (const [serial, { sendTo }] of this.close()) {
      this.#countError(error);
      const refusal =
        sendTo === undefined ? replies.errorReply(serial, error) : this.#refusedSend(serial, sendTo, error);
      this.#reply(serial, refusal);
    }
  }

  /** Forgets all requests, which it returns by serial. */
  close(): Map<number, Pending> {
    const pending = this.#pending ?? new Map<number, Pending>();
    this.#pending = undefined;
    for (const { counted } of pending.values()) counted?.backlog.finished(counted.waiting);
    return pending;
  }

  #countError(error: ErrorName): void {
    this.#services.meter.count(`refusals.${errors[error].code}`);
  }

  #refuseSend(serial: number, send: { conversationId: string }, error: ErrorName): void {
    this.#answerOrForward(serial, this.#refusedSend(serial, send, error));
  }

  /** The refusal of a send: Swift expects an id and a time with it (wire §4.6). */
  #refusedSend(serial: number, { conversationId }: { conversationId: string }, error: ErrorName): Uint8Array {
    const timestamp = this.#services.now();
    // JavaScript has a sentence of its own for this one, and shows it if no name comes.
    const isPlain = this.#isJavaScript && error === "TEMPORARY_CONVERSATION_EXPIRED";
    const refusal = { conversationId, error, messageId: newMessageId(timestamp), timestamp, isPlain };
    return replies.messageRefused(serial, refusal);
  }

  #reply(serial: number, answer: Uint8Array): void {
    this.#client.send(this.#javaReplies?.adapt(serial, answer) ?? answer);
  }
}
