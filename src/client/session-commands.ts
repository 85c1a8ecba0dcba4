import { loggableError } from "../loggable-error.ts";
import type { Command, CommandOf } from "../protocol/commands.ts";
import type { ErrorName } from "../protocol/errors.ts";
import { joinRecords, replyRecord } from "../protocol/link-records.ts";
import * as replies from "../protocol/replies.ts";
import * as sessionReplies from "../protocol/session-replies.ts";
import type { ClientParts } from "./client-parts.ts";
import { renewedToken } from "./login.ts";
import { answerOnline } from "./online-query.ts";
import { openSession } from "./open-session.ts";
import { answerMembership, answerQuery } from "./query-conversations.ts";
import { TooManyQueries } from "./query-queue.ts";
import { recordSeenVersions } from "./record-seen-versions.ts";
import { answerRefusal, answerRefused } from "./refusal-commands.ts";
import type { RefusedConversations } from "./refused-conversations.ts";
import type { Session } from "./session.ts";
import { renameSessionDevice } from "./session-device.ts";
import { answerStart } from "./start-conversation.ts";

/** Wakes every session of the client for a conversation, with a record that they are all sent. */
type WakeAll = (conversationId: string, record: Uint8Array) => void;

/** Carries out the commands of a client's sessions: those that name no conversation, and wills. */
export class SessionCommands {
  readonly #wakeAll: WakeAll;
  readonly #parts: ClientParts;
  readonly #refused: RefusedConversations;

  constructor(parts: ClientParts, refused: RefusedConversations, wakeAll: WakeAll) {
    this.#refused = refused;
    this.#wakeAll = wakeAll;
    this.#parts = parts;
  }

  /** Carries out one command, and answers it. Never rejects. */
  async handle(session: Session, command: Command): Promise<void> {
    try {
      await this.#carryOut(session, command);
    } catch (error) {
      if (error instanceof TooManyQueries) {
        const detail = { detail: "the server is busy" };
        const busy = replies.errorReply(command.serial, "MESSAGE_SENT_QUOTA_EXCEEDED", detail);
        return this.#reply(session, command.serial, busy);
      }
      console.error(command.name, loggableError(error));
      // Some SDKs treat an error to a login as final.
      if (command.name === "session.open") session.sendControl({ type: "undecided" });
      else this.#refuse(session, command.serial, "INTERNAL_ERROR");
    }
  }

  async #carryOut(session: Session, command: Command): Promise<void> {
    const { serial } = command;
    const { clientId } = session.identity;
    if (command.name === "session.open") return openSession(session, command, this.#parts);
    if (!session.isOpen) return this.#refuse(session, serial, "SESSION_REQUIRED");
    const { devices, lifecycle, services } = this.#parts;
    const reply = (payload: Uint8Array) => this.#reply(session, serial, payload);
    switch (command.name) {
      case "session.refresh":
        return this.#refreshSession(session, command);
      case "session.close":
        return this.#closeSession(session, serial);
      case "session.query":
        return reply(await answerOnline(services, clientId, lifecycle.isOnline(), command));
      case "message.send":
        // Only wills come here: their author's object keeps them, whatever conversation they are for (M-48).
        return reply(await lifecycle.setWill(session, command));
      case "report":
        renameSessionDevice(session, command, devices, services.now());
        return reply(replies.reportUploaded(serial));
      case "conversation.start":
        return this.#startConversation(session, command);
      case "conversation.query":
        return this.#queryConversations(session, command);
      case "conversation.isMember":
        return reply(await answerMembership(services, clientId, command));
      case "client.refuse":
      case "client.accept":
        return reply(
          await answerRefusal(this.#refused, services, clientId, command, this.#parts.records.accessState),
        );
      case "client.refused":
        return reply(await answerRefused(this.#refused, services, clientId, command));
      default:
        return this.#refuse(session, serial, "UNSUPPORTED_COMMAND");
    }
  }

  async #refreshSession(session: Session, command: CommandOf<"session.refresh">): Promise<void> {
    const { serial } = command;
    const renewed = await renewedToken(session, command, this.#parts.records, this.#parts.services);
    if (renewed === undefined) return;
    if (!("refused" in renewed))
      return this.#reply(session, serial, sessionReplies.sessionRefreshed(serial, renewed));
    const { refused, detail } = renewed;
    return this.#reply(session, serial, replies.errorReply(serial, refused, { detail }));
  }

  /** A logout (C-12): its device receives nothing more for the client. */
  async #closeSession(session: Session, serial: number | undefined): Promise<void> {
    const { devices, lifecycle, records, services } = this.#parts;
    const { identity, deviceId, pushDevice } = session;
    // Written first: the device's tokens are revoked even if the rest fails.
    if (deviceId !== undefined) records.logouts.add(deviceId, services.now());
    lifecycle.logOut(session);
    const unsubscribed = pushDevice === undefined || (await devices.logOut(identity.clientId, pushDevice));
    const reply = unsubscribed
      ? sessionReplies.sessionClosed(serial)
      : replies.errorReply(serial, "UNBIND_INSTALLATION_FAILED");
    this.#reply(session, serial, reply);
    session.sendControl({ type: "ended" });
  }

  async #startConversation(session: Session, command: CommandOf<"conversation.start">): Promise<void> {
    const { records, services } = this.#parts;
    const { clientId } = session.identity;
    const started = await answerStart(services, clientId, command, records.accessState);
    this.#reply(session, command.serial, started.reply);
    // Its creator is in a room from the beginning.
    if (command.kind === "room" && started.conversationId !== "")
      session.sendControl({ type: "entered", conversationId: started.conversationId });
    if (started.creatorNotices.length > 0)
      this.#wakeAll(started.conversationId, joinRecords(started.creatorNotices));
  }

  async #queryConversations(session: Session, command: CommandOf<"conversation.query">): Promise<void> {
    const { services, shown } = recordSeenVersions(this.#parts.services);
    const reply = await answerQuery(services, session.identity.clientId, command);
    if (shown.length > 0) session.sendControl({ type: "shown", shown });
    this.#reply(session, command.serial, reply);
  }

  #reply(session: Session, serial: number | undefined, payload: Uint8Array): void {
    if (serial !== undefined) session.send(replyRecord(serial, payload));
  }

  #refuse(session: Session, serial: number | undefined, error: ErrorName): void {
    this.#reply(session, serial, replies.errorReply(serial, error));
  }
}
