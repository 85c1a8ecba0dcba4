import { LONGEST_DELIVERY, RELAY_CALLS_AT_ONCE } from "../../bounds.ts";
import { LimitedCalls } from "../../limited-calls.ts";
import type {
  RelayAudience,
  RelayBatch,
  RelayEntry,
  RelayedFrame,
  RelayRegistered,
  RelayReport,
} from "../../protocol/relay-calls.ts";
import { LEVELS, levelOf, relayOf, relaysAt } from "../../relay/tree.ts";
import {
  type Counts,
  concerns,
  fresh,
  isUnlogged,
  NOBODY,
  NOWHERE,
  type RegisteredRelay,
  UNKNOWN,
} from "./registered-relay.ts";
import { RelayFeed } from "./relay-feed.ts";

const RETRY_FIRST = 1_000; // ms
const RETRY_LAST = 60_000; // ms
const UNKNOWN_WAKE = 10_000; // ms until an object that died over it is woken

/** What the relays of a conversation need of it. */
export interface RelaysHost {
  /** Time of the log's newest entry. */
  end(): number;
  /** Time of the newest notice. */
  lastNotice(): number;
  entry(): RelayEntry;
  /** The entries of the log after a time (ms); undefined if they are many. */
  entriesAfter(time: number): RelayedFrame[] | undefined;
  now(): number;
  /** The relays that storage has, by number, each with what was stored for it. */
  stored(): Map<number, string>;
  store(relay: number, registration: string): void;
  unstore(relay: number): void;
  /** Calls a relay. Rejects at its deadline. */
  deliver(relay: number, batch: RelayBatch): Promise<RelayReport>;
  /** Tells a relay that the conversation is deleted. */
  close(relay: number): Promise<void>;
  audience(relay: number, limit: number): Promise<RelayAudience>;
  /** The clients of the audience at a relay that are in the first of so many equal parts of all clients. */
  part(relay: number, parts: number): Promise<string[]>;
  /** Those of some clients that are in the audience at a relay. */
  presentAmong(relay: number, clientIds: string[]): Promise<string[]>;
  /** Calls `retry` after this many milliseconds, even if the object hibernates or dies before. */
  retryAfter(delay: number): void;
  /** Everything was handed over. */
  settled(): void;
  /** Lets others have a turn. */
  pause(): Promise<void>;
}

/**
 * The relays of a conversation with a large audience (docs/rules.md, T1-T6). Each is called with what is new, one call
 * at a time; what gathers meanwhile goes with the next one. A call that fails is repeated.
 */
export class Relays {
  readonly #host: RelaysHost;
  readonly #relays = new Map<number, RegisteredRelay>();
  readonly #calls: LimitedCalls;
  /** Undefined while no relay has registered since the object woke, and nothing was sent. */
  #feed: RelayFeed | undefined;

  constructor(host: RelaysHost) {
    this.#host = host;
    this.#calls = new LimitedCalls(RELAY_CALLS_AT_ONCE, () => host.pause());
    for (const [relay, registration] of host.stored())
      this.#relays.set(relay, fresh(registration, registration === UNKNOWN ? NOWHERE : 0));
  }

  /** How many there are. */
  get size(): number {
    return this.#relays.size;
  }

