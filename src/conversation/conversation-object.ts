// biome-ignore lint/style/noRestrictedImports: the shell of an object
import { DurableObject } from "cloudflare:workers";
import { Alarm } from "../alarm.ts";
import type { Env } from "../bindings.ts";
import { lagOf } from "../database/messages/archive-delay.ts";
import { withDeadline } from "../deadline.ts";
import { EventOutbox } from "../hooks/event-outbox.ts";
import { eventQueueOf } from "../hooks/event-queue.ts";
import { hooksOf } from "../hooks/hooks.ts";
import type { JsonObject } from "../model/json.ts";
import type { ConversationRecord, Will } from "../model/records.ts";
import { filtered } from "../moderation/filter.ts";
import { keywordFilterOf } from "../moderation/word-list-store.ts";
import { decodeCommand } from "../protocol/decode.ts";
import { type ConversationRequest, linkClose, type SubscriptionRequest } from "../protocol/link-controls.ts";
import type { Changed, Refused } from "../protocol/outcome.ts";
import type { HistoryMessage } from "../protocol/replies.ts";
import { verifyMembershipSignature } from "../protocol/signatures.ts";
import { publish } from "../queue/publish.ts";
import { hasListeners } from "../settings/schema.ts";
import { settingsOf } from "../settings/store.ts";
import { archiveOf } from "./archive.ts";
import type { CatchUp, CatchUpRequest } from "./catch-up.ts";
import { isConversationCommand } from "./commands.ts";
import { Conversation } from "./conversation.ts";
import type { ConversationStub } from "./conversation-stub.ts";
import { Delivery } from "./delivery.ts";
import type { PendingSince, Subscription, SubscriptionIdentity, SubscriptionPort } from "./delivery-state.ts";
import { type Described, type DescriptionOptions, described } from "./description.ts";
import type { HistoryRequest } from "./history-pages.ts";
import { newConversationId } from "./ids.ts";
import { knownClients } from "./known-clients.ts";
import { noticesOf } from "./notice-records.ts";
import type { MissedNotices } from "./notices.ts";
import { Outbox } from "./outbox.ts";
import { RelayCalls } from "./relay-calls.ts";
import { clearArchive } from "./removal.ts";
import { NO_ORIGIN, replayOf } from "./replay.ts";
import { changeRow } from "./row-change.ts";
import type { MessageLocation, PatchByServer, RowChange, RowChanged, ServerMessage } from "./server-calls.ts";
import { type Origin, startHere } from "./start.ts";
import type { StartResult } from "./start-result.ts";
import { ConversationState } from "./state.ts";
import { conversationTables } from "./tables.ts";
import { areSame, UniqueRegistry } from "./unique-registry.ts";
import { unreadOf } from "./unread-record.ts";

const RELAY_DEADLINE = 5_000; // ms for a client's object to take a delivery
const START_DEADLINE = 4_000; // ms for a unique conversation's successor; less than the caller waits
const PENDING_DELAY = 10_000; // ms: longer than any call in flight, so the alarm only finds what a crash left
const RETRY = 60_000; // ms
const TURNS = 4; // turns of the thread after which everything one device sent together has arrived (measured)

interface OpenConversation {
  state: ConversationState;
  delivery: Delivery;
  conversation: Conversation;
  outbox: Outbox;
}

/** The author of changes made by the app's server. */
const NO_CLIENT = { clientId: "", origin: NO_ORIGIN };

