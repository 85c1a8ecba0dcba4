import { expect } from "vitest";
import { timeOfMessageId } from "../../../src/conversation/messages/ids.ts";
import { RETURN_TIME } from "../../simulation/simulated-client.ts";
import type { SimulatedConversation } from "../../simulation/simulated-conversation.ts";
import type { ReconnectingDevice } from "./reconnecting-device.ts";
import type { World } from "./world.ts";

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

/** The wills that devices hand over: each is sent once if its device is lost, and never otherwise. */
export class HandedOverWills {
  readonly #world: World;
  readonly #wills: HandedOver[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  handOver(): void {
    const device = this.#world.anyOpenDevice();
    if (device === undefined) return;
    const cid = this.#world.anyConversationId();
    const text = this.#world.newText("will");
    for (const will of this.#wills) {
      if (will.device.clientId === device.clientId && will.end === "there") will.end = "replaced";
    }
    const at = this.#world.network.now;
    const place = { device, conversationId: cid };
    const will: HandedOver = { text, at, id: undefined, ...place, endedAt: undefined, end: "there" };
    this.#wills.push(will);
    this.#world.ask(device, { cmd: "direct", directMessage: { cid, msg: text, will: true } }, (frame) => {
      will.id = frame.ackMessage?.uid;
    });
  }

  /** A device logs out: the returned function is called when that is answered. */
  leave(device: ReconnectingDevice | undefined): () => void {
    const wills = this.#wills.filter((will) => will.device === device && will.end === "there");
    // If the connection ends before the answer, the outcome is not known.
    for (const will of wills) will.end = "leaving";
    return () => {
      for (const will of wills) will.end = "logged out";
    };
  }

  /** Notes which devices are there. */
  watch(): void {
    for (const will of this.#wills) {
      const { connection, ending, endedAt } = will.device;
      if (will.end === "there" && connection === "none") {
        will.end = ending;
        will.endedAt = endedAt;
      }
      // The device came back in time at its first attempt, so nothing is sent. An attempt that failed before may have
      // opened a session that was lost at once, and gives no more time.
      const isBack = will.end === "broken" && connection === "open" && will.endedAt === endedAt;
      if (isBack && this.#world.network.now < endedAt + RETURN_TIME) will.end = "there";
    }
  }

  /** Checks at the end which wills were sent. */
  check(): void {
    const got = new Set(this.#world.devices.flatMap(({ shown }) => shown.ephemeral));
    for (const { text, end, device } of this.#wills) {
      if (end === "logged out") expect(got, `[I7] the author of ${text} logged out`).not.toContain(text);
      // A device that comes back before its loss was noticed displaces its own session.
      const isThere = end === "there" && device.isOpen && device.tag === undefined;
      if (isThere) expect(got, `[I7] the author of ${text} is there`).not.toContain(text);
    }
    for (const person of this.#world.scenario.people) {
      const all = this.#wills.filter(({ device }) => device.clientId === person);
      const last = all.at(-1);
      if (last?.id === undefined || last.end !== "lost") continue;
      // Of two devices' wills at the same moment, either may come last.
      const others = all.filter(({ at }) => at > last.at - 10_000).slice(0, -1);
      const handedOver = timeOfMessageId(last.id) ?? 0;
      if (others.some(({ id }) => id === undefined || (timeOfMessageId(id) ?? 0) >= handedOver)) continue;
      // Another device of the same tag may have displaced it before its loss was noticed.
      if (last.device.tag !== undefined) continue;
      if (this.#world.wereSeparated(person, last.conversationId)) continue;
      // A will that is in flight for five minutes is dropped as outdated.
      const { endedAt = 0 } = last;
      if (this.#world.waits.some((at) => at >= endedAt && at < endedAt + 20_000)) continue;
      const object = this.#world.cluster.conversations.get(last.conversationId);
      const isSent = object?.state.notices.hasWill(last.id) ?? false;
      // The gateway's report of the loss may itself have been lost, and the author came back in time.
      const isKept =
        this.#world.hasFaults && last.device.isOpen && this.#world.cluster.client(person).holdsWill;
      // A silenced author is not heard.
      const wasSilenced = object !== undefined && wasSilencedSince(object, person, endedAt);
      expect(isSent || isKept || wasSilenced, `[I7] ${last.text} was never sent`).toBe(true);
    }
  }
}

/** Whether a person was silenced at any time from then on (ms). */
function wasSilencedSince({ state }: SimulatedConversation, person: string, since: number): boolean {
  let isSilenced = false;
  for (const { at, notice } of state.notices.since(0)) {
    if (at > since && isSilenced) return true;
    if (notice.kind === "silenced" && notice.members.includes(person)) isSilenced = true;
    if (notice.kind === "unsilenced" && notice.members.includes(person)) isSilenced = false;
  }
  return isSilenced;
}
