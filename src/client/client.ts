import type { RelayOutcome } from "../conversation/delivery-state.ts";
import { loggableError } from "../loggable-error.ts";
import type { Leaving } from "../model/app-events.ts";
import * as clientEvents from "../protocol/client-events.ts";
import type { Command, CommandOf } from "../protocol/commands.ts";
import type { ErrorName } from "../protocol/errors.ts";
import { linkClose, type SessionReport } from "../protocol/link-controls.ts";
import { eventRecord, joinRecords, relayRecord, replyRecord } from "../protocol/link-records.ts";
import type { Refused } from "../protocol/outcome.ts";
import * as replies from "../protocol/replies.ts";
import type { Sql } from "../sql.ts";
import { AccessState } from "./access-state.ts";
import { type BrokenSession, BrokenSessions, brokenSessionOf } from "./broken-sessions.ts";
import { catchUp } from "./catch-up.ts";
import type { MissedEvents, TokenRefused } from "./client-stub.ts";
import { answerMembership, answerQuery, answerStart } from "./conversation-commands.ts";
import { LABEL_LIMIT } from "./credentials.ts";
import { DeviceBindings } from "./device-bindings.ts";
import { FirstLogin } from "./first-login.ts";
import { Inbox } from "./inbox.ts";
import { LastWill } from "./last-will.ts";
import { decideLogin, renewedToken } from "./login.ts";
import { Logouts } from "./logouts.ts";
import { missedEvents } from "./missed-events.ts";
import { answerOnline } from "./online-query.ts";
import type { Services } from "./ports.ts";
import { TooManyQueries } from "./query-queue.ts";
import { recordSeenVersions } from "./record-seen-versions.ts";
import { serializeCalls } from "./serialize-calls.ts";
import type { Session } from "./session.ts";
import { SessionEvents } from "./session-events.ts";
import { TOKEN_LIFETIME } from "./session-token.ts";
import { shareSubscriptions } from "./shared-subscriptions.ts";
import { clientTables } from "./tables.ts";
import { Tags } from "./tags.ts";
import { checkToken, deviceOfToken, type Records } from "./token-check.ts";
import { totalUnreadCount } from "./total-unread-count.ts";
import { Wills } from "./wills.ts";

const CATCH_UP_RETRY = 10_000; // ms
const BEHIND_LIMIT = 50; // conversations: they are stored in the attachment of the session link

const DISPLACED = "the client logged in on another device with the same tag";

/** Why a session ended, by the code with which its gateway closed the link. */
const LEAVING_REASONS: Partial<Record<number, Leaving>> = {
  [linkClose.LOST]: "lost",
  [linkClose.DONE]: "lost",
  [linkClose.SILENT]: "silent",
};

/** Capability bit 2: the device's installation is to be bound to the client (wire §4.1). */
const BINDS_DEVICE = 4;

/** The rules of one client id: its sessions, its inbox, and every command that names no conversation. */
export class Client {
  readonly #brokenSessions: BrokenSessions;
  readonly #sessionEvents: SessionEvents;
  readonly #devices: DeviceBindings;
  readonly #firstLogin: FirstLogin;
  readonly #inbox: Inbox;
  readonly #records: Records;
  readonly #services: Services;
  readonly #sessions: () => Iterable<Session>;
  readonly #will: LastWill;

