import { expect } from "vitest";
import { catchUpModes } from "../../../src/protocol/link-controls.ts";
import { endOf } from "../../../src/protocol/temporary-ids.ts";
import type { Cluster } from "../../simulation/cluster.ts";
import type { Network } from "../../simulation/network.ts";
import { ReconnectingDevice } from "./reconnecting-device.ts";

/** A temporary conversation that somebody was given. */
interface Given {
  cid: string;
  set: readonly string[];
  createdAt: number;
  endsAt: number;
  /** What was sent in it, with what is known of it. */
  sent: { text: string; from: string; state: "unanswered" | "accepted" | "refused" }[];
}

const SETS = [
  ["tom", "jerry"],
  ["tom", "jerry", "mary"],
  ["jerry", "spike"],
] as const;
/** Seconds. */
const LIVES = [3, 20, 3_600];
/** The code of a conversation that is over. */
const EXPIRED = 4323;
/** The code of a command that nobody could carry out. */
const FAILED = 4200;

/** One seed's run: people begin temporary conversations and write in them, and objects fail. Spike comes late. */
export class TemporaryConversations {
  readonly #network: Network;
  readonly #cluster: Cluster;
  readonly #devices: ReconnectingDevice[] = [];
  readonly #given = new Map<string, Given>();
  /** What must not have happened. Nothing is thrown while the gateways run. */
  readonly #problems: string[] = [];
  #texts = 0;

