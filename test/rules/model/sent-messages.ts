import { expect } from "vitest";
import type { SimulatedConversation } from "../../simulation/simulated-conversation.ts";
import type { ReconnectingDevice } from "./reconnecting-device.ts";
import type { World } from "./world.ts";

interface Sent {
  conversationId: string;
  clientId: string;
  /** The device that shows the message: only there it can be edited. */
  device: ReconnectingDevice;
  token: string;
  acked: { id: string; timestamp: number } | undefined;
  isRefused: boolean;
}

/** The messages that people send, edit and recall, as the logs have to have them. */
export class SentMessages {
  readonly #world: World;
  readonly #sent: Sent[] = [];
  readonly #patches: { conversationId: string; id: string; data: string; at: number }[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  send(): void {
    const device = this.#world.anyOpenDevice();
    if (device === undefined) return;
    const { clientId } = device;
    const place = { conversationId: this.#world.anyConversationId(), token: this.#world.newText("m") };
    const sent: Sent = { ...place, clientId, device, acked: undefined, isRefused: false };
    this.#sent.push(sent);
    this.#submit(device, sent);
  }

  sendTransient(): void {
    const text = this.#world.newText("transient");
    const directMessage = { cid: this.#world.anyConversationId(), msg: text, transient: true };
    this.#world.ask(this.#world.anyOpenDevice(), { cmd: "direct", directMessage });
  }

  patch(recall: boolean): void {
    const device = this.#world.anyOpenDevice();
    const mine = this.#sent.filter(({ clientId, acked, conversationId, device: author }) => {
      if (clientId !== device?.clientId || acked === undefined) return false;
      return author === device || device.shown.copies.get(conversationId)?.has(acked.id) === true;
    });
    const { conversationId: cid, acked } = this.#world.network.pick(mine) ?? {};
    if (device === undefined || cid === undefined || acked === undefined) return;
    const { id: mid, timestamp } = acked;
    const data = recall ? '{"_lctype":-127}' : this.#world.newText("edit");
    const item = { cid, mid, timestamp, recall, data: recall ? undefined : new TextEncoder().encode(data) };
    this.#world.ask(device, { cmd: "patch", op: "modify", patchMessage: { patches: [item] } }, (frame) => {
      const at = Number(frame.patchMessage?.lastPatchTime);
      this.#patches.push({ conversationId: cid, id: mid, data, at });
      device.shown.patched(cid, mid, data, at); // only other devices are sent it
    });
  }

  /** What was never answered is sent once more, by an open device of its sender. */
  repeat(open: ReconnectingDevice[]): void {
    const unanswered = this.#sent.filter(({ acked, isRefused }) => acked === undefined && !isRefused);
    for (const sent of unanswered) {
      const device = open.find(({ clientId }) => clientId === sent.clientId);
      if (device !== undefined) this.#submit(device, sent);
    }
  }

  #submit(device: ReconnectingDevice, sent: Sent): void {
    const { conversationId: cid, token } = sent;
    const directMessage = { cid, msg: token, dt: token, r: true };
    device.request({ cmd: "direct", directMessage }, ({ refused, frame: { ackMessage } }) => {
      if (refused !== undefined) {
        sent.isRefused = true; // no member (any more)
        return;
      }
      const acked = { id: ackMessage?.uid ?? "", timestamp: Number(ackMessage?.t) };
      expect(sent.acked ?? acked, `${token} was acknowledged twice, differently`).toEqual(acked);
      sent.acked = acked;
    });
  }

  /** Checks every log at the end. */
  check(): void {
    for (const [id, object] of this.#world.cluster.conversations) this.#checkLog(id, object);
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
  }
}
