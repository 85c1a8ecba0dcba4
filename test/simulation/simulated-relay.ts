import type { SubscriptionRequest } from "../../src/protocol/link-controls.ts";
import type { RelayBatch, RelayReport } from "../../src/protocol/relay-calls.ts";
import { Relay, type RelayOutcome, type RelayServices } from "../../src/relay/relay.ts";
import { LEVELS, levelOf } from "../../src/relay/tree.ts";
import type { Environment } from "./environment.ts";
import { fateOf } from "./faults.ts";
import { Instance } from "./instance.ts";
import { type End, trace } from "./network.ts";

/** A relay's object: what the real shell does, on the simulated network. */
export class SimulatedRelay {
  readonly #environment: Environment;
  readonly #conversationId: string;
  readonly #number: number;
  readonly #ends = new Set<End>();
  #instance: Instance;
  #relay: Relay;

  constructor(environment: Environment, conversationId: string, number: number) {
    this.#environment = environment;
    this.#conversationId = conversationId;
    this.#number = number;
    this.#instance = new Instance(environment.network);
    this.#relay = this.#wake();
  }

  get sockets(): number {
    return this.#ends.size;
  }

  async accept(request: SubscriptionRequest, end: End): Promise<RelayOutcome> {
    const relay = this.#relay;
    const outcome = await this.#instance.hold(
      relay.open(request, () => {
        this.#listen(end);
        return end;
      }),
    );
    trace(this.#environment.network.now, "relay", this.#number, request.sessionId.slice(0, 4), outcome);
    if (outcome === "subscribed") end.accept();
    return outcome;
  }

  #listen(end: End): void {
    this.#ends.add(end);
    end.onMessage = (data) => void this.#instance.hold(this.#relay.received(end, data));
    end.onClose = () => {
      if (this.#ends.delete(end)) this.#relay.closed(end);
    };
  }

  deliver(batch: RelayBatch): RelayReport {
    return this.#relay.deliver(batch);
  }

  close(): void {
    this.#relay.close();
  }

  audience(limit: number) {
    return this.#relay.audience(limit);
  }

  part(parts: number): string[] {
    return this.#relay.part(parts);
  }

  presentAmong(clientIds: readonly string[]): string[] {
    return this.#relay.presentAmong(clientIds);
  }

  /** Hibernates as soon as it is at rest, and wakes up: only sockets and their attachments survive. */
  hibernate(): void {
    this.#instance.whenAtRest(() => {
      trace(this.#environment.network.now, "hibernate relay", this.#number);
      this.#restart();
    });
  }

  /** Dies: every subscription breaks too. */
  crash(): void {
    trace(this.#environment.network.now, "crash relay", this.#number);
    const ends = [...this.#ends];
    this.#ends.clear();
    for (const end of ends) end.cut((length) => this.#environment.network.random(length + 1));
    this.#restart();
  }

  cutOneSubscription(): void {
    this.#environment.network
      .pick([...this.#ends])
      ?.cut((length) => this.#environment.network.random(length + 1));
  }

  #restart(): void {
    this.#instance.end();
    this.#instance = new Instance(this.#environment.network);
    this.#relay = this.#wake();
  }

  #wake(): Relay {
    return new Relay(this.#ends, this.#services(this.#instance));
  }

  #services(instance: Instance): RelayServices {
    const { network, faults } = this.#environment;
    const id = this.#conversationId;
    const fate = fateOf(network, faults.relayCallLost);
    const conversation = () => this.#environment.existing(id);
    const call = <T>(run: () => T | Promise<T>): Promise<T> => instance.hold(network.call(run, 5_000, fate));
    return {
      register: (registration) => call(() => conversation()?.registerRelay(this.#number, registration)),
      replay: (subscriber, lacked) => call(() => conversation()?.replayRelayed(subscriber, lacked)),
      mayEnter: (subscriber) => call(() => conversation()?.mayEnter(subscriber) ?? false),
      command: (subscriber, frame) => call(() => conversation()?.carryOutRelayed(subscriber, frame)),
      report: (report) => call(() => conversation()?.relayReported(this.#number, report)),
      inTime: (frames) => instance.hold(network.inTime(frames, 10_000)),
      timer: (delay, run) => instance.timer(delay, run),
      capacity: () =>
        levelOf(this.#number) < LEVELS ? this.#environment.socketsPerRelay : Number.POSITIVE_INFINITY,
    };
  }
}
