import type { Deployment } from "../../model/deployment.ts";

/** How late D1's copy of messages may be while everything works. */
export interface CopyDelay {
  /**
   * An object that dies before it has copied its messages is woken by its alarm after this many milliseconds at most.
   * One alarm serves all messages until it fires, and each alarm costs a row and a request. On a single machine alarms
   * cost nothing, and a restart recovers sooner.
   */
  safety: number;
  /**
   * By this age (ms) a message is in D1, or the app was informed that it is not: the alarm, and then the calls that
   * read D1, copy and report, of up to 2.5 s each.
   */
  normal: number;
}

const SINGLE_MACHINE: CopyDelay = { safety: 10_000, normal: 20_000 };
/** Alarms are guaranteed there, but may be late when machines are moved. */
const CLOUDFLARE: CopyDelay = { safety: 180_000, normal: 240_000 };

export function copyDelayOf(env: Pick<Deployment, "SINGLE_MACHINE">): CopyDelay {
  return env.SINGLE_MACHINE === "1" ? SINGLE_MACHINE : CLOUDFLARE;
}
