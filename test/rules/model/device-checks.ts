import { expect } from "vitest";
import { catchUpModes } from "../../../src/protocol/link-controls.ts";
import type { SimulatedConversation } from "../../simulation/simulated-conversation.ts";
import { isDone } from "./missed-messages.ts";
import type { ReconnectingDevice } from "./reconnecting-device.ts";
import type { UniqueStarts } from "./unique-starts.ts";
import type { World } from "./world.ts";

/** Compares at the end what devices show with what the conversations have. */
export class DeviceChecks {
  readonly #world: World;
  readonly #starts: UniqueStarts;

  constructor(world: World, starts: UniqueStarts) {
    this.#world = world;
    this.#starts = starts;
  }

  check(device: ReconnectingDevice): void {
    const { clientId, name, mode } = device;
    expect(device.shown.problems, name).toEqual([]);
    const wills = device.shown.ephemeral.filter((text) => text.startsWith("will"));
    expect(new Set(wills).size, `[I7] ${name} got a will twice`).toBe(wills.length);
    if (!device.isOpen) return;
    for (const [id, object] of this.#world.cluster.conversations) {
      const who = `${name} in ${id}`;
      const member = object.state.members.get(clientId);
      if (this.#starts.mayMissOwnStart(clientId, object) || this.#leftBeforeFirstLogin(clientId, object))
        continue;
      expect(device.shown.belongs.get(id) ?? false, `[I4] ${who}: membership`).toBe(member !== undefined);
      if (member === undefined) continue;
      const { count } = object.state.log.unread(clientId, member.readCursor);
      if (mode === catchUpModes.COUNTS)
        expect(device.shown.counts.get(id) ?? 0, `[I5] ${who}: unread`).toBe(count);
      if (this.#world.wereSeparated(clientId, id)) continue;
      this.#checkCopies(device, id, object);
    }
  }

  /** A client that is removed before D1 knows its first login gets no notice of it. */
  #leftBeforeFirstLogin(person: string, { state: { members, notices } }: SimulatedConversation): boolean {
    return (
      !members.has(person) &&
      !notices.leftAfter(this.#world.cluster.database.knownSince(person)).includes(person)
    );
  }

  #checkCopies(device: ReconnectingDevice, id: string, object: SimulatedConversation): void {
    const { clientId, name, mode } = device;
    const copies = device.shown.copies.get(id);
    const from = Math.max(device.firstOpenAt, object.state.members.get(clientId)?.joinedAt ?? 0);
    for (const { message } of object.state.log.after(0, 100_000)) {
      const copy = copies?.get(message.id);
      if (copy !== undefined) {
        const { data, patchedAt } = copy;
        const shown = { data: message.content, patchedAt: message.patchedAt ?? 0 };
        expect({ data, patchedAt }, `[I4] ${name} shows ${message.timestamp} of ${id}`).toEqual(shown);
      } else if (mode === catchUpModes.MESSAGES && message.from !== clientId && message.timestamp > from) {
        const done = isDone(clientId, this.#world.devices, id, message);
        expect(done, `[I4] ${name} misses ${message.timestamp} of ${id}`).toBe(true);
      }
    }
  }
}
