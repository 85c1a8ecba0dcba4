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

/** The last frame that some clients are sent: they are no longer in the audience. */
export function lastFrame(frame: Uint8Array, clientIds: string[]): RelayedFrame {
  return {
    frame,
    narrowed: { to: "these", clientIds, instead: undefined, isLast: true },
    author: undefined,
    upTo: undefined,
    noticeAt: undefined,
    isEphemeral: false,
  };
}
