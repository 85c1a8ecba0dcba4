import { expect } from "vitest";
import { timeOfMessageId } from "../../../src/conversation/ids.ts";
import { areSame } from "../../../src/conversation/unique-registry.ts";
import { type Cluster, RETURN_TIME, type SimulatedConversation } from "../../simulation/cluster.ts";
import { type Network, trace } from "../../simulation/network.ts";
import type { CommandInit } from "../../support/frames.ts";
import { Device } from "./device.ts";

export interface Story {
  people: string[];
  /** Who is in which conversation at the start. The first has two members for good, and so has receipts. */
  conversations: Record<string, string[]>;
  linkLimit: number;
  steps: number;
  /** How often each thing is tried, as weights. */
  weights: Partial<Record<Act, number>>;
  /** Weight of `.1` devices among ten. */
  push: number;
  /** Whether some devices log in under a tag. */
  tags: boolean;
  /** Sets of people who start their unique conversation, if any do. */
  sets?: string[][];
}

const acts = {
  send: (play: Play) => play.send(),
  transient: (play: Play) => play.sendTransient(),
  edit: (play: Play) => play.patch(false),
  recall: (play: Play) => play.patch(true),
  read: (play: Play) => play.read(),
  marks: (play: Play) => play.askMarks(),
  join: (play: Play) => play.addMember(),
  leave: (play: Play) => play.removeMember(),
  unique: (play: Play) => play.startUnique(),
  will: (play: Play) => play.handOverWill(),
  login: (play: Play) => play.logIn(),
  reconnect: (play: Play) => play.reconnect(),
  drop: (play: Play) => play.anyOpen()?.drop(),
  logout: (play: Play) => play.logOut(),
  cut: (play: Play) => play.anyHouse().cutOneLink(),
  evict: (play: Play) => play.evict(),
  crash: (play: Play) => play.crash(),
  restart: (play: Play) => play.restart(),
  storage: (play: Play) => play.storage(),
  die: (play: Play) => play.anyOpen()?.loseGateway(),
  freeze: (play: Play) => play.anyOpen()?.freeze(),
  thaw: (play: Play) => play.thaw(),
  wait: (play: Play) => play.wait(),
};
export type Act = keyof typeof acts;

function isAct(name: string): name is Act {
  return Object.hasOwn(acts, name);
}

interface Sent {
  conversationId: string;
  clientId: string;
  /** What has it to show: only that can be edited there. */
  device: Device;
  token: string;
  acked: { id: string; timestamp: number } | undefined;
  given?: "up";
}

/** Somebody asks for the unique conversation of a set. */
interface Started {
  clientId: string;
  set: string[];
  /** Conversations whose members were exactly the set at some moment since. */
  theirs: Set<string>;
  answer: "none" | "refused" | { conversationId: string; existing: boolean };
}

interface HandedOver {
  text: string;
  at: number;
  id: string | undefined;
  device: Device;
  conversationId: string;
  end: "there" | "lost" | "broken" | "leaving" | "logged out" | "replaced";
}

/** One seed's story: what was done and answered, the plain model that the town is compared with. */
export class Play {
  readonly #network: Network;
  readonly #town: Cluster;
  readonly #story: Story;
  #devices: Device[] = [];
  readonly #sent: Sent[] = [];
  readonly #patches: { conversationId: string; id: string; data: string; at: number }[] = [];
  readonly #reads: { conversationId: string; clientId: string; upTo: number }[] = [];
  readonly #wills: HandedOver[] = [];
  #starts: Started[] = [];
  /** `client conversation` pairs that were parted at any time: what they saw of it has holes by right. */
  readonly #parted = new Set<string>();
  /** When minutes began to pass. */
  readonly #waits: number[] = [];
  readonly #readMarks = new Map<string, number>();
  #number = 0;

  constructor(network: Network, town: Cluster, story: Story) {
    this.#network = network;
    this.#town = town;
    this.#story = story;
    for (const [id, members] of Object.entries(story.conversations)) town.found(id, members);
    for (const person of story.people) this.#newDevice(person);
  }

