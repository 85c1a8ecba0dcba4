import type { OpenSessions } from "../../protocol/link-controls.ts";

/** An event for the sessions of a client that have no subscription. */
export interface WakeEvent {
  record: Uint8Array;
  /** For the sessions that had logged in by this time (ms): a device that came back has it already. */
  sentAt: number;
  /** The sessions that have received it. */
  receivedBy: string[];
}

/** A call to a client's object: its sessions without a subscription subscribe, each from its own position. */
export interface Wake {
  /** Entries of the log after this time (ms) may be new to a session that has no position; undefined if none are. */
  since: number | undefined;
  /** The same for notices. */
  noticesAfter: number | undefined;
  /** The sessions that have a subscription: they need not wake. */
  subscribed: string[];
  events: WakeEvent[];
}

/** The sessions that a client has, in answer to a wake. */
export interface WakeAnswer {
  sessions: OpenSessions;
  /** There are none, but a device may come back within this time (ms): it is not known yet whether it is online. */
  returnsWithin?: number;
}
