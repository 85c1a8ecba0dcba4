import { Client } from "../../src/client/client.ts";
import { clientTables } from "../../src/client/client-tables.ts";
import { checkLogin } from "../../src/client/credentials.ts";
import type { Services } from "../../src/client/ports.ts";
import {
  type ProvenRequest,
  Session,
  type SessionIdentity,
  type SessionState,
} from "../../src/client/session.ts";
import { type IssuedClaims, type SessionClaims, SessionTokens } from "../../src/client/session-token.ts";
import type { CatchUpRequest } from "../../src/conversation/catch-up.ts";
import { isConversationCommand } from "../../src/conversation/commands.ts";
import { Conversation } from "../../src/conversation/conversation.ts";
import { Delivery } from "../../src/conversation/delivery.ts";
import type {
  PendingSince,
  RelayOutcome,
  Subscription,
  SubscriptionIdentity,
  SubscriptionPort,
} from "../../src/conversation/delivery-state.ts";
import { noticesOf } from "../../src/conversation/notice-records.ts";
import { Outbox } from "../../src/conversation/outbox.ts";
import { replayOf } from "../../src/conversation/replay.ts";
import { type Origin, startHere } from "../../src/conversation/start.ts";
import type { StartResult } from "../../src/conversation/start-result.ts";
import { ConversationState } from "../../src/conversation/state.ts";
import { type ConversationTables, conversationTables } from "../../src/conversation/tables.ts";
import { areSame, UniqueRegistry } from "../../src/conversation/unique-registry.ts";
import { unreadOf } from "../../src/conversation/unread-record.ts";
import { lagOf } from "../../src/database/messages/archive-delay.ts";
import type { GatewayServices } from "../../src/gateway/gateway-services.ts";
import type { Dial, LinkSocket } from "../../src/gateway/session/link-socket.ts";
import { EventOutbox } from "../../src/hooks/event-outbox.ts";
import { ALLOWED } from "../../src/hooks/questions.ts";
import type { ConversationRecord, Will } from "../../src/model/records.ts";
import { decodeCommand } from "../../src/protocol/decode.ts";
import type { SessionControl, SubscriptionRequest } from "../../src/protocol/link-controls.ts";
import { readControl, readRecords } from "../../src/protocol/link-records.ts";
import { defaultSettings } from "../../src/settings/schema.ts";
import { MemorySql } from "../support/sqlite.ts";
import { type End, type Network, trace } from "./network.ts";

/** How long after a break devices may come back (ms). */
export const RETURN_TIME = 15_000;

/** What may go wrong; probabilities are per call. */
export interface Faults {
  relayCallLost: number;
  /** The longest time the app's hooks take (ms); with hooks on, they are asked about what devices send. */
  hookTime: number;
  /** The longest time a request to D1 takes (ms), and its answer the same again. */
  indexTime?: number;
}

/** Reading them takes longer than most calls. */
const SETTINGS = defaultSettings(false);

type Fate = "fine" | "request lost" | "answer lost";

/** All client and conversation objects and the dialling between them: the real rules on a simulated network. */
export class Cluster {
  readonly network: Network;
  readonly faults: Faults;
  /** Existing conversations, in the order of their creation. */
  readonly conversations = new Map<string, SimulatedConversation>();
  readonly #conversationObjects = new Map<string, SimulatedConversation>();
  #ids = 0;
  readonly clients = new Map<string, SimulatedClient>();
  readonly database: Database;
  /** Clients known to have logged in without asking D1. */
  readonly known = new Set<string>();

  constructor(network: Network, faults: Faults) {
    this.network = network;
    this.faults = faults;
    this.database = new Database(network, faults);
  }

  client(clientId: string): SimulatedClient {
    let object = this.clients.get(clientId);
    if (object === undefined) {
      object = new SimulatedClient(this);
      this.clients.set(clientId, object);
    }
    return object;
  }

