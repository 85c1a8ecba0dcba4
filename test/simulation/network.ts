/** A timer due later than this (ms) only watches over an idle session. */
const HORIZON = 100_000;

/**
 * A network moved step by step: every socket direction and every call is a queue, and the seed decides which moves
 * next.
 */
export class Network {
  #now = 1_800_000_000_000;
  readonly #onClock: (now: number) => void;
  readonly #random: () => number;
  readonly #queues = new Set<(() => void)[]>();
  readonly #timers = new Map<number, { at: number; run: () => void }>();
  #nextTimer = 0;

  /** @param onClock is called with every new time, for clocks beside this one */
  constructor(seed: number, onClock: (now: number) => void = () => {}) {
    this.#random = mulberry(seed);
    this.#onClock = onClock;
    onClock(this.#now);
  }

  get now(): number {
    return this.#now;
  }

  set now(now: number) {
    if (now === this.#now) return;
    this.#now = now;
    this.#onClock(now);
  }

  /** Whether nothing is on its way. */
  get isIdle(): boolean {
    return this.#ready().length === 0;
  }

  random(below: number): number {
    return Math.floor(this.#random() * below);
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[this.random(items.length)];
  }

  /** One direction: tasks run in order, each at a moment chosen by the seed. */
  queue(): (() => void)[] {
    const queue: (() => void)[] = [];
    this.#queues.add(queue);
    return queue;
  }

  timer(delay: number, run: () => void): () => void {
    this.#nextTimer += 1;
    const id = this.#nextTimer;
    this.#timers.set(id, { at: this.now + Math.ceil(delay), run });
    return () => this.#timers.delete(id);
  }

  /** Runs one step. Returns false if nothing is in flight and the only timers watch over idle sessions. */
  async step(): Promise<boolean> {
    let ready = this.#ready();
    if (ready.length === 0) {
      // Work begun outside of a step may be about to send something.
      await settle();
      ready = this.#ready();
    }
    this.now += this.random(3);
    const timerId = this.pick(this.#due());
    const timer = timerId === undefined ? undefined : this.#timers.get(timerId);
    if (timer !== undefined && timerId !== undefined && (ready.length === 0 || this.chance(0.3))) {
      this.#timers.delete(timerId);
      timer.run();
    } else if (ready.length > 0) {
      const queue = this.pick(ready);
      queue?.shift()?.();
    } else {
      const next = this.#nextDue();
      if (next > this.now + HORIZON) return false;
      this.now = Math.max(this.now, next);
    }
    await settle();
    return true;
  }

  #ready(): (() => void)[][] {
    const ready: (() => void)[][] = [];
    for (const queue of this.#queues) if (queue.length > 0) ready.push(queue);
    return ready;
  }

  #due(): number[] {
    const due: number[] = [];
    for (const [id, { at }] of this.#timers) if (at <= this.now) due.push(id);
    return due;
  }

  /** When the next timer is due (ms). */
  #nextDue(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { at } of this.#timers.values()) if (at < next) next = at;
    return next;
  }

  /** A request and its answer, each on its own way; `fate` may lose either. */
  call<T>(
    run: () => T | Promise<T>,
    deadline: number,
    fate: () => "fine" | "request lost" | "answer lost",
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.timer(deadline, () => reject(new Error("deadline")));
      const outcome = fate();
      const request = this.queue();
      request.push(() => {
        this.#queues.delete(request);
        if (outcome === "request lost") return;
        void (async () => {
          const answer = await run();
          const back = this.queue();
          back.push(() => {
            this.#queues.delete(back);
            if (outcome === "answer lost") return;
            cancel();
            resolve(answer);
          });
        })().catch((error) => {
          cancel();
          reject(error);
        });
      });
    });
  }

  /** A promise that rejects after this many milliseconds. */
  async inTime<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
    const deadline = Promise.withResolvers<never>();
    const cancel = this.timer(milliseconds, () => deadline.reject(new Error("deadline")));
    try {
      return await Promise.race([promise, deadline.promise]);
    } finally {
      cancel();
    }
  }

  /** Two ends of a socket. */
  socketPair(): [End, End] {
    const forth = this.queue();
    const back = this.queue();
    const a = new End(forth);
    const b = new End(back);
    a.peer = b;
    b.peer = a;
    return [a, b];
  }
}

type Data = Uint8Array | string;

/** One end of a socket; it behaves like both kinds of the platform. */
export class End {
  peer: End | undefined;
  onMessage: (data: Data) => void = () => {};
  onClose: (code: number) => void = () => {};
  #attachment: unknown;
  #state: "open" | "closing" | "closed" = "open";
  readonly #out: (() => void)[];
  /** What arrived before `accept`. */
  #early: (() => void)[] | undefined = [];

  constructor(out: (() => void)[]) {
    this.#out = out;
  }

  accept(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const run of early) run();
  }

  get readyState(): number {
    return { open: 1, closing: 2, closed: 3 }[this.#state];
  }

  send(data: Data): void {
    if (this.#state !== "open") throw new Error("socket is not open");
    const copy = typeof data === "string" ? data : data.slice();
    this.#out.push(() => this.peer?.receive(() => this.peer?.onMessage(copy)));
  }

  close(code: number): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#out.push(() => this.peer?.closedByPeer(code));
  }

  serializeAttachment(attachment: unknown): void {
    this.#attachment = structuredClone(attachment);
  }

  deserializeAttachment<Attachment>(): Attachment | null;
  deserializeAttachment(): unknown {
    return structuredClone(this.#attachment) ?? null;
  }

  /** Cuts the socket: from some point on, everything in flight in either direction is lost. */
  cut(keep: (length: number) => number): void {
    const peer = this.peer;
    if (peer === undefined) return;
    for (const end of [this, peer]) {
      end.#out.splice(keep(end.#out.length));
      end.#out.push(() => end.peer?.closedByPeer(1006));
      if (end.#state === "open") end.#state = "closing";
    }
  }

  receive(run: () => void): void {
    if (this.#state === "closed") return;
    if (this.#early === undefined) run();
    else this.#early.push(run);
  }

  closedByPeer(code: number): void {
    this.receive(() => {
      if (this.#state === "closed") return;
      this.#state = "closed";
      this.onClose(code);
    });
  }
}

/** Lets every promise continue that can: the next tick comes when no promise is left to continue. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => process.nextTick(resolve));
}

function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Traces a failing seed: `TRACE=1 SEED=7 SEEDS=1 npx vitest run --project rules test/rules/subscriptions`. */
export function trace(...what: unknown[]): void {
  if (!TRACES) return;
  const texts = what.map((one) => (typeof one === "object" ? JSON.stringify(one) : String(one)));
  process.stdout.write(`${texts.join(" ")}\n`);
}

const TRACES = process.env.TRACE === "1";
