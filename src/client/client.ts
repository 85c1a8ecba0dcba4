import type { Wake, WakeAnswer } from "../conversation/delivery/wake.ts";
import { rulesOf } from "../conversation/kinds/kinds.ts";
import { loggableError } from "../loggable-error.ts";
import { servicesWithNews } from "../model/unexpired-broadcasts.ts";
import type { Command } from "../protocol/commands.ts";
import type { ErrorName } from "../protocol/errors.ts";
import type { SessionReport } from "../protocol/link-controls.ts";
import { joinRecords, wakeRecord } from "../protocol/link-records.ts";
import type { Sql } from "../sql.ts";
import { AccessControl } from "./access-control.ts";
import { AccessState } from "./access-state.ts";
import { CatchUpSchedule } from "./catch-up-schedule.ts";
import { type InspectedClient, inspectClient } from "./client-inspection.ts";
import type { ClientParts } from "./client-parts.ts";
import type { ClientServices } from "./client-ports.ts";
import type { MissedEvents, TokenRefused } from "./client-stub.ts";
import { clientTables } from "./client-tables.ts";
import { DeviceBindings } from "./device-bindings.ts";
import { DeviceRooms } from "./device-rooms.ts";
import { FirstLogin } from "./first-login.ts";
import { Inbox } from "./inbox.ts";
import { Logouts } from "./logouts.ts";
import { missedEvents } from "./missed-events.ts";
import { RefusedConversations } from "./refused-conversations.ts";
import { serializeCalls } from "./serialize-calls.ts";
import type { Session } from "./session.ts";
import { SessionCommands } from "./session-commands.ts";
import { SessionLifecycle } from "./session-lifecycle.ts";
import { Sessions } from "./sessions.ts";
import { type ServicesPage, type SubscribedService, SubscribedServices } from "./subscribed-services.ts";
import { Tags } from "./tags.ts";
import { totalUnreadCount } from "./total-unread-count.ts";

/** The rules of one client id: its sessions, its inbox, and every command that names no conversation. */
export class Client {
  readonly refused: RefusedConversations;
  readonly #access: AccessControl;
  readonly #commands: SessionCommands;
  readonly #parts: ClientParts;