  constructor(network: Network, cluster: Cluster) {
    this.#network = network;
    this.#cluster = cluster;
    for (const person of ["tom", "jerry", "mary", "jerry"]) this.#logIn(person);
  }

  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step += 1) {
      if (this.#network.chance(0.4)) this.#act();
      if (step === Math.floor(steps / 2)) {
        await this.#settle();
        this.#logIn("spike");
      }
      await this.#network.step();
    }
    await this.#comeBack();
    this.#knock();
    await this.#comeBack();
    await this.#check();
    await this.#checkEnd();
  }

  #logIn(person: string): void {
    const about = { mode: catchUpModes.COUNTS, subscriptionLimit: 64 };
    const device = new ReconnectingDevice(this.#network, this.#cluster, person, about);
    this.#devices.push(device);
    device.connect(true);
  }

  #act(): void {
    const network = this.#network;
    const device = network.pick(this.#devices.filter(({ isOpen }) => isOpen));
    const object = network.pick(this.#cluster.objects);
    const [die, offline] = [network.random(100), this.#devices.filter((one) => !one.isOpen)];
    if (die < 20) this.#begin(device);
    else if (die < 70) this.#send(device);
    else if (die < 75) device?.drop();
    else if (die < 80) device?.loseGateway();
    else if (die < 90) network.pick(offline)?.connect(false);
    else if (die < 97) object?.hibernate();
    else if (object?.isOpen) object.crash();
  }

  #begin(device: ReconnectingDevice | undefined): void {
    const set = this.#network.pick(SETS.filter((each) => each.some((id) => id === device?.clientId)));
    if (device === undefined || set === undefined) return;
    const convMessage = {
      m: set.filter((id) => id !== device.clientId),
      tempConv: true,
      tempConvTTL: this.#network.pick(LIVES) ?? 3,
    };
    device.request({ cmd: "conv", op: "start", convMessage }, ({ refused, frame }) => {
      if (refused !== undefined) return;
      const { cid = "", cdate = "" } = frame.convMessage ?? {};
      if (this.#given.has(cid)) return;
      const given: Given = { cid, set, createdAt: Date.parse(cdate), endsAt: endOf(cid) ?? 0, sent: [] };
      for (const other of this.#given.values()) {
        if (other.set !== set) continue;
        const [first, second] = other.endsAt <= given.endsAt ? [other, given] : [given, other];
        if (second.createdAt < first.endsAt)
          this.#problems.push(`[E-05] ${first.cid} and ${second.cid} live at the same time`);
      }
      this.#given.set(cid, given);
    });
  }

  #send(device: ReconnectingDevice | undefined, only?: Given): void {
    const theirs = [...this.#given.values()].filter(({ set }) => set.some((id) => id === device?.clientId));
    const given = only ?? this.#network.pick(theirs.slice(-4));
    if (device === undefined || given === undefined) return;
    this.#texts += 1;
    const sent: Given["sent"][number] = {
      text: `text ${this.#texts}`,
      from: device.clientId,
      state: "unanswered",
    };
    given.sent.push(sent);
    const isLate = given.endsAt <= this.#network.now;
    const directMessage = { cid: given.cid, msg: sent.text, dt: `${device.name} ${this.#texts}` };
    device.request({ cmd: "direct", directMessage }, ({ refused }) => {
      sent.state = refused === undefined ? "accepted" : "refused";
      // If calls get lost, nobody may be there to say more than that something failed.
      if (isLate && refused !== EXPIRED && refused !== FAILED)
        this.#problems.push(`[E-01] ${sent.text} was sent after the end and answered with ${refused}`);
      // An object that died may have stored it.
      if (refused === FAILED) sent.state = "unanswered";
    });
  }

  /** Somebody writes in each conversation that lives, so that it finds who has come meanwhile. */
  #knock(): void {
    for (const given of this.#living) {
      const device = this.#devices.find(({ clientId }) => given.set.some((id) => id === clientId));
      this.#send(device, given);
    }
  }

  get #living(): Given[] {
    return [...this.#given.values()].filter(({ endsAt }) => endsAt > this.#network.now);
  }

  async #comeBack(): Promise<void> {
    for (let round = 0; round < 10; round += 1) {
      await this.#settle();
      const offline = this.#devices.filter(({ isOpen }) => !isOpen);
      if (offline.length === 0) return;
      for (const device of offline) if (device.connection === "none") device.connect(false);
    }
  }

  async #settle(): Promise<void> {
    for (let moves = 0; await this.#network.step(); moves += 1) {
      if (moves > 50_000) throw new Error("never settles");
    }
  }

  /** What devices show: nobody hears what is not theirs, and of what lives every member knows. */
  async #check(): Promise<void> {
    expect(this.#problems).toEqual([]);
    for (const device of this.#devices) {
      expect(device.shown.problems, device.name).toEqual([]);
      for (const [cid, copies] of device.shown.copies) {
        const given = this.#given.get(cid);
        // Its start may never have been answered.
        if (given === undefined) continue;
        expect(given.set, `[I12] ${device.name} heard ${cid}`).toContain(device.clientId);
        const texts = given.sent.filter(({ state }) => state !== "refused").map(({ text }) => text);
        for (const { data } of copies.values()) expect(texts, `${device.name} in ${cid}`).toContain(data);
      }
    }
    for (const given of this.#living) await this.#checkLiving(given);
  }

  async #checkLiving({ cid, set, sent }: Given): Promise<void> {
    const possible = sent.filter(({ state }) => state !== "refused");
    const sure = sent.filter(({ state }) => state === "accepted");
    for (const device of this.#devices.filter(({ clientId }) => set.some((id) => id === clientId))) {
      const isFromOthers = ({ from }: { from: string }) => from !== device.clientId;
      const count = device.shown.counts.get(cid) ?? 0;
      const about = `[I4] [I5] unread messages of ${cid} on ${device.name}`;
      expect(count, about).toBeGreaterThanOrEqual(sure.filter(isFromOthers).length);
      expect(count, about).toBeLessThanOrEqual(possible.filter(isFromOthers).length);
      let texts: string[] | undefined;
      device.request({ cmd: "logs", logsMessage: { cid, limit: 1_000 } }, ({ frame }) => {
        texts = frame.logsMessage?.logs.map(({ data }) => data);
      });
      await this.#settle();
      expect(new Set(texts).size, `[I1] messages in ${cid}`).toBe(texts?.length);
      expect(texts, `[I1] history of ${cid}`).toEqual(expect.arrayContaining(sure.map(({ text }) => text)));
    }
  }

  /** After all ends nothing is left, and D1 has never had anything. */
  async #checkEnd(): Promise<void> {
    this.#network.now += 2 * 3_600_000;
    for (const device of this.#devices) device.heartbeat();
    await this.#comeBack();
    for (const object of this.#cluster.objects) {
      expect(object.isEmpty, `[E-01] ${object.id} has something left`).toBe(true);
    }
    expect(this.#cluster.database.size, "[E-01] conversations in D1").toBe(0);
  }
}
