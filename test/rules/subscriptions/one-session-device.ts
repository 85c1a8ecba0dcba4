import { Gateway } from "../../../src/gateway/gateway.ts";
import type { Connection, GatewayServices } from "../../../src/gateway/gateway-services.ts";
import { CommandType } from "../../../src/protocol/generated/message_pb.js";
import { catchUpModes } from "../../../src/protocol/link-controls.ts";
import { defaultSettings, type Settings } from "../../../src/settings/schema.ts";
import type { Cluster } from "../../simulation/cluster.ts";
import { type Network, trace } from "../../simulation/network.ts";
import { decodeFrame, encodeCommand, has } from "../../support/frames.ts";
import { unreadMeter } from "../../support/meter.ts";

export interface PendingSend {
  conversationId: string;
  token: string;
}

const defaults = defaultSettings(false);
let devices = 0;

/** One device of a client behind a real gateway, from login until it is lost. */
export class OneSessionDevice {
  readonly clientId: string;
  readonly name: string;
  /** Timestamps of received messages, by conversation. */
  readonly received = new Map<string, number[]>();
  /** The time up to which the catch-up covered a conversation. */
  readonly covered = new Map<string, number>();
  /** The heads of conversations when the device was logged in. */
  openedAt: Map<string, number> | undefined;
  /** Sends that are not acknowledged yet. */
  readonly pending = new Map<number, PendingSend>();
  /** Tokens it was the first to send: it gets acknowledgements of these, and no copies. */
  readonly own = new Set<string>();
  /** Tokens it sent again for an earlier device: a copy may have come before. */
  readonly resent = new Set<string>();
  alive = true;
  /** The code the gateway closed its socket with. */
  closedWith: number | undefined;
  readonly #gateway: Gateway;
  readonly #acked: (pendingSend: PendingSend, timestamp: number) => void;
  #serial = 0;
  readonly #network: Network;
  #refused = 0;

  constructor(
    network: Network,
    cluster: Cluster,
    clientId: string,
    subscriptionLimit: number,
    acked: (pendingSend: PendingSend, timestamp: number) => void,
  ) {
    this.#network = network;
    this.clientId = clientId;
    this.name = `${clientId}#${++devices}`;
    this.#acked = acked;
    const limits = {
      ...defaults.limits,
      sendsPerMinute: 0,
      otherCommandsPerMinute: 0,
      linksPerSession: subscriptionLimit,
    };
    const settings: Settings = { ...defaults, limits };
    const socket = {
      send: (data: Uint8Array | string) => typeof data !== "string" && this.#receive(data, cluster),
      close: (code: number) => {
        trace(this.name, "closed by the gateway", code);
        this.closedWith = code;
        this.alive = false;
      },
    };
    const connection: Connection = {
      socket,
      protocol: { text: false, mode: catchUpModes.COUNTS },
      address: undefined,
      countedAs: undefined,
      allowances: undefined,
      loggedIn: () => {},
    };
    const services: GatewayServices = {
      hasPlatformLimits: false,
      appId: "app",
      now: () => network.now,
      meter: unreadMeter(() => network.now),
      timer: (delay, run) => network.timer(delay, run),
      settings: { peek: () => settings, get: async () => settings },
      judge: cluster.judge(),
      backlog: undefined,
      kinds: async (ids) => new Map(ids.map((id) => [id, cluster.kindOf(id)])),
      dialSession: cluster.dialSession((control) => {
        trace(this.name, control);
        if (control.type !== "caughtUp") return;
        this.covered.set(
          control.conversationId,
          Math.max(control.head ?? 0, this.covered.get(control.conversationId) ?? 0),
        );
      }),
      dialConversation: cluster.dialConversation(),
    };
    this.#gateway = new Gateway(connection, services, 60_000);
    this.#ask({ cmd: "session", op: "open", peerId: clientId, sessionMessage: { configBitmap: 187 } });
  }

  send(pendingSend: PendingSend, again = false): void {
    const { conversationId: cid, token: dt } = pendingSend;
    // The answer may come before `#ask` returns.
    this.pending.set(this.#serial + 1, pendingSend);
    this.#ask({ cmd: "direct", directMessage: { cid, msg: dt, dt } });
    (again ? this.resent : this.own).add(pendingSend.token);
  }

  /** The device disappears without closing its socket. */
  drop(): void {
    trace(this.name, "dropped");
    this.alive = false;
    this.#gateway.lost();
  }

  #sendLater(pendingSend: PendingSend): void {
    const place = this.#refused + 1;
    this.#refused = place;
    this.pending.set(-place, pendingSend);
    this.#network.timer(3_000, () => {
      // If the device is gone by then, the next one sends it.
      if (this.alive && this.pending.delete(-place)) this.send(pendingSend, true);
    });
  }

  #ask(command: Parameters<typeof encodeCommand>[0]): number {
    this.#serial += 1;
    const frame = encodeCommand({ ...command, i: this.#serial });
    this.#gateway.receive(Uint8Array.from(frame).buffer);
    return this.#serial;
  }

  #receive(data: Uint8Array, cluster: Cluster): void {
    const frame = decodeFrame(data);
    if (frame.cmd === CommandType.session && has(frame, "i")) {
      trace(this.name, "logged in");
      this.openedAt = new Map([...cluster.conversations].map(([id, object]) => [id, object.state.log.head]));
    }
    if (frame.cmd === CommandType.direct) {
      const { cid, timestamp } = frame.directMessage ?? {};
      if (cid === undefined) throw new Error("a message of no conversation");
      trace(this.name, "got", cid, timestamp, frame.directMessage?.msg);
      this.received.set(cid, [...(this.received.get(cid) ?? []), Number(timestamp)]);
    }
    if (frame.cmd === CommandType.ack) {
      const pendingSend = this.pending.get(frame.i);
      if (pendingSend === undefined) throw new Error(`answered twice: ${frame.i}`);
      this.pending.delete(frame.i);
      // The conversation failed, or no catch-up came: its user sends the message once more, a little later.
      if (frame.ackMessage?.reason === "INTERNAL_ERROR") return this.#sendLater(pendingSend);
      if (has(frame.ackMessage, "code")) throw new Error(`refused: ${frame.ackMessage?.reason}`);
      this.#acked(pendingSend, Number(frame.ackMessage?.t));
    }
  }
}
