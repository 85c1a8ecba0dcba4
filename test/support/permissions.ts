import type { CommandInit } from "./frames.ts";
import type { GenericCommand, RawDevice } from "./raw-device.ts";

/** Commands about roles, silences and blacklists, as SDKs send them (wire §4.5, §4.11). */

export function giveRole(device: RawDevice, cid: string, pid: string, role: string): Promise<GenericCommand> {
  const convMessage = { cid, targetClientId: pid, info: { pid, role } };
  return device.ask({ cmd: "conv", op: "member_info_update", convMessage });
}

type Listing = "add_shutup" | "remove_shutup" | "check_shutup";

export function shutUp(device: RawDevice, op: Listing, cid: string, m: string[]): Promise<GenericCommand> {
  return device.ask({ cmd: "conv", op, convMessage: { cid, m } });
}

type Blocking = "block" | "unblock" | "check_block";

export function block(
  device: RawDevice,
  op: Blocking,
  srcCid: string,
  toPids: string[],
  signature: CommandInit["blacklistMessage"] = {},
): Promise<GenericCommand> {
  return device.ask({ cmd: "blacklist", op, blacklistMessage: { srcCid, toPids, ...signature } });
}

/** A page of who is silenced or blocked: the ids, and where the next page begins. */
export async function listed(
  device: RawDevice,
  list: "silenced" | "blocked",
  cid: string,
  page: { limit?: number; next?: string } = {},
): Promise<{ ids: string[]; next: string | undefined }> {
  const answer =
    list === "silenced"
      ? await device.ask({ cmd: "conv", op: "query_shutup", convMessage: { cid, ...page } })
      : await device.ask({ cmd: "blacklist", op: "query", blacklistMessage: { srcCid: cid, ...page } });
  if (answer.errorMessage) throw new Error(answer.errorMessage.reason);
  const { convMessage: conv, blacklistMessage: blacklist } = answer;
  const ids = list === "silenced" ? (conv?.m ?? []) : (blacklist?.blockedPids ?? []);
  return { ids, next: (conv?.next ?? blacklist?.next) || undefined };
}

/** A partial result in words: who succeeded, and the failures by code. */
export function result(answer: GenericCommand): string {
  if (answer.errorMessage) return `${answer.errorMessage.code} ${answer.errorMessage.reason}`;
  const { allowedPids = [], failedPids = [] } = answer.convMessage ?? answer.blacklistMessage ?? {};
  const failures = failedPids.map(({ code, pids }) => `${code}: ${pids.join(" ")}`);
  return [allowedPids.join(" "), ...failures].join(", ");
}
