import type { Cluster } from "../../simulation/cluster.ts";
import { type Network, trace } from "../../simulation/network.ts";
import { Cursors } from "./cursors.ts";
import { DeviceChecks } from "./device-checks.ts";
import { PermissionSteps } from "./permission-steps.ts";
import type { Scenario, Step } from "./scenario.ts";
import { SentMessages } from "./sent-messages.ts";
import { UniqueStarts } from "./unique-starts.ts";
import { HandedOverWills } from "./wills.ts";
import { World } from "./world.ts";

/** One seed's run: what was done and answered, as a plain model that the cluster is compared with. */
export class ScenarioRun {
  readonly #world: World;
  readonly #messages: SentMessages;
  readonly #cursors: Cursors;
  readonly #starts: UniqueStarts;
  readonly #wills: HandedOverWills;
  readonly #permissions: PermissionSteps;
  readonly #steps: Record<Step, () => void>;

  constructor(network: Network, cluster: Cluster, scenario: Scenario) {
    const world = new World(network, cluster, scenario);
    this.#world = world;
    this.#messages = new SentMessages(world);
    this.#cursors = new Cursors(world);
    this.#starts = new UniqueStarts(world);
    this.#wills = new HandedOverWills(world);
    this.#permissions = new PermissionSteps(world);
    this.#steps = {
      send: () => this.#messages.send(),
      transient: () => this.#messages.sendTransient(),
      edit: () => this.#messages.patch(false),
      recall: () => this.#messages.patch(true),
      read: () => this.#cursors.read(),
      cursors: () => this.#cursors.ask(),
      join: () => this.#addMember(),
      leave: () => this.#removeMember(),
      unique: () => this.#starts.startSome(),
      role: () => this.#permissions.giveRole(),
      silence: () => this.#permissions.silence(true),
      unsilence: () => this.#permissions.silence(false),
      block: () => this.#permissions.block(true),
      unblock: () => this.#permissions.block(false),
      will: () => this.#wills.handOver(),
      login: () => this.#logIn(),
      reconnect: () => this.#reconnect(),
      drop: () => world.anyOpenDevice()?.drop(),
      logout: () => this.#logOut(),
      cut: () => world.anyConversation().cutOneSubscription(),
      hibernate: () => this.#hibernate(),
      crash: () => this.#crash(),
      restart: () => this.#restart(),
      storage: () => world.anyConversation().failStorage(15_000), // a disk is full for a while
      die: () => world.anyOpenDevice()?.loseGateway(),
      freeze: () => world.anyOpenDevice()?.freeze(),
      thaw: () => this.#thaw(),
      wait: () => this.#wait(),
    };
  }

  async run(): Promise<void> {
    for (let step = 0; step < this.#world.scenario.steps; step += 1) {
      if (this.#world.network.chance(0.4)) {
        this.#anyStep()();
      }
      await this.#world.network.step();
      this.#checkAlways();
      if (this.#world.scenario.sets !== undefined && step % 100 === 99)
        await this.#starts.startTogether(() => this.#settle());
    }
    await this.#settleAll();
    await this.#starts.startTogether(() => this.#settle());
    this.#checkEnd();
  }

  #anyStep(): () => void {
    const weighted = Object.entries(this.#world.scenario.weights);
    let at = this.#world.network.random(weighted.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [name, weight] of weighted) {
      at -= weight;
      if (at < 0 && this.#isStep(name)) return this.#steps[name];
    }
    return this.#steps.send;
  }

  #isStep(name: string): name is Step {
    return Object.hasOwn(this.#steps, name);
  }

  #addMember(): void {
    const cid = this.#world.anyChangeableId();
    const person = this.#world.anyPerson();
    this.#world.ask(this.#world.anyOpenDevice(), {
      cmd: "conv",
      op: "add",
      convMessage: { cid, m: [person] },
    });
  }

  #removeMember(): void {
    const cid = this.#world.anyChangeableId();
    const person = this.#world.anyPerson();
    this.#world.separate(person, cid);
    this.#world.ask(this.#world.anyOpenDevice(), {
      cmd: "conv",
      op: "remove",
      convMessage: { cid, m: [person] },
    });
  }

  #logIn(): void {
    const person = this.#world.anyPerson();
    const own = this.#world.devices.filter(({ clientId }) => clientId === person);
    if (own.length < 3) this.#world.addDevice(person);
    else this.#world.network.pick(own.filter(({ connection }) => connection === "none"))?.connect(true);
  }

  #reconnect(): void {
    const offline = this.#world.devices.filter(
      ({ connection, displaced }) => connection === "none" && !displaced,
    );
    const device = this.#world.network.pick(offline);
    if (device === undefined) return;
    device.connect(false);
  }

  #logOut(): void {
    const device = this.#world.anyOpenDevice();
    device?.logOut(this.#wills.leave(device));
  }

  #hibernate(): void {
    this.#world.anyConversation().hibernate();
    this.#world.cluster.client(this.#world.anyPerson()).hibernate();
  }

  #crash(): void {
    if (this.#world.network.chance(0.5)) this.#world.anyConversation().crash();
    else this.#world.cluster.client(this.#world.anyPerson()).crash();
  }

  /** The whole process dies. */
  #restart(): void {
    trace(this.#world.network.now, "restart");
    for (const device of this.#world.devices) device.loseGateway();
    for (const object of this.#world.cluster.conversations.values()) object.crash();
    for (const object of this.#world.cluster.clients.values()) object.crash();
  }

  #thaw(): void {
    this.#world.network.pick(this.#world.devices.filter(({ connection }) => connection === "frozen"))?.thaw();
  }

  /** Minutes pass in which nothing is done; connected devices send heartbeats. */
  #wait(): void {
    if (!this.#world.network.isIdle) return;
    this.#world.waits.push(this.#world.network.now);
    for (let beats = 0; beats < 3; beats += 1) {
      this.#world.network.now += 150_000;
      for (const device of this.#world.devices) device.heartbeat();
    }
  }

  /** Checks what must be true at every moment. */
  #checkAlways(): void {
    for (const device of this.#world.devices) device.heartbeat();
    this.#starts.watch();
    this.#cursors.watch();
    for (const [clientId, object] of this.#world.scenario.tags ? this.#world.cluster.clients : []) {
      const tags = object.sessions.map(({ state }) => (state.phase === "open" ? state.tag : undefined));
      const held = tags.filter((tag) => tag !== undefined);
      if (new Set(held).size < held.length) throw new Error(`[I6] ${clientId} holds a tag twice`);
    }
    this.#wills.watch();
  }

  /** Every device comes back, repeats what was never answered, and everything in flight arrives. */
  async #settleAll(): Promise<void> {
    if ((this.#world.scenario.weights.wait ?? 0) > 0 && this.#world.network.chance(0.5)) {
      await this.#settle();
      this.#wait();
      await this.#settle();
    }
    for (let round = 0; round < 30; round += 1) {
      for (const device of this.#world.devices) {
        device.thaw();
        this.#wills.watch();
        if (device.connection === "none" && !device.displaced) device.connect(false);
      }
      await this.#settle();
      const open = this.#world.devices.filter(({ isOpen }) => isOpen);
      if (round < 3) this.#messages.repeat(open);
      await this.#settle();
      const back = this.#world.devices.every(({ isOpen, displaced }) => isOpen || displaced);
      if (back && round >= 3 && open.every(({ waitsFor }) => waitsFor.length === 0)) return;
    }
    const state = this.#world.devices.map(({ name, connection, displaced, waitsFor }) => {
      return `${name} ${displaced ? "displaced" : connection} ${waitsFor}`;
    });
    throw new Error(`never settles: ${state.join(", ")}`);
  }

  async #settle(): Promise<void> {
    let moves = 0;
    while (await this.#world.network.step()) {
      this.#checkAlways();
      if (++moves > 50_000) throw new Error("never settles");
    }
  }

  #checkEnd(): void {
    this.#messages.check();
    this.#cursors.check();
    if (this.#world.scenario.permissions) {
      this.#permissions.check();
      this.#permissions.checkShown();
    }
    const checks = new DeviceChecks(this.#world, this.#starts);
    for (const device of this.#world.devices) checks.check(device);
    this.#wills.check();
  }
}
