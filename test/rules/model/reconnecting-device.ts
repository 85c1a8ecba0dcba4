import { Gateway } from "../../../src/gateway/gateway.ts";
import type { Connection, GatewayServices } from "../../../src/gateway/gateway-services.ts";
import { CommandType, type GenericCommand, OpType } from "../../../src/protocol/generated/message_pb.js";
import { type CatchUpMode, catchUpModes } from "../../../src/protocol/link-controls.ts";
import { defaultSettings, type Settings } from "../../../src/settings/schema.ts";
import type { Cluster } from "../../simulation/cluster.ts";
import { type End, type Network, trace } from "../../simulation/network.ts";
import { type CommandInit, decodeFrame, encodeCommand, has } from "../../support/frames.ts";
import { unreadMeter } from "../../support/meter.ts";
import { ShownState } from "./shown-state.ts";

/** The answer to a command; `refused` is the error code, if there is one. */
interface Outcome {
  refused: number | undefined;
  frame: GenericCommand;
}

type Answered = (outcome: Outcome) => void;

const defaults = defaultSettings(true);
/** How often an SDK sends a heartbeat (ms). */
const HEARTBEAT = 180_000;
let devices = 0;

/**
 * One device of a client with an SDK on it. Its state survives its connections, of which it has one at a time. It
 * relies on nothing but the protocol.
 */
export class ReconnectingDevice {
  readonly clientId: string;
  readonly name: string;
  readonly mode: CatchUpMode;
  readonly tag: string | undefined;
  readonly shown: ShownState;
  connection: "none" | "opening" | "open" | "frozen" = "none";
  /** How the last connection ended: the gateway reported the device lost, or the connection broke on the other side. */
  ending: "lost" | "broken" = "lost";
  /** When the last connection ended. */
  endedAt = 0;
  /** Another device took the tag: an SDK does not reconnect by itself then. */
  displaced = false;
  /** Called with every frame that it receives. */
  watch: (frame: GenericCommand) => void = () => {};
  #token: string | undefined;
  /** When the device was created: each login asks for every edit since. */
  readonly since: number;
  /** When its first login succeeded. */
  firstOpenAt = Number.POSITIVE_INFINITY;
  readonly #network: Network;
  readonly #cluster: Cluster;
  readonly #settings: Settings;
  #gateway: Gateway | undefined;
  #serial = 0;
  /** The links that its gateway dialled. */
  #ends = new Set<End>();
  readonly #dead = new WeakSet<Set<End>>();
  /** Frames that arrived while it was frozen; undefined while it is not. */
  #frozen: GenericCommand[] | undefined;
  #closedWith: number | undefined;
  /** When it last sent a frame. */
  #sentAt = 0;
  #pending = new Map<number, Answered>();

  constructor(
    network: Network,
    cluster: Cluster,
    clientId: string,
    about: { mode: CatchUpMode; tag?: string; subscriptionLimit: number },
  ) {
    this.#network = network;
    this.#cluster = cluster;
    this.clientId = clientId;
    this.mode = about.mode;
    this.tag = about.tag;
    this.name = `${clientId}#${++devices}${about.mode === catchUpModes.MESSAGES ? ".1" : ""}`;
    this.since = network.now - 1;
    const { name, mode, since } = this;
    this.shown = new ShownState(network, { name, clientId, mode, since });
    const limits = {
      ...defaults.limits,
      sendsPerMinute: 0,
      otherCommandsPerMinute: 0,
      historyQueriesPerMinute: 0,
      linksPerSession: about.subscriptionLimit,
      keepAliveSeconds: 0,
    };
    const hooks = { ...defaults.hooks, url: cluster.faults.hookTime > 0 ? "https://hooks.example" : null };
    this.#settings = { ...defaults, limits, hooks };
  }

  get isOpen(): boolean {
    return this.connection === "open";
  }

