import { fileURLToPath } from "node:url";
import type { WebSocket } from "ws";
import { digitsIn, numberedText, sequenceIn, writeDigits } from "../message-body.ts";
import type { Contender, Room } from "../room.ts";
import { connect, disconnect, inParallel } from "../sockets.ts";
import { LOOPBACK, startChild } from "./child.ts";
import { npmProgram } from "./packages.ts";
import type { Peer } from "./peer.ts";

export const socketIo: Peer = {
  name: "socket.io",
  keeps: "nothing",
  traffic: "an acknowledgement to the sender",
  needs: "socket.io",
  start: async () => {
    const program = fileURLToPath(npmProgram("socket-io-server.mjs"));
    const { place, pids, stop } = await startChild(async ({ port }) => ({
      command: process.execPath,
      arguments: [program, String(port)],
      environment: { NODE_ENV: "production" },
    }));
    return { contender: socketIoContender(place.port), pids, stop };
  },
};

/** Prefixes of Engine.IO 4 and Socket.IO 5: what a WebSocket carries is a text. */
const texts = {
  opened: "0",
  ping: "2",
  pong: "3",
  connect: "40",
  event: "42",
  acknowledgement: "43",
} as const;

/** What makes the text that a receiver gets 200 bytes long. */
const TEXT_LENGTH = 200 - `${texts.event}["message",""]`.length;
const JOIN = 1;

class SocketIoClient {
  delivered: (sequence: number) => void = () => {};
  acknowledged: (sequence: number) => void = () => {};
  readonly socket: WebSocket;
  #answered: (text: string) => void = () => {};

  private constructor(socket: WebSocket) {
    this.socket = socket;
  }

  static async join(port: number, room: string): Promise<SocketIoClient> {
    const waiting: Buffer[] = [];
    let received = (frame: Buffer): void => {
      waiting.push(frame);
    };
    const url = new URL(`ws://${LOOPBACK}:${port}/socket.io/?EIO=4&transport=websocket`);
    const client: SocketIoClient = new SocketIoClient(await connect(url, [], (frame) => received(frame)));
    received = (frame) => client.#received(frame);
    const connected = client.#answer(texts.connect);
    for (const frame of waiting) received(frame);
    client.socket.send(texts.connect);
    await connected;
    const joined = client.#answer(texts.acknowledgement);
    client.socket.send(`${texts.event}${JOIN}${JSON.stringify(["join", room])}`);
    await joined;
    return client;
  }

  #answer(kind: string): Promise<void> {
    return new Promise((resolve) => {
      this.#answered = (text) => {
        if (!text.startsWith(kind)) return;
        this.#answered = () => {};
        resolve();
      };
    });
  }

  #received(frame: Buffer): void {
    const sequence = sequenceIn(frame);
    if (sequence !== undefined) return this.delivered(sequence);
    const text = frame.toString();
    if (text === texts.ping) return this.socket.send(texts.pong);
    this.#answered(text);
    const taken = Number.parseInt(text.slice(texts.acknowledgement.length), 10);
    if (text.startsWith(texts.acknowledgement) && taken !== JOIN) this.acknowledged(taken);
  }
}

function socketIoContender(port: number): Contender {
  let rooms = 0;
  return {
    openRoom: async (receivers) => {
      const name = `room-${++rooms}`;
      const members = await inParallel(receivers, 50, () => SocketIoClient.join(port, name));
      const sender = await SocketIoClient.join(port, name);
      const idAt = texts.event.length;
      const frame = Buffer.from(
        `${texts.event}00000000${JSON.stringify(["message", name, numberedText(TEXT_LENGTH)])}`,
      );
      const at = digitsIn(frame);
      const room: Room = {
        receivers,
        acknowledged: () => {},
        delivered: () => {},
        send: (sequence) => {
          writeDigits(frame, idAt, sequence);
          writeDigits(frame, at, sequence);
          sender.socket.send(frame, { binary: false });
        },
        close: async () => {
          await Promise.all([sender, ...members].map(({ socket }) => disconnect(socket)));
        },
      };
      sender.acknowledged = (sequence) => room.acknowledged(sequence);
      for (const member of members) member.delivered = (sequence) => room.delivered(sequence);
      return room;
    },
  };
}
