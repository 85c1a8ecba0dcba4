import type { Leaving } from "../model/app-events.ts";
import type { CommandOf } from "../protocol/commands.ts";
import type { ErrorName } from "../protocol/errors.ts";
import { linkClose } from "../protocol/link-controls.ts";
import { type BrokenSession, BrokenSessions, brokenSessionOf } from "./broken-sessions.ts";
import type { ClientServices } from "./client-ports.ts";
import type { ClientTables } from "./client-tables.ts";
import type { DeviceBindings } from "./device-bindings.ts";
import type { DeviceRooms } from "./device-rooms.ts";
import { LastWill } from "./last-will.ts";
import type { Session } from "./session.ts";
import { SessionEvents } from "./session-events.ts";
import type { Sessions } from "./sessions.ts";
import { WillStorage } from "./will-storage.ts";

const DISPLACED = "the client logged in on another device with the same tag";
const DISPLACED_ON_SAME_DEVICE = "the client logged in again on this device with the same tag";

/**
 * Why a session ended that was open when its gateway closed the link, by the gateway's code. The gateway sends `DONE`
 * after this object has ended the session itself, so the session is usually no longer open here. If it is open all the
 * same, because the object died in between, the device knows that its session is over: it counts as lost.
 */
const LEAVING_REASONS: Partial<Record<number, Leaving>> = {
  [linkClose.LOST]: "lost",
  [linkClose.DONE]: "lost",
  [linkClose.SILENT]: "silent",
};

/**
 * Opens, breaks and ends the sessions of a client, with all effects: on its will, the events for the app, presence and
 * push. A session whose link broke has some time to come back before it is over.
 */
export class SessionLifecycle {
  readonly #brokenSessions: BrokenSessions;
  readonly #devices: DeviceBindings;
  readonly #events: SessionEvents;
  readonly #services: ClientServices;
  readonly #rooms: DeviceRooms;
  readonly #sessions: Sessions;
  readonly #will: LastWill;

  constructor(
    tables: ClientTables,
    sessions: Sessions,
    devices: DeviceBindings,
    rooms: DeviceRooms,
    services: ClientServices,
  ) {
    this.#rooms = rooms;
    this.#brokenSessions = new BrokenSessions(tables);
    this.#devices = devices;
    this.#events = new SessionEvents(tables, services, () => this.#hasSessions());
    this.#services = services;
    this.#sessions = sessions;
    this.#will = new LastWill(new WillStorage(tables), services);
  }

  /** Whether there is a session, or a broken one that may still come back. */
  isOnline(): boolean {
    this.expireBrokenSessions();
    return this.#hasSessions();
  }

