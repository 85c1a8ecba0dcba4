import { expect } from "vitest";
import { areSame } from "../../../src/conversation/creation/unique-registry.ts";
import type { SimulatedConversation } from "../../simulation/simulated-conversation.ts";
import type { ReconnectingDevice } from "./reconnecting-device.ts";
import type { World } from "./world.ts";

/** A client asks for the unique conversation of a set. */
interface Started {
  clientId: string;
  set: string[];
  /** Conversations that had exactly this set of members at some moment since. */
  theirs: Set<string>;
  answer: "none" | "refused" | { conversationId: string; existing: boolean };
}

/** The unique conversations that people start: each set of members has one at a time. */
export class UniqueStarts {
  readonly #world: World;
  /** Those without an answer. */
  #starts: Started[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** Several clients or devices at the same moment. */
  startSome(): void {
    const set = this.#world.network.pick(this.#world.scenario.sets ?? []) ?? [];
    for (let times = this.#world.network.random(3); times >= 0; times -= 1) {
      const open = this.#world.devices.filter(({ isOpen, clientId }) => isOpen && set.includes(clientId));
      const device = this.#world.network.pick(open);
      if (device !== undefined) this.#start(device, set);
    }
  }

  #start(device: ReconnectingDevice, set: string[]): Started {
    const started: Started = { clientId: device.clientId, set, theirs: new Set(), answer: "none" };
    this.#starts.push(started);
    this.watch();
    const m = set.filter((clientId) => clientId !== device.clientId);
    device.request({ cmd: "conv", op: "start", convMessage: { m, unique: true } }, ({ refused, frame }) => {
      this.#starts.splice(this.#starts.indexOf(started), 1);
      const { cid = "", existing = false } = frame.convMessage ?? {};
      started.answer = refused === undefined ? { conversationId: cid, existing } : "refused";
      if (refused !== undefined) return;
      const whose = [...(this.#world.cluster.conversations.get(cid)?.state.members.keys() ?? [])].join();
      expect(started.theirs, `[B-03] ${set.join()} were given ${cid}, which is of ${whose}`).toContain(cid);
    });
    return started;
  }

  /** Notes which conversations have exactly the members that a start asked for. */
  watch(): void {
    if (this.#starts.length === 0) return;
    for (const [id, { state }] of this.#world.cluster.conversations) {
      const members = [...state.members.keys()];
      for (const { set, theirs } of this.#starts) {
        if (members.length === set.length && areSame(members, set)) theirs.add(id);
      }
    }
  }

  /** While members do not change, every client of a set that asks gets the same conversation each time. */
  async startTogether(settle: () => Promise<void>): Promise<void> {
    for (const set of this.#world.scenario.sets ?? []) {
      const given = new Set<string>();
      for (let round = 0; round < 4; round += 1) {
        await settle();
        const isFound = given.size > 0;
        const asking = this.#world.devices.filter(({ isOpen, clientId }) => isOpen && set.includes(clientId));
        const asked = asking.map((device) => this.#start(device, set));
        await settle();
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
        const members = this.#world.cluster.conversations.get(id)?.state.members.keys() ?? [];
        expect([...members].toSorted(), `[B-03] members of ${id}`).toEqual(set.toSorted());
      }
    }
  }

  /** A client that dies while it asks for a conversation gets no creation notice. */
  mayMissOwnStart(person: string, { state: { facts } }: SimulatedConversation): boolean {
    const { creator, uniqueOf } = facts;
    if (creator !== person || uniqueOf === undefined) return false;
    return this.#starts.some(({ clientId, set }) => clientId === person && areSame(set, uniqueOf));
  }
}
