import { digitsIn, numberedText, sequenceIn, writeDigits } from "./message-body.ts";
import type { Contender, Room } from "./room.ts";
import { connect, disconnect, inParallel } from "./sockets.ts";

const FRAME_BYTES = 200;

export type BareKind = "Star" | "InsertStar" | "GroupStar";

/** One bare object per room; for `PipedStar` a `Star` that is reached through a Worker, as Parley's objects are. */
export function bareContender(server: URL, kind: BareKind | "PipedStar"): Contender {
  return echoContender((room) => new URL(`/${kind}/${room}`, server));
}

/** A server that sends each frame to everybody in the room; the sender's copy is its acknowledgement. */
export function echoContender(roomUrl: (room: number) => URL): Contender {
  let rooms = 0;
  return {
    openRoom: async (receivers) => {
      const url = roomUrl(rooms++);
      url.protocol = "ws:";
      const frame = Buffer.from(numberedText(FRAME_BYTES));
      const at = digitsIn(frame);
      const members = await inParallel(receivers, 50, () =>
        connect(url, [], (received) => {
          const sequence = sequenceIn(received);
          if (sequence !== undefined) room.delivered(sequence);
        }),
      );
      const sender = await connect(url, [], (received) => {
        const sequence = sequenceIn(received);
        if (sequence !== undefined) room.acknowledged(sequence);
      });
      const room: Room = {
        receivers,
        acknowledged: () => {},
        delivered: () => {},
        send: (sequence) => {
          writeDigits(frame, at, sequence);
          sender.send(frame);
        },
        close: async () => {
          await Promise.all([sender, ...members].map(disconnect));
        },
      };
      return room;
    },
  };
}
