import type { Command, CommandOf } from "../protocol/commands.ts";
import type { ErrorName } from "../protocol/errors.ts";
import type { SessionReport } from "../protocol/link-controls.ts";
import { coldRecord, joinRecords, pushRecord, replyRecord } from "../protocol/link-records.ts";
import * as replies from "../protocol/replies.ts";
import { reason } from "../reason.ts";
import { catchUp } from "./catch-up.ts";
import { answerMembership, answerQuery, answerStart } from "./conversation-commands.ts";
import type { Inbox } from "./inbox.ts";
import type { Services } from "./services.ts";
import type { Session } from "./session.ts";
import { type SessionClaims, TOKEN_LIFETIME } from "./session-token.ts";

const QUERY_LIMIT = 100; // clients asked about at once; SDKs ask for 20 at most
const DEFAULT_CAPABILITIES = 171; // what C#, which sends none when it re-opens, can do (wire §4.1)
const LABEL_LIMIT = 1024; // characters of a tag or device id: the link's attachment holds them
const CATCH_UP_RETRY = 10_000; // ms

/** The rules of one client id: its sessions, its inbox, and every command that names no conversation. */
export class Client {
  readonly #inbox: Inbox;
  readonly #services: Services;
  readonly #sessions: () => Iterable<Session>;

  constructor(inbox: Inbox, services: Services, sessions: () => Iterable<Session>) {
    this.#inbox = inbox;
    this.#services = services;
    this.#sessions = sessions;
  }

  isOnline(): boolean {
    return this.#open().length > 0;
  }

  /** Asks every session's SDK to look the server up again and reconnect; how many there were. */
  goAway(): number {
    const sessions = this.#open();
    for (const session of sessions) session.tell({ type: "goAway" });
    return sessions.length;
  }

  /** Records of a conversation, to every session; whether there was one. */
  deliver(conversationId: string, frame: Uint8Array): boolean {
    this.#inbox.add(conversationId);
    const record = coldRecord(conversationId, frame);
    const sessions = this.#open();
    for (const session of sessions) session.send(record);
    return sessions.length > 0;
  }

  /** What a gateway says of a session's links: all sessions are to hold the same ones (L3, L4). */
  async reported(session: Session, report: SessionReport): Promise<void> {
    const { conversationId } = report;
    if (report.type === "behind") {
      session.drop(conversationId);
      return this.#catchUp(session, [conversationId]);
    }
    const { period } = report;
    if (report.type === "linked") {
      session.hold({ conversationId, period, since: report.since });
      this.#inbox.add(conversationId);
      for (const sibling of this.#open()) {
        if (sibling === session || sibling.linkTo(conversationId)?.period === period) continue;
        sibling.tell({ type: "link", conversationId, since: report.since });
      }
      return;
    }
    if (session.linkTo(conversationId)?.period === period) session.drop(conversationId);
    // A sibling linked anew before this one had let go of the period before: it has to follow.
    const renewed = this.#open()
      .filter((sibling) => sibling !== session)
      .map((sibling) => sibling.linkTo(conversationId))
      .find((link) => link !== undefined && link.period !== period);
    if (renewed !== undefined && session.linkTo(conversationId) === undefined) {
      session.tell({ type: "link", conversationId, since: renewed.since });
    }
  }

  async handle(session: Session, command: Command): Promise<void> {
    try {
      await this.#answer(session, command);
    } catch (error) {
      console.error(command.name, reason(error));
      if (command.name !== "session.open" || session.isOpen) {
        return this.#refuse(session, command.serial, "INTERNAL_ERROR");
      }
      this.#replyToOpen(session, command.serial, replies.errorReply(command.serial, "INTERNAL_ERROR"));
      session.tell({ type: "ended" });
    }
  }