  /** Creates a conversation that D1 has. */
  createConversation(id: string, members: string[]): void {
    const now = this.network.now;
    const record: ConversationRecord = {
      id,
      kind: "normal",
      name: undefined,
      creator: members[0] ?? "",
      members,
      muted: [],
      attributes: {},
      columns: {},
      unique: false,
      uniqueId: undefined,
      createdAt: now,
      updatedAt: now,
      lastMessageAt: undefined,
      timeToLive: undefined,
    };
    const object = this.conversationObject(id);
    object.create(record);
    this.database.write(record);
    object.state.copy.setIndexed(now);
  }

  /** The object of an id, whether or not it has a conversation. */
  conversationObject(id: string): SimulatedConversation {
    let object = this.#conversationObjects.get(id);
    if (object === undefined) {
      object = new SimulatedConversation(this, id);
      this.#conversationObjects.set(id, object);
    }
    return object;
  }

  /** Ids like the real ones, but the same for the same seed. */
  newConversationId(): string {
    this.#ids += 1;
    return this.#ids.toString(16).padStart(24, "0");
  }

  judge(): GatewayServices["judge"] {
    const checkJsonWebToken = () => Promise.reject(new Error("not here"));
    const tokens = new UnsignedTokens("app", "key");
    const judges = {
      appId: "app",
      masterKey: "key",
      tokens,
      now: () => this.network.now,
      checkJsonWebToken,
    };
    return (clientId, command, security) => checkLogin(clientId, command, security, judges);
  }

  /** Dials a session link. `seen` gets every control on it, as the gateway does; `dialled` gets its near end. */
  dialSession(seen: (control: SessionControl) => void, dialled?: (end: End) => void): Dial<ProvenRequest> {
    return this.#dial(
      dialled,
      (request, end) => this.client(request.clientId).accept(request, end),
      (data) => {
        for (const record of readRecords(data)) {
          if (record.kind === "control") seen(readControl<SessionControl>(record.payload));
        }
      },
    );
  }

  dialConversation(dialled?: (end: End) => void): Dial<SubscriptionRequest> {
    return this.#dial(dialled, (request, end) =>
      this.conversations.get(request.conversationId)?.accept(request, end),
    );
  }

  #dial<Asked>(
    dialled: ((end: End) => void) | undefined,
    accept: (request: Asked, end: End) => Promise<boolean> | boolean | undefined,
    seen: (data: Uint8Array) => void = () => {},
  ): Dial<Asked> {
    return async (request, events) => {
      const [near, far] = this.network.socketPair();
      const fate = (): Fate => (this.network.chance(this.faults.relayCallLost / 4) ? "request lost" : "fine");
      const accepted = await this.network.call(async () => accept(request, far), 8_000, fate);
      if (accepted === undefined) return "missing";
      if (!accepted) throw new Error("refused");
      let isClosed = false;
      const closeOnce = () => {
        if (isClosed) return;
        isClosed = true;
        events.closed();
      };
      near.onMessage = (data) => {
        if (isClosed || typeof data === "string") return;
        seen(data);
        events.frame(data);
      };
      near.onClose = closeOnce;
      near.accept();
      dialled?.(near);
      const socket: LinkSocket = {
        send: (data) => {
          try {
            near.send(data);
          } catch {
            closeOnce();
          }
        },
        close: (code) => {
          isClosed = true;
          near.close(code);
        },
      };
      return socket;
    };
  }
}

/** D1: the members of conversations, and the clients that have logged in. It takes time, and calls get lost. */
class Database {
  readonly #network: Network;
  readonly #faults: Faults;
  readonly #members = new Map<string, { updatedAt: number; members: string[] }>();
  readonly #loggedIn = new Map<string, number>();

  constructor(network: Network, faults: Faults) {
    this.#network = network;
    this.#faults = faults;
  }

  save(record: ConversationRecord): Promise<void> {
    return this.#ask(() => this.write(record));
  }