  constructor(sql: Sql, services: Services, sessions: () => Iterable<Session>) {
    const tables = clientTables(sql);
    this.#brokenSessions = new BrokenSessions(tables);
    this.#sessionEvents = new SessionEvents(tables, services, () => this.#hasSessions());
    this.#devices = new DeviceBindings(tables, services);
    this.#inbox = new Inbox(tables);
    this.#records = {
      tags: new Tags(tables),
      accessState: new AccessState(tables),
      logouts: new Logouts(tables),
    };
    this.#will = new LastWill(new Wills(tables), services);
    // One client has one query to D1 at a time (I13).
    this.#services = {
      ...services,
      query: serializeCalls((query) => services.query(query)),
      start: (record) => {
        // Written first: the answer may be the only record of it, and may be lost.
        this.#inbox.add(record.id);
        return services.start(record);
      },
    };
    this.#firstLogin = new FirstLogin(tables, this.#inbox, services);
    this.#sessions = sessions;
  }

  /** Whether there is a session, or a broken one that may still come back. */
  isOnline(): boolean {
    this.#expireBrokenSessions();
    return this.#hasSessions();
  }

  #hasSessions(): boolean {
    return this.#open().length > 0 || this.#brokenSessions.all.length > 0;
  }

  /** Whether there is a session on this user's socket. */
  isOnConnection(connectionId: string): boolean {
    return this.#open().some(({ identity }) => identity.connectionId === connectionId);
  }

  /** Asks the SDK of every session to look up the server again and reconnect. Returns how many sessions there were. */
  goAway(): number {
    const sessions = this.#open();
    for (const session of sessions) session.tell({ type: "goAway" });
    return sessions.length;
  }

  /** Sends records of a conversation to every session. Returns whether there was one. */
  deliver(conversationId: string, frame: Uint8Array): RelayOutcome {
    this.#inbox.add(conversationId);
    const record = relayRecord(conversationId, frame);
    const sessions = this.#open();
    for (const session of sessions) session.send(record);
    if (sessions.length > 0) return "online";
    this.#expireBrokenSessions();
    const within = this.#untilNextExpiry();
    return within === undefined ? "offline" : { within };
  }

  /**
   * The events other than messages that the client missed (wire §5.4). The caller has to send the client's session
   * token.
   */
  async missedNotices(clientId: string, token: string, after: number): Promise<MissedEvents | TokenRefused> {
    const refused = await this.checkToken(clientId, token);
    if (refused !== undefined) return refused;
    if (!this.#firstLogin.isDone) await this.#repeatFirstLogin(clientId);
    const missed = await missedEvents(clientId, after, this.#inbox, this.#services);
    return this.#firstLogin.isDone ? missed : { ...missed, complete: false };
  }

  /**
   * The first login found only part of the conversations, and the others have relayed nothing to this client until now.
   */
  async #repeatFirstLogin(clientId: string): Promise<void> {
    const found = await this.#firstLogin.look(clientId);
    for (const session of this.#open()) await this.#catchUp(session, found, "everything");
  }

  /** Why a session token is not accepted over HTTP; undefined if it is. */
  checkToken(clientId: string, token: string): Promise<TokenRefused | undefined> {
    return checkToken(clientId, token, this.#records, this.#services);
  }

  /**
   * The device name of the session that a token belongs to, for a device that is about to subscribe to push under that
   * name. A logout unsubscribes the device from then on. Or the reason why the token is not accepted over HTTP.
   */
  async deviceOf(clientId: string, token: string): Promise<{ device: string } | TokenRefused> {
    const known = await deviceOfToken(clientId, token, this.#records, this.#services);
    if ("refused" in known) return known;
    for (const session of this.#open()) {
      // At its login, the device did not receive push yet.
      if (pushDeviceOf(session) === undefined && deviceIdOf(session) === known.device) {
        session.renameDevice(known.device);
      }
    }
    return known;
  }

  /** Why a signature of this time (ms) is not accepted: a kick since, or a ban; undefined if it is. */
  signatureRefusal(signedAt: number): ErrorName | undefined {
    const { accessState } = this.#records;
    if (accessState.ban !== undefined) return "BLACKLISTED";
    return accessState.isRevoked(signedAt) ? "SIGNATURE_FAILED" : undefined;
  }

  /** The number of unread messages in all conversations together (Y-22). */
  async unreadCount(clientId: string): Promise<number> {
    const untold = this.#firstLogin.isDone ? [] : await this.#untoldConversations(clientId);
    const conversations = [...new Set([...untold, ...this.#inbox.unread()])];
    return totalUnreadCount(clientId, conversations, this.#services);
  }

  /** The conversations that an incomplete first login has not put into the inbox yet. */
  async #untoldConversations(clientId: string): Promise<string[]> {
    try {
      return await this.#services.untoldConversations(clientId);
    } catch (error) {
      console.warn(`the first login of ${clientId} is not known yet:`, loggableError(error));
      return [];
    }
  }

  /**
   * Ends every session with 4115. Tokens and signatures from before it are no longer valid. Returns how many
   * sessions there were.
   */
  kick(clientId: string, reason: string): number {
    const now = this.#services.now();
    this.#records.accessState.kick(now);
    this.#devices.unbindAll(clientId, now);
    return this.#endAll("KICKED_BY_APP", reason);
  }

  /** Ends every session with 4106, and refuses logins until `unban`. */
  ban(clientId: string, reason: string): void {
    const now = this.#services.now();
    this.#records.accessState.setBan({ reason, at: now });
    this.#devices.unbindAll(clientId, now);
    this.#endAll("BLACKLISTED", reason);
  }

  unban(): void {
    this.#records.accessState.liftBan();
  }

  #endAll(error: ErrorName, reason: string): number {
    const sessions = this.#open();
    for (const session of sessions) {
      this.#will.discard(session.identity.sessionId);
      this.#sessionEvents.closing(session, "kicked", reason);
      this.#brokenSessions.forget(session.identity.sessionId);
      this.#unbindDevice(session);
      session.end(error, reason || undefined);
    }
    for (const broken of this.#brokenSessions.all) {
      this.#will.discard(broken.sessionId);
      this.#ended(broken, "kicked", reason);
    }
    for (const { identity } of sessions.slice(0, 1)) this.#sessionEvents.updatePresence(identity.clientId);
    return sessions.length;
  }

  /** Handles a gateway's report on a subscription of a session. */
  async reported(session: Session, report: SessionReport): Promise<void> {
    const { conversationId } = report;
    if (report.type !== "behind")
      return shareSubscriptions(session, report, this.#siblings(session), this.#inbox);
    session.drop(conversationId);
    return this.#catchUp(session, [conversationId]);
  }

  async handle(session: Session, command: Command): Promise<void> {
    try {
      await this.#answer(session, command);
    } catch (error) {
      if (error instanceof TooManyQueries) {
        const detail = { detail: "the server is busy" };
        const busy = replies.errorReply(command.serial, "MESSAGE_SENT_QUOTA_EXCEEDED", detail);
        return this.#reply(session, command.serial, busy);
      }
      console.error(command.name, loggableError(error));
      // Some SDKs treat an error to a login as final.
      if (command.name === "session.open") session.tell({ type: "undecided" });
      else this.#refuse(session, command.serial, "INTERNAL_ERROR");
    }
  }

  /** The object woke: finds the sessions whose links broke while it was not running, since no event reports them. */
  woke(): void {
    this.#brokenSessions.onlyThese(this.#sessionIds(), this.#services.now());
    // The time that they have to come back is in settings that may have to be read first.
    if (this.#findLostWill() || this.#brokenSessions.first !== undefined) this.#services.retryAfter(0);
  }

  /**
   * A session link closed. If the gateway reports that the device is lost, the session is over, unless it had ended
   * before, and its will is due, if there is one (M-47). Without that report the device may still be connected, and has
   * time to come back.
   */
  async subscriptionClosed(session: Session | undefined, code: number | undefined): Promise<void> {
    const lost = session && brokenSessionOf(session);
    if (session !== undefined && lost !== undefined) {
      const why = code === undefined ? undefined : LEAVING_REASONS[code];
      const successor = why === undefined && this.#open().find((other) => isSameDevice(other, lost));
      if (successor) {
        // The device reconnected before its broken link was noticed.
        this.#inheritWill(successor, lost);
        this.#ended(lost, "lost");
      } else if (why === undefined) {
        this.#brokenSessions.broke(session, this.#services.now());
        this.#scheduleExpiry();
      } else this.#ended(lost, why);
    }
    this.#expireBrokenSessions();
    if (this.#findLostWill()) await this.#will.send();
  }

  /** The ids of all sessions, open or opening. */
  #sessionIds(): string[] {
    return [...this.#sessions()].map(({ identity }) => identity.sessionId);
  }

  #findLostWill(): boolean {
    this.#will.onlyThese([
      ...this.#sessionIds(),
      ...this.#brokenSessions.all.map(({ sessionId }) => sessionId),
    ]);
    return this.#will.isDue;
  }

  /** An open session is over. */
  #ended(broken: BrokenSession, why: Leaving, message?: string): void {
    this.#brokenSessions.forget(broken.sessionId);
    this.#sessionEvents.closed(broken, why, message);
    this.#sessionEvents.updatePresence(broken.clientId);
  }

  /** Ends the broken sessions that did not come back in time. */
  #expireBrokenSessions(): void {
    const last = this.#services.now() - this.#services.returnTime();
    const lost = this.#brokenSessions.since(last);
    for (const broken of lost) this.#ended(broken, "lost");
    if (lost.length > 0 && this.#findLostWill()) this.#services.retryAfter(0);
  }

  /** The time (ms) until the next broken session expires; undefined if there is none. */
  #untilNextExpiry(): number | undefined {
    const { first } = this.#brokenSessions;
    if (first === undefined) return undefined;
    return Math.max(first + this.#services.returnTime() - this.#services.now(), 0);
  }

  #scheduleExpiry(): void {
    const within = this.#untilNextExpiry();
    if (within !== undefined) this.#services.retryAfter(within);
  }

  /**
   * A device that came back in time continues its broken session. Returns whether that session was announced to the
   * app.
   */
  #continueBrokenSession(session: Session, command: CommandOf<"session.open">): boolean {
    const before = this.#brokenSessions.continuedBy(session, command);
    if (before !== undefined) {
      this.#inheritWill(session, before);
      this.#brokenSessions.forget(before.sessionId);
    }
    const { state } = session;
    if (state.phase !== "open" || state.tag === undefined || command.reconnect)
      return before?.announced ?? false;
    // The tag now belongs to this device.
    for (const broken of this.#brokenSessions.all) {
      if (broken.tag !== state.tag) continue;
      this.#will.discard(broken.sessionId);
      this.#ended(broken, "displaced", DISPLACED);
    }
    return before?.announced ?? false;
  }

  /** The will of a broken session passes to the next session of its device. */
  #inheritWill(session: Session, before: BrokenSession): void {
    if (this.#will.continued(before.sessionId, session.identity.sessionId))
      this.#brokenSessions.remember(session);
  }

  /** Retries everything that could not be done at once. */
  async wake(): Promise<void> {
    if (this.#brokenSessions.first !== undefined) {
      await this.#services.settings(); // they hold how long devices have to come back
      this.#expireBrokenSessions();
      this.#scheduleExpiry();
    }
    await Promise.all([this.#will.send(), this.#sessionEvents.wake(), this.#devices.wake()]);
    const [first] = this.#open();
    if (first !== undefined && !this.#firstLogin.isDone)
      await this.#repeatFirstLogin(first.identity.clientId);
    for (const session of this.#open()) {
      if (session.behind.length > 0) await this.#catchUp(session, [...session.behind]);
    }
  }

  async #answer(session: Session, command: Command): Promise<void> {
    const { serial } = command;
    if (command.name === "session.open") return this.#openSession(session, command);
    if (!session.isOpen) return this.#refuse(session, serial, "SESSION_REQUIRED");
    switch (command.name) {
      case "session.refresh": {
        const renewed = await renewedToken(session, command, this.#records, this.#services);
        if (renewed === undefined) return;
        if ("refused" in renewed) {
          const { refused, detail } = renewed;
          return this.#reply(session, serial, replies.errorReply(serial, refused, { detail }));
        }
        return this.#reply(session, serial, replies.sessionRefreshed(serial, renewed));
      }
      case "session.close":
        return this.#closeSession(session, serial);
      case "session.query":
        return this.#reply(
          session,
          serial,
          await answerOnline(this.#services, session.identity.clientId, this.isOnline(), command),
        );
      case "message.send": {
        // Only wills come here: their author's object keeps them, whatever conversation they are for (M-48).
        const { clientId, sessionId } = session.identity;
        const isOpen = () => session.isOpen && [...this.#sessions()].includes(session);
        const remember = () => this.#brokenSessions.remember(session);
        const reply = await this.#will.handOver({ clientId, sessionId, isOpen, remember }, command);
        return this.#reply(session, serial, reply);
      }
      case "report":
        this.#renameDevice(session, command);
        return this.#reply(session, serial, replies.reportUploaded(serial));
      case "conversation.start": {
        const started = await answerStart(
          this.#services,
          session.identity.clientId,
          command,
          this.#records.accessState,
        );
        this.#reply(session, serial, started.reply);
        if (started.creatorNotices.length > 0)
          this.deliver(started.conversationId, joinRecords(started.creatorNotices));
        return;
      }
      case "conversation.query": {
        const { services, shown } = recordSeenVersions(this.#services);
        const reply = await answerQuery(services, session.identity.clientId, command);
        if (shown.length > 0) session.tell({ type: "shown", shown });
        return this.#reply(session, serial, reply);
      }
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
    const others = () => this.#siblings(session);
    const decided = () => decideLogin(session, command, others, this.#records, this.#services);
    let login = await decided();
    if (!("refused" in login) && !this.#firstLogin.isDone) {
      await this.#firstLogin.look(session.identity.clientId);
      login = await decided();
    }
    // No await from here to the control record "opened": nothing may be delivered to a session that has not received
    // it.
    if (![...this.#sessions()].includes(session)) return; // it closed meanwhile and must not displace another session
    if ("refused" in login) return this.#refuseLogin(session, serial, login);
    const { state, sign, token } = login;
    this.#expireBrokenSessions();
    // Whether the app counts a broken session as online is not certain: it may have broken with the server.
    const wasOnline = this.#open().length > 0;
    for (const { rival, sameDevice } of sign.displaced) this.#displace(rival.session, sameDevice);
    if (state.tag !== undefined && sign.holder !== undefined) this.#records.tags.take(state.tag, sign.holder);
    const wasOpen = session.isOpen;
    const formerDevice = pushDeviceOf(session);
    session.state = state;
    this.#replyToOpen(session, serial, replies.sessionOpened(serial, { token, tokenTtl: TOKEN_LIFETIME }));
    if (!wasOpen) {
      const wasAnnounced = this.#continueBrokenSession(session, command);
      this.#sessionEvents.opened(session, command, { wasOnline, wasAnnounced: wasAnnounced });
    }
    // Only a stored session is reported when it ends.
    if (state.announced || state.pushDevice !== undefined) this.#brokenSessions.remember(session);
    this.#bindDevice(session, command, formerDevice);
    // A login on the same socket again is answered, and no catch-up follows (wire §2.6).
    if (wasOpen) return;
    if (session.identity.mode === "push") this.#inbox.pushesFrom(this.#services.now());
    const asking = this.#conversationsToCatchUp(session);
    session.tell({ type: "opened", asking, capabilities: state.capabilities, at: this.#services.now() });
    await this.#catchUp(session, asking);
  }

  /** A logout (C-12, M-50): its device receives nothing more for the client. */
  async #closeSession(session: Session, serial: number | undefined): Promise<void> {
    const { clientId, sessionId } = session.identity;
    const device = pushDeviceOf(session);
    const deviceId = deviceIdOf(session);
    // Written first: the device's tokens are revoked even if the rest fails.
    if (deviceId !== undefined) this.#records.logouts.add(deviceId, this.#services.now());
    this.#sessionEvents.closing(session, "logout");
    this.#brokenSessions.forget(sessionId);
    session.state = { phase: "connecting" };
    this.#will.discard(sessionId);
    this.#sessionEvents.updatePresence(clientId);
    const unsubscribed = device === undefined || (await this.#devices.left(clientId, device));
    const error = "UNBIND_INSTALLATION_FAILED";
    this.#reply(
      session,
      serial,
      unsubscribed ? replies.sessionClosed(serial) : replies.errorReply(serial, error),
    );
    session.tell({ type: "ended" });
  }

  /** @param former the earlier name of the device in this session, under which it is unbound */
  #bindDevice(
    { identity, state }: Session,
    { deviceToken }: CommandOf<"session.open" | "report">,
    former: string | undefined,
  ): void {
    if (state.phase !== "open" || state.pushDevice === undefined) return;
    const { capabilities, pushDevice: device } = state;
    const { clientId, connectionId } = identity;
    if (former !== undefined && former !== device) this.#devices.ended(clientId, former);
    const takesPushes = deviceToken !== undefined || (capabilities & BINDS_DEVICE) !== 0;
    this.#devices.came({ clientId, device, connectionId, takesPushes, at: this.#services.now() });
  }

  /** The device has another push token than at the login. */
  #renameDevice(session: Session, command: CommandOf<"report">): void {
    const { deviceToken } = command;
    if (deviceToken === undefined || deviceToken.length > LABEL_LIMIT) return;
    const former = pushDeviceOf(session);
    session.renameDevice(deviceToken);
    this.#bindDevice(session, command, former);
  }

  /** The session was ended from outside, so the device is no longer bound to the client. */
  #unbindDevice(session: Session): void {
    const device = pushDeviceOf(session);
    if (device !== undefined) this.#devices.ended(session.identity.clientId, device);
  }

  #refuseLogin(session: Session, serial: number | undefined, { refused, detail }: Refused): void {
    if (refused === "INTERNAL_ERROR") return session.tell({ type: "undecided" });
    if (serial === undefined && (refused === "SESSION_CONFLICT" || refused === "BLACKLISTED")) {
      // When Java re-opens a session, the only error it handles is that of its token (wire §4.1).
      this.#replyToOpen(session, serial, clientEvents.sessionEnded({ error: refused, detail }));
    } else this.#replyToOpen(session, serial, replies.errorReply(serial, refused, { detail }));
    if (!session.isOpen) session.tell({ type: "ended" });
  }

  /** A session that is replaced by a new one of the same device counts as lost, and its will is sent (M-50). */
  #displace(session: Session, sameDevice: boolean): void {
    if (!sameDevice) this.#will.discard(session.identity.sessionId);
    const detail = sameDevice ? "the client logged in again on this device with the same tag" : DISPLACED;
    this.#sessionEvents.closing(session, sameDevice ? "lost" : "displaced", detail);
    this.#brokenSessions.forget(session.identity.sessionId);
    if (!sameDevice) this.#unbindDevice(session);
    session.end("SESSION_CONFLICT", detail);
  }

  #siblings(session: Session): Session[] {
    return this.#open().filter((other) => other !== session);
  }

  /**
   * The conversations that may have something new for a session: those of the inbox, and those that a sibling is
   * subscribed to (L5).
   */
  #conversationsToCatchUp(session: Session): string[] {
    const held = this.#siblings(session).flatMap(({ links }) =>
      links.map(({ conversationId }) => conversationId),
    );
    return [...new Set([...this.#inbox.newsFor(session.identity.mode, session.known), ...held])];
  }

  /** @param told whether the session is sent everything, or only what is new to it by its own report */
  async #catchUp(session: Session, asked: string[], told: "news" | "everything" = "news"): Promise<void> {
    const siblings = () => this.#siblings(session);
    const silent = await catchUp(session, { asked, told }, this.#inbox, siblings, this.#services);
    const others = session.behind.filter((conversationId) => !asked.includes(conversationId));
    const behind = [...others, ...silent];
    session.behind = behind.slice(0, BEHIND_LIMIT);
    // The rest stays in the inbox for the next login. Their commands wait no longer.
    for (const conversationId of behind.slice(BEHIND_LIMIT)) {
      session.tell({ type: "caughtUp", conversationId, head: undefined });
    }
    if (silent.length > 0) this.#services.retryAfter(CATCH_UP_RETRY);
  }

  #open(): Session[] {
    return [...this.#sessions()].filter((session) => session.isOpen);
  }

  #reply(session: Session, serial: number | undefined, payload: Uint8Array): void {
    if (serial !== undefined) session.send(replyRecord(serial, payload));
  }

  /** Java sends a token without a serial, and expects an answer all the same. */
  #replyToOpen(session: Session, serial: number | undefined, payload: Uint8Array): void {
    session.send(serial === undefined ? eventRecord(payload) : replyRecord(serial, payload));
  }

  #refuse(session: Session, serial: number | undefined, error: ErrorName): void {
    this.#reply(session, serial, replies.errorReply(serial, error));
  }
}

function isSameDevice({ state }: Session, { tag, deviceId }: BrokenSession): boolean {
  return state.phase === "open" && state.tag === tag && state.deviceId === deviceId;
}

function deviceIdOf({ state }: Session): string | undefined {
  return state.phase === "open" ? state.deviceId : undefined;
}

function pushDeviceOf({ state }: Session): string | undefined {
  return state.phase === "open" ? state.pushDevice : undefined;
}
