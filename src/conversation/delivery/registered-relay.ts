import type { RelayedFrame, RelayReport } from "../../protocol/relay-calls.ts";
import { levelOf, relayOf } from "../../relay/tree.ts";

/** Before every frame. */
export const NOWHERE = -1;
/** Stored in place of a registration while what is in no log is on its way to the relay: who wakes up does not know it. */
export const UNKNOWN = "";

/** How many a relay serves. */
export type Counts = Pick<RelayReport, "subscriptions" | "clients">;
/** Of a relay that was forgotten, since it serves nobody any more. */
export const NOBODY: Counts = { subscriptions: 0, clients: 0 };

/** A relay, as its conversation knows it. */
export interface RegisteredRelay {
  registration: string;
  /** The number of the next frame for it. */
  next: number;
  isCalling: boolean;
  /** Calls that failed since the last one that did not. */
  failures: number;
  /** Frames before this number may have arrived by a call that failed. */
  sentUpTo: number;
  /** Whether frames for a few clients that are in no log are on their way to it: counts, who is in the audience. */
  lacksUnlogged: boolean;
  /** Undefined until it reports, after this object woke. */
  counts: Counts | undefined;
}

/** Whether a relay may serve somebody whom a frame is for. */
export function concerns(number: number, { narrowed }: RelayedFrame): boolean {
  if (narrowed?.to !== "these" || narrowed.instead !== undefined) return true;
  const level = levelOf(number);
  return narrowed.clientIds.some((clientId) => relayOf(level, clientId) === number);
}

/** Whether a frame for a few clients is lost if this object dies: what is in a log, it finds there. */
export function isUnlogged({ narrowed, upTo, noticeAt, isEphemeral }: RelayedFrame): boolean {
  return narrowed?.to === "these" && upTo === undefined && noticeAt === undefined && !isEphemeral;
}

export function fresh(registration: string, next: number): RegisteredRelay {
  return {
    registration,
    next,
    isCalling: false,
    failures: 0,
    sentUpTo: 0,
    lacksUnlogged: registration === UNKNOWN,
    counts: undefined,
  };
}
