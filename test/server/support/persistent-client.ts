import { CommandType, type GenericCommand } from "../../../src/protocol/generated/message_pb.js";
import { refusal } from "../../support/chat.ts";
import { has } from "../../support/frames.ts";
import { NodeDevice } from "./node-device.ts";
import type { Random } from "./random.ts";

/** A message of a sender: it has the same text and token each time it is sent, until it is acknowledged. */
export interface Draft {
  conversationId: string;
  text: string;
  token: string;
  /** Every acknowledgement it got; one says it all, more must say the same. */
  acknowledged: { id: string; timestamp: number }[];
}

/** The events that a device received over one connection, in order. */
export interface Connection {
  clientId: string;
  pushes: { conversationId: string; id: string; timestamp: number; from: string; text: string }[];
}

/** A server that is killed and restarted under its clients. */
export interface UnstableServer {
  /** Resolves once there is a server, and rejects when there will be none; called again after every loss. */
  server(): Promise<{ port: number }>;
  /** Whether new messages are to be written. */
  talking(): boolean;
  /** A message was acknowledged for the first time. */
  acknowledged(): void;
}

const REPEATS = 0.05; // of the messages are sent again although they were acknowledged

/** A client that sends each message until it is acknowledged, however often the server goes away. */
export class PersistentClient {
  readonly drafts: Draft[] = [];
  readonly connections: Connection[] = [];
  /** Messages that were sent again because a connection was lost before their answer. */
  resent = 0;
  /** Messages that were sent again although they had been acknowledged. */
  repeated = 0;
  readonly #server: UnstableServer;
  readonly #random: Random;
  readonly #clientId: string;
  readonly #window: number;
  #device: NodeDevice | undefined;

  /** @param window messages that may wait for their acknowledgement at once; 1 waits for each, 0 only listens */
  constructor(server: UnstableServer, random: Random, clientId: string, window: number) {
    this.#server = server;
    this.#random = random;
    this.#clientId = clientId;
    this.#window = window;
  }

  /** Writes to these conversations until the talking is over and everything is acknowledged. */
  async run(conversationIds: string[]): Promise<void> {
    while (this.#server.talking() || this.#unacknowledged().length > 0) {
      const device = await this.#connect();
      if (device === undefined) continue;
      this.#device = device;
      await this.#converse(device, conversationIds);
      this.#remember(device);
      device.close();
    }
  }

  get isOnline(): boolean {
    return this.#device !== undefined && this.#device.closed === undefined;
  }

  /** Resolves once this message came over the present connection. */
  async hear(text: string): Promise<void> {
    await this.#device?.until(text, () =>
      this.#device?.pushes().find(({ directMessage }) => directMessage?.msg === text),
    );
  }

  /** Ends a listener, which cannot notice by itself that the talking is over. */
  leave(): void {
    this.#device?.close();
  }

  #unacknowledged(): Draft[] {
    return this.drafts.filter(({ acknowledged }) => acknowledged.length === 0);
  }

  /** Logged in, or not, when the server went away meanwhile. */
  async #connect(): Promise<NodeDevice | undefined> {
    const server = await this.#server.server();
    try {
      return await NodeDevice.of(server, this.#clientId);
    } catch {
      return undefined;
    }
  }

  /** Until the connection is lost or there is nothing left to say. */
  async #converse(device: NodeDevice, conversationIds: string[]): Promise<void> {
    const again = this.#unacknowledged();
    this.resent += again.length;
    const waiting = new Map<number, Draft>();
    let serial = 1_000;
    let seen = 0;
    const lost = () => device.closed !== undefined;
    while (!lost()) {
      while (waiting.size < this.#window) {
        const draft = again.shift() ?? (this.#server.talking() ? this.#next(conversationIds) : undefined);
        if (draft === undefined) break;
        serial += 1;
        waiting.set(serial, draft);
        const { conversationId: cid, text: msg, token: dt } = draft;
        device.send({ cmd: "direct", i: serial, peerId: this.#clientId, directMessage: { cid, msg, dt } });
      }
      if (this.#window > 0 && waiting.size === 0) return;
      await device.until("an acknowledgement", () => {
        const fresh = device.received.slice(seen);
        seen = device.received.length;
        return fresh.filter((frame) => this.#take(frame, waiting)).length > 0 || lost() || undefined;
      });
    }
  }

  #next(conversationIds: string[]): Draft {
    const old = this.drafts.at(-1 - this.#random.below(50));
    if (old !== undefined && old.acknowledged.length > 0 && this.#random.chance(REPEATS)) {
      this.repeated += 1;
      return old;
    }
    const text = `${this.#clientId} ${this.drafts.length}`;
    const conversationId = this.#random.pick(conversationIds);
    const draft = { conversationId, text, token: `token of ${text}`, acknowledged: [] };
    this.drafts.push(draft);
    return draft;
  }

  #take(frame: GenericCommand, waiting: Map<number, Draft>): boolean {
    const draft = has(frame, "i") ? waiting.get(frame.i) : undefined;
    if (draft === undefined) return false;
    if (refusal(frame) !== "") throw new Error(`"${draft.text}" was refused: ${refusal(frame)}`);
    waiting.delete(frame.i);
    if (draft.acknowledged.length === 0) this.#server.acknowledged();
    draft.acknowledged.push({ id: frame.ackMessage?.uid ?? "", timestamp: Number(frame.ackMessage?.t) });
    return true;
  }

  #remember(device: NodeDevice): void {
    const pushes = device.pushes().flatMap(({ cmd, directMessage }) => {
      if (cmd !== CommandType.direct || directMessage === undefined) return [];
      const { cid: conversationId, id, timestamp, fromPeerId: from, msg: text } = directMessage;
      return { conversationId, id, timestamp: Number(timestamp), from, text };
    });
    this.connections.push({ clientId: this.#clientId, pushes });
  }
}
