import { setTimeout as sleep } from "node:timers/promises";
import { nextSequence, type Room } from "./room.ts";

const WARM_UP = 400; // ms
const STALL = 10_000; // ms without a delivery: lost, not slow

/** Per second, and the time from sending to each delivery in ms, under that load. */
export interface Throughput {
  messages: number;
  deliveries: number;
  latencies: number[];
  /** Deliveries in all, those before and after the time that is measured among them. */
  delivered: number;
}

interface Flight {
  sentAt: number;
  /** Deliveries and the acknowledgement still to come. */
  left: number;
}

/** Messages of one room on their way; each must arrive exactly once at every receiver. */
class Flights {
  readonly #flying = new Map<number, Flight>();
  readonly #room: Room;
  readonly #landed: () => void;

  constructor(
    room: Room,
    hooks: { acknowledged(ms: number): void; delivered(ms: number): void; landed(): void },
  ) {
    this.#room = room;
    this.#landed = hooks.landed;
    room.acknowledged = (sequence) => hooks.acknowledged(this.#arrived(sequence));
    room.delivered = (sequence) => hooks.delivered(this.#arrived(sequence));
  }

  get count(): number {
    return this.#flying.size;
  }

  send(): void {
    const sequence = nextSequence();
    this.#flying.set(sequence, { sentAt: performance.now(), left: this.#room.receivers + 1 });
    this.#room.send(sequence);
  }

  #arrived(sequence: number): number {
    const flight = this.#flying.get(sequence);
    if (flight === undefined) throw new Error(`message ${sequence} arrived once too often`);
    flight.left -= 1;
    if (flight.left === 0) {
      this.#flying.delete(sequence);
      // Not within the handler of the frame that completed it.
      queueMicrotask(this.#landed);
    }
    return performance.now() - flight.sentAt;
  }
}

/** Every room keeps so many messages in flight for this long (ms). */
export async function underLoad(
  rooms: readonly Room[],
  inFlight: number,
  duration: number,
): Promise<Throughput> {
  const latencies: number[] = [];
  let counting = false;
  let sending = true;
  let arrivals = 0;
  let messages = 0;
  let delivered = 0;
  const all = rooms.map((room) => {
    const flights: Flights = new Flights(room, {
      acknowledged: () => {
        arrivals += 1;
        if (counting) messages += 1;
      },
      delivered: (ms) => {
        arrivals += 1;
        delivered += 1;
        if (counting) latencies.push(ms);
      },
      landed: () => {
        if (sending) flights.send();
      },
    });
    return flights;
  });
  for (const flights of all) for (let index = 0; index < inFlight; index++) flights.send();
  await sleep(WARM_UP);
  counting = true;
  const start = performance.now();
  await sleep(duration);
  counting = false;
  const seconds = (performance.now() - start) / 1000;
  sending = false;
  let seen = -1;
  for (let waited = 0; all.some((flights) => flights.count > 0); waited += 20) {
    if (seen !== arrivals) waited = 0;
    if (waited > STALL) throw new Error("messages were not delivered");
    seen = arrivals;
    await sleep(20);
  }
  return { messages: messages / seconds, deliveries: latencies.length / seconds, latencies, delivered };
}

/** Times in ms of messages sent one at a time into a quiet room. */
export interface QuietTimes {
  acknowledged: number[];
  /** Until the last receiver has it. */
  delivered: number[];
}

export async function oneAtATime(room: Room, count: number, pause: number): Promise<QuietTimes> {
  const times: QuietTimes = { acknowledged: [], delivered: [] };
  for (let index = 0; index < count; index++) {
    let delivered = 0;
    await new Promise<void>((landed, stalled) => {
      const timer = setTimeout(() => stalled(new Error("a message was not delivered")), STALL);
      const flights = new Flights(room, {
        acknowledged: (ms) => times.acknowledged.push(ms),
        delivered: (ms) => {
          delivered = Math.max(delivered, ms);
        },
        landed: () => {
          clearTimeout(timer);
          landed();
        },
      });
      flights.send();
    });
    times.delivered.push(delivered);
    await sleep(pause);
  }
  return times;
}
