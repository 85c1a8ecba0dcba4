import { CommandType } from "../../../src/protocol/generated/message_pb.js";
import type { CommandInit } from "../../support/frames.ts";
import { type GenericCommand, WorkerdDevice } from "./workerd-device.ts";
import { appKeys, http, world } from "./world.ts";

/** Commands of devices beside the everyday ones of `chat.ts`, and what is looked for in their answers. */

/** A message by what names it everywhere: conversation, id and time. */
export interface Named {
  cid: string;
  mid: string;
  timestamp: bigint;
}

/** The id of the message in an ack. */
export function namedBy(cid: string, { ackMessage }: GenericCommand): Named {
  return { cid, mid: ackMessage?.uid ?? "", timestamp: ackMessage?.t ?? 0n };
}

const encoder = new TextEncoder();

type Patches = NonNullable<CommandInit["patchMessage"]>["patches"];

export function modify(device: WorkerdDevice, ...patches: NonNullable<Patches>): Promise<GenericCommand> {
  return device.ask({ cmd: "patch", op: "modify", patchMessage: { patches } });
}

/** An edit as JavaScript, Swift and C# send it. */
export function edit(
  device: WorkerdDevice,
  message: Named,
  text: string,
  mentions: { mentionAll?: boolean; mentionPids?: string[] } = {},
): Promise<GenericCommand> {
  return modify(device, { ...message, recall: false, data: encoder.encode(text), ...mentions });
}

/** A recall as JavaScript, Java and C# send it. */
export function recall(device: WorkerdDevice, message: Named): Promise<GenericCommand> {
  return modify(device, { ...message, recall: true });
}

/** A login without anything that an SDK adds. */
export function sessionOpen(clientId: string, i?: number): CommandInit {
  const serial = i === undefined ? {} : { i };
  return { cmd: "session", op: "open", appId: world.APP_ID, peerId: clientId, ...serial };
}

/** Acknowledges in any of the SDKs' forms; never answered. */
export function acknowledge(device: WorkerdDevice, cid: string, form: CommandInit["ackMessage"]): void {
  device.send({ cmd: "ack", peerId: device.clientId, ackMessage: { cid, ...form } });
}

/** Reads a conversation up to a time, or all of it. */
export function read(
  device: WorkerdDevice,
  cid: string,
  more: { timestamp?: number; mid?: string } = {},
): void {
  device.send({ cmd: "read", peerId: device.clientId, readMessage: { convs: [{ cid, ...more }] } });
}

/** Pushes of a kind that a device got so far. */
export function pushesOf(device: WorkerdDevice, cmd: keyof typeof CommandType): GenericCommand[] {
  return device.pushes().filter((push) => push.cmd === CommandType[cmd]);
}

/** A device of this client on a socket of its own, logged in with these fields of the session message. */
export async function loggedIn(
  clientId: string,
  session: CommandInit["sessionMessage"] = {},
  protocol = "lc.protobuf2.3",
): Promise<WorkerdDevice & { token: string }> {
  const device = await WorkerdDevice.connect({ protocol });
  const opened = await device.login(clientId, session);
  const token = opened.sessionMessage?.st;
  if (!token) throw new Error(`${clientId} is not logged in: ${opened.errorMessage?.reason}`);
  return Object.assign(device, { token });
}

/**
 * Resolves once devices that logged in are caught up with a conversation. Until then their client may still count
 * as away there, and what is transient passes it by.
 */
export async function caughtUp(cid: string, ...devices: WorkerdDevice[]): Promise<void> {
  for (const device of devices) await device.ask({ cmd: "conv", op: "count", convMessage: { cid } });
}

interface Notifications {
  status: number;
  body: unknown;
}

/** `GET /1.1/rtm/notifications` as an SDK asks it. */
export async function notifications(
  clientId: string,
  token: string,
  query: Record<string, string | number> = {},
  keys: Record<string, string> = appKeys,
): Promise<Notifications> {
  const parameters = new URLSearchParams({ client_id: clientId, start_ts: "0" });
  for (const [name, value] of Object.entries(query)) parameters.set(name, String(value));
  const headers = { ...keys, "x-lc-im-session-token": token };
  const response = await http(`/1.1/rtm/notifications?${parameters}`, { headers });
  return { status: response.status, body: await response.json() };
}