  #hasSessions(): boolean {
    return this.#sessions.open.length > 0 || this.#brokenSessions.all.length > 0;
  }

  /**
   * A session opened. If its device came back in time, it continues the broken session.
   *
   * @param wasOnline whether the client had another session before it
   */
  opened(session: Session, login: CommandOf<"session.open">, wasOnline: boolean): void {
    const before = this.#brokenSessions.continuedBy(session, login);
    if (before !== undefined) {
      this.#inheritWill(session, before);
      this.#brokenSessions.forget(before.sessionId);
    }
    const { state } = session;
    if (state.phase === "open" && state.tag !== undefined && !login.reconnect)
      this.#displaceBrokenSessions(state.tag);
    this.#events.opened(session, login, { wasOnline, wasAnnounced: before?.announced ?? false });
  }

  /** A login with a tag takes the tag from broken sessions of other devices. */
  #displaceBrokenSessions(tag: string): void {
    for (const broken of this.#brokenSessions.all) {
      if (broken.tag !== tag) continue;
      this.#will.discard(broken.sessionId);
      this.#over(broken, "displaced", DISPLACED);
    }
  }

  /** Stores a session whose end has to be reported, so that a crash does not lose it. */
  remember(session: Session): void {
    this.#brokenSessions.remember(session);
  }

  /** Sets the client's will. Resolves to the reply. */
  setWill(session: Session, command: CommandOf<"message.send">): Promise<Uint8Array> {
    const { clientId, sessionId } = session.identity;
    const isOpen = () => session.isOpen && this.#sessions.has(session);
    return this.#will.set({ clientId, sessionId, isOpen, remember: () => this.remember(session) }, command);
  }

  /**
   * Ends a session whose tag another login takes. A session that is replaced by a new one of the same device counts as
   * lost, and its will is sent (M-50).
   */
  displace(session: Session, sameDevice: boolean): void {
    if (!sameDevice) this.#will.discard(session.identity.sessionId);
    const detail = sameDevice ? DISPLACED_ON_SAME_DEVICE : DISPLACED;
    this.#events.closing(session, sameDevice ? "lost" : "displaced", detail);
    this.#brokenSessions.forget(session.identity.sessionId);
    if (!sameDevice) {
      this.#unbindDevice(session);
      this.#forgetRoom(session);
    }
    session.end("SESSION_CONFLICT", detail);
  }

  /** Ends all sessions, the broken ones too, by a decision of the app. Returns how many were open. */
  endAll(error: ErrorName, reason: string): number {
    const sessions = this.#sessions.open;
    this.#rooms.forgetAll();
    for (const session of sessions) {
      this.#will.discard(session.identity.sessionId);
      this.#events.closing(session, "kicked", reason);
      this.#brokenSessions.forget(session.identity.sessionId);
      this.#unbindDevice(session);
      session.end(error, reason || undefined);
    }
    for (const broken of this.#brokenSessions.all) {
      this.#will.discard(broken.sessionId);
      this.#over(broken, "kicked", reason);
    }
    for (const { identity } of sessions.slice(0, 1)) this.#events.updatePresence(identity.clientId);
    return sessions.length;
  }

  #forgetRoom({ deviceId }: Session): void {
    if (deviceId !== undefined) this.#rooms.forget(deviceId);
  }

  /** The session was ended from outside, so the device is no longer bound to the client. */
  #unbindDevice({ identity, pushDevice }: Session): void {
    if (pushDevice !== undefined) this.#devices.sessionEnded(identity.clientId, pushDevice);
  }

  /** A logout (C-12, M-50): its device receives nothing more for the client. */
  logOut(session: Session): void {
    const { clientId, sessionId } = session.identity;
    this.#events.closing(session, "logout");
    this.#brokenSessions.forget(sessionId);
    this.#forgetRoom(session);
    session.state = { phase: "connecting" };
    this.#will.discard(sessionId);
    this.#events.updatePresence(clientId);
  }

  /**
   * A session link closed. If the gateway reports that the device is lost, the session is over, unless it had ended
   * before, and its will is due, if there is one (M-47). Without that report the device may still be connected, and has
   * time to come back.
   *
   * @param code undefined if the link broke without one
   */
  async linkClosed(session: Session | undefined, code: number | undefined): Promise<void> {
    const lost = session && brokenSessionOf(session);
    if (lost !== undefined) this.#markLostDevices();
    if (session !== undefined && lost !== undefined) {
      const why = code === undefined ? undefined : LEAVING_REASONS[code];
      const successor = why === undefined && this.#sessions.open.find((other) => isSameDevice(other, lost));
      if (successor) {
        // The device reconnected before its broken link was noticed.
        this.#inheritWill(successor, lost);
        this.#over(lost, "lost");
      } else if (why === undefined) {
        this.#brokenSessions.broke(session, this.#services.now());
        this.#scheduleExpiry();
      } else this.#over(lost, why);
    }
    this.expireBrokenSessions();
    if (this.#isWillDue()) await this.#will.send();
  }

  /** Devices that are in a room and have no session any more have some time to come back there. */
  #markLostDevices(): void {
    const devices = this.#sessions.open.map(({ deviceId }) => deviceId);
    this.#rooms.lostExcept(devices, this.#services.now());
  }

  /** The will of a broken session passes to the next session of its device. */
  #inheritWill(session: Session, before: BrokenSession): void {
    if (this.#will.continued(before.sessionId, session.identity.sessionId)) this.remember(session);
  }

  /** A session that was open is over. */
  #over(session: BrokenSession, why: Leaving, message?: string): void {
    this.#brokenSessions.forget(session.sessionId);
    this.#events.closed(session, why, message);
    this.#events.updatePresence(session.clientId);
  }

  /** Sessions whose links broke and that may still come back. */
  get broken(): BrokenSession[] {
    return this.#brokenSessions.all;
  }

  /** Ends the broken sessions that did not come back in time. */
  expireBrokenSessions(): void {
    const last = this.#services.now() - this.#services.returnTime();
    const lost = this.#brokenSessions.brokenBy(last);
    for (const broken of lost) this.#over(broken, "lost");
    if (lost.length > 0 && this.#isWillDue()) this.#services.retryAfter(0);
  }

  /** The time (ms) until the next broken session expires; undefined if there is none. */
  get untilNextExpiry(): number | undefined {
    const { firstBrokenAt } = this.#brokenSessions;
    if (firstBrokenAt === undefined) return undefined;
    return Math.max(firstBrokenAt + this.#services.returnTime() - this.#services.now(), 0);
  }

  #scheduleExpiry(): void {
    const within = this.untilNextExpiry;
    if (within !== undefined) this.#services.retryAfter(within);
  }

  /** Marks the will as due if its session is gone. Returns whether it is due. */
  #isWillDue(): boolean {
    const broken = this.#brokenSessions.all.map(({ sessionId }) => sessionId);
    this.#will.onlyThese([...this.#sessions.ids, ...broken]);
    return this.#will.isDue;
  }

  /** The object woke: finds the sessions whose links broke while it was not running, since no event reports them. */
  woke(): void {
    this.#brokenSessions.markBrokenExcept(this.#sessions.ids, this.#services.now());
    this.#markLostDevices();
    // The time that they have to come back is in settings that may have to be read first.
    if (this.#isWillDue() || this.#brokenSessions.firstBrokenAt !== undefined) this.#services.retryAfter(0);
  }

  /** Ends the broken sessions whose time is over, and retries everything that could not be sent. */
  async retry(): Promise<void> {
    if (this.#brokenSessions.firstBrokenAt !== undefined) {
      await this.#services.settings(); // they hold how long devices have to come back
      this.expireBrokenSessions();
      this.#scheduleExpiry();
    }
    await Promise.all([this.#will.send(), this.#events.retry(), this.#devices.retry()]);
  }
}

function isSameDevice({ state }: Session, { tag, deviceId }: BrokenSession): boolean {
  return state.phase === "open" && state.tag === tag && state.deviceId === deviceId;
}
