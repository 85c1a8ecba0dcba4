import { EventOutbox, EventSender } from "../hooks/events/event-outbox.ts";
import type { Leaving } from "../model/app-events.ts";
import type { CommandOf } from "../protocol/commands.ts";
import { type BrokenSession, brokenSessionOf } from "./broken-sessions.ts";
import type { ClientServices } from "./client-ports.ts";
import type { ClientTables } from "./client-tables.ts";
import type { Session } from "./session.ts";

/**
 * Reports when a client's sessions begin and end: to the AppObject, which counts online clients, and as events to the
 * hooks of the app (H-09). No login or logout waits for it.
 */
export class SessionEvents {
  readonly #events: EventSender;
  readonly #services: ClientServices;
  readonly #isOnline: () => boolean;

  /** @param isOnline whether the client has a session at this moment */
  constructor(tables: ClientTables, services: ClientServices, isOnline: () => boolean) {
    this.#events = new EventSender(
      new EventOutbox(tables),
      async (events) => {
        await services.publish(events);
        return "all";
      },
      (delay) => services.retryAfter(delay),
    );
    this.#services = services;
    this.#isOnline = isOnline;
  }

  /**
   * A session opened.
   *
   * @param wasOnline whether the client had another session before it
   * @param wasAnnounced whether the session that it continues was announced already
   */
  opened(
    { identity, state }: Session,
    login: CommandOf<"session.open">,
    { wasOnline, wasAnnounced }: { wasOnline: boolean; wasAnnounced: boolean },
  ): void {
    const { clientId, address } = identity;
    if (!wasOnline) this.#services.reportPresence({ clientId, online: true });
    if (state.phase !== "open" || !state.announced || wasAnnounced) return;
    this.#events.enqueue({
      id: crypto.randomUUID(),
      at: this.#services.now(),
      name: "clientOnline",
      clientId,
      address,
      tag: state.tag,
      reconnect: login.reconnect,
      userAgent: login.userAgent,
    });
  }

  /** A session is about to end, or its link has closed. */
  closing(session: Session, why: Leaving, message = ""): void {
    const left = brokenSessionOf(session);
    if (left !== undefined) this.closed(left, why, message);
  }

  /** A session is over. */
  closed({ clientId, tag, announced, address: last }: BrokenSession, why: Leaving, message = ""): void {
    if (!announced) return;
    // A lost client has no address (http-api §8.5).
    const address = why === "lost" || why === "silent" ? undefined : last;
    this.#events.enqueue({
      id: crypto.randomUUID(),
      at: this.#services.now(),
      name: "clientOffline",
      clientId,
      why,
      message,
      address,
      tag,
    });
  }

  /** Called after sessions ended, unless one opened in the same turn. */
  updatePresence(clientId: string): void {
    if (!this.#isOnline()) this.#services.reportPresence({ clientId, online: false });
  }

  /** Retries the events that the queue did not accept. */
  async retry(): Promise<void> {
    await this.#events.send();
  }
}