  async catchUpAgain(): Promise<void> {
    for (const session of this.#open()) await this.#catchUp(session, this.#news(session));
  }

  async #answer(session: Session, command: Command): Promise<void> {
    const { serial } = command;
    if (command.name === "session.open") return this.#openSession(session, command);
    if (!session.isOpen) return this.#refuse(session, serial, "SESSION_REQUIRED");
    switch (command.name) {
      case "session.refresh": {
        if (session.state.phase !== "open") return;
        const token = await this.#token(session.identity.clientId, session.state);
        return this.#reply(session, serial, replies.sessionRefreshed(serial, token));
      }
      case "session.close":
        session.state = { phase: "connecting" };
        this.#reply(session, serial, replies.sessionClosed(serial));
        return session.tell({ type: "ended" });
      case "session.query":
        return this.#online(session, command);
      case "conversation.start": {
        const started = await answerStart(this.#services, session.identity.clientId, command);
        this.#reply(session, serial, started.reply);
        if (started.pushes.length > 0) this.deliver(started.conversationId, joinRecords(started.pushes));
        return;
      }
      case "conversation.query":
        return this.#reply(
          session,
          serial,
          await answerQuery(this.#services, session.identity.clientId, command),
        );
      case "conversation.isMember":
        return this.#reply(
          session,
          serial,
          await answerMembership(this.#services, session.identity.clientId, command),
        );
      default:
        return this.#refuse(session, serial, "UNSUPPORTED_COMMAND");
    }
  }

  async #openSession(session: Session, command: CommandOf<"session.open">): Promise<void> {
    const { serial } = command;
    const { clientId } = session.identity;
    const { tokens, now } = this.#services;
    if ((command.tag?.length ?? 0) > LABEL_LIMIT || (command.deviceId?.length ?? 0) > LABEL_LIMIT) {
      this.#replyToOpen(
        session,
        serial,
        replies.errorReply(serial, "INVALID_LOGIN", { detail: "tag or device id too long" }),
      );
      if (!session.isOpen) session.tell({ type: "ended" });
      return;
    }
    const claims =
      command.token === undefined ? undefined : await tokens.verify(command.token, clientId, now());
    if (command.token !== undefined && claims === undefined) {
      this.#replyToOpen(session, serial, replies.errorReply(serial, "SESSION_TOKEN_EXPIRED"));
      if (!session.isOpen) session.tell({ type: "ended" });
      return;
    }
    const before = session.state.phase === "open" ? session.state : undefined;
    const login = {
      tag: command.tag ?? claims?.tag ?? before?.tag,
      deviceId: command.deviceId ?? claims?.deviceId ?? before?.deviceId,
      capabilities:
        command.capabilities ?? claims?.capabilities ?? before?.capabilities ?? DEFAULT_CAPABILITIES,
    };
    const token = await this.#token(clientId, login);
    // From here to the word "opened" without an await: nothing may be delivered to a session that is not told yet.
    const wasOpen = session.isOpen;
    session.state = { phase: "open", ...login, links: [...session.links] };
    this.#replyToOpen(session, serial, replies.sessionOpened(serial, token));
    // Opening again on the same socket is answered and changes nothing (wire §2.6).
    if (wasOpen) return;
    const asking = this.#news(session);
    session.tell({ type: "opened", asking });
    await this.#catchUp(session, asking);
  }

  #siblings(session: Session): Session[] {
    return this.#open().filter((other) => other !== session);
  }

  /** Conversations that may hold news for a session: the inbox, and what a sibling is linked to (L5). */
  #news(session: Session): string[] {
    const held = this.#siblings(session).flatMap(({ links }) =>
      links.map(({ conversationId }) => conversationId),
    );
    return [...new Set([...this.#inbox.conversations(), ...held])];
  }

  async #catchUp(session: Session, asked: string[]): Promise<void> {
    const siblings = () => this.#siblings(session);
    const complete = await catchUp(session, asked, this.#inbox, siblings, this.#services);
    if (!complete) this.#services.retryAfter(CATCH_UP_RETRY);
  }

  async #token(clientId: string, login: Omit<SessionClaims, "clientId">): Promise<replies.SessionToken> {
    const token = await this.#services.tokens.issue({ clientId, ...login }, this.#services.now());
    return { token, tokenTtl: TOKEN_LIFETIME };
  }

  async #online(session: Session, command: CommandOf<"session.query">): Promise<void> {
    const { serial } = command;
    const asked = [...new Set(command.clientIds)];
    if (asked.length > QUERY_LIMIT) {
      const detail = `at most ${QUERY_LIMIT} clients at once`;
      return this.#reply(session, serial, replies.errorReply(serial, "INTERNAL_ERROR", { detail }));
    }
    const self = session.identity.clientId;
    const online = await Promise.all(
      asked.map((clientId) => (clientId === self ? this.isOnline() : this.#services.isOnline(clientId))),
    );
    const found = asked.filter((_, at) => online[at]);
    this.#reply(session, serial, replies.onlineClients(serial, found));
  }

  #open(): Session[] {
    return [...this.#sessions()].filter((session) => session.isOpen);
  }

  #reply(session: Session, serial: number | undefined, payload: Uint8Array): void {
    if (serial !== undefined) session.send(replyRecord(serial, payload));
  }

  /** Java opens with a token and no serial, and is answered all the same. */
  #replyToOpen(session: Session, serial: number | undefined, payload: Uint8Array): void {
    session.send(serial === undefined ? pushRecord(payload) : replyRecord(serial, payload));
  }

  #refuse(session: Session, serial: number | undefined, error: ErrorName): void {
    this.#reply(session, serial, replies.errorReply(serial, error));
  }
}
