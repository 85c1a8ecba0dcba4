import { expect } from "vitest";
import { trace } from "../../simulation/network.ts";
import type { World } from "./world.ts";

/** A member's read cursor, and since when it is a member: the cursor begins anew when it joins again. */
interface ReadCursor {
  joinedAt: number;
  readAt: number;
}

/** How far members have read and received: cursors only move forward. */
export class Cursors {
  readonly #world: World;
  readonly #reads: { conversationId: string; clientId: string; upTo: number }[] = [];
  /** The read cursors of members as last seen, by conversation and client. */
  readonly #readCursors = new Map<string, Map<string, ReadCursor>>();
  /** The cursors of the other member as last answered, by device. */
  readonly #answered = new Map<string, { deliveredAt: number; readAt: number }>();

  constructor(world: World) {
    this.#world = world;
  }

  read(): void {
    const device = this.#world.anyOpenDevice();
    if (device === undefined) return;
    const cid = this.#world.anyConversationId();
    const copies = [...(device.shown.copies.get(cid)?.values() ?? [])];
    const { clientId } = device;
    const timestamp = this.#world.network.pick(copies)?.timestamp;
    const convs = [timestamp === undefined ? { cid } : { cid, timestamp }];
    if (this.#world.network.chance(0.5)) return device.send({ cmd: "read", readMessage: { convs } });
    this.#world.ask(device, { cmd: "read", readMessage: { convs } }, () => {
      if (timestamp !== undefined) this.#reads.push({ conversationId: cid, clientId, upTo: timestamp });
    });
  }

  /** A device asks for the cursors of the first conversation. */
  ask(): void {
    const device = this.#world.anyOpenDevice();
    const [cid = ""] = Object.keys(this.#world.scenario.conversations);
    this.#world.ask(device, { cmd: "conv", op: "max_read", convMessage: { cid } }, ({ convMessage }) => {
      const before = device?.shown.cursors.get(cid) ?? { deliveredAt: 0, readAt: 0 };
      const readAt = Number(convMessage?.maxReadTimestamp ?? 0n);
      const deliveredAt = Number(convMessage?.maxAckTimestamp ?? 0n);
      // A receipt's time is later than its message, so only cursors of the same kind are compared.
      const asked = this.#answered.get(device?.name ?? "") ?? { deliveredAt: 0, readAt: 0 };
      if (readAt < asked.readAt || deliveredAt < asked.deliveredAt)
        device?.shown.problems.push("a cursor went back");
      this.#answered.set(device?.name ?? "", { deliveredAt, readAt });
      if (readAt > deliveredAt) device?.shown.problems.push(`read ${readAt} before it was delivered`);
      trace(device?.name, "cursors", before, deliveredAt, readAt);
    });
  }

  /** Checks what must be true at every moment. */
  watch(): void {
    for (const [id, object] of this.#world.cluster.conversations) {
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
  }

  /** Checks at the end that nothing that was read is unread. */
  check(): void {
    for (const { conversationId, clientId, upTo } of this.#reads) {
      const object = this.#world.cluster.conversations.get(conversationId);
      const readAt = object?.state.members.get(clientId)?.readCursor;
      if (readAt === undefined || this.#world.wereSeparated(clientId, conversationId)) continue;
      expect(readAt, `[I5] ${clientId} read ${upTo} of ${conversationId}`).toBeGreaterThanOrEqual(upTo);
    }
  }
}
