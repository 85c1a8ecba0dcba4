import type { GenericCommand, WorkerdDevice } from "./workerd-device.ts";

/** A device asks which of these clients are online. */
export function askPresence(device: WorkerdDevice, sessionPeerIds: string[]): Promise<GenericCommand> {
  return device.ask({ cmd: "session", op: "query", sessionMessage: { sessionPeerIds } });
}

/** The clients that an answer names as online. */
export const onlineIn = (reply: GenericCommand) => reply.sessionMessage?.onlineSessionPeerIds;
