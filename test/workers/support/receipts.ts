import { say } from "../../support/chat.ts";
import { namedBy, pushesOf } from "./commands.ts";
import type { WorkerdDevice } from "./workerd-device.ts";

/** Receipts and cursors as devices see them. */

/** Sends a message that asks for receipts, and waits until the others have it. */
export async function tell(device: WorkerdDevice, chat: string, text: string, ...others: WorkerdDevice[]) {
  const message = namedBy(chat, await say(device, chat, text, { r: true }));
  for (const other of others) await other.message(text);
  return message;
}

/** "delivered <id>" or "read <id>" for each receipt so far. */
export function receipts(device: WorkerdDevice): string[] {
  return pushesOf(device, "rcp").map(({ rcpMessage }) => {
    return `${rcpMessage?.read ? "read" : "delivered"} ${rcpMessage?.id}`;
  });
}

export interface Cursors {
  delivered: number;
  read: number;
}

/** What `max_read` answers; 0 for what is absent. */
export async function cursorsOf(device: WorkerdDevice, cid: string): Promise<Cursors> {
  const { convMessage } = await device.ask({ cmd: "conv", op: "max_read", convMessage: { cid } });
  return {
    delivered: Number(convMessage?.maxAckTimestamp ?? 0n),
    read: Number(convMessage?.maxReadTimestamp ?? 0n),
  };
}
