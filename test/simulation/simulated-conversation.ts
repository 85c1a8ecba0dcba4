import { Alarm } from "../../src/alarm.ts";
import type { OpenConversation } from "../../src/conversation/assemble-conversation.ts";
import type { CatchUpRequest } from "../../src/conversation/conversation-catch-up.ts";
import { ConversationLifecycle } from "../../src/conversation/conversation-lifecycle.ts";
import type {
  ConversationPlatform,
  ConversationServices,
} from "../../src/conversation/conversation-ports.ts";
import { conversationTables } from "../../src/conversation/conversation-tables.ts";
import type { StartResult } from "../../src/conversation/creation/start-result.ts";
import { carryOutRelayed } from "../../src/conversation/delivery/relayed-command.ts";
import type { WakeAnswer } from "../../src/conversation/delivery/wake.ts";
import { ConversationState } from "../../src/conversation/state.ts";
import { copyDelayOf } from "../../src/database/messages/copy-delay.ts";
import { ALLOWED } from "../../src/hooks/before/hook-question.ts";
import type { ConversationRecord, Will } from "../../src/model/records.ts";
import type { ErrorName } from "../../src/protocol/errors.ts";
import type { SubscriptionRequest } from "../../src/protocol/link-controls.ts";
import type { RelayedPosition, RelayedSubscriber, RelayReport } from "../../src/protocol/relay-calls.ts";
import { MemorySql } from "../support/sqlite.ts";
import type { ConversationCalls, Environment } from "./environment.ts";
import { fateOf, randomDelay } from "./faults.ts";
import { DurableAlarm, Instance } from "./instance.ts";
import { type End, trace } from "./network.ts";

/** Whether a subscription was opened, or where it is served; undefined if there is no conversation. */
export type Accepted = boolean | { level: number } | undefined;

/** A conversation's object: what the real shell does, on the simulated network. */
export class SimulatedConversation implements ConversationCalls {
  readonly id: string;
  readonly #environment: Environment;
  readonly #sql = new MemorySql();
  readonly #alarm: DurableAlarm;
  readonly #ends = new Set<End>();
  #failsUntil = 0;
  #instance: Instance;
  #lifecycle: ConversationLifecycle;

