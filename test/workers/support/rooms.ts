import { change } from "../../support/chat.ts";
import type { GenericCommand } from "../../support/raw-device.ts";
import type { WorkerdDevice } from "./workerd-device.ts";

/** A room that a device created: its id. The creator is in it. */
export async function roomOf(device: WorkerdDevice, more: object = {}): Promise<string> {
  const convMessage = { transient: true, ...more };
  const started = await device.ask({ cmd: "conv", op: "start", convMessage });
  const id = started.convMessage?.cid;
  if (id === undefined) throw new Error(`no room: ${started.errorMessage?.reason}`);
  return id;
}

export const enter = (device: WorkerdDevice, room: string): Promise<GenericCommand> =>
  change(device, "add", room, [device.clientId]);

export const leave = (device: WorkerdDevice, room: string): Promise<GenericCommand> =>
  change(device, "remove", room, [device.clientId]);

/** How many are present, as a client is told. */
export async function onlineCount(device: WorkerdDevice, room: string): Promise<number> {
  const answer = await device.ask({ cmd: "conv", op: "count", convMessage: { cid: room } });
  return answer.convMessage?.count ?? Number.NaN;
}

/** Some of those present, as a client is told. */
export async function present(device: WorkerdDevice, room: string, limit = 50): Promise<string[]> {
  const answer = await device.ask({ cmd: "conv", op: "members", convMessage: { cid: room, limit } });
  return (answer.convMessage?.m ?? []).toSorted();
}
