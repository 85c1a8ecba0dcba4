import type { ConversationRecord } from "../model/records.ts";
import type { ObjectSocket } from "../object-socket.ts";
import type { SubscriptionRequest } from "../protocol/link-controls.ts";
import type { Refused } from "../protocol/outcome.ts";
import { assembleConversation, type OpenConversation, PENDING_DELAY } from "./assemble-conversation.ts";
import type { ConversationPlatform, ConversationServices } from "./conversation-ports.ts";
import { clearCopy } from "./copy/removal.ts";
import { startHere } from "./creation/start.ts";
import type { StartedBy, StartResult } from "./creation/start-result.ts";
import { areSame, UniqueRegistry } from "./creation/unique-registry.ts";
import type { PendingSince } from "./delivery/delivery-host.ts";
import type { SubscriptionIdentity } from "./delivery/subscription.ts";
import { SubscriptionSockets } from "./delivery/subscription-sockets.ts";
import {
  type ConversationImport,
  createImported,
  type ImportedConversation,
  updateImported,
} from "./import/import-conversation.ts";
import { importLog } from "./import/import-log.ts";
import type { ImportedMessage } from "./log/import-messages.ts";
import { isIdle, keptFrom } from "./retention/kept-from.ts";
import type { Tidied, TidyBounds } from "./retention/tidied.ts";
import { deleteExpired } from "./retention/tidying.ts";
import { ConversationState } from "./state.ts";

const REMOVAL_RETRY = 60_000; // ms
const TIDIED_EVERY = 24 * 60 * 60_000; // ms
const TIDY_PAUSE = 1_000; // ms

type Socket = ObjectSocket<SubscriptionIdentity>;

type Stage =
  | { name: "none" }
  | { name: "open"; open: OpenConversation }
  /** D1 may still have the deleted conversation. */
  | { name: "deleted"; state: ConversationState };

/**
 * The life of one object's conversation: it is started, woken with the object, worked on by the alarm, removed and
 * forgotten.
 */
export class ConversationLifecycle {
  readonly #platform: ConversationPlatform;
  readonly #services: ConversationServices;
  readonly #sockets = new SubscriptionSockets();
  #stage: Stage = { name: "none" };
  /** When it was last seen that no message is too old (ms). */
  #tidiedAt = Number.NEGATIVE_INFINITY;

  constructor(platform: ConversationPlatform, services: ConversationServices) {
    this.#platform = platform;
    this.#services = services;
  }

  /** The conversation; undefined if none was started, it is deleted, or its time is over. */
  get open(): OpenConversation | undefined {
    return this.#stage.name === "open" && !this.#isOver(this.#stage.open) ? this.#stage.open : undefined;
  }

