import type { Cluster } from "../../simulation/cluster.ts";
import type { Network } from "../../simulation/network.ts";
import type { SimulatedConversation } from "../../simulation/simulated-conversation.ts";
import type { ReconnectingDevice } from "./reconnecting-device.ts";

export const SERVICE = "news";
const PEOPLE = ["tom", "jerry", "mary", "spike", "tyke"];

/** What all parts of a story share: the service, and the devices of its clients. */
export class ServiceWorld {
  readonly network: Network;
  readonly cluster: Cluster;
  readonly people = PEOPLE;
  readonly devices: ReconnectingDevice[] = [];
  #number = 0;

  constructor(network: Network, cluster: Cluster) {
    this.network = network;
    this.cluster = cluster;
    cluster.createConversation(SERVICE, [], "system");
  }

  get service(): SimulatedConversation {
    return this.cluster.conversation(SERVICE);
  }

  anyPerson(): string {
    return this.network.pick(this.people) ?? "";
  }

  anyOpenDevice(): ReconnectingDevice | undefined {
    return this.network.pick(this.devices.filter(({ isOpen }) => isOpen));
  }

  /** A text that is used once and says who may see it. */
  textFor(clientIds: readonly string[] | "subscribers"): string {
    this.#number += 1;
    return `${typeof clientIds === "string" ? clientIds : clientIds.join()} #${this.#number}`;
  }

  async settle(afterEachStep: () => void = () => {}): Promise<void> {
    for (let moves = 0; await this.network.step(); moves += 1) {
      afterEachStep();
      if (moves > 50_000) throw new Error("never settles");
    }
  }
}
