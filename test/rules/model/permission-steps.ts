import { expect } from "vitest";
import type { SimulatedConversation } from "../../simulation/simulated-conversation.ts";
import type { World } from "./world.ts";

/** What one conversation's notices say of its people, one after the other. */
interface Told {
  silenced: Set<string>;
  blocked: Set<string>;
  roles: Map<string, string>;
}

/**
 * People give roles, silence and block each other. At the end, nobody was heard while silenced, nobody joined while
 * blocked, and all that was acknowledged is there.
 */
export class PermissionSteps {
  readonly #world: World;
  /** Silences and blocks that were acknowledged, by conversation. */
  readonly #done: { conversationId: string; kind: "silenced" | "blocked"; person: string; at: number }[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  giveRole(): void {
    const pid = this.#world.anyPerson();
    const role = this.#world.network.chance(0.7) ? "Manager" : "Member";
    const convMessage = { cid: this.#world.anyChangeableId(), targetClientId: pid, info: { pid, role } };
    this.#world.ask(this.#world.anyOpenDevice(), { cmd: "conv", op: "member_info_update", convMessage });
  }

  silence(silences: boolean): void {
    const cid = this.#world.anyConversationId();
    const person = this.#world.anyPerson();
    const op = silences ? "add_shutup" : "remove_shutup";
    const asked = { cmd: "conv", op, convMessage: { cid, m: [person] } } as const;
    this.#world.ask(this.#world.anyOpenDevice(), { ...asked, convMessage: { cid, m: [person] } }, (frame) => {
      if (silences && frame.convMessage?.allowedPids.includes(person))
        this.#done.push({ conversationId: cid, kind: "silenced", person, at: this.#world.network.now });
    });
  }

  block(blocks: boolean): void {
    const srcCid = this.#world.anyChangeableId();
    const person = this.#world.anyPerson();
    if (blocks) this.#world.separate(person, srcCid);
    const op = blocks ? "block" : "unblock";
    const blacklistMessage = { srcCid, toPids: [person] };
    this.#world.ask(this.#world.anyOpenDevice(), { cmd: "blacklist", op, blacklistMessage }, (frame) => {
      if (blocks && frame.blacklistMessage?.allowedPids.includes(person))
        this.#done.push({ conversationId: srcCid, kind: "blocked", person, at: this.#world.network.now });
    });
  }

  /** Checks at the end, when everything has arrived. */
  check(): void {
    for (const [id, object] of this.#world.cluster.conversations) this.#checkConversation(id, object);
  }

  #checkConversation(id: string, object: SimulatedConversation): void {
    const { state } = object;
    const told: Told = { silenced: new Set(), blocked: new Set(), roles: new Map() };
    const entries = [
      ...state.log.after(0, 100_000).map(({ message }) => ({ at: message.timestamp, message })),
      ...state.notices.since(0).map(({ at, notice }) => ({ at, notice })),
    ].toSorted((a, b) => a.at - b.at);
    for (const entry of entries) {
      if ("message" in entry) {
        const { from, timestamp } = entry.message;
        expect(told.silenced, `[I14] ${from} was heard in ${id} at ${timestamp}`).not.toContain(from);
      } else this.#follow(id, told, entry.notice);
    }
    const { silences, blacklist, roles } = state.permissions;
    const people = this.#world.scenario.people;
    const listed = (list: { has(clientId: string): boolean }) => people.filter((person) => list.has(person));
    expect(listed(silences.list), `[I14] silenced in ${id}`).toEqual(listed(told.silenced));
    expect(listed(blacklist), `[I14] blocked in ${id}`).toEqual(listed(told.blocked));
    for (const person of told.blocked)
      expect(state.members.has(person), `[I14] ${person} in ${id}`).toBe(false);
    const given = new Map(roles.all().map(({ clientId, role }) => [clientId, String(role)]));
    expect(given, `[I14] roles in ${id}`).toEqual(told.roles);
    const copied = this.#world.cluster.database.rolesOf(id);
    expect(new Map(copied.map(({ clientId, role }) => [clientId, String(role)])), `[I11] ${id}`).toEqual(
      given,
    );
    this.#checkAcknowledged(id, object);
  }

  #follow(
    id: string,
    { silenced, blocked, roles }: Told,
    notice: ReturnType<SimulatedConversation["state"]["notices"]["since"]>[number]["notice"],
  ): void {
    switch (notice.kind) {
      case "silenced":
        for (const person of notice.members) silenced.add(person);
        break;
      case "unsilenced":
        for (const person of notice.members) silenced.delete(person);
        break;
      case "blocked":
        for (const person of notice.members) blocked.add(person);
        break;
      case "unblocked":
        for (const person of notice.members) blocked.delete(person);
        break;
      case "joined":
        for (const person of notice.members)
          expect(blocked, `[I14] ${person} joined ${id} while blocked`).not.toContain(person);
        break;
      case "left":
        for (const person of notice.members) roles.delete(person);
        break;
      case "role":
        roles.set(notice.member, notice.role);
    }
  }

  /** What was acknowledged was written before: its notice is not later. */
  #checkAcknowledged(id: string, { state: { notices } }: SimulatedConversation): void {
    for (const { conversationId, kind, person, at } of this.#done) {
      if (conversationId !== id) continue;
      const isKept = notices
        .since(0)
        .some(({ notice }) => notice.kind === kind && notice.members.includes(person));
      expect(isKept, `[I1] ${person} was ${kind} in ${id} before ${at}, and it is lost`).toBe(true);
    }
  }

  /** What a device shows of its client's silences is what holds, where its client was always a member. */
  checkShown(): void {
    for (const device of this.#world.devices) {
      if (!device.isOpen) continue;
      for (const [id, { state }] of this.#world.cluster.conversations) {
        const { clientId, name } = device;
        if (!state.members.has(clientId) || this.#world.wereSeparated(clientId, id)) continue;
        const shown = device.shown.silenced.get(id);
        if (shown === undefined) continue;
        expect(shown, `[I4] ${name} in ${id}: silenced`).toBe(state.permissions.silences.list.has(clientId));
      }
    }
  }
}
