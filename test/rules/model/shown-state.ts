import { CommandType, type GenericCommand, OpType } from "../../../src/protocol/generated/message_pb.js";
import { type CatchUpMode, catchUpModes } from "../../../src/protocol/link-controls.ts";
import { type Network, trace } from "../../simulation/network.ts";
import { type CommandInit, has } from "../../support/frames.ts";

/** An app's copy of a message. */
interface Copy {
  id: string;
  timestamp: number;
  from: string;
  data: string;
  patchedAt: number;
}

interface About {
  name: string;
  clientId: string;
  mode: CatchUpMode;
  /** When the device was created. */
  since: number;
}

/** What the app on a device shows, by all that the device received. It survives the device's connections. */
export class ShownState {
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
  /** When that was. */
  readonly #belongsAt = new Map<string, number>();
  /** Whether its client is silenced, as last received. */
  readonly silenced = new Map<string, boolean>();
  readonly #silencedAt = new Map<string, number>();
  /** Receipts and cursors it was shown, by conversation: they may only grow. */
  readonly cursors = new Map<string, { deliveredAt: number; readAt: number }>();
  readonly problems: string[] = [];
  /** The time of the last unread counts, which the next login reports. */
  lastUnreadTime: number | undefined;
  /** The newest live message on this connection, by conversation. */
  #live = new Map<string, number>();
  readonly #network: Network;
  readonly #about: About;

  constructor(network: Network, about: About) {
    this.#network = network;
    this.#about = about;
  }

  /** A connection begins. */
  connected(): void {
    this.#live = new Map();
  }

  /** A new client object in the app has no counts. */
  forgetCounts(): void {
    this.lastUnreadTime = undefined;
    this.counts.clear();
  }

  /** Takes in a frame that answers no command. Returns the acknowledgement that it needs. */
  receive(frame: GenericCommand): CommandInit | undefined {
    switch (frame.cmd) {
      case CommandType.direct:
        return this.#receiveMessage(frame);
      case CommandType.unread:
        this.#receiveUnread(frame);
        return undefined;
      case CommandType.patch:
        for (const patch of frame.patchMessage?.patches ?? []) {
          const data = new TextDecoder().decode(patch.data);
          this.patched(patch.cid, patch.mid, data, Number(patch.patchTimestamp));
        }
        return undefined;
      case CommandType.rcp: {
        const { cid = "", t = 0n, read = false } = frame.rcpMessage ?? {};
        const known = this.cursors.get(cid) ?? { deliveredAt: 0, readAt: 0 };
        const cursor = read ? "readAt" : "deliveredAt";
        // An older receipt after a newer one changes nothing in an SDK.
        this.cursors.set(cid, { ...known, [cursor]: Math.max(Number(t), known[cursor]) });
        return undefined;
      }
      case CommandType.conv: {
        const at = Number(frame.serverTs);
        if (frame.op === OpType.joined) this.setMembership(frame.convMessage?.cid ?? "", true, at);
        if (frame.op === OpType.left) this.setMembership(frame.convMessage?.cid ?? "", false, at);
        if (frame.op === OpType.shutuped || frame.op === OpType.unshutuped)
          this.setSilenced(frame.convMessage?.cid ?? "", frame.op === OpType.shutuped, at);
        return undefined;
      }
      default:
        return undefined;
    }
  }

  /** A message was edited: of two edits, the later one counts. */
  patched(conversationId: string, messageId: string, data: string, patchedAt: number): void {
    const copy = this.copies.get(conversationId)?.get(messageId);
    trace(this.#network.now, this.#about.name, "edited", conversationId, copy?.timestamp, data, patchedAt);
    if (copy !== undefined && copy.patchedAt < patchedAt) Object.assign(copy, { data, patchedAt });
    if (copy === undefined) this.#edits.set(messageId, { data, patchedAt });
  }

  /** By time, as Swift does: a missed notice may be fetched after a newer one came live. */
  setMembership(conversationId: string, belongs: boolean, at: number): void {
    trace(this.#network.now, this.#about.name, belongs ? "joined" : "left", conversationId, at);
    if (at < (this.#belongsAt.get(conversationId) ?? this.#about.since)) return;
    this.#belongsAt.set(conversationId, at);
    this.belongs.set(conversationId, belongs);
  }

  /** By time, likewise. */
  setSilenced(conversationId: string, silenced: boolean, at: number): void {
    trace(this.#network.now, this.#about.name, silenced ? "silenced" : "unsilenced", conversationId, at);
    if (at < (this.#silencedAt.get(conversationId) ?? 0)) return;
    this.#silencedAt.set(conversationId, at);
    this.silenced.set(conversationId, silenced);
  }

  #receiveMessage(frame: GenericCommand): CommandInit | undefined {
    const direct = frame.directMessage;
    if (direct === undefined) return undefined;
    const { cid, id, fromPeerId, msg } = direct;
    const timestamp = Number(direct.timestamp);
    trace(this.#network.now, this.#about.name, "got", cid, timestamp, msg);
    if (direct.transient || msg.startsWith("will")) {
      this.ephemeral.push(msg);
      return undefined;
    }
    if (direct.hasMore) this.leftOut.set(cid, timestamp);
    if (!direct.offline) {
      const again = this.#about.mode === catchUpModes.MESSAGES && this.copies.get(cid)?.has(id) === true;
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
    if (fromPeerId === this.#about.clientId) return undefined;
    if (!direct.offline) this.counts.set(cid, (this.counts.get(cid) ?? 0) + 1);
    return { cmd: "ack", ackMessage: { cid, fromts: timestamp, tots: timestamp } };
  }

  #receiveUnread(frame: GenericCommand): void {
    const { convs = [], notifTime } = frame.unreadMessage ?? {};
    if (has(frame.unreadMessage, "notifTime")) this.lastUnreadTime = Number(notifTime);
    for (const { cid, unread } of convs) {
      trace(this.#network.now, this.#about.name, "unread", cid, unread);
      this.counts.set(cid, unread);
    }
  }
}
