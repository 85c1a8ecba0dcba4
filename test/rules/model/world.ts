import type { GenericCommand } from "../../../src/protocol/generated/message_pb.js";
import { catchUpModes } from "../../../src/protocol/link-controls.ts";
import type { Cluster } from "../../simulation/cluster.ts";
import type { Network } from "../../simulation/network.ts";
import type { SimulatedConversation } from "../../simulation/simulated-conversation.ts";
import type { CommandInit } from "../../support/frames.ts";
import { ReconnectingDevice } from "./reconnecting-device.ts";
import type { Scenario } from "./scenario.ts";

/** What the steps of a scenario happen to: people's devices and their conversations, on a network that a seed moves. */
export class World {
  readonly network: Network;
  readonly cluster: Cluster;
  readonly scenario: Scenario;
  readonly devices: ReconnectingDevice[] = [];
  /** Times when minutes began to pass in which nothing is done. */
  readonly waits: number[] = [];
  /** `client conversation` pairs that were separated at some time. */
  readonly #separated = new Set<string>();
  #number = 0;

  constructor(network: Network, cluster: Cluster, scenario: Scenario) {
    this.network = network;
    this.cluster = cluster;
    this.scenario = scenario;
    for (const [id, members] of Object.entries(scenario.conversations))
      cluster.createConversation(id, members);
    for (const person of scenario.people) this.addDevice(person);
  }

  /** Whether anything but devices fails. */
  get hasFaults(): boolean {
    const { crash = 0, restart = 0, die = 0, cut = 0 } = this.scenario.weights;
    return crash + restart + die + cut > 0 || this.cluster.faults.relayCallLost > 0;
  }

  anyPerson(): string {
    return this.network.pick(this.scenario.people) ?? "";
  }

  anyOpenDevice(): ReconnectingDevice | undefined {
    return this.network.pick(this.devices.filter(({ isOpen }) => isOpen));
  }

  anyConversation(): SimulatedConversation {
    const object = this.cluster.conversations.get(this.anyConversationId());
    if (object === undefined) throw new Error("no conversation");
    return object;
  }

  anyConversationId(): string {
    return this.network.pick(this.#knownIds()) ?? "";
  }

  /** Any conversation but the first one, which keeps its members. */
  anyChangeableId(): string {
    return this.network.pick(this.#knownIds().slice(1)) ?? "";
  }

  /** No client can know the id of a conversation that is not indexed yet: its creation is answered afterwards. */
  #knownIds(): string[] {
    const known = [...this.cluster.conversations].filter(([, { state }]) => state.copy.indexedAt !== 0);
    return known.map(([id]) => id);
  }

  /** A text that is used once. */
  newText(kind: string): string {
    this.#number += 1;
    return `${kind}${this.#number}`;
  }

  /** A client logs in on a new device. */
  addDevice(clientId: string): void {
    const { messagesMode, tags, subscriptionLimit } = this.scenario;
    const mode = this.network.random(10) < messagesMode ? catchUpModes.MESSAGES : catchUpModes.COUNTS;
    const tag = tags && this.network.chance(0.5) ? "phone" : undefined;
    const device = new ReconnectingDevice(this.network, this.cluster, clientId, {
      mode,
      tag,
      subscriptionLimit,
    });
    for (const [id, object] of this.cluster.conversations) {
      device.shown.belongs.set(id, object.state.members.has(clientId));
    }
    this.devices.push(device);
    device.connect(true);
  }

  /** A device sends a command; `done` is called with the answer unless it is refused. */
  ask(
    device: ReconnectingDevice | undefined,
    command: CommandInit,
    done: (frame: GenericCommand) => void = () => {},
  ): void {
    device?.request(command, ({ refused, frame }) => {
      if (refused === undefined) done(frame);
    });
  }

  /** The client may be separated from the conversation from now on: its copies may have gaps. */
  separate(clientId: string, conversationId: string): void {
    this.#separated.add(`${clientId} ${conversationId}`);
  }

  wereSeparated(clientId: string, conversationId: string): boolean {
    return this.#separated.has(`${clientId} ${conversationId}`);
  }
}
