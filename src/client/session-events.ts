import { EventOutbox } from "../hooks/event-outbox.ts";
import { EventSender } from "../hooks/event-sender.ts";
import type { Leaving } from "../model/app-events.ts";
import type { CommandOf } from "../protocol/commands.ts";
import type { Sql } from "../sql.ts";
import { type BrokenSession, brokenSessionOf } from "./broken-sessions.ts";
import type { Services } from "./ports.ts";
import type { Session } from "./session.ts";

/**
 * Tells who wants to know that a client's sessions begin and end: the app's count of who is online, and, of each
 * session, whoever listens to events (H-09). Nothing here holds up a login or a logout.
 */
export class SessionEvents {
  readonly #events: EventSender;
  readonly #services: Services;
  readonly #isOnline: () => boolean;

  /** @param isOnline whether the client has a session at this moment */
  constructor(sql: Sql, services: Services, isOnline: () => boolean) {
    this.#events = new EventSender(
      new EventOutbox(sql),
      (events) => services.publish(events),
      (delay) => services.retryAfter(delay),
    );
    this.#services = services;
    this.#isOnline = isOnline;
  }

  /**
   * A session is open that was not.
   *
   * @param wasOnline whether the client had another before it
   * @param isTold whether its coming was told already, of the session that it continues
   */
  opened(
    { identity, state }: Session,
    login: CommandOf<"session.open">,
    { wasOnline, wasAnnounced: isTold }: { wasOnline: boolean; wasAnnounced: boolean },
  ): void {
    const { clientId, address } = identity;
    if (!wasOnline) this.#services.tellPresence({ clientId, online: true });
    if (state.phase !== "open" || !state.announced || isTold) return;
    this.#events.tell({
      ...{ id: crypto.randomUUID(), at: this.#services.now(), name: "clientOnline" },
      ...{ clientId, address, tag: state.tag, reconnect: login.reconnect, userAgent: login.userAgent },
    });
  }

  /** A session is about to end, or its link has. */
  closing(session: Session, why: Leaving, message = ""): void {
    const left = brokenSessionOf(session);
    if (left !== undefined) this.closed(left, why, message);
  }

  /** A session is over. */
  closed({ clientId, tag, announced, address: last }: BrokenSession, why: Leaving, message = ""): void {
    if (!announced) return;
    // Who is lost is nowhere any more (http-api §8.5).
    const address = why === "lost" || why === "silent" ? undefined : last;
    this.#events.tell({
      ...{ id: crypto.randomUUID(), at: this.#services.now(), name: "clientOffline" },
      ...{ clientId, why, message, address, tag },
    });
  }

  /** Sessions ended, and none began in the same turn. */
  updatePresence(clientId: string): void {
    if (!this.#isOnline()) this.#services.tellPresence({ clientId, online: false });
  }

  /** Tries again what the queue did not take. */
  async wake(): Promise<void> {
    await this.#events.send();
  }
}
