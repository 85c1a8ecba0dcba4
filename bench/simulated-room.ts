import { relayedEntry } from "../src/conversation/delivery/relayed-frames.ts";
import { Relays } from "../src/conversation/delivery/relays.ts";
import { dialThroughRelays, RelayLevels, type ServedElsewhere } from "../src/gateway/relay-dial.ts";
import type { LinkSocket } from "../src/gateway/session/link-socket.ts";
import { catchUpModes, type SubscriptionRequest } from "../src/protocol/link-controls.ts";
import { storedRecord } from "../src/protocol/link-records.ts";
import type { RelayReport } from "../src/protocol/relay-calls.ts";
import { Relay } from "../src/relay/relay.ts";
import type { RelaySocket } from "../src/relay/relay-subscribers.ts";
import { LEVELS, levelOf } from "../src/relay/tree.ts";

/** Sessions of one object (`rooms.socketsPerRelay`). */
const CAPACITY = 2_000;
/** Gateways' isolates, each of which finds the level with room for itself. */
const ISOLATES = 20;
const ENTRIES_PER_MS = 20;
const ONE_BY_ONE = 5;
const AT_ONCE = 100;
const REPORTED = 2_000; // ms by which every relay has reported

/** What a room of so many people takes, by the rules of gateways, relays and the room's delivery without a platform. */
export interface SimulatedRoom {
  people: number;
  relays: number;
  /** Requests of gateways for each person that enters, those to a full relay included. */
  requests: number;
  /** Calls of relays to the room while everybody enters: registrations and reports. */
  relayCalls: number;
  /** Rows for relays while everybody enters. */
  rows: number;
  /** Calls of the room for a message that comes alone, and for each of many that come at once. */
  calls: { alone: number; together: number };
  /** Frames for a message that comes alone, by all objects and by the busiest one. */
  frames: { all: number; busiest: number };
  /** Relays that the room knows once everybody has left, and rows for that. */
  left: { relays: number; rows: number };
}

interface Served {
  relay: Relay;
  /** Those that are open. */
  sockets: Set<RelaySocket>;
  frames: number;
}

/** Timers of a clock that is set by hand. */
class Clock {
  now = 0;
  readonly #timers: { at: number; run: () => void }[] = [];

  timer(milliseconds: number, run: () => void): void {
    this.#timers.push({ at: this.now + milliseconds, run });
  }