  async run(): Promise<void> {
    for (let step = 0; step < this.#story.steps; step += 1) {
      if (this.#network.chance(0.4)) {
        acts[this.#anyAct()](this);
      }
      await this.#network.step();
      this.#watch();
      if (this.#story.sets !== undefined && step % 100 === 99) await this.#meet();
    }
    await this.#comeToRest();
    await this.#meet();
    this.#check();
  }

  /** Whether anything but devices fails. */
  get #isUnruly(): boolean {
    const { crash = 0, restart = 0, die = 0, cut = 0 } = this.#story.weights;
    return crash + restart + die + cut > 0 || this.#town.faults.relayCallLost > 0;
  }

  #anyAct(): Act {
    const weighted = Object.entries(this.#story.weights);
    let at = this.#network.random(weighted.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [act, weight] of weighted) {
      at -= weight;
      if (at < 0 && isAct(act)) return act;
    }
    return "send";
  }

  // What people do.

  anyOpen(): Device | undefined {
    return this.#network.pick(this.#devices.filter(({ isOpen }) => isOpen));
  }

  anyHouse(): SimulatedConversation {
    const house = this.#town.conversations.get(this.#anyConversation());
    if (house === undefined) throw new Error("no conversation");
    return house;
  }

  send(): void {
    const device = this.anyOpen();
    if (device === undefined) return;
    const { clientId } = device;
    const place = { conversationId: this.#anyConversation(), token: this.#name("m") };
    const sent: Sent = { ...place, clientId, device, acked: undefined };
    this.#sent.push(sent);
    this.#submit(device, sent);
  }

  sendTransient(): void {
    const text = this.#name("transient");
    const directMessage = { cid: this.#anyConversation(), msg: text, transient: true };
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
      device.patched(cid, mid, data, at); // only others are pushed it
    });
  }

