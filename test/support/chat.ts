import { CommandType, OpType } from "../../src/protocol/generated/message_pb.js";
import { type CommandInit, has } from "./frames.ts";
import type { GenericCommand, RawDevice } from "./raw-device.ts";

/** The everyday commands of a device, for tests that are about something else. */

export async function start(
  device: RawDevice,
  members: string[],
  more: CommandInit["convMessage"] = {},
): Promise<string> {
  const started = await device.ask({ cmd: "conv", op: "start", convMessage: { m: members, ...more } });
  const conversationId = started.convMessage?.cid;
  if (!conversationId) throw new Error(`not started: ${started.errorMessage?.reason}`);
  return conversationId;
}

export function say(
  device: RawDevice,
  conversationId: string,
  text: string,
  more: CommandInit["directMessage"] = {},
): Promise<GenericCommand> {
  return device.ask({ cmd: "direct", directMessage: { cid: conversationId, msg: text, ...more } });
}

/** A page of history, as it came. */
export function logs(
  device: RawDevice,
  conversationId: string,
  more: CommandInit["logsMessage"] = {},
): Promise<GenericCommand> {
  return device.ask({ cmd: "logs", logsMessage: { cid: conversationId, ...more } });
}

/** The whole history as this device is allowed to read it, texts in order. */
export async function history(device: RawDevice, conversationId: string, limit = 1000): Promise<string[]> {
  const page = await logs(device, conversationId, { limit });
  if (page.errorMessage?.reason) throw new Error(page.errorMessage.reason);
  return (page.logsMessage?.logs ?? []).map((item) => item.data);
}

type MemberOperation = "add" | "remove";

/** `add` and `remove`, of oneself too. */
export function change(
  device: RawDevice,
  op: MemberOperation,
  conversationId: string,
  members: string[],
): Promise<GenericCommand> {
  return device.ask({ cmd: "conv", op, convMessage: { cid: conversationId, m: members } });
}

export function update(device: RawDevice, conversationId: string, changes: object): Promise<GenericCommand> {
  const attr = { data: JSON.stringify(changes) };
  return device.ask({ cmd: "conv", op: "update", convMessage: { cid: conversationId, attr } });
}

/** The reply to a query as it came. */
export function ask(
  device: RawDevice,
  where: object | undefined,
  more: CommandInit["convMessage"] = {},
): Promise<GenericCommand> {
  const condition = where === undefined ? {} : { where: { data: JSON.stringify(where) } };
  return device.ask({ cmd: "conv", op: "query", convMessage: { ...condition, ...more } });
}

/** Conversations as a query returns them. */
export interface Found {
  objectId: string;
  [column: string]: unknown;
}

export async function query(
  device: RawDevice,
  where: object | undefined,
  more: CommandInit["convMessage"] = {},
): Promise<Found[]> {
  const reply = await ask(device, where, more);
  const data = reply.convMessage?.results?.data;
  if (data === undefined) throw new Error(`query refused: ${reply.errorMessage?.reason}`);
  const found: Found[] = JSON.parse(data);
  return found;
}

/** One conversation by its id, from its object. */
export async function look(device: RawDevice, conversationId: string, flag = 0): Promise<Found> {
  const [found] = await query(device, { objectId: conversationId }, { flag });
  if (found === undefined) throw new Error(`${conversationId} is not found`);
  return found;
}

let marks = 0;

/**
 * Sends a marker through the conversation and waits until these devices have it: what had not come to them
 * before it will not come.
 */
export async function settle(conversationId: string, from: RawDevice, ...others: RawDevice[]): Promise<void> {
  marks += 1;
  const mark = `mark ${marks}`;
  await say(from, conversationId, mark, { transient: true });
  for (const other of others) await other.message(mark);
}

/** The changes of a conversation's members and columns that a device has received so far, in words and in order. */
export function notices(device: RawDevice, conversationId: string): string[] {
  return device
    .pushes()
    .filter((frame) => frame.cmd === CommandType.conv && frame.convMessage?.cid === conversationId)
    .map((frame) => {
      const members = (frame.convMessage?.m ?? []).map((member) => `${member} `).join("");
      return `${OpType[frame.op]} ${members}by ${frame.convMessage?.initBy}`;
    });
}

/** Texts of the stored messages a device received live in a conversation, in the order they came. */
export function heard(device: RawDevice, conversationId: string): string[] {
  return device
    .pushes()
    .filter((frame) => frame.cmd === CommandType.direct && frame.directMessage?.cid === conversationId)
    .filter((frame) => !has(frame.directMessage, "transient"))
    .map((frame) => frame.directMessage?.msg ?? "");
}

/** "4303 CONVERSATION_NOT_FOUND", whichever form the refusal has; "" for none. */
export function refusal(answer: GenericCommand): string {
  if (answer.errorMessage !== undefined) return `${answer.errorMessage.code} ${answer.errorMessage.reason}`;
  const ack = answer.ackMessage;
  return has(ack, "code") ? `${ack?.code} ${ack?.reason}` : "";
}

let people = 0;

/** Ids that are new in this run, in the order of the names. */
export function named<Names extends string[]>(...names: Names): { [At in keyof Names]: string };
export function named(...names: string[]): string[] {
  people += 1;
  return names.map((name) => `${name}-${people}-${Math.random().toString(36).slice(2, 8)}`);
}
