import { expect } from "vitest";
import { areSame } from "../../../src/conversation/creation/unique-registry.ts";
import { timeOfMessageId } from "../../../src/conversation/messages/ids.ts";
import { catchUpModes } from "../../../src/protocol/link-controls.ts";
import type { Cluster } from "../../simulation/cluster.ts";
import { type Network, trace } from "../../simulation/network.ts";
import { RETURN_TIME } from "../../simulation/simulated-client.ts";
import type { SimulatedConversation } from "../../simulation/simulated-conversation.ts";
import type { CommandInit } from "../../support/frames.ts";
import { ReconnectingDevice } from "./reconnecting-device.ts";

export interface Scenario {
  people: string[];
  /** Members of each conversation at the start. The first one always keeps its two members, and so has receipts. */
  conversations: Record<string, string[]>;
  subscriptionLimit: number;
  steps: number;
  /** How often each step is taken, as weights. */
  weights: Partial<Record<Step, number>>;
  /** Number of `.1` devices in ten. */
  messagesMode: number;
  /** Whether some devices log in with a tag. */
  tags: boolean;
  /** Sets of people that start their unique conversation, if any. */
  sets?: string[][];
}

const steps = {
  send: (run: ScenarioRun) => run.send(),
  transient: (run: ScenarioRun) => run.sendTransient(),
  edit: (run: ScenarioRun) => run.patch(false),
  recall: (run: ScenarioRun) => run.patch(true),
  read: (run: ScenarioRun) => run.read(),
  cursors: (run: ScenarioRun) => run.askCursors(),
  join: (run: ScenarioRun) => run.addMember(),
  leave: (run: ScenarioRun) => run.removeMember(),
  unique: (run: ScenarioRun) => run.startUnique(),
  will: (run: ScenarioRun) => run.handOverWill(),
  login: (run: ScenarioRun) => run.logIn(),
  reconnect: (run: ScenarioRun) => run.reconnect(),
  drop: (run: ScenarioRun) => run.anyOpen()?.drop(),
  logout: (run: ScenarioRun) => run.logOut(),
  cut: (run: ScenarioRun) => run.anyConversation().cutOneSubscription(),
  hibernate: (run: ScenarioRun) => run.hibernate(),
  crash: (run: ScenarioRun) => run.crash(),
  restart: (run: ScenarioRun) => run.restart(),
  storage: (run: ScenarioRun) => run.storage(),
  die: (run: ScenarioRun) => run.anyOpen()?.loseGateway(),
  freeze: (run: ScenarioRun) => run.anyOpen()?.freeze(),
  thaw: (run: ScenarioRun) => run.thaw(),
  wait: (run: ScenarioRun) => run.wait(),
};
type Step = keyof typeof steps;

function isStep(name: string): name is Step {
  return Object.hasOwn(steps, name);
}

interface Sent {
  conversationId: string;
  clientId: string;
  /** The device that shows the message: only there it can be edited. */
  device: ReconnectingDevice;
  token: string;
  acked: { id: string; timestamp: number } | undefined;
  given?: "up";
}

/** A client asks for the unique conversation of a set. */
interface Started {
  clientId: string;
  set: string[];
  /** Conversations that had exactly this set of members at some moment since. */
  theirs: Set<string>;
  answer: "none" | "refused" | { conversationId: string; existing: boolean };
}

interface HandedOver {
  text: string;
  at: number;
  id: string | undefined;
  device: ReconnectingDevice;
  conversationId: string;
  /** When the connection that it was handed over on ended, or one that continued it. */
  endedAt: number | undefined;
  end: "there" | "lost" | "broken" | "leaving" | "logged out" | "replaced";
}

/** A member's read cursor, and since when it is a member: the cursor begins anew when it joins again. */
interface ReadCursor {
  joinedAt: number;
  readAt: number;
}