/** One conversation: a shell that gives the rules their storage, clock, sockets and alarm. */
export class ConversationObject extends DurableObject<Env> implements ConversationStub {
  #open: OpenConversation | undefined;
  /** A deleted conversation that D1 may still have. */
  #deleted: ConversationState | undefined;
  readonly #subscriptions = new Map<WebSocket, Subscription>();
  readonly #alarm: Alarm;
  readonly #tables = conversationTables(this.ctx.storage.sql);

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#alarm = new Alarm(ctx.storage, () => Date.now());
    const state = ConversationState.load(this.#tables);
    if (state === undefined) return;
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load();
      // Wait for the app's settings: the defaults could show what the app hides.
      const settings = settingsOf(env);
      if (!settings.isKnown) await settings.get();
      if (state.isDeleted) this.#deleted = state;
      else this.#woke(this.#assemble(state, state.pendingAtWake));
    });
  }

  #woke({ state, delivery, outbox }: OpenConversation): void {
    // Once D1 has caught up, nothing would show that these notices were not sent.
    if (state.indexIsStale) delivery.resumePending();
    outbox.woke(this.#alarm.isSet);
  }

  /** Opens a subscription for a session that the gateway has authenticated; 404 if there is no such conversation. */
  override async fetch(request: Request): Promise<Response> {
    const subscriptionRequest: SubscriptionRequest = JSON.parse(
      decodeURIComponent(request.headers.get("parley-link") ?? ""),
    );
    if (this.#open !== undefined) await this.#refreshSettings();
    const open = this.#open;
    if (open === undefined) return new Response(null, { status: 404 });
    const reservation = await open.delivery.reserve(subscriptionRequest);
    // No await from here to the end: the reservation is valid in this turn only.
    let subscription: Subscription | undefined;
    try {
      const { 0: client, 1: server } = new WebSocketPair();
      this.ctx.acceptWebSocket(server);
      subscription = open.delivery.accept(subscriptionRequest, reservation, portOf(server));
      if (subscription === undefined) {
        server.close(1011, "too far behind");
        return new Response(null, { status: 409 });
      }
      this.#subscriptions.set(server, subscription);
      return new Response(null, { status: 101, webSocket: client });
    } finally {
      if (subscription === undefined) open.delivery.release(subscriptionRequest.clientId);
    }
  }

  override async webSocketMessage(socket: WebSocket, data: ArrayBuffer | string): Promise<void> {
    this.#alarm.check();
    const open = this.#open;
    const subscription = this.#subscriptions.get(socket);
    if (open === undefined || subscription === undefined) return socket.close(1011, "not subscribed");
    if (typeof data === "string") {
      const request: ConversationRequest = JSON.parse(data);
      if (request.type === "unsubscribe") open.delivery.unsubscribe(subscription.clientId);
      return;
    }
    const command = decodeCommand(new Uint8Array(data));
    if (command !== undefined && isConversationCommand(command))
      await open.conversation.handle(subscription, command);
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.#lost(socket);
    closeQuietly(socket, code);
  }

  override webSocketError(socket: WebSocket): void {
    this.#lost(socket);
  }

  /** Runs everything pending: deliveries that a crash or a failing client left, then D1's copy. Safe to run twice. */
  override async alarm(): Promise<void> {
    await this.#alarm.run(() => this.#runPendingWork());
  }

  async #runPendingWork(): Promise<void> {
    if (this.#deleted !== undefined) return this.#finishRemoval(this.#deleted);
    if (this.#open !== undefined) await this.#refreshSettings();
    const open = this.#open;
    if (open === undefined) return;
    open.delivery.resumePending();
    if (await open.outbox.drain()) open.state.copy.saveArchived();
    if (open.state.pendingSince !== undefined) this.#alarm.within(PENDING_DELAY);
    await open.conversation.recorder.publish();
  }

  /**
   * Copies to D1 what it lacks, before a query: the client was shown it already. Returns whether D1 has everything now.
   */
  async copyNow(): Promise<boolean> {
    return (await this.#open?.outbox.drain()) ?? true;
  }

  /**
   * Creates the conversation, or returns it if it exists. A unique one is the conversation whose members are exactly
   * these now. D1 has it before this resolves, if D1 is up.
   */
  async start(record: ConversationRecord, origin: Origin): Promise<StartResult> {
    const started = record.unique
      ? await this.#registry(origin).start(record)
      : await this.startHere(record, origin);
    if (started === undefined) throw new Error("a conversation that is not unique is nobody else's");
    return started;
  }

  /** The same in this object alone; undefined if the unique conversation here has other members by now. */
  async startHere(record: ConversationRecord, origin: Origin): Promise<StartResult | undefined> {
    return startHere(record, origin, {
      now: () => Date.now(),
      existing: () => this.#open,
      clearDeleted: async () => {
        await this.#refreshSettings();
        if (this.#deleted === undefined) return;
        // The old conversation was deleted: D1 must be rid of it before the same members begin a new one.
        if (!(await clearArchive(this.#deleted, archiveOf(this.env)))) throw new Error("not cleared yet");
        await this.#forget();
      },
      create: (record) => {
        const open = this.#assemble(ConversationState.create(this.#tables, record), undefined);
        open.outbox.scheduleCopy();
        return open;
      },
      index: async () => {
        const outbox = this.#open?.outbox;
        if (outbox !== undefined) await this.#index(outbox);
      },
    });
  }

  /** Whether a unique conversation of exactly these members exists. */
  async hasUnique(members: string[]): Promise<boolean> {
    const id = this.#registry("server").successor;
    if (id === undefined) return this.#membershipOf(members) === "theirs";
    const answer = this.env.CONVERSATIONS.getByName(id).isOf(members);
    return withDeadline(answer, START_DEADLINE, `members of ${id}`);
  }

  /** Whether the members are exactly these. */
  async isOf(members: string[]): Promise<boolean> {
    return this.#membershipOf(members) === "theirs";
  }

  #membershipOf(members: readonly string[]): "theirs" | "others'" | "none" {
    if (this.#open === undefined) return "none";
    return areSame(this.#open.state.members.keys(), members) ? "theirs" : "others'";
  }

  #registry(origin: Origin): UniqueRegistry {
    return new UniqueRegistry(this.#tables, {
      own: (members) => this.#membershipOf(members),
      startHere: (record) => this.startHere(record, origin),
      startThere: async (record) => {
        // Its creator does not know its id before the reply, which may be lost, so they are notified like every member.
        const starting = this.env.CONVERSATIONS.getByName(record.id).startHere(record, "server");
        const started = await withDeadline(starting, START_DEADLINE, `start of ${record.id}`);
        // A clone: the RPC result itself would keep the other object from hibernating (seen 2026-11-28).
        return structuredClone(started);
      },
      newId: () => newConversationId(Date.now()),
    });
  }

  /** Makes the conversation findable: through D1, or through the app while D1 is down. */
  async #index(outbox: Outbox): Promise<void> {
    if (!(await outbox.index())) await outbox.reportUnindexed();
  }

  async describe(viewer: string | undefined, options?: DescriptionOptions): Promise<Described | undefined> {
    return this.#open && described(this.#open.state, viewer, options);
  }

  async isMember(clientId: string): Promise<boolean> {
    return this.#open?.state.members.has(clientId) ?? false;
  }

  async catchUp(clientId: string, request: CatchUpRequest): Promise<CatchUp | undefined> {
    if (this.#open !== undefined) await this.#refreshSettings();
    return this.#open?.conversation.catchUp(clientId, request);
  }

  async missedNotices(clientId: string, after: number): Promise<MissedNotices> {
    return this.#open?.conversation.missedNotices(clientId, after) ?? { events: [], complete: true };
  }

  /** Sends the will of a lost client; a repeated call does not send it again. */
  async will(from: string, will: Will): Promise<void> {
    await this.#open?.conversation.will(from, will);
  }

  async members(): Promise<{ members: string[]; muted: string[] } | Refused> {
    return this.#read(({ state }) => {
      const { members, muted } = state.record();
      return { members, muted };
    });
  }

  async addMembers(clientIds: string[]): Promise<Changed | Refused> {
    return this.#change(({ conversation }) =>
      conversation.membership.addMembers(clientIds, NO_CLIENT.clientId),
    );
  }

  async removeMembers(clientIds: string[]): Promise<Changed | Refused> {
    return this.#change(({ conversation }) =>
      conversation.membership.removeMembers(clientIds, NO_CLIENT.clientId),
    );
  }

  async setMuted(clientIds: string[], muted: boolean): Promise<Changed | Refused> {
    return this.#change(({ conversation }) => conversation.membership.setMuted(clientIds, muted));
  }

  async change(changes: JsonObject): Promise<Changed | Refused> {
    return this.#change(({ conversation }) => conversation.membership.change(changes, NO_CLIENT));
  }

  async changeRow(change: RowChange): Promise<RowChanged> {
    return this.#change(({ conversation, state }) =>
      changeRow(change, {
        record: () => state.record(),
        sql: this.ctx.storage.sql,
        limits: settingsOf(this.env).last.limits,
        membership: conversation.membership,
      }),
    );
  }

  async sendAsServer(message: ServerMessage): Promise<{ messageId: string; timestamp: number } | Refused> {
    return this.#change(({ conversation }) => conversation.sendAsServer(message));
  }

  async history(request: HistoryRequest, viewer: string | undefined): Promise<HistoryMessage[] | Refused> {
    if (viewer !== undefined && this.#open !== undefined) await this.#refreshSettings();
    return this.#read(({ conversation }) => conversation.history(request, viewer));
  }

  async patch(patch: PatchByServer): Promise<undefined | Refused> {
    return this.#change(async ({ conversation }) => conversation.patchByServer(patch));
  }

  async deleteMessage(location: MessageLocation): Promise<undefined | Refused> {
    return this.#read(({ conversation }) => conversation.deleteMessage(location));
  }

  async stillNewTo(message: Omit<MessageLocation, "from">, clientIds: string[]): Promise<string[]> {
    return this.#open?.conversation.stillNewTo(message, clientIds) ?? [];
  }

  async unread(clientId: string): Promise<number | undefined | Refused> {
    return this.#read(({ conversation }) => conversation.unread(clientId));
  }

  async remove(): Promise<undefined | Refused> {
    await this.#open?.conversation.recorder.publish();
    const open = this.#open;
    if (open === undefined) return { refused: "CONVERSATION_NOT_FOUND" };
    open.state.delete(Date.now());
    this.#open = undefined;
    this.#deleted = open.state;
    // A copy to D1 in progress may still arrive there, so D1 is cleared once more afterwards.
    this.#alarm.within(PENDING_DELAY);
    for (const socket of this.#subscriptions.keys()) socket.close(linkClose.LOST, "deleted");
    this.#subscriptions.clear();
    await clearArchive(open.state, archiveOf(this.env));
    return undefined;
  }

  async #finishRemoval(state: ConversationState): Promise<void> {
    if (await clearArchive(state, archiveOf(this.env))) await this.#forget();
    else this.#alarm.within(RETRY);
  }

  /** Deletes everything, except the successor of a unique conversation. */
  async #forget(): Promise<void> {
    const named = this.#registry("server").successor !== undefined;
    this.#deleted = undefined;
    await this.#alarm.remove();
    if (named) return this.#tables.dropAllExcept("successor");
    await this.ctx.storage.deleteAll();
    this.#tables.forget();
  }

  /** Answers the app's server from this object's storage, without D1. */
  #read<Outcome>(run: (open: OpenConversation) => Outcome): Outcome | Refused {
    const open = this.#open;
    return open === undefined ? { refused: "CONVERSATION_NOT_FOUND" } : run(open);
  }

  /** Runs an operation of the app's server with fresh settings (limits and listeners). */
  async #change<Outcome>(run: (open: OpenConversation) => Promise<Outcome>): Promise<Outcome | Refused> {
    if (this.#open !== undefined) await this.#refreshSettings();
    const open = this.#open;
    return open === undefined ? { refused: "CONVERSATION_NOT_FOUND" } : run(open);
  }

  #refreshSettings(): Promise<unknown> | undefined {
    const settings = settingsOf(this.env);
    return settings.peek() === undefined ? settings.get() : undefined;
  }

  #assemble(state: ConversationState, pending: PendingSince | undefined): OpenConversation {
    for (const socket of this.ctx.getWebSockets()) {
      const identity: SubscriptionIdentity | null = socket.deserializeAttachment();
      if (identity !== null) this.#subscriptions.set(socket, { ...identity, port: portOf(socket) });
    }
    const { id } = state.facts;
    const subscriptions = [...this.#subscriptions.values()];
    const relayCalls = new RelayCalls();
    const clients = knownClients(this.env.DB);
    const delivery = new Delivery(
      {
        now: () => Date.now(),
        head: () => state.log.end,
        members: () => state.members.keys(),
        isMember: (clientId) => state.members.has(clientId),
        leftAfter: (time) => state.notices.leftAfter(time).filter((id) => !state.members.has(id)),
        isAway: (clientId) => state.members.get(clientId)?.away ?? false,
        setAway: (clientId, away) => {
          const member = state.members.get(clientId);
          if (member !== undefined) state.members.setAway(member, away);
        },
        replay: (clientId, after, limit) => replayOf(state, clientId, after, limit, settings.last),
        notices: (clientId, range) => noticesOf(state, clientId, range),
        readCursorMovedAt: (clientId) => state.members.get(clientId)?.readCursorMovedAt ?? 0,
        unread: (clientId, count) => unreadOf(state, clientId, count, Date.now()),
        markPending: (since) => {
          if (state.pendingSince === undefined) this.#alarm.within(PENDING_DELAY);
          state.markPending(since);
        },
        clearPending: () => state.clearPending(),
        relay: async (clientId, frame) => {
          // At a client's first login, D1's list of members is the only way to find this conversation.
          const isUnknown = !clients.has(clientId) && (await outbox.index());
          if (isUnknown && !(await clients.mayHaveLoggedIn(clientId))) return "offline";
          return relayCalls.run(() => {
            const delivery = this.env.CLIENTS.getByName(clientId).deliver(id, frame);
            return withDeadline(delivery, RELAY_DEADLINE, `delivery to ${clientId}`);
          });
        },
        retryAfter: (delay) => this.#alarm.within(delay),
        timer: (delay, run) => {
          const timer = setTimeout(run, delay);
          return () => clearTimeout(timer);
        },
      },
      subscriptions,
      pending,
    );
    const outbox = new Outbox(state, archiveOf(this.env), {
      now: () => Date.now(),
      nextTick: (run) => this.#nextTick(run),
      timer: (delay, run) => void setTimeout(run, delay),
      drainWithin: (delay) => this.#alarm.within(delay),
      lag: lagOf(this.env),
    });
    const settings = settingsOf(this.env);
    const events = new EventOutbox(this.#tables);
    const conversation = new Conversation(state, delivery, subscriptions, outbox, events, {
      now: () => Date.now(),
      tick: (run) => void setTimeout(run, 0),
      turns: (run, isWanted) => void this.#afterTurns(run, isWanted),
      nextTick: (run) => this.#nextTick(run),
      archiveSoon: () => outbox.scheduleCopy(),
      settings: () => settings.last,
      refreshSettings: () => this.#refreshSettings(),
      hooks: hooksOf(this.env),
      filtered: async (content) => {
        const words = await keywordFilterOf(this.env).get(settings.last.keywords.version);
        return words && filtered(content, words)?.content;
      },
      isSigned: (change) => {
        const { APP_ID: appId, MASTER_KEY: masterKey } = this.env;
        return verifyMembershipSignature({ ...change, appId, masterKey, now: Date.now() });
      },
      hasListeners: () => hasListeners(settings.last),
      publish: (happened) => publish(eventQueueOf(this.env), happened),
      publishAfter: (delay) => this.#alarm.within(delay),
    });
    this.#open = { state, delivery, conversation, outbox };
    return this.#open;
  }

  /**
   * If the clock is set back, workerd's timers stop until it has caught up. Storage syncs still resolve; without a
   * write, they resolve after one turn of the thread, in which only a few of the frames that have arrived are handled.
   */
  async #afterTurns(run: () => void, isWanted = () => true): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) {
      await this.ctx.storage.sync().catch(() => {});
      if (!isWanted()) return;
    }
    run();
  }

  #nextTick(run: () => void): void {
    let done = false;
    const once = () => {
      if (done) return;
      done = true;
      run();
    };
    setTimeout(once, 0);
    void this.#afterTurns(once);
  }

  #lost(socket: WebSocket): void {
    const subscription = this.#subscriptions.get(socket);
    if (subscription === undefined) return;
    this.#subscriptions.delete(socket);
    this.#open?.delivery.closed(subscription);
    this.#open?.conversation.receipts.subscriptionClosed(subscription);
  }
}

/** Completes a closing handshake. Reserved codes cannot be sent, and a socket that is gone needs nothing. */
function closeQuietly(socket: WebSocket, code: number): void {
  try {
    socket.close(code >= 4000 ? code : 1000);
  } catch {}
}

function portOf(socket: WebSocket): SubscriptionPort {
  return {
    send: (frame: Uint8Array) => socket.send(frame),
    close: (code: number, reason: string) => socket.close(code, reason),
    save: (identity) => socket.serializeAttachment(identity),
  };
}
