import { create, toBinary } from "@bufbuild/protobuf";
import { GenericCommandSchema } from "./generated/message_pb.js";
import { joinRecords } from "./link-records.ts";

/** How long (ms) it is remembered what a client was shown: longer than D1's copy is ever late while D1 works. */
export const SEEN_VERSION_LIFETIME = 10 * 60_000;

/** What a client was shown of a conversation, lately. */
export interface SeenVersion {
  conversationId: string;
  /** Time of the newest entry of the log (ms), 0 for none. */
  upTo: number;
  /** Time of the newest change of members or attributes (ms), 0 for none. */
  changedAt: number;
}

/**
 * A query with what its client was shown, so that no older answer is given. Only the gateway's word counts: it comes
 * last, and of a field that comes twice the last one is read.
 */
export function withSeenVersions(frame: Uint8Array, shown: readonly SeenVersion[]): Uint8Array {
  const text = JSON.stringify(
    shown.map(({ conversationId, upTo, changedAt }) => [conversationId, upTo, changedAt]),
  );
  return joinRecords([frame, toBinary(GenericCommandSchema, create(GenericCommandSchema, { shown: text }))]);
}

/** Nothing where there is none, as in a frame that passed no gateway. Never throws. */
export function seenVersionsIn(text: string): SeenVersion[] {
  if (text === "") return [];
  try {
    const shown: [string, number, number][] = JSON.parse(text);
    return shown.map(([conversationId, upTo, changedAt]) => ({ conversationId, upTo, changedAt }));
  } catch {
    return [];
  }
}
