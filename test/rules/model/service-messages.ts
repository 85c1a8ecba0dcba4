import { expect } from "vitest";
import type { MessageRecord } from "../../../src/model/records.ts";
import type { ReconnectingDevice } from "./reconnecting-device.ts";
import { SERVICE, type ServiceWorld } from "./service-world.ts";

const SENDER = "the app";

interface Sent {
  text: string;
  /** The clients that may see it. */
  audience: readonly string[] | "subscribers";
  /** The device that wrote it; undefined if the app's server did. */
  device: ReconnectingDevice | undefined;
  acked: { id: string; timestamp: number } | undefined;
  isRefused: boolean;
}

/** What the service and its clients say to each other. */
export class ServiceMessages {
  readonly #world: ServiceWorld;
  readonly #sent: Sent[] = [];

  constructor(world: ServiceWorld) {
    this.#world = world;
  }

  broadcast(): void {
    this.#send("subscribers", undefined);
  }

  tell(): void {
    const { network, people } = this.#world;
    const some = people.filter(() => network.chance(0.3));
    this.#send(some.length > 0 ? some : [this.#world.anyPerson()], undefined);
  }

  write(): void {
    const device = this.#world.anyOpenDevice();
    if (device !== undefined) this.#send([device.clientId], device);
  }

  #send(audience: Sent["audience"], device: ReconnectingDevice | undefined): void {
    const text = this.#world.textFor(audience);
    const sent: Sent = { text, audience, device, acked: undefined, isRefused: false };
    this.#sent.push(sent);
    this.#submit(sent, device);
  }

  #submit(sent: Sent, device: ReconnectingDevice | undefined): void {
    const { audience, text } = sent;
    const acknowledged = (acked: NonNullable<Sent["acked"]>) => {
      expect(sent.acked ?? acked, `${text} was acknowledged twice, differently`).toEqual(acked);
      sent.acked = acked;
    };
    if (device !== undefined) {
      const directMessage = { cid: SERVICE, msg: text, dt: text, r: true };
      return device.request({ cmd: "direct", directMessage }, ({ refused, frame: { ackMessage } }) => {
        if (refused !== undefined) sent.isRefused = true;
        else acknowledged({ id: ackMessage?.uid ?? "", timestamp: Number(ackMessage?.t) });
      });
    }
    const message = {
      to:
        audience === "subscribers"
          ? ({ name: audience } as const)
          : { name: "clients" as const, clientIds: [...audience] },
      from: SENDER,
      content: text,
      transient: false,
      noSync: false,
      mentionAll: false,
      mentions: [],
      priority: "normal" as const,
      pushData: undefined,
      dedupeToken: text,
    };
    void this.#world.service
      .call((conversation) => conversation.sendAsServer(message))
      .then((outcome) => {
        if ("refused" in outcome) sent.isRefused = true;
        else acknowledged({ id: outcome.messageId, timestamp: outcome.timestamp });
      });
  }

  /** A message is changed by whoever sent it. */
  patch(recall: boolean): void {
    const { network, service } = this.#world;
    const sent = network.pick(this.#sent.filter(({ acked, device }) => acked && (device?.isOpen ?? true)));
    if (sent?.acked === undefined) return;
    const { audience, device, acked } = sent;
    const { id, timestamp } = acked;
    const content = this.#world.textFor(audience);
    if (device === undefined) {
      const toClients = typeof audience === "string" ? {} : { toClients: [...audience] };
      const change = recall ? ({ recall } as const) : ({ recall, content } as const);
      const patch = { messageId: id, timestamp, from: SENDER, silent: false, ...toClients, ...change };
      return void service.call((conversation) => conversation.patchByServer(patch));
    }
    const data = recall ? undefined : new TextEncoder().encode(content);
    const patches = [{ cid: SERVICE, mid: id, timestamp, recall, data }];
    device.request({ cmd: "patch", op: "modify", patchMessage: { patches } }, ({ refused, frame }) => {
      if (refused !== undefined) return;
      // Only other devices are sent it.
      const shown = recall ? '{"_lctype":-127}' : content;
      device.shown.patched(SERVICE, id, shown, Number(frame.patchMessage?.lastPatchTime));
    });
  }

  read(): void {
    const device = this.#world.anyOpenDevice();
    const copies = [...(device?.shown.copies.get(SERVICE)?.values() ?? [])];
    const timestamp = this.#world.network.pick(copies)?.timestamp;
    const convs = [timestamp === undefined ? { cid: SERVICE } : { cid: SERVICE, timestamp }];
    device?.send({ cmd: "read", readMessage: { convs } });
  }

  /** What was never answered is sent once more. */
  repeat(): void {
    for (const sent of this.#sent) {
      if (sent.acked !== undefined || sent.isRefused) continue;
      if (sent.device === undefined || sent.device.isOpen) this.#submit(sent, sent.device);
    }
  }

  /** The log, oldest first, with who may see each message. Checks that it has what was acknowledged, once. */
  checkedLog(): { message: MessageRecord; audience: Sent["audience"] }[] {
    const log = this.#world.service.state.log.after(0, 100_000);
    const tokens = log.map(({ token }) => token);
    expect(new Set(tokens).size, "[I3] sends are in the log twice").toBe(tokens.length);
    for (const { acked, text } of this.#sent) {
      if (acked === undefined) continue;
      const kept = log.find(({ token }) => token === text)?.message;
      expect(kept, `[I1] ${text} was acknowledged and is lost`).toMatchObject(acked);
    }
    return log.flatMap(({ message, token }) => {
      const audience = this.#sent.find(({ text }) => text === token)?.audience;
      return audience === undefined ? [] : [{ message, audience }];
    });
  }
}
