import type { ConversationRecord } from "../model/records.ts";
import type { SubscriptionRequest } from "../protocol/link-controls.ts";
import type { Refused } from "../protocol/outcome.ts";
import { assembleConversation, type OpenConversation, PENDING_DELAY } from "./assemble-conversation.ts";
import type { ConversationPlatform, ConversationServices } from "./conversation-ports.ts";
import { clearCopy } from "./copy/removal.ts";
import { startHere } from "./creation/start.ts";
import type { StartedBy, StartResult } from "./creation/start-result.ts";
import { areSame, UniqueRegistry } from "./creation/unique-registry.ts";
import type { PendingSince } from "./delivery/delivery-host.ts";
import { type SubscriptionSocket, SubscriptionSockets } from "./delivery/subscription-sockets.ts";
import {
  type ConversationImport,
  createImported,
  type ImportedConversation,
  updateImported,
} from "./import/import-conversation.ts";
import { importLog } from "./import/import-log.ts";
import type { ImportedMessage } from "./log/import-messages.ts";
import { Tidying } from "./retention/tidying.ts";
import { ConversationState } from "./state.ts";

const REMOVAL_RETRY = 60_000; // ms

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
  readonly tidying: Tidying;
  readonly #platform: ConversationPlatform;
  readonly #services: ConversationServices;
  readonly #sockets = new SubscriptionSockets();
  #stage: Stage = { name: "none" };

  constructor(platform: ConversationPlatform, services: ConversationServices) {
    this.#platform = platform;
    this.#services = services;
    this.tidying = new Tidying(platform, services, {
      open: () => this.open,
      remove: (open) => this.#remove(open),
    });
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
  wake(state: ConversationState, sockets: Iterable<SubscriptionSocket>): void {
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
    connect: () => SubscriptionSocket,
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
  received(socket: SubscriptionSocket, data: ArrayBuffer | Uint8Array | string): Promise<void> {
    this.#platform.alarm.check();
    return this.#sockets.received(this.open, socket, data);
  }

  closed(socket: SubscriptionSocket): void {
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
    conversation.pushes.resume();
    await unseen.look();
    if (await outbox.drain()) {
      state.copy.saveArchived();
      await this.tidying.tidyInUse(open);
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
    const known = this.open;
    if (known === undefined) this.#assemble(createImported(this.#platform.tables, imported), undefined);
    const outcome = known === undefined ? "added" : updateImported(known.state, imported);
    const { open } = this;
    if (open === undefined) return undefined;
    const log = messages.length === 0 ? undefined : importLog(open.state, messages, open.mirror);
    return { outcome, record: open.state.record(), log };
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

  /** Deletes the conversation with its history, for everybody. */
  async remove(): Promise<undefined | Refused> {
    await this.open?.conversation.recorder.publish();
    const { open } = this;
    if (open === undefined) return { refused: "CONVERSATION_NOT_FOUND" };
    await this.#remove(open);
    return undefined;
  }

  /** From its first turn on there is no conversation. Resolves when its copy is cleared, or could not be. */
  #remove({ state, delivery }: OpenConversation): Promise<unknown> {
    this.#delete(state);
    return Promise.all([delivery.relays.close(), this.#clearCopy(state)]);
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
