import { Gateway } from "../../../src/gateway/gateway.ts";
import type { Connection, GatewayServices } from "../../../src/gateway/gateway-services.ts";
import { CommandType, type GenericCommand, OpType } from "../../../src/protocol/generated/message_pb.js";
import type { CatchUpMode } from "../../../src/protocol/link-controls.ts";
import { catchUpModes } from "../../../src/protocol/link-controls.ts";
import { defaultSettings, type Settings } from "../../../src/settings/schema.ts";
import type { Cluster } from "../../simulation/cluster.ts";
import { type End, type Network, trace } from "../../simulation/network.ts";
import { type CommandInit, decodeFrame, encodeCommand, has } from "../../support/frames.ts";

/** An app's copy of a message. */
interface Copy {
  id: string;
  timestamp: number;
  from: string;
  data: string;
  patchedAt: number;
}

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
  /** Unread counts as the SDK shows them. */
  readonly counts = new Map<string, number>();
  readonly copies = new Map<string, Map<string, Copy>>();
  /** The timestamp up to which a replay left older messages out, by conversation. */
  readonly leftOut = new Map<string, number>();
  /** Texts of received wills and transient messages. */
  readonly ephemeral: string[] = [];
  /** Edits of messages that it has no copy of, by message. */
  readonly #edits = new Map<string, { data: string; patchedAt: number }>();
  /** Whether its client is a member, as last received. */
  readonly belongs = new Map<string, boolean>();
  /** Receipts and cursors it was shown, by conversation: they may only grow. */
  readonly cursors = new Map<string, { deliveredAt: number; readAt: number }>();
  readonly problems: string[] = [];
  connection: "none" | "opening" | "open" | "frozen" = "none";
  /** How the last connection ended: the gateway reported the device lost, or the connection broke on the other side. */
  ending: "lost" | "broken" = "lost";
  /** When the last connection ended. */
  endedAt = 0;
  /** Another device took the tag: an SDK does not reconnect by itself then. */
  displaced = false;
  #token: string | undefined;
  #lastUnreadTime: number | undefined;
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
  /** The newest live message on this connection, by conversation. */
  #live = new Map<string, number>();

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
    this.#live = new Map();
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
      timer: (delay, run) => network.timer(delay, run),
      settings: { peek: () => this.#settings, get: async () => this.#settings },
      judge: this.#cluster.judge(),
      backlog: undefined,
      existing: async (ids) => ids,
      dialSession: this.#cluster.dialSession(() => {}, dialled),
      dialConversation: this.#cluster.dialConversation(dialled),
    };
    const gateway: Gateway = new Gateway(connection, services, 60_000);
    this.#gateway = gateway;
    if (explicit) {
      // A new client object in the app has no state.
      this.#token = undefined;
      this.#lastUnreadTime = undefined;
      this.counts.clear();
    }
    const known = { lastPatchTime: this.since, lastUnreadNotifTime: this.#lastUnreadTime };
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
    if (command.cmd !== "ack") trace(this.#network.now, this.name, "sends", JSON.stringify(command));
    const frame = encodeCommand({ ...command, peerId: this.clientId });
    this.#gateway?.receive(Uint8Array.from(frame).buffer);
  }

  /** A message was edited: of two edits, the later one counts. */
  patched(conversationId: string, messageId: string, data: string, patchedAt: number): void {
    const copy = this.copies.get(conversationId)?.get(messageId);
    trace(this.#network.now, this.name, "edited", conversationId, copy?.timestamp, data, patchedAt);
    if (copy !== undefined && copy.patchedAt < patchedAt) Object.assign(copy, { data, patchedAt });
    if (copy === undefined) this.#edits.set(messageId, { data, patchedAt });
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
      trace(this.#network.now, this.name, "fetched", JSON.stringify(missed), "after", after);
      if ("refused" in missed) {
        // A logout in flight when the connection broke ended the session: SDKs retry without the token.
        if (this.#token !== token) return;
        this.#token = undefined;
        return this.drop();
      }
      for (const { kind, conversationId, at } of missed.notifications) {
        if (kind === "joined" || kind === "left") this.#setMembership(conversationId, kind === "joined", at);
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

  readonly #belongsAt = new Map<string, number>();

  /** By time, as Swift does: a missed notice may be fetched after a newer one came live. */
  #setMembership(conversationId: string, belongs: boolean, at: number): void {
    trace(this.#network.now, this.name, belongs ? "joined" : "left", conversationId, at);
    if (at < (this.#belongsAt.get(conversationId) ?? this.since)) return;
    this.#belongsAt.set(conversationId, at);
    this.belongs.set(conversationId, belongs);
  }

  #receive(frame: GenericCommand): void {
    if (has(frame, "i")) {
      const answered = this.#pending.get(frame.i);
      if (answered === undefined) {
        this.problems.push(`${frame.i} was answered twice or never asked`);
        return;
      }
      this.#pending.delete(frame.i);
      const refused = frame.errorMessage?.code ?? ackCode(frame);
      trace(this.#network.now, this.name, "is answered", frame.i, refused ?? "");
      return answered({ refused, frame });
    }
    switch (frame.cmd) {
      case CommandType.direct:
        return this.#receiveMessage(frame);
      case CommandType.unread:
        return this.#receiveUnread(frame);
      case CommandType.patch:
        for (const patch of frame.patchMessage?.patches ?? []) {
          const data = new TextDecoder().decode(patch.data);
          this.patched(patch.cid, patch.mid, data, Number(patch.patchTimestamp));
        }
        return;
      case CommandType.rcp: {
        const { cid = "", t = 0n, read = false } = frame.rcpMessage ?? {};
        const marks = this.cursors.get(cid) ?? { deliveredAt: 0, readAt: 0 };
        const mark = read ? "readAt" : "deliveredAt";
        // An older receipt after a newer one changes nothing in an SDK.
        this.cursors.set(cid, { ...marks, [mark]: Math.max(Number(t), marks[mark]) });
        return;
      }
      case CommandType.conv: {
        const at = Number(frame.serverTs);
        if (frame.op === OpType.joined) this.#setMembership(frame.convMessage?.cid ?? "", true, at);
        if (frame.op === OpType.left) this.#setMembership(frame.convMessage?.cid ?? "", false, at);
        return;
      }
      case CommandType.session:
        if (frame.op === OpType.closed) {
          trace(this.name, "closed", frame.sessionMessage?.code);
          this.displaced = true;
          this.drop();
        }
    }
  }

  #receiveMessage(frame: GenericCommand): void {
    const direct = frame.directMessage;
    if (direct === undefined) return;
    const { cid, id, fromPeerId, msg } = direct;
    const timestamp = Number(direct.timestamp);
    trace(this.#network.now, this.name, "got", cid, timestamp, msg);
    if (direct.transient || msg.startsWith("will")) {
      this.ephemeral.push(msg);
      return;
    }
    if (direct.hasMore) this.leftOut.set(cid, timestamp);
    if (!direct.offline) {
      const again = this.mode === catchUpModes.MESSAGES && this.copies.get(cid)?.has(id) === true;
      if (!again && timestamp <= (this.#live.get(cid) ?? 0)) {
        this.problems.push(`${timestamp} of ${cid} came after ${this.#live.get(cid)}`);
      }
      this.#live.set(cid, Math.max(timestamp, this.#live.get(cid) ?? 0));
    }
    const copies = this.copies.get(cid) ?? new Map<string, Copy>();
    this.copies.set(cid, copies);
    const patchedAt = Number(direct.patchTimestamp);
    const copy = { id, timestamp, from: fromPeerId, data: msg, patchedAt };
    // A message that this device sent on an earlier connection and has edited since may come like any other.
    const edit = this.#edits.get(id);
    copies.set(id, edit !== undefined && edit.patchedAt > patchedAt ? { ...copy, ...edit } : copy);
    if (fromPeerId === this.clientId) return;
    if (!direct.offline) this.counts.set(cid, (this.counts.get(cid) ?? 0) + 1);
    this.send({ cmd: "ack", ackMessage: { cid, fromts: timestamp, tots: timestamp } });
  }

  #receiveUnread(frame: GenericCommand): void {
    const { convs = [], notifTime } = frame.unreadMessage ?? {};
    if (has(frame.unreadMessage, "notifTime")) this.#lastUnreadTime = Number(notifTime);
    for (const { cid, unread } of convs) {
      trace(this.#network.now, this.name, "unread", cid, unread);
      this.counts.set(cid, unread);
    }
  }
}

function ackCode(frame: GenericCommand): number | undefined {
  return has(frame.ackMessage, "code") ? frame.ackMessage?.code : undefined;
}