  #isOver({ state }: OpenConversation): boolean {
    return state.endsAt !== undefined && state.endsAt <= this.#platform.now();
  }

  /**
   * The object woke up. To be called before anything else, if its storage has a conversation.
   *
   * @param sockets those that survived hibernation
   */
  wake(state: ConversationState, sockets: Iterable<Socket>): void {
    if (state.isDeleted) {
      this.#stage = { name: "deleted", state };
      return;
    }
    this.#sockets.restore(sockets);
    const { delivery, outbox } = this.#assemble(state, state.pendingAtStart);
    // Once D1 has caught up, nothing would show that these notices were not sent.
    if (state.indexIsStale) delivery.resumePending();
    outbox.woke(this.#platform.alarm.isSet);
  }

  /**
   * Opens a subscription for a session that the gateway has authenticated, or names the level of relays that has room for
   * it.
   *
   * @param connect accepts the socket; called if the subscription can be opened
   */
  async subscribe(
    request: SubscriptionRequest,
    connect: () => Socket,
  ): Promise<"subscribed" | "no conversation" | "too far behind" | { level: number }> {
    await this.refreshSettings();
    const { open } = this;
    // The object may have a later temporary conversation of the same members.
    if (open?.state.facts.id !== request.conversationId) return "no conversation";
    const { socketsPerRelay } = this.#services.settings().rooms;
    if (!open.state.rules.hasMembers && this.#sockets.size >= socketsPerRelay)
      return { level: open.delivery.relays.levelFor(socketsPerRelay) };
    return this.#sockets.open(open, request, connect()) ? "subscribed" : "too far behind";
  }

  /** A frame or a request arrived on the socket of a subscription. Resolves when it has been handled. */
  received(socket: Socket, data: ArrayBuffer | Uint8Array | string): Promise<void> {
    this.#platform.alarm.check();
    return this.#sockets.received(this.open, socket, data);
  }

  closed(socket: Socket): void {
    this.#sockets.closed(this.open, socket);
  }

  /** Reads the settings again if there is a conversation and they may be stale. Never rejects. */
  async refreshSettings(): Promise<void> {
    if (this.open !== undefined) await this.#services.refreshSettings();
  }

  /** The alarm went off. Never rejects. */
  runAlarm(): Promise<void> {
    return this.#platform.alarm.run(() => this.#runPendingWork());
  }

  /**
   * Does what the alarm was set for: resumes deliveries that a crash or a failing client left, copies to D1 what it
   * lacks, and hands waiting events to their queue and messages to LeanCloud. If the conversation is deleted, removes it
   * from D1. Safe to run twice.
   */
  async #runPendingWork(): Promise<void> {
    if (this.#stage.name === "open" && this.#isOver(this.#stage.open)) {
      await this.#stage.open.conversation.recorder.publish();
      this.#end();
    }
    if (this.#stage.name === "deleted") return this.#finishRemoval(this.#stage.state);
    await this.refreshSettings();
    const { open } = this;
    if (open === undefined) return;
    const { state, delivery, conversation, outbox, mirror, unseen } = open;
    delivery.resumePending();
    await unseen.look();
    if (await outbox.drain()) {
      state.copy.saveArchived();
      await this.#tidyInUse(open);
    }
    if (state.pendingSince !== undefined) this.#platform.alarm.within(PENDING_DELAY);
    // Not awaited: LeanCloud may be slow, and the alarm has other work.
    void mirror.send();
    void conversation.announce();
    await conversation.recorder.publish();
  }

  /**
   * Creates the conversation, or returns it if it exists. A unique one is the conversation whose members are exactly
   * these now; a temporary one is that of its members as long as it lives. D1 has it before this resolves, if D1 is up
   * and gets a copy.
   */
  async start(record: ConversationRecord, startedBy: StartedBy): Promise<StartResult> {
    const started =
      record.unique && record.kind !== "temporary"
        ? await this.#registry(startedBy).start(record)
        : await this.startHere(record, startedBy);
    if (started === undefined) throw new Error("a conversation that is not unique is nobody else's");
    return started;
  }

  /** The same in this object alone; undefined if the unique conversation here has other members by now. */
  startHere(record: ConversationRecord, startedBy: StartedBy): Promise<StartResult | undefined> {
    return startHere(record, startedBy, {
      now: this.#platform.now,
      existing: () => this.open,
      clearDeleted: async () => {
        await this.#services.refreshSettings();
        this.#end();
        if (this.#stage.name !== "deleted") return;
        // The old conversation was deleted: D1 must be rid of it before the same members begin a new one.
        if (!(await this.#clearCopy(this.#stage.state))) throw new Error("not cleared yet");
        await this.#forget();
      },
      create: (record) => this.create(record),
      index: async () => {
        const outbox = this.open?.outbox;
        // While D1 is down, the app answers that the conversation exists.
        if (outbox !== undefined && !(await outbox.index())) await outbox.reportUnindexed();
      },
    });
  }

  /** Creates the conversation in an object that has none. */
  create(record: ConversationRecord): OpenConversation {
    const open = this.#assemble(ConversationState.create(this.#platform.tables, record), undefined);
    open.outbox.scheduleCopy();
    return open;
  }

  /**
   * Takes over a conversation of another service, or what changed there since the last import, and messages of it.
   * Returns what D1 has to be given; undefined if it is deleted here.
   */
  import(
    imported: ImportedConversation,
    messages: readonly ImportedMessage[],
  ): ConversationImport | undefined {
    if (this.#stage.name === "deleted") return undefined;
    const outcome = this.#importFacts(imported);
    const { open } = this;
    if (open === undefined) return undefined;
    const { state, mirror } = open;
    const log = messages.length === 0 ? undefined : importLog(state, messages, mirror);
    return { outcome, record: state.record(), log };
  }

  #importFacts(imported: ImportedConversation): ConversationImport["outcome"] {
    const { open } = this;
    if (open !== undefined) return updateImported(open.state, imported) ? "changed" : "kept";
    this.#assemble(createImported(this.#platform.tables, imported), undefined);
    return "added";
  }

  /**
   * Makes an imported conversation the unique one of these members, unless there is one; `instead` may be replaced.
   * Returns the id of the unique one; undefined if it is this object's own.
   */
  nameUnique(id: string, members: readonly string[], instead: string | undefined): string | undefined {
    return this.#registry("server").nameImported(id, members, instead);
  }

  /** Whether a unique conversation of exactly these members exists. */
  async hasUnique(members: string[]): Promise<boolean> {
    const id = this.#registry("server").successor;
    return id === undefined ? this.isOf(members) : this.#services.hasMembers(id, members);
  }

  /** Whether the members are exactly these. */
  isOf(members: readonly string[]): boolean {
    return this.#membershipOf(members) === "theirs";
  }

  #membershipOf(members: readonly string[]): "theirs" | "others'" | "none" {
    if (this.open === undefined) return "none";
    return areSame(this.open.state.members.keys(), members) ? "theirs" : "others'";
  }

  #registry(startedBy: StartedBy): UniqueRegistry {
    return new UniqueRegistry(this.#platform.tables, {
      own: (members) => this.#membershipOf(members),
      startHere: (record) => this.startHere(record, startedBy),
      startThere: this.#services.startThere,
      newId: this.#services.newId,
    });
  }

  /**
   * Deletes the conversation if it is idle, else its messages that are too old, as far as its own settings say so too. By
   * then D1 has everything, so that nothing is deleted that only D1 lacks.
   */
  async tidy(bounds: TidyBounds): Promise<Tidied> {
    if (this.open === undefined) return { outcome: "none" };
    await this.#services.refreshSettings();
    if (!(await this.open?.outbox.drain())) return { outcome: "later" };
    await this.open?.conversation.recorder.publish();
    const { open } = this;
    if (open === undefined) return { outcome: "none" };
    // From here to the deletion nothing is awaited: a message comes before and is activity, or after and is refused.
    open.conversation.flush();
    const isIdleThere = open.state.lastActivity < bounds.idleBefore;
    if (isIdleThere && isIdle(open.state, this.#services.settings(), this.#platform.now())) {
      this.#delete(open.state);
      this.#services.retentionDeleted("conversation");
      await Promise.all([open.delivery.relays.close(), this.#clearCopy(open.state)]);
      return { outcome: "deleted" };
    }
    return this.#deleteExpired(open, bounds);
  }

  async #deleteExpired(open: OpenConversation, bounds: Pick<TidyBounds, "keptFrom">) {
    const tidied = await deleteExpired(open, bounds, {
      settings: () => this.#services.settings(),
      now: this.#platform.now,
      nextTurn: () => new Promise((resolve) => this.#platform.inNextTurn(resolve)),
    });
    if (tidied.messages > 0) this.#services.retentionDeleted(tidied.messages);
    return tidied;
  }

  /** A conversation in use deletes its old messages by its alarm, once a day. The rest waits for the daily job. */
  async #tidyInUse(open: OpenConversation): Promise<void> {
    const { now, alarm } = this.#platform;
    const from = keptFrom(open.state, this.#services.settings(), now());
    if (from === 0 || (now() >= this.#tidiedAt && now() < this.#tidiedAt + TIDIED_EVERY)) return;
    if ((open.state.log.expired.oldest ?? from) >= from) {
      this.#tidiedAt = now();
      return;
    }
    const { clearedTo } = await this.#deleteExpired(open, { keptFrom: from });
    if (clearedTo === undefined) alarm.within(TIDY_PAUSE);
    else this.#tidiedAt = now();
  }

  /** Deletes the conversation with its history, for everybody. */
  async remove(): Promise<undefined | Refused> {
    await this.open?.conversation.recorder.publish();
    const { open } = this;
    if (open === undefined) return { refused: "CONVERSATION_NOT_FOUND" };
    this.#delete(open.state);
    await Promise.all([open.delivery.relays.close(), this.#clearCopy(open.state)]);
    return undefined;
  }

  /** If the conversation's time is over, nothing of it is left from now on (E-01). */
  #end(): void {
    if (this.#stage.name === "open" && this.#isOver(this.#stage.open)) this.#delete(this.#stage.open.state);
  }

  #delete(state: ConversationState): void {
    state.delete(this.#platform.now());
    this.#stage = { name: "deleted", state };
    // A copy to D1 in progress may still arrive there, so D1 is cleared once more afterwards.
    this.#platform.alarm.within(PENDING_DELAY);
    this.#sockets.closeAll();
  }

  async #finishRemoval(state: ConversationState): Promise<void> {
    if (await this.#clearCopy(state)) await this.#forget();
    else this.#platform.alarm.within(REMOVAL_RETRY);
  }

  /** Removes the conversation from D1, if that ever had it. Resolves to whether it is gone. */
  async #clearCopy(state: ConversationState): Promise<boolean> {
    return !state.rules.isCopied || (await clearCopy(state, this.#services.copyCalls));
  }

  /** Deletes everything, except the successor of a unique conversation. */
  async #forget(): Promise<void> {
    const { alarm, tables, deleteAll } = this.#platform;
    const named = this.#registry("server").successor !== undefined;
    this.#stage = { name: "none" };
    await alarm.remove();
    if (named) return tables.dropAllExcept("successor");
    await deleteAll();
    tables.forget();
  }

  #assemble(state: ConversationState, pending: PendingSince | undefined): OpenConversation {
    const { subscriptions } = this.#sockets;
    const open = assembleConversation(state, pending, subscriptions, this.#platform, this.#services);
    this.#stage = { name: "open", open };
    if (state.endsAt !== undefined) this.#platform.alarm.endsAt(state.endsAt);
    return open;
  }
}
