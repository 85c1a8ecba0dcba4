import type { Narrowed, RelayedFrame } from "../../protocol/relay-calls.ts";
import type { ClientEvent } from "./client-event.ts";

/** An event as a frame for the audience of a conversation without members. */
export function audienceFrame(
  event: Exclude<ClientEvent, { kind: "unread" }>,
  author: RelayedFrame["author"],
  narrowed: Narrowed | undefined,
): RelayedFrame {
  return {
    frame: event.record,
    narrowed,
    author,
    upTo: undefined,
    noticeAt: event.kind === "notice" ? event.at : undefined,
    isEphemeral: event.kind === "event" && event.isEphemeral,
  };
}

/**
 * A frame for the sessions of some clients, in the audience or not.
 *
 * @param turn whether it is the first or the last that they are sent as the audience
 */
export function personalFrame(frame: Uint8Array, clientIds: string[], turn?: "first" | "last"): RelayedFrame {
  return {
    frame,
    narrowed: {
      to: "these",
      clientIds,
      instead: undefined,
      isFirst: turn === "first",
      isLast: turn === "last",
    },
    author: undefined,
    upTo: undefined,
    noticeAt: undefined,
    isEphemeral: false,
  };
}