/** One seed's run: what was done and answered, as a plain model that the cluster is compared with. */
export class ScenarioRun {
  readonly #network: Network;
  readonly #cluster: Cluster;
  readonly #scenario: Scenario;
  #devices: ReconnectingDevice[] = [];
  readonly #sent: Sent[] = [];
  readonly #patches: { conversationId: string; id: string; data: string; at: number }[] = [];
  readonly #reads: { conversationId: string; clientId: string; upTo: number }[] = [];
  readonly #wills: HandedOver[] = [];
  #starts: Started[] = [];
  /** `client conversation` pairs that were separated at some time: their copies may have gaps. */
  readonly #parted = new Set<string>();
  /** Times when minutes began to pass. */
  readonly #waits: number[] = [];
  /** The read cursors of members as last seen, by conversation and client. */
  readonly #readCursors = new Map<string, Map<string, ReadCursor>>();
  #number = 0;

  constructor(network: Network, cluster: Cluster, scenario: Scenario) {
    this.#network = network;
    this.#cluster = cluster;
    this.#scenario = scenario;
    for (const [id, members] of Object.entries(scenario.conversations))
      cluster.createConversation(id, members);
    for (const person of scenario.people) this.#newDevice(person);
  }

  async run(): Promise<void> {
    for (let step = 0; step < this.#scenario.steps; step += 1) {
      if (this.#network.chance(0.4)) {
        steps[this.#anyStep()](this);
      }
      await this.#network.step();
      this.#checkAlways();
      if (this.#scenario.sets !== undefined && step % 100 === 99) await this.#startUniqueTogether();
    }
    await this.#settleAll();
    await this.#startUniqueTogether();
    this.#checkEnd();
  }

  /** Whether anything but devices fails. */
  get #hasFaults(): boolean {
    const { crash = 0, restart = 0, die = 0, cut = 0 } = this.#scenario.weights;
    return crash + restart + die + cut > 0 || this.#cluster.faults.relayCallLost > 0;
  }

  #anyStep(): Step {
    const weighted = Object.entries(this.#scenario.weights);
    let at = this.#network.random(weighted.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [act, weight] of weighted) {
      at -= weight;
      if (at < 0 && isStep(act)) return act;
    }
    return "send";
  }

  // Steps.

  anyOpen(): ReconnectingDevice | undefined {
    return this.#network.pick(this.#devices.filter(({ isOpen }) => isOpen));
  }

  anyConversation(): SimulatedConversation {
    const object = this.#cluster.conversations.get(this.#anyConversationId());
    if (object === undefined) throw new Error("no conversation");
    return object;
  }