  write({ id, updatedAt, members }: ConversationRecord): void {
    if (updatedAt >= (this.#members.get(id)?.updatedAt ?? 0)) this.#members.set(id, { updatedAt, members });
  }

  hasLoggedIn(clientId: string): Promise<boolean> {
    return this.#ask(() => this.#loggedIn.has(clientId));
  }

  /** When D1 learned of a client's first login (ms). */
  knownSince(clientId: string): number {
    return this.#loggedIn.get(clientId) ?? Number.POSITIVE_INFINITY;
  }

  register(clientId: string): Promise<{ conversations: string[]; more: boolean }> {
    return this.#ask(() => {
      this.#loggedIn.set(clientId, this.#loggedIn.get(clientId) ?? this.#network.now);
      const ofClient = [...this.#members].filter(([, { members }]) => members.includes(clientId));
      return { conversations: ofClient.map(([id]) => id), more: false };
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

/** What an object has in memory, from waking up to hibernation or death. */
interface Instance {
  open:
    | { state: ConversationState; delivery: Delivery; conversation: Conversation; outbox: Outbox }
    | undefined;
  tables: ConversationTables;
  timers: Set<() => void>;
  calls: number;
}

/** A conversation's object: it does what the real shell does, with storage that survives it. */
export class SimulatedConversation {
  readonly id: string;
  readonly sql = new MemorySql();
  readonly #cluster: Cluster;
  readonly #ends = new Map<End, Subscription>();
  #alarmAt: number | undefined;
  #failsUntil = 0;
  #instance = this.#newInstance();

  constructor(cluster: Cluster, id: string) {
    this.#cluster = cluster;
    this.id = id;
  }

  get state(): ConversationState {
    return this.#open.state;
  }

  get #open() {
    const { open } = this.#instance;
    if (open === undefined) throw new Error("no conversation");
    return open;
  }

  create(record: ConversationRecord): void {
    this.#assemble(ConversationState.create(this.#instance.tables, record), undefined);
    this.#cluster.conversations.set(this.id, this);
    this.#alarm(10_000);
  }

  /** Creates the unique conversation of the set that this object belongs to, or finds it. */
  start(record: ConversationRecord): Promise<StartResult> {
    trace(this.#cluster.network.now, "start", record.id, "of", record.members.join());
    return this.#inThisInstance(this.#registry().start(record));
  }

  async hasUnique(members: string[]): Promise<boolean> {
    const id = this.#registry().successor;
    return (id === undefined ? this : this.#cluster.conversationObject(id)).isOf(members);
  }

  isOf(members: readonly string[]): boolean {
    return this.#instance.open !== undefined && areSame(this.state.members.keys(), members);
  }

  #startHere(record: ConversationRecord, origin: Origin): Promise<StartResult | undefined> {
    const started = startHere(record, origin, {
      now: () => this.#cluster.network.now,
      existing: () => this.#instance.open,
      clearDeleted: () =>
        this.#inThisInstance(randomDelay(this.#cluster.network, this.#cluster.faults.indexTime ?? 0)),
      create: (record) => {
        trace(this.#cluster.network.now, "create", record.id, "of", record.members.join());
        this.create(record);
        return this.#open;
      },
      index: async () => void (await this.#inThisInstance(this.#open.outbox.index())),
    });
    return this.#inThisInstance(started);
  }

  #registry(): UniqueRegistry {
    const { network, faults } = this.#cluster;
    return new UniqueRegistry(this.#instance.tables, {
      own: (members) => {
        if (this.#instance.open === undefined) return "none";
        return this.isOf(members) ? "theirs" : "others'";
      },
      startHere: (record) => this.#startHere(record, "client"),
      startThere: (record) => {
        const call = () => this.#cluster.conversationObject(record.id).#startHere(record, "server");
        return this.#inThisInstance(network.call(call, 4_000, fateOf(network, faults.relayCallLost)));
      },
      newId: () => this.#cluster.newConversationId(),
    });
  }

  async #mayHaveLoggedIn(clientId: string): Promise<boolean> {
    const { known, database } = this.#cluster;
    try {
      if (!(await this.#inThisInstance(database.hasLoggedIn(clientId)))) return false;
      known.add(clientId);
    } catch {} // while nobody can say, everybody may have
    return true;
  }

  /** A dead object neither continues nor receives answers. A pending call keeps an object from hibernating. */
  #inThisInstance<T>(promise: Promise<T>): Promise<T> {
    const instance = this.#instance;
    instance.calls += 1;
    return new Promise((resolve, reject) => {
      const done = (then: () => void) => {
        instance.calls -= 1;
        if (this.#instance === instance) then();
      };
      promise.then(
        (value) => done(() => resolve(value)),
        (error) => done(() => reject(error)),
      );
    });
  }

  async accept(request: SubscriptionRequest, end: End): Promise<boolean> {
    const { delivery } = this.#open;
    const session = `${request.clientId}/${request.sessionId.slice(0, 4)}`;
    trace(this.#cluster.network.now, "ask", request.conversationId, session, "since", request.since);
    // If the object crashes meanwhile, the answer is never given.
    const reservation = await this.#inThisInstance(delivery.reserve(request));
    const subscription = delivery.accept(request, reservation, portOf(end));
    if (subscription === undefined) {
      delivery.release(request.clientId);
      return false;
    }
    trace(
      this.#cluster.network.now,
      "open",
      request.conversationId,
      session,
      "since",
      reservation.since,
      "replay after",
      reservation.replayAfter,
    );
    this.#ends.set(end, subscription);
    this.#listen(end);
    end.accept();
    return true;
  }

  /**
   * Hibernates and wakes up: only sockets, their attachments and the storage survive. Only at rest, since the platform
   * lets no object hibernate during a call or a timer of its own.
   */
  evict(): void {
    if (this.#instance.calls > 0 || this.#instance.timers.size > 0) return;
    trace(this.#cluster.network.now, "evict conversation");
    this.#wake();
  }

  /** Dies: every subscription breaks too. */
  crash(): void {
    trace(this.#cluster.network.now, "crash conversation");
    const ends = [...this.#ends.keys()];
    this.#ends.clear();
    for (const end of ends) end.cut((length) => this.#cluster.network.random(length + 1));
    this.#wake();
  }

  /** As on a full disk: for this long (ms), every command breaks the object and writes nothing. */
  failStorage(duration: number): void {
    trace(this.#cluster.network.now, "storage fails");
    this.#failsUntil = this.#cluster.network.now + duration;
  }

  cutOneSubscription(): void {
    this.#cluster.network
      .pick([...this.#ends.keys()])
      ?.cut((length) => this.#cluster.network.random(length + 1));
  }

  catchUp(clientId: string, request: CatchUpRequest) {
    const answer = this.#open.conversation.catchUp(clientId, request);
    const head = answer.member ? answer.head : "none";
    trace(this.#cluster.network.now, "catch-up", this.state.facts.id, clientId, "head", head);
    return answer;
  }

  missedNotices(clientId: string, after: number) {
    return this.#open.conversation.missedNotices(clientId, after);
  }

  will(from: string, will: Will): Promise<void> {
    trace(this.#cluster.network.now, "will", this.state.facts.id, from, will.id);
    return this.#open.conversation.will(from, will);
  }

  #listen(end: End): void {
    end.onMessage = (data) => {
      const subscription = this.#ends.get(end);
      if (subscription === undefined) return;
      if (typeof data === "string") {
        if (JSON.parse(data).type === "unsubscribe") this.#open.delivery.unsubscribe(subscription.clientId);
        return;
      }
      const command = decodeCommand(data);
      if (command !== undefined && isConversationCommand(command)) {
        if (this.#cluster.network.now < this.#failsUntil) return this.crash();
        void this.#open.conversation.handle(subscription, command);
      }
    };
    end.onClose = () => {
      const subscription = this.#ends.get(end);
      if (subscription === undefined) return;
      this.#ends.delete(end);
      trace(
        this.#cluster.network.now,
        "closed",
        this.state.facts.id,
        `${subscription.clientId}/${subscription.sessionId.slice(0, 4)}`,
      );
      this.#open.delivery.closed(subscription);
      this.#open.conversation.receipts.subscriptionClosed(subscription);
    };
  }

  #newInstance(): Instance {
    return { open: undefined, tables: conversationTables(this.sql), timers: new Set(), calls: 0 };
  }

  #wake(): void {
    for (const cancel of this.#instance.timers) cancel();
    this.#instance = this.#newInstance();
    const state = ConversationState.load(this.#instance.tables);
    if (state === undefined) return;
    const { delivery } = this.#assemble(state, state.pendingAtWake);
    if (!state.indexIsStale) return;
    delivery.resumePending();
    this.#alarm(10_000);
  }

  #assemble(state: ConversationState, pending: PendingSince | undefined) {
    const { network } = this.#cluster;
    const instance = this.#instance;
    const { timers } = instance;
    const isAlive = () => this.#instance === instance;
    for (const end of this.#ends.keys()) {
      const identity = end.attachment as SubscriptionIdentity;
      this.#ends.set(end, { ...identity, port: portOf(end) });
    }
    const timer = (delay: number, run: () => void) => {
      const cancel = network.timer(delay, () => {
        timers.delete(cancel);
        run();
      });
      timers.add(cancel);
      return cancel;
    };
    const subscriptions = [...this.#ends.values()];
    const delivery: Delivery = new Delivery(
      {
        now: () => network.now,
        head: () => state.log.end,
        members: () => state.members.keys(),
        isMember: (clientId) => state.members.has(clientId),
        leftAfter: (time) => state.notices.leftAfter(time).filter((id) => !state.members.has(id)),
        isAway: (clientId) => state.members.get(clientId)?.away ?? false,
        setAway: (clientId, away) => {
          const member = state.members.get(clientId);
          if (member !== undefined && isAlive()) state.members.setAway(member, away);
        },
        replay: (clientId, after, limit) => replayOf(state, clientId, after, limit, SETTINGS),
        notices: (clientId, range) => noticesOf(state, clientId, range),
        readCursorMovedAt: (clientId) => state.members.get(clientId)?.readCursorMovedAt ?? 0,
        unread: (clientId, count) => unreadOf(state, clientId, count, network.now),
        markPending: (since) => {
          if (state.pendingSince === undefined) this.#alarm(10_000);
          state.markPending(since);
        },
        clearPending: () => {
          if (isAlive()) state.clearPending();
        },
        relay: (clientId, frame) => {
          const deliver = () => {
            if (!isAlive()) return new Promise<RelayOutcome>(() => {}); // the caller died first
            const outcome = this.#cluster.client(clientId).client.deliver(state.facts.id, frame);
            trace(
              network.now,
              "relay",
              state.facts.id,
              clientId,
              storedTimes(frame),
              typeof outcome === "string" ? outcome : "may come back",
            );
            return outcome;
          };
          const fate = fateOf(network, this.#cluster.faults.relayCallLost);
          const reach = async (): Promise<RelayOutcome> => {
            const isUnknown = !this.#cluster.known.has(clientId) && (await outbox.index());
            if (isUnknown && !(await this.#mayHaveLoggedIn(clientId))) return "offline";
            return network.call(deliver, 5_000, fate);
          };
          return this.#inThisInstance(reach());
        },
        retryAfter: (delay) => this.#alarm(delay),
        timer,
      },
      subscriptions,
      pending,
    );
    const archive = {
      saveConversation: (record: ConversationRecord) =>
        this.#inThisInstance(this.#cluster.database.save(record)),
      archivedUpTo: async () => ({ timestamp: 0, patchedAt: 0 }),
      saveMessages: async () => ({ timestamp: 0, patchedAt: 0 }),
      behind: async () => {},
      caughtUp: async () => {},
    };
    const outbox = new Outbox(state, archive, {
      now: () => network.now,
      nextTick: (run) => void timer(0, run),
      timer,
      drainWithin: () => {},
      lag: lagOf({ OWN_BOX: "1" }),
    });
    const events = new EventOutbox(this.#instance.tables);
    const conversation = new Conversation(state, delivery, subscriptions, outbox, events, {
      now: () => network.now,
      tick: (run) => void timer(0, run),
      turns: (run) => void timer(0, run),
      nextTick: (run) => void timer(0, run),
      archiveSoon: () => this.#alarm(10_000),
      settings: () => SETTINGS,
      refreshSettings: () => undefined,
      hooks: {
        aboutMessage: () => this.#hook(),
        aboutConversation: () => this.#hook(),
      },
      filtered: async () => undefined,
      isSigned: async () => true,
      hasListeners: () => false,
      publish: async () => {},
      publishAfter: () => {},
    });
    const open = { state, delivery, conversation, outbox };
    instance.open = open;
    return open;
  }

  /** A hook takes its time and allows everything; a conversation that died meanwhile does not get the answer. */
  #hook(): Promise<typeof ALLOWED> {
    return this.#inThisInstance(
      randomDelay(this.#cluster.network, this.#cluster.faults.hookTime).then(() => ALLOWED),
    );
  }

  /** Durable: it fires even if the object that set it died. */
  #alarm(delay: number): void {
    const at = this.#cluster.network.now + delay;
    if (this.#alarmAt !== undefined && this.#alarmAt <= at) return;
    this.#alarmAt = at;
    this.#cluster.network.timer(delay, () => {
      if (this.#alarmAt !== at) return;
      this.#alarmAt = undefined;
      const { delivery, state, outbox } = this.#open;
      delivery.resumePending();
      void outbox.index().then((done) => done || this.#alarm(10_000));
      if (state.pendingSince !== undefined) this.#alarm(10_000);
    });
  }
}

/** Real signing takes real time, which a seed cannot repeat. */
class UnsignedTokens extends SessionTokens {
  override async issue(claims: SessionClaims, issuedAt: number): Promise<string> {
    return JSON.stringify({ ...claims, issuedAt });
  }

  override async verify(token: string, clientId: string): Promise<IssuedClaims | undefined> {
    const claims: IssuedClaims = JSON.parse(token);
    return claims.clientId === clientId ? claims : undefined;
  }
}

/** A client's object. */
class SimulatedClient {
  client: Client;
  readonly #cluster: Cluster;
  readonly #sql = new MemorySql();
  readonly #sessions = new Map<End, Session>();
  #calls = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.client = this.#wake();
  }

  accept({ proof, ...request }: ProvenRequest, end: End): boolean {
    const session = new Session(socketOf(end), request, { phase: "connecting" });
    session.state = { phase: "connecting", proof };
    this.#sessions.set(end, session);
    end.onMessage = (data) => {
      const current = this.#sessions.get(end);
      if (current === undefined) return;
      const command = typeof data === "string" ? undefined : decodeCommand(data);
      if (typeof data === "string") this.#busy(this.client.reported(current, JSON.parse(data)));
      else if (command !== undefined) this.#busy(this.client.handle(current, command));
    };
    end.onClose = (code) => {
      const session = this.#sessions.get(end);
      if (this.#sessions.delete(end)) this.#busy(this.client.sessionLinkClosed(session, code));
    };
    end.accept();
    return true;
  }

  /** Dies: every session link breaks too. */
  crash(): void {
    trace(this.#cluster.network.now, "crash client");
    const ends = [...this.#sessions.keys()];
    this.#sessions.clear();
    for (const end of ends) end.cut((length) => this.#cluster.network.random(length + 1));
    this.#calls = 0;
    this.client = this.#wake();
  }

  get holdsWill(): boolean {
    return clientTables(this.#sql).read("will", "SELECT 1 FROM will").length > 0;
  }

  get sessions(): Session[] {
    return [...this.#sessions.values()];
  }

  evict(): void {
    if (this.#calls > 0) return;
    for (const end of this.#sessions.keys()) {
      const kept = end.attachment as { identity: SessionIdentity; state: SessionState };
      this.#sessions.set(end, new Session(socketOf(end), kept.identity, kept.state));
    }
    this.client = this.#wake();
  }

  /** An object does not hibernate while it handles something. */
  #busy(handling: Promise<void>): void {
    const { client } = this;
    this.#calls += 1;
    void handling.finally(() => {
      if (this.client === client) this.#calls -= 1;
    });
  }

  #wake(): Client {
    const { network, conversations } = this.#cluster;
    // A dead object does not get the answers to its calls, and the next one begins without any.
    const mostlyFine = (): Fate =>
      network.chance(this.#cluster.faults.relayCallLost / 4) ? "answer lost" : "fine";
    const anyFate = fateOf(network, this.#cluster.faults.relayCallLost);
    const call = <T>(run: () => T | Promise<T>, fate = mostlyFine): Promise<T> => {
      this.#calls += 1;
      const answer = network.call(run, 5_000, fate);
      return new Promise((resolve, reject) => {
        const lives = () => {
          if (this.client !== client) return false;
          this.#calls -= 1;
          return true;
        };
        answer.then(
          (value) => lives() && resolve(value),
          (error) => lives() && reject(error),
        );
      });
    };
    const alarm = (delay: number) => void network.timer(delay, () => this.#busy(this.client.retry()));
    const services: Services = {
      appId: "app",
      masterKey: "key",
      tokens: new UnsignedTokens("app", "key"),
      now: () => network.now,
      settings: async () => SETTINGS,
      checkJsonWebToken: () => Promise.reject(new Error("not here")),
      hooks: { aboutMessage: async () => ALLOWED, aboutConversation: async () => ALLOWED },
      limits: async () => SETTINGS.limits,
      start: (record) => call(() => this.#cluster.conversationObject(record.id).start(record), anyFate),
      describe: async () => undefined,
      lagging: async () => [],
      copyNow: async () => true,
      hasUnique: ({ id, members }) => call(() => this.#cluster.conversationObject(id).hasUnique(members)),
      isMember: (id, clientId) => call(() => conversations.get(id)?.state.members.has(clientId) ?? false),
      catchUp: (id, clientId, request) => call(() => conversations.get(id)?.catchUp(clientId, request)),
      missedNotices: (id, clientId, after) => {
        const nothing = { events: [], complete: true };
        return call(() => conversations.get(id)?.missedNotices(clientId, after) ?? nothing);
      },
      will: (id, from, will) => call(() => conversations.get(id)?.will(from, will)),
      query: async () => [],
      online: async () => [],
      registerClient: (clientId) => call(() => this.#cluster.database.register(clientId), anyFate),
      undiscoveredConversations: async () => [],
      conversationsAfter: async () => ({ conversations: [], more: false }),
      existing: async (ids) => ids.filter((id) => conversations.has(id)),
      unread: async () => 0,
      reportPresence: async () => {},
      publish: async () => {},
      deviceState: async () => ({ clients: [], installed: false }),
      bindDevice: async () => true,
      unbindDevice: async () => {},
      unbindEverywhere: async () => {},
      isOnConnection: async () => false,
      timer: () => () => {},
      returnTime: () => RETURN_TIME,
      retryAfter: alarm,
    };
    const client = new Client(this.#sql, services, () => this.#sessions.values());
    client.woke();
    return client;
  }
}

/** The outcome of a call that gets lost with this probability, on its way or on the way back. */
function fateOf(network: Network, lost: number): () => Fate {
  return () => {
    if (!network.chance(lost)) return "fine";
    return network.chance(0.5) ? "request lost" : "answer lost";
  };
}

function randomDelay(network: Network, longest: number): Promise<void> {
  if (longest === 0) return Promise.resolve();
  return new Promise((resolve) => void network.timer(network.random(longest + 1), resolve));
}

function storedTimes(frame: Uint8Array): string {
  return readRecords(frame)
    .map((record) => (record.kind === "stored" ? record.timestamp : record.kind))
    .join(",");
}

function portOf(end: End): SubscriptionPort {
  return {
    send: (frame) => end.send(frame),
    close: (code) => end.close(code),
    save: (identity) => {
      end.attachment = structuredClone(identity);
    },
  };
}

function socketOf(end: End) {
  return {
    send: (frame: Uint8Array) => end.send(frame),
    serializeAttachment: (value: unknown) => {
      end.attachment = structuredClone(value);
    },
  };
}
