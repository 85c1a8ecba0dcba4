import type { CopiedPart, CopyCalls } from "../../src/conversation/copy/outbox.ts";
import type { Removal } from "../../src/conversation/copy/removal.ts";
import type { ArchiveProgress } from "../../src/database/messages/archive-progress.ts";
import type { ConversationRecord, StoredRole } from "../../src/model/records.ts";
import { type Faults, fateOf, randomDelay } from "./faults.ts";
import type { Network } from "./network.ts";

const NOTHING: ArchiveProgress = { timestamp: 0, patchedAt: 0 };

/**
 * D1: the members of conversations, how far it has their messages, and the clients that have logged in. It takes time,
 * and calls get lost.
 */
export class Database implements CopyCalls, Removal {
  readonly #network: Network;
  readonly #faults: Faults;
  readonly #conversations = new Map<string, { updatedAt: number; members: string[] }>();
  readonly #roles = new Map<string, { asOf: number; roles: StoredRole[] }>();
  readonly #archived = new Map<string, ArchiveProgress>();
  /** Services that wrote to clients before their first login. */
  readonly #writers = new Map<string, Set<string>>();
  readonly #loggedIn = new Map<string, number>();

  constructor(network: Network, faults: Faults) {
    this.#network = network;
    this.#faults = faults;
  }

  /** How many conversations it has. */
  get size(): number {
    return this.#conversations.size;
  }

  saveConversation(record: ConversationRecord): Promise<void> {
    return this.#ask(() => this.write(record));
  }

  write({ id, updatedAt, members }: ConversationRecord): void {
    const known = this.#conversations.get(id)?.updatedAt ?? 0;
    if (updatedAt >= known) this.#conversations.set(id, { updatedAt, members });
  }

  saveRoles(id: string, roles: StoredRole[], asOf: number): Promise<void> {
    return this.#ask(() => {
      if (asOf >= (this.#roles.get(id)?.asOf ?? 0)) this.#roles.set(id, { asOf, roles });
    });
  }

  /** The roles of a conversation that it has. */
  rolesOf(id: string): StoredRole[] {
    return this.#roles.get(id)?.roles ?? [];
  }

  archivedUpTo(id: string): Promise<ArchiveProgress | undefined> {
    return this.#ask(() => this.#progressOf(id));
  }

  saveMessages(
    id: string,
    messages: readonly { timestamp: number; patchedAt?: number | undefined }[],
    { progress }: CopiedPart,
  ): Promise<ArchiveProgress | undefined> {
    return this.#ask(() => {
      const before = this.#progressOf(id);
      if (before === undefined) return undefined;
      const parts = progress === "later" ? [before] : [before, progress];
      const timestamp = Math.max(...[...parts, ...messages].map((part) => part.timestamp));
      const patchedAt = Math.max(...[...parts, ...messages].map((part) => part.patchedAt ?? 0));
      if (progress !== "later") this.#archived.set(id, { timestamp, patchedAt });
      return { timestamp, patchedAt };
    });
  }

  #progressOf(id: string): ArchiveProgress | undefined {
    return this.#conversations.has(id) ? (this.#archived.get(id) ?? NOTHING) : undefined;
  }

  deleteMessages(id: string): Promise<void> {
    return this.#ask(() => void this.#archived.delete(id));
  }

  deleteConversation(id: string): Promise<void> {
    return this.#ask(() => void this.#conversations.delete(id));
  }

  unlistBroadcasts(): Promise<void> {
    return this.#ask(() => {});
  }

  deleteEarlySubscriptions(): Promise<void> {
    return this.#ask(() => {});
  }

  behind(): Promise<void> {
    return this.#ask(() => {});
  }

  caughtUp(): Promise<void> {
    return this.#ask(() => {});
  }

  hasLoggedIn(clientId: string): Promise<boolean> {
    return this.#ask(() => this.#loggedIn.has(clientId));
  }

  keepForFirstLogin(clientId: string, service: string): Promise<void> {
    return this.#ask(() => {
      this.#writers.set(clientId, (this.#writers.get(clientId) ?? new Set()).add(service));
    });
  }

  /** When D1 learned of a client's first login (ms). */
  knownSince(clientId: string): number {
    return this.#loggedIn.get(clientId) ?? Number.POSITIVE_INFINITY;
  }

  register(clientId: string): Promise<{ conversations: string[]; more: boolean }> {
    return this.#ask(() => {
      this.#loggedIn.set(clientId, this.#loggedIn.get(clientId) ?? this.#network.now);
      const ofClient = [...this.#conversations].filter(([, { members }]) => members.includes(clientId));
      const writers = this.#writers.get(clientId) ?? [];
      return { conversations: [...writers, ...ofClient.map(([id]) => id)], more: false };
    });
  }

  async #ask<T>(run: () => T): Promise<T> {
    const { indexTime = 0, relayCallLost } = this.#faults;
    const answer = async () => {
      await randomDelay(this.#network, indexTime);
      const answered = run();
      await randomDelay(this.#network, indexTime);
      return answered;
    };
    return this.#network.call(answer, 5_000, fateOf(this.#network, relayCallLost / 4));
  }
}
