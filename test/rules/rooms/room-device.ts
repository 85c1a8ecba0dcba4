import { Gateway } from "../../../src/gateway/gateway.ts";
import type { Connection, GatewayServices } from "../../../src/gateway/gateway-services.ts";
import { CommandType, OpType } from "../../../src/protocol/generated/message_pb.js";
import { catchUpModes } from "../../../src/protocol/link-controls.ts";
import { defaultSettings, type Settings } from "../../../src/settings/schema.ts";
import type { Cluster } from "../../simulation/cluster.ts";
import { type Network, trace } from "../../simulation/network.ts";
import { decodeFrame, encodeCommand, has } from "../../support/frames.ts";
import { unreadMeter } from "../../support/meter.ts";
import type { GenericCommand } from "../../support/raw-device.ts";

const defaults = defaultSettings(false);
const SETTINGS: Settings = {
  ...defaults,
  limits: {
    ...defaults.limits,
    sendsPerMinute: 0,
    otherCommandsPerMinute: 0,
    silenceSeconds: 86_400,
    keepAliveSeconds: 0,
  },
};
let devices = 0;

/** One device behind a real gateway: it enters a room, and hears what is said there until it leaves. */
export class RoomDevice {
  readonly clientId: string;
  readonly name: string;
  /** Timestamps of the messages it received while it was in the room, in order. */
  readonly received: number[] = [];
  /** Times of all its stays: the log's end when it was let in, and the last message before it began to leave. */
  readonly stays: { from: number; until: number | undefined }[] = [];
  /** Timestamps of its own messages, as they were acknowledged. */
  readonly sent: number[] = [];
  alive = true;
  closedWith: number | undefined;
  readonly #room: string;
  readonly #cluster: Cluster;
  readonly #gateway: Gateway;
  readonly #pending = new Map<number, "enter" | "leave" | { token: string; transient: boolean }>();
  #serial = 0;
  readonly #network: Network;

  constructor(network: Network, cluster: Cluster, clientId: string, room: string) {
    this.#network = network;
    this.#cluster = cluster;
    this.#room = room;
    this.clientId = clientId;
    this.name = `${clientId}#${++devices}`;
    const connection: Connection = {
      socket: {
        send: (data) => typeof data !== "string" && this.#receive(decodeFrame(data)),
        close: (code) => {
          trace(this.name, "closed by the gateway", code);
          this.closedWith = code;
          this.alive = false;
        },
      },
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
      settings: { peek: () => SETTINGS, get: async () => SETTINGS },
      judge: cluster.judge(),
      backlog: undefined,
      kinds: async (ids) => new Map(ids.map((id) => [id, cluster.kindOf(id)])),
      dialSession: cluster.dialSession(() => {}),
      dialConversation: cluster.dialConversation(),
    };
    this.#gateway = new Gateway(connection, services, 60_000);
    this.#ask({ cmd: "session", op: "open", peerId: clientId, sessionMessage: { configBitmap: 187 } });
  }

  /** Whether it is in the room, as far as it knows. */
  get isPresent(): boolean {
    const last = this.stays.at(-1);
    return last !== undefined && last.until === undefined;
  }

  get isBusy(): boolean {
    return this.#pending.size > 0;
  }

  enter(): void {
    if (![...this.#pending.values()].includes("enter")) this.#change("enter");
  }

  leave(): void {
    const last = this.stays.at(-1);
    if (last === undefined || last.until !== undefined) return;
    // What is on its way then may come or not.
    last.until = this.received.at(-1) ?? 0;
    this.#change("leave");
  }

  #change(what: "enter" | "leave"): void {
    this.#pending.set(this.#serial + 1, what);
    const op = what === "enter" ? "add" : "remove";
    this.#ask({ cmd: "conv", op, convMessage: { cid: this.#room, m: [this.clientId] } });
  }

  say(token: string): void {
    this.#pending.set(this.#serial + 1, { token, transient: false });
    this.#ask({ cmd: "direct", directMessage: { cid: this.#room, msg: token, dt: token } });
  }

  /** The device disappears without closing its socket. */
  drop(): void {
    this.alive = false;
    this.#gateway.lost();
  }

  get #end(): number {
    return this.#cluster.existing(this.#room)?.state.log.end ?? 0;
  }

  #ask(command: Parameters<typeof encodeCommand>[0]): void {
    this.#serial += 1;
    const frame = encodeCommand({ ...command, i: this.#serial });
    this.#gateway.receive(Uint8Array.from(frame).buffer);
  }

  #receive(frame: GenericCommand): void {
    if (frame.cmd === CommandType.direct) {
      const at = Number(frame.directMessage?.timestamp);
      trace(this.#network.now, this.name, "got", at, frame.directMessage?.msg);
      this.received.push(at);
      return;
    }
    const pending = has(frame, "i") ? this.#pending.get(frame.i) : undefined;
    if (pending === undefined) return;
    this.#pending.delete(frame.i);
    const isRefused = frame.cmd === CommandType.error || has(frame.ackMessage, "code");
    trace(this.#network.now, this.name, pending, isRefused ? "refused" : "done");
    if (pending === "enter" && !isRefused && frame.op === OpType.added && !this.isPresent)
      this.stays.push({ from: this.#end, until: undefined });
    if (typeof pending === "object" && !isRefused) this.sent.push(Number(frame.ackMessage?.t));
  }
}
