import type { MessageRecord } from "../../../src/model/records.ts";
import { catchUpModes } from "../../../src/protocol/link-controls.ts";
import type { ReconnectingDevice } from "./reconnecting-device.ts";

/**
 * Whether the `.1` devices of a client, which share one cursor, are done with a message: one of them has it, or one was
 * told that there are more than it was sent. What they acknowledge from there on covers what was left out (Y-02, L-09).
 */
export function isDone(
  clientId: string,
  devices: readonly ReconnectingDevice[],
  conversationId: string,
  { id, timestamp }: MessageRecord,
): boolean {
  return devices
    .filter((device) => device.clientId === clientId && device.mode === catchUpModes.MESSAGES)
    .some(({ shown: { copies, leftOut } }) => {
      const hasCopy = copies.get(conversationId)?.has(id) ?? false;
      return hasCopy || (leftOut.get(conversationId) ?? 0) > timestamp;
    });
}