  read(): void {
    const device = this.anyOpen();
    if (device === undefined) return;
    const cid = this.#anyConversation();
    const copies = [...(device.copies.get(cid)?.values() ?? [])];
    const { clientId } = device;
    const timestamp = this.#network.pick(copies)?.timestamp;
    const convs = [timestamp === undefined ? { cid } : { cid, timestamp }];
    if (this.#network.chance(0.5)) return device.tell({ cmd: "read", readMessage: { convs } });
    this.#ask(device, { cmd: "read", readMessage: { convs } }, () => {
      if (timestamp !== undefined) this.#reads.push({ conversationId: cid, clientId, upTo: timestamp });
    });
  }

  askMarks(): void {
    const device = this.anyOpen();
    const [cid = ""] = Object.keys(this.#story.conversations);
    this.#ask(device, { cmd: "conv", op: "max_read", convMessage: { cid } }, ({ convMessage }) => {
      const before = device?.marks.get(cid) ?? { deliveredAt: 0, readAt: 0 };
      const readAt = Number(convMessage?.maxReadTimestamp ?? 0n);
      const deliveredAt = Number(convMessage?.maxAckTimestamp ?? 0n);
      // A receipt's time is later than the message it is for, so marks of either kind are compared alone.
      const asked = this.#asked.get(device?.name ?? "") ?? { deliveredAt: 0, readAt: 0 };
      if (readAt < asked.readAt || deliveredAt < asked.deliveredAt) device?.problems.push("a mark went back");
      this.#asked.set(device?.name ?? "", { deliveredAt, readAt });
      if (readAt > deliveredAt) device?.problems.push(`read ${readAt} before it was delivered`);
      trace(device?.name, "marks", JSON.stringify(before), deliveredAt, readAt);
    });
  }
  readonly #asked = new Map<string, { deliveredAt: number; readAt: number }>();

  /** Several at the same moment, from whatever devices they have at hand. */
  startUnique(): void {
    const set = this.#network.pick(this.#story.sets ?? []) ?? [];
    for (let times = this.#network.random(3); times >= 0; times -= 1) {
      const open = this.#devices.filter(({ isOpen, clientId }) => isOpen && set.includes(clientId));
      const device = this.#network.pick(open);
      if (device !== undefined) this.#start(device, set);
    }
  }

  #start(device: Device, set: string[]): Started {
    const started: Started = { clientId: device.clientId, set, theirs: new Set(), answer: "none" };
    this.#starts.push(started);
    this.#watchStarts();
    const m = set.filter((clientId) => clientId !== device.clientId);
    device.ask({ cmd: "conv", op: "start", convMessage: { m, unique: true } }, ({ refused, frame }) => {
      this.#starts.splice(this.#starts.indexOf(started), 1);
      const { cid = "", existing = false } = frame.convMessage ?? {};
      started.answer = refused === undefined ? { conversationId: cid, existing } : "refused";
      if (refused !== undefined) return;
      const whose = [...(this.#town.conversations.get(cid)?.state.members.keys() ?? [])].join();
      expect(started.theirs, `[B-03] ${set.join()} were given ${cid}, which is of ${whose}`).toContain(cid);
    });
    return started;
  }

  addMember(): void {
    const cid = this.#changeable();
    const person = this.#network.pick(this.#story.people) ?? "";
    this.#ask(this.anyOpen(), { cmd: "conv", op: "add", convMessage: { cid, m: [person] } });
  }

  removeMember(): void {
    const cid = this.#changeable();
    const person = this.#network.pick(this.#story.people) ?? "";
    this.#parted.add(`${person} ${cid}`);
    this.#ask(this.anyOpen(), { cmd: "conv", op: "remove", convMessage: { cid, m: [person] } });
  }

  handOverWill(): void {
    const device = this.anyOpen();
    if (device === undefined) return;
    const cid = this.#anyConversation();
    const text = this.#name("will");
    for (const will of this.#wills) {
      if (will.device.clientId === device.clientId && will.end === "there") will.end = "replaced";
    }
    const at = this.#network.now;
    const will: HandedOver = { text, at, id: undefined, device, conversationId: cid, end: "there" };
    this.#wills.push(will);
    this.#ask(device, { cmd: "direct", directMessage: { cid, msg: text, will: true } }, (frame) => {
      will.id = frame.ackMessage?.uid;
    });
  }

  logIn(): void {
    const person = this.#network.pick(this.#story.people) ?? "";
    const own = this.#devices.filter(({ clientId }) => clientId === person);
    if (own.length < 3) this.#newDevice(person);
    else this.#network.pick(own.filter(({ connection }) => connection === "none"))?.connect(true);
  }

  reconnect(): void {
    const gone = this.#devices.filter(({ connection, displaced }) => connection === "none" && !displaced);
    const device = this.#network.pick(gone);
    if (device === undefined) return;
    device.connect(false);
  }

  logOut(): void {
    const device = this.anyOpen();
    const wills = this.#wills.filter((will) => will.device === device && will.end === "there");
    // Should the connection end before the answer, nobody can say what became of it.
    for (const will of wills) will.end = "leaving";
    device?.logOut(() => {
      for (const will of wills) will.end = "logged out";
    });
  }

  evict(): void {
    this.anyHouse().evict();
    this.#town.client(this.#network.pick(this.#story.people) ?? "").evict();
  }

  /** A disk is full for a while. */
  storage(): void {
    this.anyHouse().failStorage(15_000);
  }

  crash(): void {
    if (this.#network.chance(0.5)) this.anyHouse().crash();
    else this.#town.client(this.#network.pick(this.#story.people) ?? "").crash();
  }

  /** The whole process dies. */
  restart(): void {
    trace(this.#network.now, "restart");
    for (const device of this.#devices) device.loseGateway();
    for (const house of this.#town.conversations.values()) house.crash();
    for (const house of this.#town.clients.values()) house.crash();
  }

  thaw(): void {
    this.#network.pick(this.#devices.filter(({ connection }) => connection === "frozen"))?.thaw();
  }

  /** Minutes pass in which nobody does anything; whoever is there beats. */
  wait(): void {
    if (!this.#network.isIdle) return;
    this.#waits.push(this.#network.now);
    for (let beats = 0; beats < 3; beats += 1) {
      this.#network.now += 150_000;
      for (const device of this.#devices) device.beat();
    }
  }

  // How it is played.

  #newDevice(clientId: string): void {
    const { push, tags, linkLimit } = this.#story;
    const mode = this.#network.random(10) < push ? "push" : "pull";
    const tag = tags && this.#network.chance(0.5) ? "phone" : undefined;
    const device = new Device(this.#network, this.#town, clientId, { mode, tag, linkLimit });
    for (const [id, house] of this.#town.conversations) {
      device.belongs.set(id, house.state.members.has(clientId));
    }
    this.#devices.push(device);
    device.connect(true);
  }

  #submit(device: Device, sent: Sent): void {
    const { conversationId: cid, token } = sent;
    const directMessage = { cid, msg: token, dt: token, r: true };
    device.ask({ cmd: "direct", directMessage }, ({ refused, frame: { ackMessage } }) => {
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
    device: Device | undefined,
    command: CommandInit,
    done: (frame: Parameters<Parameters<Device["ask"]>[1]>[0]["frame"]) => void = () => {},
  ): void {
    device?.ask(command, ({ refused, frame }) => {
      if (refused === undefined) done(frame);
    });
  }

  #name(kind: string): string {
    this.#number += 1;
    return `${kind}${this.#number}`;
  }

  #anyConversation(): string {
    return this.#network.pick([...this.#town.conversations.keys()]) ?? "";
  }

  #changeable(): string {
    return this.#network.pick([...this.#town.conversations.keys()].slice(1)) ?? "";
  }

  /** What must be so at every moment. */
  #watch(): void {
    for (const device of this.#devices) device.beat();
    this.#watchStarts();
    for (const [id, house] of this.#town.conversations) {
      for (const { clientId, joinedAt, readCursor: readAt } of house.state.members.values()) {
        const key = `${clientId} ${id} ${joinedAt}`;
        const before = this.#readMarks.get(key) ?? 0;
        if (readAt < before) throw new Error(`[I5] the read cursor of ${key} went back`);
        this.#readMarks.set(key, readAt);
      }
    }
    for (const [clientId, house] of this.#town.clients) {
      const tags = house.sessions.map(({ state }) => (state.phase === "open" ? state.tag : undefined));
      const held = tags.filter((tag) => tag !== undefined);
      if (new Set(held).size < held.length) throw new Error(`[I6] ${clientId} holds a tag twice`);
    }
    this.#watchWills();
  }

  #watchWills(): void {
    for (const will of this.#wills) {
      const { connection, ending, endedAt } = will.device;
      if (will.end === "there" && connection === "none") will.end = ending;
      // Back in time, and nobody is told.
      const isBack = will.end === "broken" && connection === "open";
      if (isBack && this.#network.now < endedAt + RETURN_TIME) will.end = "there";
    }
  }

  #watchStarts(): void {
    if (this.#starts.length === 0) return;
    for (const [id, { state }] of this.#town.conversations) {
      for (const { set, theirs } of this.#starts) if (areSame(state.members.keys(), set)) theirs.add(id);
    }
  }

  /** While nobody comes or goes, everybody of a set who asks is given one conversation, again and again. */
  async #meet(): Promise<void> {
    for (const set of this.#story.sets ?? []) {
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
        const members = this.#town.conversations.get(id)?.state.members.keys() ?? [];
        expect([...members].toSorted(), `[B-03] members of ${id}`).toEqual(set.toSorted());
      }
    }
  }

  /** Everybody comes back, says again what was never answered, and nothing is under way any more. */
  async #comeToRest(): Promise<void> {
    if ((this.#story.weights.wait ?? 0) > 0 && this.#network.chance(0.5)) {
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
    throw new Error(`never comes to rest: ${state.join(", ")}`);
  }

  async #settle(): Promise<void> {
    let moves = 0;
    while (await this.#network.step()) {
      this.#watch();
      if (++moves > 50_000) throw new Error("never comes to rest");
    }
  }

  // What must be so in the end.

  #check(): void {
    for (const [id, house] of this.#town.conversations) this.#checkLog(id, house);
    for (const device of this.#devices) this.#checkDevice(device);
    this.#checkWills();
  }

  #checkLog(id: string, house: SimulatedConversation): void {
    const log = house.state.log.after(0, 100_000);
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
      const readAt = house.state.members.get(clientId)?.readCursor;
      if (conversationId !== id || readAt === undefined || this.#parted.has(`${clientId} ${id}`)) continue;
      expect(readAt, `[I5] ${clientId} read ${upTo} of ${id}`).toBeGreaterThanOrEqual(upTo);
    }
  }

  #checkDevice(device: Device): void {
    const { clientId, name, mode } = device;
    expect(device.problems, name).toEqual([]);
    const wills = device.ephemeral.filter((text) => text.startsWith("will"));
    expect(new Set(wills).size, `[I7] ${name} got a will twice`).toBe(wills.length);
    if (!device.isOpen) return;
    for (const [id, house] of this.#town.conversations) {
      const who = `${name} in ${id}`;
      const member = house.state.members.get(clientId);
      if (this.#heardNoAnswer(clientId, house) || this.#leftUnknown(clientId, house)) continue;
      expect(device.belongs.get(id) ?? false, `[I4] ${who} knows whether he is a member`).toBe(
        member !== undefined,
      );
      if (member === undefined) continue;
      const { count } = house.state.log.unread(clientId, member.readCursor);
      if (mode === "pull") expect(device.counts.get(id) ?? 0, `[I5] ${who}: unread`).toBe(count);
      if (this.#parted.has(`${clientId} ${id}`)) continue;
      this.#checkCopies(device, id, house);
    }
  }

  /** Whoever dies while he asks for a conversation is not told that he began it. */
  #heardNoAnswer(person: string, { state: { facts } }: SimulatedConversation): boolean {
    const { creator, uniqueOf } = facts;
    if (creator !== person || uniqueOf === undefined) return false;
    return this.#starts.some(({ clientId, set }) => clientId === person && areSame(set, uniqueOf));
  }

  /** Who is removed before D1 knows that he ever logged in is not told. */
  #leftUnknown(person: string, { state: { members, notices } }: SimulatedConversation): boolean {
    return (
      !members.has(person) && !notices.leftAfter(this.#town.database.knownSince(person)).includes(person)
    );
  }

  #checkCopies(device: Device, id: string, house: SimulatedConversation): void {
    const { clientId, name, mode } = device;
    const copies = device.copies.get(id);
    const from = Math.max(device.firstOpenAt, house.state.members.get(clientId)?.joinedAt ?? 0);
    for (const { message } of house.state.log.after(0, 100_000)) {
      const copy = copies?.get(message.id);
      if (copy !== undefined) {
        const { data, patchedAt } = copy;
        const shown = { data: message.content, patchedAt: message.patchedAt ?? 0 };
        expect({ data, patchedAt }, `[I4] ${name} shows ${message.timestamp} of ${id}`).toEqual(shown);
      } else if (mode === "push" && message.from !== clientId && message.timestamp > from) {
        const siblings = this.#devices.filter(
          (other) => other.clientId === clientId && other.mode === "push",
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
    for (const person of this.#story.people) {
      const all = this.#wills.filter(({ device }) => device.clientId === person);
      const last = all.at(-1);
      if (last?.id === undefined || last.end !== "lost") continue;
      // Of two devices' wills at the same moment either may come last.
      const others = all.filter(({ at }) => at > last.at - 10_000).slice(0, -1);
      const handedOver = timeOfMessageId(last.id) ?? 0;
      if (others.some(({ id }) => id === undefined || (timeOfMessageId(id) ?? 0) >= handedOver)) continue;
      // Another device of the same tag may have displaced it before its loss was noticed.
      if (last.device.tag !== undefined) continue;
      if (this.#parted.has(`${person} ${last.conversationId}`)) continue;
      // A will that is on its way for five minutes is no news any more.
      const { endedAt } = last.device;
      if (this.#waits.some((at) => at >= endedAt && at < endedAt + 20_000)) continue;
      const house = this.#town.conversations.get(last.conversationId);
      const isSent = house?.state.notices.hasWill(last.id) ?? false;
      // The gateway's word that its author is lost may have been lost too, and the author be back in time.
      const isKept = this.#isUnruly && last.device.isOpen && this.#town.client(person).holdsWill;
      expect(isSent || isKept, `[I7] ${last.text} was never sent`).toBe(true);
    }
  }
}