  /** @param sessionsNow the sessions whose links the object holds, as they are at each moment */
  constructor(sql: Sql, services: ClientServices, sessionsNow: () => Iterable<Session>) {
    const sessions = new Sessions(sessionsNow, () => services.now());
    const tables = clientTables(sql);
    const inbox = new Inbox(tables);
    const subscribed = new SubscribedServices(tables);
    const records = {
      tags: new Tags(tables),
      accessState: new AccessState(tables),
      logouts: new Logouts(tables),
    };
    const devices = new DeviceBindings(tables, services);
    const rooms = new DeviceRooms(tables);
    const lifecycle = new SessionLifecycle(tables, sessions, devices, rooms, services);
    const firstLogin = new FirstLogin(tables, inbox, subscribed, services);
    const catchUps = new CatchUpSchedule(sessions, inbox, subscribed, firstLogin, services);
    this.#parts = {
      catchUps,
      devices,
      firstLogin,
      inbox,
      lifecycle,
      records,
      services: {
        ...services,
        // One client has one query to D1 at a time (I13).
        query: serializeCalls((query) => services.query(query)),
        start: async (record) => {
          // Written first: the answer may be the only record of it, and may be lost.
          if (rulesOf(record.kind).hasMembers) inbox.add(record.id);
          const started = await services.start(record);
          // The members had a temporary one already, which has an id of its own.
          const { id } = started.conversation;
          if (record.kind === "temporary" && id !== record.id) {
            inbox.forget(record.id);
            inbox.add(id);
          }
          return started;
        },
      },
      rooms,
      sessions,
      subscribed,
    };
    this.refused = new RefusedConversations(tables, {
      most: async () => (await services.settings()).limits.listedClients,
      setRefused: (id, clientId, refused) => services.setRefused(id, clientId, refused),
    });
    this.#access = new AccessControl(this.#parts);
    this.#commands = new SessionCommands(
      this.#parts,
      this.refused,
      (id, record) => void this.#wakeAll(id, record),
    );
  }

  /** Whether there is a session, or a broken one that may still come back. */
  isOnline(): boolean {
    return this.#parts.lifecycle.isOnline();
  }

  /** Whether there is a session on this user's socket. */
  isOnConnection(connectionId: string): boolean {
    return this.#parts.sessions.isOnConnection(connectionId);
  }

  /** Asks the SDK of every session to look up the server again and reconnect. Returns how many sessions there were. */
  goAway(): number {
    return this.#parts.sessions.goAway();
  }

  /**
   * Wakes the sessions that have no subscription to a conversation: each subscribes, from its own position on, and is
   * sent the events that it has not received. Returns which sessions there are.
   */
  wake(conversationId: string, { since, noticesAfter, subscribed, events }: Wake): WakeAnswer {
    const { inbox, lifecycle, sessions } = this.#parts;
    inbox.add(conversationId);
    for (const session of sessions.open) {
      const { sessionId } = session.identity;
      if (subscribed.includes(sessionId)) continue;
      const missed = events.filter(
        ({ receivedBy, sentAt }) => sentAt >= session.openedAt && !receivedBy.includes(sessionId),
      );
      const frame = joinRecords(missed.map(({ record }) => record));
      session.send(wakeRecord(conversationId, { since, noticesAfter }, frame));
    }
    const reported = sessions.report();
    if (reported.ids.length > 0) return { sessions: reported };
    lifecycle.expireBrokenSessions();
    return { sessions: reported, returnsWithin: lifecycle.untilNextExpiry };
  }

  /**
   * The client subscribes to a service conversation, which calls this first. The sessions of the client subscribe to it
   * as well, except for one that has done so.
   */
  subscribe(service: SubscribedService, exceptSession: string | undefined): void {
    const { sessions, subscribed } = this.#parts;
    subscribed.add(service);
    for (const session of sessions.open) {
      if (session.identity.sessionId === exceptSession) continue;
      session.send(wakeRecord(service.conversationId, {}, new Uint8Array()));
    }
  }

  /** Sends a record to the sessions that logged in after a time (ms), or to all. Nothing is written. */
  announce(record: Uint8Array, openedAfter = 0): void {
    for (const session of this.#parts.sessions.open) if (session.openedAt > openedAfter) session.send(record);
  }

  /** The client is not subscribed to a service conversation any more. What the service tells it alone may be unread. */
  unsubscribe(service: SubscribedService): void {
    const { subscribed, inbox } = this.#parts;
    if (subscribed.remove(service)) inbox.add(service.conversationId);
  }

  /** A page of the service conversations that the client is subscribed to. */
  subscribedServices(page: ServicesPage): SubscribedService[] {
    return this.#parts.subscribed.page(page);
  }

  /** Wakes every session for a conversation, with a record that they are all sent. */
  #wakeAll(conversationId: string, record: Uint8Array): void {
    const events = [{ record, sentAt: Number.MAX_SAFE_INTEGER, receivedBy: [] }];
    this.wake(conversationId, { since: undefined, noticesAfter: undefined, subscribed: [], events });
  }

  /**
   * The events other than messages that the client missed (wire §5.4). The caller has to send the client's session
   * token.
   */
  async missedNotices(clientId: string, token: string, after: number): Promise<MissedEvents | TokenRefused> {
    const refused = await this.checkToken(clientId, token);
    if (refused !== undefined) return refused;
    if (!this.#parts.firstLogin.isDone) await this.#parts.catchUps.repeatFirstLogin(clientId);
    const missed = await missedEvents(clientId, after, this.#parts.inbox, this.#parts.services);
    return this.#parts.firstLogin.isDone ? missed : { ...missed, complete: false };
  }

  /** The number of unread messages in one conversation, or in all together (Y-22). */
  async unreadCount(clientId: string, conversationId: string | undefined): Promise<number> {
    const { firstLogin, inbox, services, subscribed } = this.#parts;
    const { broadcastsAfter: after } = firstLogin;
    if (conversationId !== undefined) return totalUnreadCount(clientId, [conversationId], services, after);
    const undiscovered = firstLogin.isDone ? [] : await this.#undiscoveredConversations(clientId);
    const { broadcasts } = await services.settings();
    const broadcasting =
      after === undefined ? [] : servicesWithNews(broadcasts.unexpired, after, services.now());
    const conversations = [...undiscovered, ...inbox.unread(), ...subscribed.ids, ...broadcasting];
    return totalUnreadCount(clientId, [...new Set(conversations)], services, after);
  }

  /** The conversations that an incomplete first login has not put into the inbox yet. */
  async #undiscoveredConversations(clientId: string): Promise<string[]> {
    try {
      return await this.#parts.services.undiscoveredConversations(clientId);
    } catch (error) {
      console.warn(`the first login of ${clientId} is not known yet:`, loggableError(error));
      return [];
    }
  }

  /** Why a session token is not accepted over HTTP; undefined if it is. */
  checkToken(clientId: string, token: string): Promise<TokenRefused | undefined> {
    return this.#access.checkToken(clientId, token);
  }

  /** The device name of the session that a token belongs to, or why the token is not accepted over HTTP (C-12). */
  deviceOf(clientId: string, token: string): Promise<{ device: string } | TokenRefused> {
    return this.#access.deviceOf(clientId, token);
  }

  /** Why a signature of this time (ms) is not accepted: a kick since, or a ban; undefined if it is. */
  signatureRefusal(signedAt: number): ErrorName | undefined {
    return this.#access.signatureRefusal(signedAt);
  }

  /** What an owner sees of the client. Nothing is changed by it. */
  inspect(): InspectedClient {
    return inspectClient(this.#parts);
  }

  /** Ends every session with 4115. Returns how many sessions there were. */
  kick(clientId: string, reason: string): number {
    return this.#access.kick(clientId, reason);
  }

  /** Ends every session with 4106, and refuses logins until `unban`. */
  ban(clientId: string, reason: string): void {
    this.#access.ban(clientId, reason);
  }

  unban(): void {
    this.#access.unban();
  }

  /** The object woke: finds the sessions whose links broke while it was not running. */
  woke(): void {
    this.#parts.lifecycle.woke();
  }

  /** A session link closed, with a code or, if it broke, without one. */
  async sessionLinkClosed(session: Session | undefined, code: number | undefined): Promise<void> {
    await this.#parts.lifecycle.linkClosed(session, code);
  }

  /** Retries everything that could not be done at once. */
  async retry(): Promise<void> {
    await this.#parts.lifecycle.retry();
    await this.#parts.catchUps.retry();
  }

  /** Handles a gateway's report on a subscription of a session. */
  reported(session: Session, report: SessionReport): void {
    if (report.type === "room") {
      if (session.deviceId !== undefined) this.#parts.rooms.set(session.deviceId, report.conversationId);
      return;
    }
    const { type, conversationId } = report;
    if (type === "unsubscribed") return session.dropSubscription(conversationId);
    session.addSubscription(conversationId);
    // Written first: what a subscription brings leaves no other trace here. Services are asked at every login.
    if (!this.#parts.subscribed.has(conversationId)) this.#parts.inbox.add(conversationId);
    session.sendControl({ type: "noted", conversationId, sessions: this.#parts.sessions.report() });
  }

  /** Carries out a command of a session, and answers it. Never rejects. */
  handle(session: Session, command: Command): Promise<void> {
    return this.#commands.handle(session, command);
  }
}
