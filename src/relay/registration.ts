import type { RelayBatch, RelayEntry, RelayedFrame, RelayRegistered } from "../protocol/relay-calls.ts";
import { RecentFrames } from "./recent-frames.ts";

/** What a relay knows of its conversation, from its registration until it hibernates or has nobody left. */
export interface Registered {
  name: "registered";
  id: string;
  recent: RecentFrames;
  /** Time of the newest entry that the audience was sent. */
  head: number;
  lastNotice: number;
  entry: RelayEntry;
}

type Phase =
  | { name: "none" }
  /** The conversation was asked. It may send frames before its answer is here. */
  | { name: "asking"; early: RelayedFrame[]; answer: Promise<Registered | undefined> }
  | Registered;

/** The registration of a relay at its conversation. While it lasts, the conversation calls the relay with everything. */
export class Registration {
  readonly #register: (id: string) => Promise<RelayRegistered | undefined>;
  #phase: Phase = { name: "none" };

  /** @param register registers the relay; undefined if there is no conversation. May reject */
  constructor(register: (id: string) => Promise<RelayRegistered | undefined>) {
    this.#register = register;
  }

  /** Undefined if the relay is not registered, or does not know because it hibernated. */
  get current(): Registered | undefined {
    return this.#phase.name === "registered" ? this.#phase : undefined;
  }

  /** Registers, unless that is done. Undefined if there is no conversation. Rejects if that cannot be found out. */
  async get(): Promise<Registered | undefined> {
    if (this.#phase.name === "registered") return this.#phase;
    if (this.#phase.name === "asking") return this.#phase.answer;
    const early: RelayedFrame[] = [];
    const answer = this.#ask(early);
    this.#phase = { name: "asking", early, answer };
    return answer;
  }

  async #ask(early: RelayedFrame[]): Promise<Registered | undefined> {
    const isEnded = () => this.#phase.name !== "asking" || this.#phase.early !== early;
    try {
      const id = crypto.randomUUID();
      const answer = await this.#register(id);
      if (isEnded()) throw new Error("the registration ended");
      if (answer === undefined) {
        this.end();
        return undefined;
      }
      const { head, lastNotice, entry } = answer;
      const recent = new RecentFrames(answer);
      const registered: Registered = { name: "registered", id, recent, head, lastNotice, entry };
      for (const frame of early) {
        const { upTo = 0, noticeAt = 0 } = frame;
        if (upTo > head || noticeAt > lastNotice) add(registered, frame);
      }
      this.#phase = registered;
      return registered;
    } catch (error) {
      if (!isEnded()) this.end();
      throw error;
    }
  }

  /** The conversation sent something new. */
  received({ frames, entry }: RelayBatch): void {
    const phase = this.#phase;
    if (phase.name === "asking") phase.early.push(...frames);
    if (phase.name !== "registered") return;
    phase.entry = entry;
    for (const frame of frames) add(phase, frame);
  }

  /** The relay has nobody left, or its conversation is gone. */
  end(): void {
    this.#phase = { name: "none" };
  }
}

function add(registered: Registered, frame: RelayedFrame): void {
  registered.recent.add(frame);
  registered.head = Math.max(registered.head, frame.upTo ?? 0);
  registered.lastNotice = Math.max(registered.lastNotice, frame.noticeAt ?? 0);
}
