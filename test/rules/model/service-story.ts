import { catchUpModes } from "../../../src/protocol/link-controls.ts";
import type { Cluster } from "../../simulation/cluster.ts";
import { type Network, trace } from "../../simulation/network.ts";
import { ReconnectingDevice } from "./reconnecting-device.ts";
import { ServiceChecks } from "./service-checks.ts";
import { ServiceMessages } from "./service-messages.ts";
import { ServiceSubscriptions } from "./service-subscriptions.ts";
import { ServiceWorld } from "./service-world.ts";

type Step =
  | "subscribe"
  | "unsubscribe"
  | "broadcast"
  | "tell"
  | "write"
  | "edit"
  | "recall"
  | "read"
  | "login"
  | "reconnect"
  | "drop"
  | "die"
  | "hibernate"
  | "crash"
  | "cut";

/** How often each step comes, against the others. */
export type Weights = Partial<Record<Step, number>>;

/** One seed's run: a service and its clients, who subscribe, write and read while objects fail. */
export class ServiceStory {
  readonly #world: ServiceWorld;
  readonly #weights: [string, number][];
  readonly #subscriptions: ServiceSubscriptions;
  readonly #messages: ServiceMessages;
  readonly #checks: ServiceChecks;
  readonly #steps: Record<Step, () => void>;

  constructor(network: Network, cluster: Cluster, weights: Weights) {
    const world = new ServiceWorld(network, cluster);
    this.#world = world;
    this.#weights = Object.entries(weights);
    this.#subscriptions = new ServiceSubscriptions(world);
    this.#messages = new ServiceMessages(world);
    this.#checks = new ServiceChecks(world, this.#subscriptions, this.#messages);
    this.#steps = {
      subscribe: () => this.#subscriptions.change(true),
      unsubscribe: () => this.#subscriptions.change(false),
      broadcast: () => this.#messages.broadcast(),
      tell: () => this.#messages.tell(),
      write: () => this.#messages.write(),
      edit: () => this.#messages.patch(false),
      recall: () => this.#messages.patch(true),
      read: () => this.#messages.read(),
      login: () => this.#logIn(world.anyPerson()),
      reconnect: () => this.#reconnect(),
      drop: () => world.anyOpenDevice()?.drop(),
      die: () => world.anyOpenDevice()?.loseGateway(),
      hibernate: () => {
        network.pick([...cluster.relays.values()])?.hibernate();
        world.service.hibernate();
        cluster.client(world.anyPerson()).hibernate();
      },
      crash: () => this.#crash(),
      cut: () => {
        network.pick([...cluster.relays.values()])?.cutOneSubscription();
        world.service.cutOneSubscription();
      },
    };
    for (const person of world.people.slice(0, -1)) this.#logIn(person);
  }

  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step += 1) {
      if (this.#world.network.chance(0.4)) this.#anyStep()();
      await this.#world.network.step();
      this.#subscriptions.watch();
    }
    await this.#comeBack();
    this.#checks.check();
    await this.#checks.checkHistory();
    for (const device of this.#world.devices) device.drop();
    await this.#world.settle();
    for (const device of this.#world.devices) device.connect(true);
    await this.#comeBack();
    this.#checks.checkCounts();
    await this.#checks.checkRows();
  }

  #anyStep(): () => void {
    let at = this.#world.network.random(this.#weights.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [name, weight] of this.#weights) {
      at -= weight;
      if (at < 0 && this.#isStep(name)) return this.#steps[name];
    }
    return this.#steps.broadcast;
  }

  #isStep(name: string): name is Step {
    return Object.hasOwn(this.#steps, name);
  }

  #logIn(person: string): void {
    const { network, cluster, devices } = this.#world;
    const own = devices.filter(({ clientId }) => clientId === person);
    if (own.length >= 3) return network.pick(own.filter((one) => one.connection === "none"))?.connect(true);
    const mode = network.chance(0.3) ? catchUpModes.MESSAGES : catchUpModes.COUNTS;
    const device = new ReconnectingDevice(network, cluster, person, { mode, subscriptionLimit: 64 });
    device.watch = (frame) => this.#checks.seen(device, frame);
    devices.push(device);
    device.connect(true);
  }

  #reconnect(): void {
    const { network, devices } = this.#world;
    network.pick(devices.filter(({ connection }) => connection === "none"))?.connect(false);
  }

  #crash(): void {
    const { network, cluster, service } = this.#world;
    trace(network.now, "something dies");
    const relay = network.pick([...cluster.relays.values()]);
    network.pick([service, cluster.client(this.#world.anyPerson()), relay ?? service])?.crash();
  }

  /** Every device comes back, what was never answered is repeated, and everything in flight arrives. */
  async #comeBack(): Promise<void> {
    // A subscription may begin and end while everything settles.
    const watch = () => this.#subscriptions.watch();
    for (let round = 0; round < 20; round += 1) {
      for (const device of this.#world.devices) if (device.connection === "none") device.connect(false);
      await this.#world.settle(watch);
      if (round < 3) this.#messages.repeat();
      await this.#world.settle(watch);
      const isBack = this.#world.devices.every(({ isOpen, waitsFor }) => isOpen && waitsFor.length === 0);
      if (round >= 3 && isBack) return;
    }
    const states = this.#world.devices.map(
      ({ name, connection, waitsFor }) => `${name} ${connection} ${waitsFor}`,
    );
    throw new Error(`never settles: ${states.join(", ")}`);
  }
}
