import { create, toBinary } from "@bufbuild/protobuf";
import { GenericCommandSchema } from "./generated/message_pb.js";
import { joinRecords } from "./link-records.ts";

/** How long (ms) a gateway remembers what a client has seen: longer than D1 ever lags while it works. */
export const SEEN_VERSION_LIFETIME = 10 * 60_000;

/** The newest state of a conversation that a client has seen. */
export interface SeenVersion {
  conversationId: string;
  /** Time of the newest entry of the log (ms), 0 for none. */
  upTo: number;
  /** Time of the newest change of members or attributes (ms), 0 for none. */
  changedAt: number;
}

/**
 * Adds the state that its client has seen to a query, so that the answer is not older. Only the gateway's value counts:
 * it comes last, and of a field that occurs twice the last one is read.
 */
export function withSeenVersions(frame: Uint8Array, shown: readonly SeenVersion[]): Uint8Array {
  const text = JSON.stringify(
    shown.map(({ conversationId, upTo, changedAt }) => [conversationId, upTo, changedAt]),
  );
  return joinRecords([frame, toBinary(GenericCommandSchema, create(GenericCommandSchema, { shown: text }))]);
}

/** Empty if the frame has none, as without a gateway. Never throws. */
export function seenVersionsIn(text: string): SeenVersion[] {
  if (text === "") return [];
  try {
    const shown: [string, number, number][] = JSON.parse(text);
    return shown.map(([conversationId, upTo, changedAt]) => ({ conversationId, upTo, changedAt }));
  } catch {
    return [];
  }
}