  async advance(milliseconds: number): Promise<void> {
    this.now += milliseconds;
    // They are added in the order of their times: all are as long.
    while ((this.#timers[0]?.at ?? Number.POSITIVE_INFINITY) <= this.now) this.#timers.shift()?.run();
    await settle();
  }
}

/** Everything that waits for no timer is done. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Everybody enters, hears some messages, and leaves. */
export async function simulateRoom(people: number): Promise<SimulatedRoom> {
  const clock = new Clock();
  const served = new Map<number, Served>();
  const counted = { requests: 0, relayCalls: 0, rows: 0, calls: 0, own: 0 };
  const relays = new Relays({
    end: () => 1,
    lastNotice: () => 0,
    entry: () => ({ isRoom: true, isFree: true, updatedAt: 1 }),
    entriesAfter: () => [],
    now: () => clock.now,
    stored: () => new Map(),
    store: () => (counted.rows += 1),
    unstore: () => (counted.rows += 1),
    deliver: async (relay, batch) => {
      counted.calls += 1;
      return relayAt(relay).relay.deliver(batch);
    },
    close: async () => {},
    audience: async (relay, limit) => relayAt(relay).relay.audience(limit),
    part: async (relay, parts) => relayAt(relay).relay.part(parts),
    presentAmong: async (relay, clientIds) => relayAt(relay).relay.presentAmong(clientIds),
    retryAfter: () => {
      throw new Error("a relay did not answer");
    },
    settled: () => {},
    pause: async () => {},
  });
  const reported = (number: number, report: RelayReport) => {
    counted.relayCalls += 1;
    relays.reported(number, report);
  };
  const relayAt = (number: number): Served => {
    const known = served.get(number);
    if (known !== undefined) return known;
    const relay = new Relay([], {
      register: async (registration) => {
        counted.relayCalls += 1;
        return relays.register(number, registration);
      },
      replay: () => Promise.reject(new Error("nobody lacks anything")),
      mayEnter: async () => true,
      command: () => Promise.reject(new Error("nobody sends anything")),
      report: async (report) => reported(number, report),
      inTime: (frames) => frames,
      timer: (milliseconds, run) => clock.timer(milliseconds, run),
      capacity: () => (levelOf(number) >= LEVELS ? Number.POSITIVE_INFINITY : CAPACITY),
    });
    const created: Served = { relay, sockets: new Set(), frames: 0 };
    served.set(number, created);
    return created;
  };
  const link: LinkSocket = { send: () => {}, close: () => {} };
  const dial = async (request: SubscriptionRequest): Promise<LinkSocket | ServedElsewhere> => {
    counted.requests += 1;
    if (request.relay === undefined) {
      if (counted.own >= CAPACITY) return { level: relays.levelFor(CAPACITY) };
      counted.own += 1;
      return link;
    }
    const at = relayAt(request.relay);
    const outcome = await at.relay.open(request, () => socketOf(at));
    if (outcome === "full") return { level: levelOf(request.relay) + 1 };
    if (outcome !== "subscribed") throw new Error(outcome);
    return link;
  };
  const isolates = Array.from({ length: ISOLATES }, () =>
    dialThroughRelays(dial, new RelayLevels(() => clock.now)),
  );
  const frames = () => ({
    all: counted.own + [...served.values()].reduce((sum, one) => sum + one.frames, 0),
    busiest: Math.max(counted.own, ...[...served.values()].map((one) => one.frames)),
  });

  for (let at = 0; at < people; at += ENTRIES_PER_MS) {
    const entering = Array.from({ length: Math.min(ENTRIES_PER_MS, people - at) }, (_, index) =>
      isolates[(at + index) % ISOLATES]?.(requestOf(at + index), { frame: () => {}, closed: () => {} }),
    );
    await Promise.all(entering);
    await clock.advance(1);
  }
  await clock.advance(REPORTED);
  const { requests, relayCalls, rows } = counted;
  for (const one of served.values()) one.frames = 0;

  const frame = relayedEntry(storedRecord({ timestamp: 2, previous: 1 }, 0, {}, new Uint8Array(200)), 2);
  for (let message = 0; message < ONE_BY_ONE; message += 1) {
    relays.send(frame);
    while (!relays.isSettled) await settle();
  }
  const alone = counted.calls / ONE_BY_ONE;
  // What the room itself serves is in each of them once.
  const { all, busiest } = frames();
  const perMessage = {
    all: counted.own + (all - counted.own) / ONE_BY_ONE,
    busiest: Math.max(counted.own, busiest / ONE_BY_ONE),
  };
  counted.calls = 0;
  for (let message = 0; message < AT_ONCE; message += 1) relays.send(frame);
  while (!relays.isSettled) await settle();
  const together = counted.calls / AT_ONCE;

  counted.rows = 0;
  for (const { relay, sockets } of served.values()) for (const socket of sockets) relay.closed(socket);
  await clock.advance(REPORTED);
  return {
    people,
    relays: served.size,
    requests: requests / people,
    relayCalls,
    rows,
    calls: { alone, together },
    frames: perMessage,
    left: { relays: relays.size, rows: counted.rows },
  };
}

function socketOf(served: Served): RelaySocket {
  const socket: RelaySocket = {
    send: () => (served.frames += 1),
    close: () => {},
    serializeAttachment: () => {},
    deserializeAttachment: () => null,
  };
  served.sockets.add(socket);
  return socket;
}

function requestOf(at: number): SubscriptionRequest {
  return {
    conversationId: "room",
    clientId: `guest-${at}`,
    sessionId: String(at),
    origin: at + 1,
    mode: catchUpModes.COUNTS,
    address: undefined,
    admittedAt: 0,
    since: undefined,
    noticesAfter: undefined,
    sessions: undefined,
    isPresent: true,
    relay: undefined,
  };
}
