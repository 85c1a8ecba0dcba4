import type { ConversationCommand } from "./commands.ts";
import type { Subscription } from "./delivery/subscription.ts";

export interface CommandQueueHost {
  /** Fetches the settings if they may be stale; undefined if they are fresh. Never rejects. */
  refreshSettings(): Promise<unknown> | undefined;
}

/** Commands whose result depends on the app's settings, and which must not use stale ones. */
const DEPENDS_ON_SETTINGS: ReadonlySet<ConversationCommand["name"]> = new Set([
  "message.history",
  "message.patch",
  "conversation.add",
  "conversation.remove",
  "conversation.count",
  "conversation.giveRole",
  "conversation.silence",
  "conversation.unsilence",
  "conversation.silenced",
  "conversation.checkSilenced",
  "conversation.block",
  "conversation.unblock",
  "conversation.blocked",
  "conversation.checkBlocked",
]);

/**
 * Starts commands in the order in which they came (I2). A command that needs fresh settings holds up all commands until
 * they are fetched. A command that needs a policy check holds up the next commands of its client, and only those. An
 * idle client costs nothing.
 */
export class CommandQueue {
  readonly #run: (subscription: Subscription, command: ConversationCommand) => Promise<void>;
  readonly #host: CommandQueueHost;
  /** Commands that wait for fresh settings, in order; undefined if none do. */
  #backlog: { subscription: Subscription; command: ConversationCommand }[] | undefined;
  /** The last command of each client that is busy. */
  readonly #last = new Map<string, Promise<void>>();

  /** @param run carries out a command; must not reject */
  constructor(
    run: (subscription: Subscription, command: ConversationCommand) => Promise<void>,
    host: CommandQueueHost,
  ) {
    this.#run = run;
    this.#host = host;
  }

  /** Resolves when the command was carried out. */
  async add(subscription: Subscription, command: ConversationCommand): Promise<void> {
    if (this.#backlog !== undefined) {
      this.#backlog.push({ subscription, command });
      return;
    }
    const needsSettings = command.needsCheck || DEPENDS_ON_SETTINGS.has(command.name);
    const refreshing = needsSettings ? this.#host.refreshSettings() : undefined;
    if (refreshing === undefined) return this.#runForClient(subscription, command);
    this.#backlog = [{ subscription, command }];
    await refreshing;
    const backlog = this.#backlog;
    this.#backlog = undefined;
    await Promise.all(backlog.map((waiting) => this.#runForClient(waiting.subscription, waiting.command)));
  }

  async #runForClient(subscription: Subscription, command: ConversationCommand): Promise<void> {
    const { clientId } = subscription;
    const last = this.#last.get(clientId);
    if (last === undefined && !command.needsCheck) return this.#run(subscription, command);
    const turn = (last ?? Promise.resolve()).then(() => this.#run(subscription, command));
    this.#last.set(clientId, turn);
    await turn;
    if (this.#last.get(clientId) === turn) this.#last.delete(clientId);
  }
}
