import { setTimeout as sleep } from "node:timers/promises";
import { DirectFrame, deliveredFrame } from "./frames.ts";
import { ParleyClient } from "./parley-client.ts";
import { type Contender, nextSequence, type Room } from "./room.ts";
import { inParallel } from "./sockets.ts";

const SETTLING = 5_000; // ms
const ACKNOWLEDGED_EVERY = 1_000; // ms

export interface ParleyRoomOptions {
  /** Messages that are stored nowhere. */
  transient: boolean;
  /** Whether receivers acknowledge what they get as official SDKs do: a run of messages at once, once a second. */
  acknowledging: boolean;
}

/** One conversation per room. */
export function parleyContender(
  server: URL,
  appId: string,
  { transient, acknowledging }: ParleyRoomOptions = { transient: false, acknowledging: false },
): Contender {
  let clients = 0;
  return {
    openRoom: async (receivers) => {
      const logIn = () => ParleyClient.logIn(server, appId, `client-${++clients}`);
      const sender = await logIn();
      const members = await inParallel(receivers, 50, logIn);
      const conversationId = await sender.start([sender, ...members].map((client) => client.clientId));
      let frame = new DirectFrame(sender.clientId, conversationId);
      const room: Room = {
        receivers,
        acknowledged: () => {},
        delivered: () => {},
        send: (sequence) => sender.send(frame.numbered(sequence)),
        close: async () => {
          await Promise.all([sender, ...members].map((client) => client.leave()));
        },
      };
      sender.acknowledged = (sequence) => room.acknowledged(sequence);
      for (const member of members) {
        const acknowledge = acknowledging ? onceASecond(member, conversationId) : () => {};
        member.delivered = (sequence) => {
          room.delivered(sequence);
          acknowledge();
        };
      }
      await subscribeEverybody(room);
      if (transient) frame = new DirectFrame(sender.clientId, conversationId, { transient });
      return room;
    },
  };
}

function onceASecond(member: ParleyClient, conversationId: string): () => void {
  let acknowledgedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - acknowledgedAt < ACKNOWLEDGED_EVERY) return;
    acknowledgedAt = now;
    member.send(deliveredFrame(member.clientId, conversationId));
  };
}

/** A first message reaches members by relay and makes them subscribe; later ones use the subscriptions. */
async function subscribeEverybody(room: Room): Promise<void> {
  for (let message = 0; message < 2; message++) {
    let left = room.receivers + 1;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("a room was not served")), SETTLING);
      const arrived = () => {
        left -= 1;
        if (left > 0) return;
        clearTimeout(timer);
        resolve();
      };
      room.acknowledged = arrived;
      room.delivered = arrived;
      room.send(nextSequence());
    });
    await sleep(200);
  }
}
