import { setTimeout as sleep } from "node:timers/promises";
import { DirectFrame } from "./frames.ts";
import { ParleyClient } from "./parley-client.ts";
import { type Contender, nextSequence, type Room } from "./room.ts";
import { inParallel } from "./sockets.ts";

const SETTLING = 5_000; // ms

/** One conversation per room. Transient messages are stored nowhere. */
export function parleyContender(
  server: URL,
  appId: string,
  messages: { transient: boolean } = { transient: false },
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
      for (const member of members) member.delivered = (sequence) => room.delivered(sequence);
      await subscribeEverybody(room);
      if (messages.transient) frame = new DirectFrame(sender.clientId, conversationId, messages);
      return room;
    },
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