  send(): void {
    const device = this.anyOpen();
    if (device === undefined) return;
    const { clientId } = device;
    const place = { conversationId: this.#anyConversationId(), token: this.#name("m") };
    const sent: Sent = { ...place, clientId, device, acked: undefined };
    this.#sent.push(sent);
    this.#submit(device, sent);
  }

  sendTransient(): void {
    const text = this.#name("transient");
    const directMessage = { cid: this.#anyConversationId(), msg: text, transient: true };
    this.#ask(this.anyOpen(), { cmd: "direct", directMessage });
  }

  patch(recall: boolean): void {
    const device = this.anyOpen();
    const mine = this.#sent.filter(({ clientId, acked, conversationId, device: author }) => {
      if (clientId !== device?.clientId || acked === undefined) return false;
      return author === device || device.copies.get(conversationId)?.has(acked.id) === true;
    });
    const { conversationId: cid, acked } = this.#network.pick(mine) ?? {};
    if (device === undefined || cid === undefined || acked === undefined) return;
    const { id: mid, timestamp } = acked;
    const data = recall ? '{"_lctype":-127}' : this.#name("edit");
    const item = { cid, mid, timestamp, recall, data: recall ? undefined : new TextEncoder().encode(data) };
    this.#ask(device, { cmd: "patch", op: "modify", patchMessage: { patches: [item] } }, (frame) => {
      const at = Number(frame.patchMessage?.lastPatchTime);
      this.#patches.push({ conversationId: cid, id: mid, data, at });
      device.patched(cid, mid, data, at); // only other devices are sent it
    });
  }

  read(): void {
    const device = this.anyOpen();
    if (device === undefined) return;
    const cid = this.#anyConversationId();
    const copies = [...(device.copies.get(cid)?.values() ?? [])];
    const { clientId } = device;
    const timestamp = this.#network.pick(copies)?.timestamp;
    const convs = [timestamp === undefined ? { cid } : { cid, timestamp }];
    if (this.#network.chance(0.5)) return device.send({ cmd: "read", readMessage: { convs } });
    this.#ask(device, { cmd: "read", readMessage: { convs } }, () => {
      if (timestamp !== undefined) this.#reads.push({ conversationId: cid, clientId, upTo: timestamp });
    });
  }

  askCursors(): void {
    const device = this.anyOpen();
    const [cid = ""] = Object.keys(this.#scenario.conversations);
    this.#ask(device, { cmd: "conv", op: "max_read", convMessage: { cid } }, ({ convMessage }) => {
      const before = device?.cursors.get(cid) ?? { deliveredAt: 0, readAt: 0 };
      const readAt = Number(convMessage?.maxReadTimestamp ?? 0n);
      const deliveredAt = Number(convMessage?.maxAckTimestamp ?? 0n);
      // A receipt's time is later than its message, so only cursors of the same kind are compared.
      const asked = this.#cursorsSeen.get(device?.name ?? "") ?? { deliveredAt: 0, readAt: 0 };
      if (readAt < asked.readAt || deliveredAt < asked.deliveredAt)
        device?.problems.push("a cursor went back");
      this.#cursorsSeen.set(device?.name ?? "", { deliveredAt, readAt });
      if (readAt > deliveredAt) device?.problems.push(`read ${readAt} before it was delivered`);
      trace(device?.name, "cursors", JSON.stringify(before), deliveredAt, readAt);
    });
  }
  readonly #cursorsSeen = new Map<string, { deliveredAt: number; readAt: number }>();

  /** Several clients or devices at the same moment. */
  startUnique(): void {
    const set = this.#network.pick(this.#scenario.sets ?? []) ?? [];
    for (let times = this.#network.random(3); times >= 0; times -= 1) {
      const open = this.#devices.filter(({ isOpen, clientId }) => isOpen && set.includes(clientId));
      const device = this.#network.pick(open);
      if (device !== undefined) this.#start(device, set);
    }
  }

  #start(device: ReconnectingDevice, set: string[]): Started {
    const started: Started = { clientId: device.clientId, set, theirs: new Set(), answer: "none" };
    this.#starts.push(started);
    this.#watchStarts();
    const m = set.filter((clientId) => clientId !== device.clientId);
    device.request({ cmd: "conv", op: "start", convMessage: { m, unique: true } }, ({ refused, frame }) => {
      this.#starts.splice(this.#starts.indexOf(started), 1);
      const { cid = "", existing = false } = frame.convMessage ?? {};
      started.answer = refused === undefined ? { conversationId: cid, existing } : "refused";
      if (refused !== undefined) return;
      const whose = [...(this.#cluster.conversations.get(cid)?.state.members.keys() ?? [])].join();
      expect(started.theirs, `[B-03] ${set.join()} were given ${cid}, which is of ${whose}`).toContain(cid);
    });
    return started;
  }

  addMember(): void {
    const cid = this.#anyChangeableId();
    const person = this.#network.pick(this.#scenario.people) ?? "";
    this.#ask(this.anyOpen(), { cmd: "conv", op: "add", convMessage: { cid, m: [person] } });
  }

  removeMember(): void {
    const cid = this.#anyChangeableId();
    const person = this.#network.pick(this.#scenario.people) ?? "";
    this.#parted.add(`${person} ${cid}`);
    this.#ask(this.anyOpen(), { cmd: "conv", op: "remove", convMessage: { cid, m: [person] } });
  }

  handOverWill(): void {
    const device = this.anyOpen();
    if (device === undefined) return;
    const cid = this.#anyConversationId();
    const text = this.#name("will");
    for (const will of this.#wills) {
      if (will.device.clientId === device.clientId && will.end === "there") will.end = "replaced";
    }
    const at = this.#network.now;
    const place = { device, conversationId: cid };
    const will: HandedOver = { text, at, id: undefined, ...place, endedAt: undefined, end: "there" };
    this.#wills.push(will);
    this.#ask(device, { cmd: "direct", directMessage: { cid, msg: text, will: true } }, (frame) => {
      will.id = frame.ackMessage?.uid;
    });
  }

  logIn(): void {
    const person = this.#network.pick(this.#scenario.people) ?? "";
    const own = this.#devices.filter(({ clientId }) => clientId === person);
    if (own.length < 3) this.#newDevice(person);
    else this.#network.pick(own.filter(({ connection }) => connection === "none"))?.connect(true);
  }

  reconnect(): void {
    const offline = this.#devices.filter(({ connection, displaced }) => connection === "none" && !displaced);
    const device = this.#network.pick(offline);
    if (device === undefined) return;
    device.connect(false);
  }

  logOut(): void {
    const device = this.anyOpen();
    const wills = this.#wills.filter((will) => will.device === device && will.end === "there");
    // If the connection ends before the answer, the outcome is not known.
    for (const will of wills) will.end = "leaving";
    device?.logOut(() => {
      for (const will of wills) will.end = "logged out";
    });
  }

  hibernate(): void {
    this.anyConversation().hibernate();
    this.#cluster.client(this.#network.pick(this.#scenario.people) ?? "").hibernate();
  }

  /** A disk is full for a while. */
  storage(): void {
    this.anyConversation().failStorage(15_000);
  }

  crash(): void {
    if (this.#network.chance(0.5)) this.anyConversation().crash();
    else this.#cluster.client(this.#network.pick(this.#scenario.people) ?? "").crash();
  }

  /** The whole process dies. */
  restart(): void {
    trace(this.#network.now, "restart");
    for (const device of this.#devices) device.loseGateway();
    for (const object of this.#cluster.conversations.values()) object.crash();
    for (const object of this.#cluster.clients.values()) object.crash();
  }

  thaw(): void {
    this.#network.pick(this.#devices.filter(({ connection }) => connection === "frozen"))?.thaw();
  }

  /** Minutes pass in which nothing is done; connected devices send heartbeats. */
  wait(): void {
    if (!this.#network.isIdle) return;
    this.#waits.push(this.#network.now);
    for (let beats = 0; beats < 3; beats += 1) {
      this.#network.now += 150_000;
      for (const device of this.#devices) device.heartbeat();
    }
  }

  // How steps are carried out.

  #newDevice(clientId: string): void {
    const { messagesMode, tags, subscriptionLimit } = this.#scenario;
    const mode = this.#network.random(10) < messagesMode ? catchUpModes.MESSAGES : catchUpModes.COUNTS;
    const tag = tags && this.#network.chance(0.5) ? "phone" : undefined;
    const device = new ReconnectingDevice(this.#network, this.#cluster, clientId, {
      mode,
      tag,
      subscriptionLimit,
    });
    for (const [id, object] of this.#cluster.conversations) {
      device.belongs.set(id, object.state.members.has(clientId));
    }
    this.#devices.push(device);
    device.connect(true);
  }

  #submit(device: ReconnectingDevice, sent: Sent): void {
    const { conversationId: cid, token } = sent;
    const directMessage = { cid, msg: token, dt: token, r: true };
    device.request({ cmd: "direct", directMessage }, ({ refused, frame: { ackMessage } }) => {
      if (refused !== undefined) {
        sent.given = "up"; // no member (any more)
        return;
      }
      const acked = { id: ackMessage?.uid ?? "", timestamp: Number(ackMessage?.t) };
      expect(sent.acked ?? acked, `${token} was acknowledged twice, differently`).toEqual(acked);
      sent.acked = acked;
    });
  }

  #ask(
    device: ReconnectingDevice | undefined,
    command: CommandInit,
    done: (frame: Parameters<Parameters<ReconnectingDevice["request"]>[1]>[0]["frame"]) => void = () => {},
  ): void {
    device?.request(command, ({ refused, frame }) => {
      if (refused === undefined) done(frame);
    });
  }

  #name(kind: string): string {
    this.#number += 1;
    return `${kind}${this.#number}`;
  }

  #anyConversationId(): string {
    return this.#network.pick(this.#knownIds()) ?? "";
  }

  #anyChangeableId(): string {
    return this.#network.pick(this.#knownIds().slice(1)) ?? "";
  }

  /** No client can know the id of a conversation that is not indexed yet: its creation is answered afterwards. */
  #knownIds(): string[] {
    const known = [...this.#cluster.conversations].filter(([, { state }]) => state.copy.indexedAt !== 0);
    return known.map(([id]) => id);
  }

  /** Checks what must be true at every moment. */
  #checkAlways(): void {
    for (const device of this.#devices) device.heartbeat();
    this.#watchStarts();
    for (const [id, object] of this.#cluster.conversations) {
      const before = this.#readCursors.get(id) ?? new Map<string, ReadCursor>();
      this.#readCursors.set(id, before);
      for (const { clientId, joinedAt, readCursor: readAt } of object.state.members.values()) {
        const seen = before.get(clientId);
        if (seen?.readAt === readAt && seen.joinedAt === joinedAt) continue;
        if (seen?.joinedAt === joinedAt && readAt < seen.readAt) {
          throw new Error(`[I5] the read cursor of ${clientId} in ${id} went back`);
        }
        before.set(clientId, { joinedAt, readAt });
      }
    }
    for (const [clientId, object] of this.#scenario.tags ? this.#cluster.clients : []) {
      const tags = object.sessions.map(({ state }) => (state.phase === "open" ? state.tag : undefined));
      const held = tags.filter((tag) => tag !== undefined);
      if (new Set(held).size < held.length) throw new Error(`[I6] ${clientId} holds a tag twice`);
    }
    this.#watchWills();
  }

  #watchWills(): void {
    for (const will of this.#wills) {
      const { connection, ending, endedAt } = will.device;
      if (will.end === "there" && connection === "none") {
        will.end = ending;
        will.endedAt = endedAt;
      }
      // The device came back in time at its first attempt, so nothing is sent. An attempt that failed before may have
      // opened a session that was lost at once, and gives no more time.
      const isBack = will.end === "broken" && connection === "open" && will.endedAt === endedAt;
      if (isBack && this.#network.now < endedAt + RETURN_TIME) will.end = "there";
    }
  }

  #watchStarts(): void {
    if (this.#starts.length === 0) return;
    for (const [id, { state }] of this.#cluster.conversations) {
      const members = [...state.members.keys()];
      for (const { set, theirs } of this.#starts) {
        if (members.length === set.length && areSame(members, set)) theirs.add(id);
      }
    }
  }

  /** While members do not change, every client of a set that asks gets the same conversation each time. */
  async #startUniqueTogether(): Promise<void> {
    for (const set of this.#scenario.sets ?? []) {
      const given = new Set<string>();
      for (let round = 0; round < 4; round += 1) {
        await this.#settle();
        const isFound = given.size > 0;
        const asking = this.#devices.filter(({ isOpen, clientId }) => isOpen && set.includes(clientId));
        const asked = asking.map((device) => this.#start(device, set));
        await this.#settle();
        for (const { answer } of asked) {
          if (typeof answer === "string") continue;
          const { conversationId, existing } = answer;
          if (isFound) expect(existing, `[B-03] another one of ${set.join()} was made`).toBe(true);
          given.add(conversationId);
        }
        if (round > 0 && asked.every(({ answer }) => typeof answer !== "string")) break;
      }
      expect(given.size, `[B-03] unique conversations of ${set.join()}`).toBeLessThanOrEqual(1);
      for (const id of given) {
        const members = this.#cluster.conversations.get(id)?.state.members.keys() ?? [];
        expect([...members].toSorted(), `[B-03] members of ${id}`).toEqual(set.toSorted());
      }
    }
  }

  /** Every device comes back, repeats what was never answered, and everything in flight arrives. */
  async #settleAll(): Promise<void> {
    if ((this.#scenario.weights.wait ?? 0) > 0 && this.#network.chance(0.5)) {
      await this.#settle();
      this.wait();
      await this.#settle();
    }
    for (let round = 0; round < 30; round += 1) {
      for (const device of this.#devices) {
        device.thaw();
        this.#watchWills();
        if (device.connection === "none" && !device.displaced) device.connect(false);
      }
      await this.#settle();
      const open = this.#devices.filter(({ isOpen }) => isOpen);
      const unsent = this.#sent.filter(({ acked, given }) => acked === undefined && given === undefined);
      for (const sent of round < 3 ? unsent : []) {
        const device = open.find(({ clientId }) => clientId === sent.clientId);
        if (device !== undefined) this.#submit(device, sent);
      }
      await this.#settle();
      const back = this.#devices.every(({ isOpen, displaced }) => isOpen || displaced);
      if (back && round >= 3 && open.every(({ waitsFor }) => waitsFor.length === 0)) return;
    }
    const state = this.#devices.map(({ name, connection, displaced, waitsFor }) => {
      return `${name} ${displaced ? "displaced" : connection} ${waitsFor}`;
    });
    throw new Error(`never settles: ${state.join(", ")}`);
  }

  async #settle(): Promise<void> {
    let moves = 0;
    while (await this.#network.step()) {
      this.#checkAlways();
      if (++moves > 50_000) throw new Error("never settles");
    }
  }

  // Checks at the end.

  #checkEnd(): void {
    for (const [id, object] of this.#cluster.conversations) this.#checkLog(id, object);
    for (const device of this.#devices) this.#checkDevice(device);
    this.#checkWills();
  }

  #checkLog(id: string, object: SimulatedConversation): void {
    const log = object.state.log.after(0, 100_000);
    const tokens = log.map(({ token }) => token);
    expect(new Set(tokens).size, `[I3] sends are in ${id} twice`).toBe(tokens.length);
    for (const { message } of log) {
      expect(message.content, `[I8] ${id} keeps what it must not`).not.toMatch(/^(transient|will|ghost)/);
    }
    for (const { conversationId, token, acked } of this.#sent) {
      if (conversationId !== id || acked === undefined) continue;
      const kept = log.find((row) => row.token === token)?.message;
      expect(kept, `[I1] ${token} was acknowledged and is lost`).toMatchObject(acked);
    }
    for (const { conversationId, id: messageId, data, at } of this.#patches) {
      if (conversationId !== id) continue;
      const kept = log.find(({ message }) => message.id === messageId)?.message;
      expect(kept?.patchedAt ?? 0, `[I1] the edit ${data} is lost`).toBeGreaterThanOrEqual(at);
      if (kept?.patchedAt === at) expect(kept.content).toBe(data);
    }
    for (const { conversationId, clientId, upTo } of this.#reads) {
      const readAt = object.state.members.get(clientId)?.readCursor;
      if (conversationId !== id || readAt === undefined || this.#parted.has(`${clientId} ${id}`)) continue;
      expect(readAt, `[I5] ${clientId} read ${upTo} of ${id}`).toBeGreaterThanOrEqual(upTo);
    }
  }

  #checkDevice(device: ReconnectingDevice): void {
    const { clientId, name, mode } = device;
    expect(device.problems, name).toEqual([]);
    const wills = device.ephemeral.filter((text) => text.startsWith("will"));
    expect(new Set(wills).size, `[I7] ${name} got a will twice`).toBe(wills.length);
    if (!device.isOpen) return;
    for (const [id, object] of this.#cluster.conversations) {
      const who = `${name} in ${id}`;
      const member = object.state.members.get(clientId);
      if (this.#mayMissOwnStart(clientId, object) || this.#leftBeforeFirstLogin(clientId, object)) continue;
      expect(device.belongs.get(id) ?? false, `[I4] ${who}: membership`).toBe(member !== undefined);
      if (member === undefined) continue;
      const { count } = object.state.log.unread(clientId, member.readCursor);
      if (mode === catchUpModes.COUNTS) expect(device.counts.get(id) ?? 0, `[I5] ${who}: unread`).toBe(count);
      if (this.#parted.has(`${clientId} ${id}`)) continue;
      this.#checkCopies(device, id, object);
    }
  }

  /** A client that dies while it asks for a conversation gets no creation notice. */
  #mayMissOwnStart(person: string, { state: { facts } }: SimulatedConversation): boolean {
    const { creator, uniqueOf } = facts;
    if (creator !== person || uniqueOf === undefined) return false;
    return this.#starts.some(({ clientId, set }) => clientId === person && areSame(set, uniqueOf));
  }

  /** A client that is removed before D1 knows its first login gets no notice of it. */
  #leftBeforeFirstLogin(person: string, { state: { members, notices } }: SimulatedConversation): boolean {
    return (
      !members.has(person) && !notices.leftAfter(this.#cluster.database.knownSince(person)).includes(person)
    );
  }

  #checkCopies(device: ReconnectingDevice, id: string, object: SimulatedConversation): void {
    const { clientId, name, mode } = device;
    const copies = device.copies.get(id);
    const from = Math.max(device.firstOpenAt, object.state.members.get(clientId)?.joinedAt ?? 0);
    for (const { message } of object.state.log.after(0, 100_000)) {
      const copy = copies?.get(message.id);
      if (copy !== undefined) {
        const { data, patchedAt } = copy;
        const shown = { data: message.content, patchedAt: message.patchedAt ?? 0 };
        expect({ data, patchedAt }, `[I4] ${name} shows ${message.timestamp} of ${id}`).toEqual(shown);
      } else if (mode === catchUpModes.MESSAGES && message.from !== clientId && message.timestamp > from) {
        const siblings = this.#devices.filter(
          (other) => other.clientId === clientId && other.mode === catchUpModes.MESSAGES,
        );
        const reached = siblings.some((other) => other.copies.get(id)?.has(message.id));
        const leftOut = (device.leftOut.get(id) ?? 0) > message.timestamp;
        expect(reached || leftOut, `[I4] ${name} misses ${message.timestamp} of ${id}`).toBe(true);
      }
    }
  }

  #checkWills(): void {
    const got = new Set(this.#devices.flatMap(({ ephemeral }) => ephemeral));
    for (const { text, end, device } of this.#wills) {
      if (end === "logged out") expect(got, `[I7] the author of ${text} logged out`).not.toContain(text);
      // A device that comes back before its loss was noticed displaces its own session.
      const isThere = end === "there" && device.isOpen && device.tag === undefined;
      if (isThere) expect(got, `[I7] the author of ${text} is there`).not.toContain(text);
    }
    for (const person of this.#scenario.people) {
      const all = this.#wills.filter(({ device }) => device.clientId === person);
      const last = all.at(-1);
      if (last?.id === undefined || last.end !== "lost") continue;
      // Of two devices' wills at the same moment, either may come last.
      const others = all.filter(({ at }) => at > last.at - 10_000).slice(0, -1);
      const handedOver = timeOfMessageId(last.id) ?? 0;
      if (others.some(({ id }) => id === undefined || (timeOfMessageId(id) ?? 0) >= handedOver)) continue;
      // Another device of the same tag may have displaced it before its loss was noticed.
      if (last.device.tag !== undefined) continue;
      if (this.#parted.has(`${person} ${last.conversationId}`)) continue;
      // A will that is in flight for five minutes is dropped as outdated.
      const { endedAt = 0 } = last;
      if (this.#waits.some((at) => at >= endedAt && at < endedAt + 20_000)) continue;
      const object = this.#cluster.conversations.get(last.conversationId);
      const isSent = object?.state.notices.hasWill(last.id) ?? false;
      // The gateway's report of the loss may itself have been lost, and the author came back in time.
      const isKept = this.#hasFaults && last.device.isOpen && this.#cluster.client(person).holdsWill;
      expect(isSent || isKept, `[I7] ${last.text} was never sent`).toBe(true);
    }
  }
}