  constructor(environment: Environment, id: string) {
    this.#environment = environment;
    this.id = id;
    this.#alarm = new DurableAlarm(environment.network, () =>
      this.#instance.hold(this.#lifecycle.runAlarm()),
    );
    this.#instance = new Instance(environment.network);
    this.#lifecycle = this.#wake();
  }

  get isOpen(): boolean {
    return this.#lifecycle.open !== undefined;
  }

  /** Whether its storage has nothing. */
  get isEmpty(): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master").toArray().length === 0;
  }

  /** How many rows its storage has. */
  get rows(): number {
    return this.#sql.rows;
  }

  get state(): ConversationState {
    return this.#open.state;
  }

  get #open(): OpenConversation {
    const { open } = this.#lifecycle;
    if (open === undefined) throw new Error("no conversation");
    return open;
  }

  /** The clients that are present in a room, at its own object. */
  get audienceHere(): Set<string> {
    return new Set(this.#open.delivery.audience().subscriptions.map(({ clientId }) => clientId));
  }

  /** Creates a conversation that D1 has. */
  create(record: ConversationRecord): void {
    this.#lifecycle.create(record).state.copy.setIndexed(record.updatedAt);
  }

  /** Creates the unique conversation of the set that this object belongs to, or finds it. */
  start(record: ConversationRecord): Promise<StartResult> {
    trace(this.#environment.network.now, "start", record.id, "of", record.members.join());
    return this.#instance.hold(this.#lifecycle.start(record, "client"));
  }

  startHere(record: ConversationRecord): Promise<StartResult | undefined> {
    return this.#instance.hold(this.#lifecycle.startHere(record, "server"));
  }

  hasUnique(members: string[]): Promise<boolean> {
    return this.#instance.hold(this.#lifecycle.hasUnique(members));
  }

  isOf(members: string[]): boolean {
    return this.#lifecycle.isOf(members);
  }

  isMember(clientId: string): boolean {
    return this.state.members.has(clientId);
  }

  writeRefusal(clientId: string): ErrorName | undefined {
    return this.state.writeRefusal(clientId, this.#environment.network.now);
  }

  /** Resolves to whether the subscription is open; undefined if there is no conversation. */
  async accept(request: SubscriptionRequest, end: End): Promise<Accepted> {
    const session = `${request.clientId}/${request.sessionId.slice(0, 4)}`;
    trace(
      this.#environment.network.now,
      "ask",
      request.conversationId,
      session,
      "since",
      request.since,
      request.noticesAfter,
    );
    // If the object crashes meanwhile, the answer is never given.
    const outcome = await this.#instance.hold(
      this.#lifecycle.subscribe(request, () => {
        this.#listen(end);
        return end;
      }),
    );
    trace(this.#environment.network.now, "open", request.conversationId, session, outcome);
    if (outcome === "no conversation") return undefined;
    if (typeof outcome === "object") return outcome;
    end.accept();
    return outcome === "subscribed";
  }

  #listen(end: End): void {
    this.#ends.add(end);
    end.onMessage = (data) => {
      const fails = typeof data !== "string" && this.#environment.network.now < this.#failsUntil;
      if (fails) return this.crash();
      void this.#instance.hold(this.#lifecycle.received(end, data));
    };
    end.onClose = () => {
      if (!this.#ends.delete(end)) return;
      trace(this.#environment.network.now, "closed", this.id);
      this.#lifecycle.closed(end);
    };
  }

  /** Hibernates as soon as it is at rest, and wakes up: only sockets, their attachments and the storage survive. */
  hibernate(): void {
    this.#instance.whenAtRest(() => {
      trace(this.#environment.network.now, "hibernate conversation");
      this.#restart();
    });
  }

  /** Dies: every subscription breaks too. */
  crash(): void {
    trace(this.#environment.network.now, "crash conversation");
    const ends = [...this.#ends];
    this.#ends.clear();
    for (const end of ends) end.cut((length) => this.#environment.network.random(length + 1));
    this.#restart();
  }

  /** As on a full disk: for this long (ms), every command breaks the object and writes nothing. */
  failStorage(duration: number): void {
    trace(this.#environment.network.now, "storage fails");
    this.#failsUntil = this.#environment.network.now + duration;
  }

  cutOneSubscription(): void {
    this.#environment.network
      .pick([...this.#ends])
      ?.cut((length) => this.#environment.network.random(length + 1));
  }

  async catchUp(clientId: string, request: CatchUpRequest) {
    await this.#lifecycle.refreshSettings();
    const answer = this.#lifecycle.open?.conversation.catchUp(clientId, request);
    const head = answer?.member ? answer.head : "none";
    trace(this.#environment.network.now, "catch-up", this.id, clientId, "head", head);
    return answer;
  }

  missedNotices(clientId: string, after: number) {
    return this.#open.conversation.missedNotices(clientId, after);
  }

  registerRelay(relay: number, registration: string) {
    return this.#lifecycle.open?.delivery.relays.register(relay, registration);
  }

  relayReported(relay: number, report: RelayReport): void {
    this.#lifecycle.open?.delivery.relays.reported(relay, report);
  }

  replayRelayed({ clientId }: RelayedSubscriber, lacked: RelayedPosition) {
    return this.#lifecycle.open?.delivery.replayRelayed(clientId, lacked);
  }

  mayEnter(subscriber: RelayedSubscriber): boolean {
    return this.#lifecycle.open?.delivery.mayEnter(subscriber) ?? false;
  }

  async carryOutRelayed(subscriber: RelayedSubscriber, frame: Uint8Array) {
    const { open } = this.#lifecycle;
    return open && this.#instance.hold(carryOutRelayed(open, subscriber, frame));
  }

  will(from: string, will: Will): Promise<void> {
    trace(this.#environment.network.now, "will", this.id, from, will.id);
    return this.#open.conversation.will(from, will);
  }

  /** Carries out a call of the app's server. If the object dies meanwhile, it is never answered. */
  call<T>(run: (conversation: OpenConversation["conversation"]) => T | Promise<T>): Promise<T> {
    return this.#instance.hold((async () => run(this.#open.conversation))());
  }

  #restart(): void {
    this.#instance.end();
    this.#alarm.instanceEnded();
    this.#instance = new Instance(this.#environment.network);
    this.#lifecycle = this.#wake();
  }

  #wake(): ConversationLifecycle {
    const platform = this.#platform(this.#instance);
    const lifecycle = new ConversationLifecycle(platform, this.#services(this.#instance));
    const state = ConversationState.load(platform.tables);
    if (state !== undefined) lifecycle.wake(state, this.#ends);
    return lifecycle;
  }

  #platform(instance: Instance): ConversationPlatform {
    const { network } = this.#environment;
    const now = () => network.now;
    const tables = conversationTables(this.#sql);
    return {
      tables,
      alarm: new Alarm(this.#alarm, now, this.#alarm.at),
      now,
      timer: (delay, run) => instance.timer(delay, run),
      inNextTurn: (run) => void instance.timer(0, run),
      turn: () => new Promise((resolve) => void instance.timer(0, resolve)),
      deleteAll: async () => tables.dropAllExcept(),
    };
  }

  #services(instance: Instance): ConversationServices {
    const { network, faults, database, known, copyPace } = this.#environment;
    const fate = fateOf(network, faults.relayCallLost);
    /** A hook takes its time and allows everything; a conversation that died meanwhile does not get the answer. */
    const hook = () => instance.hold(randomDelay(network, faults.hookTime).then(() => ALLOWED));
    const other = (id: string) => this.#environment.conversation(id);
    return {
      settings: () => this.#environment.settings,
      refreshSettings: () => undefined,
      retentionDeleted: () => {},
      hooks: { aboutMessage: hook, aboutConversation: hook },
      filtered: async () => undefined,
      isSigned: async () => true,
      copyCalls: {
        saveConversation: (record) => instance.hold(database.saveConversation(record)),
        saveRoles: (id, roles, asOf) => instance.hold(database.saveRoles(id, roles, asOf)),
        archivedUpTo: (id) => instance.hold(database.archivedUpTo(id)),
        saveMessages: (id, messages, copy) => instance.hold(database.saveMessages(id, messages, copy)),
        deleteMessages: (id) => instance.hold(database.deleteMessages(id)),
        deleteConversation: (id) => instance.hold(database.deleteConversation(id)),
        unlistBroadcasts: () => instance.hold(database.unlistBroadcasts()),
        deleteEarlySubscriptions: () => instance.hold(database.deleteEarlySubscriptions()),
        behind: () => instance.hold(database.behind()),
        caughtUp: () => instance.hold(database.caughtUp()),
      },
      copyDelay: copyDelayOf({ SINGLE_MACHINE: "1" }),
      copyPace,
      knownClients: {
        has: (clientId) => known.has(clientId),
        mayHaveLoggedIn: async (clientId) => {
          try {
            if (!(await instance.hold(database.hasLoggedIn(clientId)))) return false;
            known.add(clientId);
          } catch {} // while nobody can say, everybody may have
          return true;
        },
      },
      wake: (clientId, conversationId, what) => {
        const wake = () => {
          if (!instance.isAlive) return new Promise<WakeAnswer>(() => {}); // the caller died first
          const answer = this.#environment.client(clientId).wake(conversationId, what);
          const { since, noticesAfter, subscribed, events } = what;
          const { ids, asOf } = answer.sessions;
          trace(network.now, "wake", conversationId, clientId, since, noticesAfter, events.length);
          trace("  subscribed", subscribed.join(), "open", ids.join(), asOf, answer.returnsWithin);
          return answer;
        };
        return instance.hold(network.call(wake, 5_000, fate));
      },
      saveUnexpired: async () => {},
      onlineAfter: async () => [],
      announce: async () => {},
      keepForFirstLogin: (clientId, service) => instance.hold(database.keepForFirstLogin(clientId, service)),
      list: (clientId, service, exceptSession) =>
        instance.hold(
          network.call(
            () => this.#environment.client(clientId).subscribe(service, exceptSession),
            5_000,
            fate,
          ),
        ),
      unlist: (clientId, service) =>
        instance
          .hold(network.call(() => this.#environment.client(clientId).unsubscribe(service), 5_000, fate))
          .catch(() => {}),
      startThere: (record) =>
        instance.hold(network.call(() => other(record.id).startHere(record), 4_000, fate)),
      hasMembers: (id, members) => instance.hold(network.call(() => other(id).isOf(members), 4_000, fate)),
      mirror: {
        hosted: () => undefined,
        allowance: async () => undefined,
        report: async () => undefined,
      },
      relays: {
        deliver: (id, relay, batch) =>
          instance.hold(network.call(() => this.#environment.relay(id, relay).deliver(batch), 5_000, fate)),
        close: (id, relay) =>
          instance.hold(network.call(() => this.#environment.relay(id, relay).close(), 5_000, fate)),
        audience: (id, relay, limit) =>
          instance.hold(network.call(() => this.#environment.relay(id, relay).audience(limit), 5_000, fate)),
        part: (id, relay, parts) =>
          instance.hold(network.call(() => this.#environment.relay(id, relay).part(parts), 5_000, fate)),
        presentAmong: (id, relay, clientIds) =>
          instance.hold(
            network.call(() => this.#environment.relay(id, relay).presentAmong(clientIds), 5_000, fate),
          ),
      },
      newId: () => this.#environment.newConversationId(),
      publish: async () => {},
      pushNow: () => Promise.resolve(),
      rowsAreFree: false,
    };
  }
}