  /** Whether every relay has everything. */
  get isSettled(): boolean {
    for (const relay of this.#relays.values())
      if (relay.isCalling || !this.#hasEverything(relay)) return false;
    return true;
  }

  #hasEverything({ next }: RegisteredRelay): boolean {
    return next >= (this.#feed?.end ?? 0);
  }

  /** A relay registers: from now on it is sent everything. */
  register(relay: number, registration: string): RelayRegistered {
    const feed = this.#useFeed();
    const known = this.#relays.get(relay);
    // It may have woken up with sessions that lack what could not be sent.
    const isBehind = known !== undefined && !this.#hasEverything(known);
    const now = isBehind ? { ...known, registration, isCalling: false } : fresh(registration, feed.end);
    this.#relays.set(relay, { ...now, failures: known?.failures ?? 0 });
    this.#host.store(relay, now.lacksUnlogged ? UNKNOWN : registration);
    this.#next(relay);
    return {
      ...feed.recent,
      head: this.#host.end(),
      lastNotice: this.#host.lastNotice(),
      entry: this.#host.entry(),
    };
  }

  #useFeed(): RelayFeed {
    if (this.#feed !== undefined) return this.#feed;
    const since = this.#host.now() - LONGEST_DELIVERY;
    const frames = this.#host.entriesAfter(since);
    return this.#beginFeed(frames === undefined ? this.#host.end() : since, frames ?? []);
  }

  #beginFeed(entriesSince: number, frames: readonly RelayedFrame[]): RelayFeed {
    const feed = new RelayFeed(this.#host.now(), entriesSince, this.#host.lastNotice());
    for (const frame of frames) feed.add(frame);
    // The relays that were there before this object woke have these, or are told by `resume`.
    for (const relay of this.#relays.values()) if (relay.next !== NOWHERE) relay.next = feed.end;
    this.#feed = feed;
    return feed;
  }

  /** Sends frames, which are made if there are relays, to the sessions at all of them. */
  sendAll(frames: () => readonly RelayedFrame[]): void {
    if (this.size > 0) for (const frame of frames()) this.send(frame);
  }

  /** Sends a frame to the sessions at all relays. */
  send(frame: RelayedFrame): void {
    // The log has the frame already, so that a new feed is not complete before it.
    const feed = this.#feed ?? this.#beginFeed(this.#host.end(), []);
    feed.add(frame);
    for (const [number, relay] of this.#relays) {
      const isNext = relay.next === feed.end - 1 && !relay.isCalling;
      // What is for a few clients costs no call to the relays that serve none of them.
      if (isNext && !concerns(number, frame)) relay.next = feed.end;
      else {
        if (isUnlogged(frame) && concerns(number, frame)) this.#markUnlogged(number, relay);
        this.#next(number);
      }
    }
  }

  #markUnlogged(number: number, relay: RegisteredRelay): void {
    if (relay.lacksUnlogged) return;
    relay.lacksUnlogged = true;
    this.#host.store(number, UNKNOWN);
    this.#host.retryAfter(UNKNOWN_WAKE);
  }

  /** The entries after this time (ms) may not have arrived before the object woke. */
  resume(time: number): void {
    if (this.#relays.size === 0) return;
    const frames = this.#host.entriesAfter(time);
    const feed = this.#useFeed();
    // Sessions drop what they have. If it is too much, they subscribe again.
    for (const frame of frames ?? []) feed.add(frame);
    if (frames === undefined) for (const relay of this.#relays.values()) relay.next = NOWHERE;
    this.retry();
  }

  /**
   * The end of the frames that are on their way to a relay, which is to have them before what it is answered now.
   * Undefined if it has everything.
   */
  awaitedAt(number: number): number | undefined {
    const relay = this.#relays.get(number);
    if (relay === undefined || this.#hasEverything(relay)) return undefined;
    // It asks, so it is there: a call that failed is repeated at once.
    this.#next(number);
    return this.#useFeed().end;
  }

  /** Calls again the relays that did not answer. */
  retry(): void {
    for (const relay of this.#relays.keys()) this.#next(relay);
  }

  #next(number: number): void {
    const relay = this.#relays.get(number);
    if (relay === undefined || relay.isCalling || this.#hasEverything(relay)) return;
    relay.isCalling = true;
    void this.#calls.run(() => this.#call(number, relay)).then(() => this.#called(number, relay));
  }

  async #call(number: number, relay: RegisteredRelay): Promise<void> {
    const { registration } = relay;
    if (this.#relays.get(number) !== relay) return;
    const { frames, hasGap, end } = this.#useFeed().take(relay.next, relay.sentUpTo);
    relay.sentUpTo = end;
    try {
      const report = await this.#host.deliver(number, {
        registration,
        frames: frames.filter((frame) => concerns(number, frame)),
        end,
        hasGap,
        entry: this.#host.entry(),
      });
      relay.failures = 0;
      relay.next = end;
      this.reported(number, report);
    } catch {
      relay.failures += 1;
      this.#host.retryAfter(Math.min(RETRY_FIRST * 2 ** (relay.failures - 1), RETRY_LAST));
    }
  }

  #called(number: number, relay: RegisteredRelay): void {
    relay.isCalling = false;
    if (relay.lacksUnlogged && this.#hasEverything(relay) && this.#relays.get(number) === relay) {
      relay.lacksUnlogged = false;
      this.#host.store(number, relay.registration);
    }
    if (relay.failures === 0) this.#next(number);
    if (this.isSettled) this.#host.settled();
  }

  /** A relay reports how many it serves. One that serves nobody any more is forgotten. */
  reported(number: number, { registration, subscriptions, clients }: RelayReport): void {
    const relay = this.#relays.get(number);
    if (relay === undefined || (registration !== undefined && relay.registration !== registration)) return;
    relay.counts = { subscriptions, clients };
    // A relay without a registration may be about to register again.
    if (subscriptions > 0 || registration === undefined) return;
    this.#relays.delete(number);
    this.#host.unstore(number);
    // Nothing is added while there are none.
    if (this.#relays.size === 0) this.#feed = undefined;
  }

  /**
   * The level at which a session is to be served, if this object serves as many as it may.
   *
   * @param capacity subscriptions that one relay is to serve
   */
  levelFor(capacity: number): number {
    const served = new Map<number, number>();
    for (const [number, { counts }] of this.#relays) {
      const level = levelOf(number);
      served.set(level, (served.get(level) ?? 0) + (counts?.subscriptions ?? 0));
    }
    for (let level = 1; level < LEVELS; level += 1)
      if ((served.get(level) ?? 0) < relaysAt(level) * capacity) return level;
    return LEVELS;
  }

  /**
   * Clients in the audience at the relays of each level in use, as they last reported it. Relays that did not since the
   * object woke are asked.
   */
  async clientsByLevel(): Promise<number[]> {
    const levels = new Map<number, number>();
    const counting = [...this.#relays].map(async ([number, { counts }]) => {
      const { clients } = counts ?? (await this.#askCounts(number));
      const level = levelOf(number);
      levels.set(level, (levels.get(level) ?? 0) + clients);
    });
    await Promise.allSettled(counting);
    return [...levels.values()];
  }

  /** Asks a relay how many it serves. What it reports meanwhile is newer than its answer. */
  async #askCounts(number: number): Promise<Counts> {
    const answer = await this.#host.audience(number, 0);
    const relay = this.#relays.get(number);
    if (relay === undefined) return NOBODY;
    relay.counts ??= answer;
    return relay.counts;
  }

  /** The clients of each relay that are in the first of so many parts. A relay that does not answer is left out. */
  async part(parts: number): Promise<string[][]> {
    const asked = [...this.#relays].map(async ([number, { counts }]) =>
      counts?.clients === 0 ? [] : this.#host.part(number, parts),
    );
    const settled = await Promise.allSettled(asked);
    return settled.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  }

  /** Some clients of the audience at relays. */
  async sample(limit: number): Promise<string[]> {
    const found = new Set<string>();
    for (const [number, { counts }] of this.#relays) {
      if (found.size >= limit) break;
      if (counts?.clients === 0) continue;
      // One that does not answer hides nobody at the others.
      const audience = await this.#host.audience(number, limit - found.size).catch(() => undefined);
      for (const clientId of audience?.clientIds ?? []) found.add(clientId);
    }
    return [...found];
  }

  /** Those of some clients that are in the audience at relays. One that does not answer is left out. */
  async presentAmong(clientIds: readonly string[]): Promise<Set<string>> {
    const asked = [...this.#relays].map(async ([number, { counts }]) => {
      const level = levelOf(number);
      const theirs = clientIds.filter((clientId) => relayOf(level, clientId) === number);
      return theirs.length === 0 || counts?.clients === 0 ? [] : this.#host.presentAmong(number, theirs);
    });
    const settled = await Promise.allSettled(asked);
    return new Set(settled.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : [])));
  }

  /** The conversation is deleted. */
  async close(): Promise<void> {
    const numbers = [...this.#relays.keys()];
    this.#relays.clear();
    this.#feed = undefined;
    await Promise.allSettled(numbers.map((number) => this.#calls.run(() => this.#host.close(number))));
  }
}
