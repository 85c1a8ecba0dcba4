/** Something for clients that is not an entry of the log. */
export type ClientEvent =
  /** A notice, which is stored under its time (ms): sessions that subscribe later receive it too. */
  | { kind: "notice"; record: Uint8Array; at: number }
  /** The client's unread count, computed when it is sent, so that it counts exactly what was delivered before it. */
  | { kind: "unread" }
  /** An event that is stored nowhere. It may arrive twice, unless it is ephemeral (I7, I8). */
  | { kind: "event"; record: Uint8Array; isEphemeral: boolean };
