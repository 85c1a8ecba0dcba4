import { servicesWithNews } from "../model/unexpired-broadcasts.ts";
import type { ClientServices } from "./client-ports.ts";
import type { FirstLogin } from "./first-login.ts";
import type { Inbox } from "./inbox.ts";
import type { Session } from "./session.ts";
import { type CatchUpScope, catchUpSession } from "./session-catch-up.ts";
import type { Sessions } from "./sessions.ts";
import type { SubscribedServices } from "./subscribed-services.ts";

const RETRY = 10_000; // ms
const BEHIND_LIMIT = 50; // conversations: they are stored in the attachment of the session link

/** Which conversations the sessions of a client are caught up with, and when those that did not answer are retried. */
export class CatchUpSchedule {
  readonly #firstLogin: FirstLogin;
  readonly #inbox: Inbox;
  readonly #services: ClientServices;
  readonly #sessions: Sessions;
  readonly #subscribed: SubscribedServices;

  constructor(
    sessions: Sessions,
    inbox: Inbox,
    subscribed: SubscribedServices,
    firstLogin: FirstLogin,
    services: ClientServices,
  ) {
    this.#firstLogin = firstLogin;
    this.#inbox = inbox;
    this.#services = services;
    this.#subscribed = subscribed;
    this.#sessions = sessions;
  }

  /**
   * The conversations that may have something new for a session: those of the inbox, those that a sibling is subscribed
   * to (L5), the services that the client is subscribed to, and those with a broadcast to everybody.
   */
  conversationsFor(session: Session): string[] {
    const held = this.#sessions.siblingsOf(session).flatMap(({ subscriptions }) => subscriptions);
    const news = this.#inbox.newsFor(session.identity.mode, session.known);
    const { broadcastsAfter } = this.#firstLogin;
    const broadcasting =
      broadcastsAfter === undefined
        ? []
        : servicesWithNews(session.broadcasts, broadcastsAfter, this.#services.now());
    return [...new Set([...news, ...held, ...this.#subscribed.ids, ...broadcasting])];
  }

  /** Catches a session up with these conversations. Those that do not answer are retried. */
  async run(session: Session, asked: string[], scope: CatchUpScope = "news"): Promise<void> {
    const silent = await catchUpSession(
      session,
      { asked, scope },
      {
        inbox: this.#inbox,
        sessions: this.#sessions,
        subscribed: this.#subscribed,
        firstLogin: this.#firstLogin,
      },
      this.#services,
    );
    const others = session.behind.filter((conversationId) => !asked.includes(conversationId));
    const behind = [...others, ...silent];
    session.behind = behind.slice(0, BEHIND_LIMIT);
    // The rest stays in the inbox for the next login. Their commands wait no longer.
    for (const conversationId of behind.slice(BEHIND_LIMIT)) {
      session.sendControl({ type: "caughtUp", conversationId, head: undefined, lastNotice: undefined });
    }
    if (silent.length > 0) this.#services.retryAfter(RETRY);
  }

  /**
   * Completes a first login that found only part of the conversations. The others have not woken this client
   * until now.
   */
  async repeatFirstLogin(clientId: string): Promise<void> {
    const [first] = this.#sessions.open;
    const found = await this.#firstLogin.look(clientId, first?.broadcasts ?? {});
    for (const session of this.#sessions.open) await this.run(session, found, "everything");
  }

  /** Asks the conversations again that did not answer. */
  async retry(): Promise<void> {
    const [first] = this.#sessions.open;
    if (first !== undefined && !this.#firstLogin.isDone) await this.repeatFirstLogin(first.identity.clientId);
    for (const session of this.#sessions.open) {
      if (session.behind.length > 0) await this.run(session, [...session.behind]);
    }
  }
}
