import type { GenericCommand } from "../../support/raw-device.ts";
import type { NodeDevice } from "./node-device.ts";

export interface Entry {
  id: string;
  timestamp: number;
  from: string;
  text: string;
}

const PAGE = 500; // messages
const NEWER = 2;

/** Everything ever said in a conversation as this device may read it, page by page, in the order it came. */
export async function wholeHistory(device: NodeDevice, conversationId: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (;;) {
    const t = entries.at(-1)?.timestamp ?? 1;
    const reply: GenericCommand = await device.ask({
      cmd: "logs",
      logsMessage: { cid: conversationId, l: PAGE, t, direction: NEWER },
    });
    if (reply.logsMessage === undefined) throw new Error(`no history: ${reply.errorMessage?.reason}`);
    const { logs } = reply.logsMessage;
    for (const { msgId, timestamp, from, data } of logs) {
      entries.push({ id: msgId, timestamp: Number(timestamp), from, text: data });
    }
    if (logs.length < PAGE) return entries;
  }
}
