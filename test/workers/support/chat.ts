import { type Device } from "./device.ts";
import type { CommandInit } from "../../support/frames.ts";

/** The everyday commands of a device, for tests that are about something else. */

export async function start(device: Device, members: string[], more: CommandInit["convMessage"] = {}): Promise<string> {
  const started = await device.ask({ cmd: "conv", op: "start", convMessage: { m: members, ...more } });
  const conversationId = started.convMessage?.cid;
  if (!conversationId) throw new Error(`not started: ${started.errorMessage?.reason}`);
  return conversationId;
}

export function say(device: Device, conversationId: string, text: string, more: CommandInit["directMessage"] = {}) {
  return device.ask({ cmd: "direct", directMessage: { cid: conversationId, msg: text, ...more } });
}

/** The whole history as this device is allowed to read it, texts in order. */
export async function history(device: Device, conversationId: string, limit = 1000): Promise<string[]> {
  const page = await device.ask({ cmd: "logs", logsMessage: { cid: conversationId, limit } });
  if (page.errorMessage?.reason) throw new Error(page.errorMessage.reason);
  return (page.logsMessage?.logs ?? []).map((item) => item.data);
}

let people = 0;

/** Ids nobody used before in this run. */
export function named<Names extends string[]>(...names: Names): { [At in keyof Names]: string } {
  people += 1;
  return names.map((name) => `${name}-${people}-${Math.random().toString(36).slice(2, 8)}`) as {
    [At in keyof Names]: string;
  };
}