  /** Serials without an answer. */
  get waitsFor(): number[] {
    return [...this.#pending.keys()];
  }

  /** @param explicit the user logs in; otherwise the SDK reconnects by itself */
  connect(explicit: boolean): void {
    const { now } = this.#network;
    trace(now, this.name, explicit ? "logs in" : "reconnects");
    this.#pending = new Map();
    this.shown.connected();
    this.connection = "opening";
    const ends = new Set<End>();
    this.#ends = ends;
    const dialled = (end: End) => {
      ends.add(end);
      // Its gateway is dead, so nothing it still does arrives anywhere.
      if (this.#ends !== ends && this.#dead.has(ends)) this.#cut(ends);
    };
    const network = this.#network;
    const connection: Connection = {
      socket: {
        send: (data) => {
          if (typeof data === "string" || this.#gateway !== gateway) return;
          if (this.#frozen === undefined) this.#receive(decodeFrame(data));
          else this.#frozen.push(decodeFrame(data));
        },
        close: (code) => {
          if (this.#gateway !== gateway) return;
          this.#closedWith = code;
          this.endedAt = network.now;
          if (this.#frozen === undefined) this.#disconnected();
        },
      },
      protocol: { text: false, mode: this.mode },
      address: undefined,
      countedAs: undefined,
      allowances: undefined,
      loggedIn: () => {},
    };
    const services: GatewayServices = {
      appId: "app",
      hasPlatformLimits: false,
      now: () => network.now,
      meter: unreadMeter(() => network.now),
      // A gateway that died does nothing more.
      timer: (delay, run) => network.timer(delay, () => this.#dead.has(ends) || run()),
      settings: { peek: () => this.#settings, get: async () => this.#settings },
      judge: this.#cluster.judge(),
      backlog: undefined,
      kinds: async (ids) => new Map(ids.map((id) => [id, this.#cluster.kindOf(id)])),
      dialSession: this.#cluster.dialSession(() => {}, dialled),
      dialConversation: this.#cluster.dialConversation(dialled),
    };
    const gateway: Gateway = new Gateway(connection, services, 60_000);
    this.#gateway = gateway;
    if (explicit) {
      // A new client object in the app has no state.
      this.#token = undefined;
      this.shown.forgetCounts();
    }
    const known = { lastPatchTime: this.since, lastUnreadNotifTime: this.shown.lastUnreadTime };
    const session = { configBitmap: 187, r: !explicit, ...known };
    const identity = this.#token === undefined ? { tag: this.tag, deviceId: this.name } : { st: this.#token };
    this.request({ cmd: "session", op: "open", sessionMessage: { ...session, ...identity } }, (outcome) => {
      if (outcome.refused !== undefined) {
        trace(this.name, "login refused", outcome.refused);
        if (outcome.refused === 4111) this.displaced = true;
        // SDKs retry without the token.
        if (outcome.refused === 4112) this.#token = undefined;
        return this.drop();
      }
      this.displaced = false;
      this.connection = "open";
      this.firstOpenAt = Math.min(this.firstOpenAt, this.#network.now);
      this.#token = outcome.frame.sessionMessage?.st;
      void this.#fetchNotices();
    });
  }

  /** The network disappears without a close frame. */
  drop(): void {
    const gateway = this.#gateway;
    if (gateway === undefined) return;
    trace(this.#network.now, this.name, "drops");
    this.#disconnected();
    gateway.lost();
  }

  /** Its gateway dies together with the socket and the links, and nobody is notified. */
  loseGateway(): void {
    if (this.#gateway === undefined) return;
    trace(this.#network.now, this.name, "loses its gateway");
    const ends = this.#ends;
    this.#closedWith = 1006;
    this.#disconnected();
    this.#dead.add(ends);
    this.#cut(ends);
  }

  /** The device is suspended or out of reach, without a close frame. */
  freeze(): void {
    if (!this.isOpen) return;
    trace(this.#network.now, this.name, "freezes");
    this.connection = "frozen";
    this.#frozen = [];
  }

  /** Continues as if no time had passed: it sends before it notices that its socket is closed. */
  thaw(): void {
    const waited = this.#frozen;
    if (waited === undefined) return;
    trace(this.#network.now, this.name, "thaws", this.#closedWith);
    this.connection = "open";
    this.#frozen = undefined;
    const isClosed = this.#closedWith !== undefined;
    if (isClosed) {
      const [cid = ""] = this.#cluster.conversations.keys();
      this.send({ cmd: "direct", directMessage: { cid, msg: "ghost", dt: this.name } });
    }
    for (const frame of isClosed ? [] : waited) if (this.#gateway !== undefined) this.#receive(frame);
    if (isClosed) this.#disconnected();
  }

  #cut(ends: Set<End>): void {
    for (const end of ends) end.cut((length) => this.#network.random(length + 1));
    ends.clear();
  }

  logOut(done: () => void): void {
    this.request({ cmd: "session", op: "close" }, ({ refused }) => {
      if (refused === undefined) done();
      this.drop();
    });
  }

  request(command: CommandInit, answered: Answered): void {
    this.#serial += 1;
    this.#pending.set(this.#serial, answered);
    this.send({ ...command, i: this.#serial });
  }

  /** Sends a heartbeat if it has sent nothing for a while, as SDKs do. */
  heartbeat(): void {
    if (this.connection === "frozen") return;
    if (this.#gateway !== undefined && this.#network.now - this.#sentAt >= HEARTBEAT)
      this.send({ cmd: "echo" });
  }

  /** Sends a frame that has no answer. */
  send(command: CommandInit): void {
    this.#sentAt = this.#network.now;
    if (command.cmd !== "ack") trace(this.#network.now, this.name, "sends", command);
    const frame = encodeCommand({ ...command, peerId: this.clientId });
    this.#gateway?.receive(Uint8Array.from(frame).buffer);
  }

  #disconnected(): void {
    // The gateway failed or died.
    this.ending = this.#closedWith === 4200 || this.#closedWith === 1006 ? "broken" : "lost";
    if (this.#closedWith === undefined || this.#closedWith === 1006) this.endedAt = this.#network.now;
    this.#closedWith = undefined;
    this.#frozen = undefined;
    this.#gateway = undefined;
    this.connection = "none";
  }

  /**
   * As JavaScript does after each login (B-08), but always from the beginning: an SDK's single time for all
   * conversations does not cover notices that were in flight when its connection broke.
   */
  async #fetchNotices(after = this.since): Promise<void> {
    const client = this.#cluster.client(this.clientId).client;
    const token = this.#token;
    const asked = () => client.missedNotices(this.clientId, token ?? "", after);
    try {
      const missed = await this.#network.call(asked, 8_000, () => "fine");
      trace(this.#network.now, this.name, "fetched", missed, "after", after);
      if ("refused" in missed) {
        // A logout in flight when the connection broke ended the session: SDKs retry without the token.
        if (this.#token !== token) return;
        this.#token = undefined;
        return this.drop();
      }
      for (const event of missed.notifications) {
        const { kind, conversationId, at } = event;
        if (kind === "joined" || kind === "left")
          this.shown.setMembership(conversationId, kind === "joined", at);
        if (kind === "listed" && (event.change === "silenced" || event.change === "unsilenced"))
          this.shown.setSilenced(conversationId, event.change === "silenced", at);
      }
      if (missed.more) return this.#fetchNotices(missed.notifications.at(-1)?.at);
      if (!missed.complete) throw new Error("the list of missed events is incomplete");
    } catch {
      // SDKs ask again at the next login or reload conversations; this device does not wait for that.
      const { connection } = this;
      this.#network.timer(1_000, () => {
        if (connection === "open" && this.isOpen) void this.#fetchNotices(after);
      });
    }
  }

  #receive(frame: GenericCommand): void {
    this.watch(frame);
    if (has(frame, "i")) {
      const answered = this.#pending.get(frame.i);
      if (answered === undefined) {
        this.shown.problems.push(`${frame.i} was answered twice or never asked`);
        return;
      }
      this.#pending.delete(frame.i);
      const refused = frame.errorMessage?.code ?? ackCode(frame);
      trace(this.#network.now, this.name, "is answered", frame.i, refused ?? "");
      return answered({ refused, frame });
    }
    if (frame.cmd === CommandType.session && frame.op === OpType.closed) {
      trace(this.name, "closed", frame.sessionMessage?.code);
      this.displaced = true;
      return this.drop();
    }
    const acknowledgement = this.shown.receive(frame);
    if (acknowledgement !== undefined) this.send(acknowledgement);
  }
}

function ackCode(frame: GenericCommand): number | undefined {
  return has(frame.ackMessage, "code") ? frame.ackMessage?.code : undefined;
}
