import type { Deployment } from "../../model/deployment.ts";

/** How late D1's copy of what was said may be while everything works. */
export interface Lag {
  /**
   * An object that dies before it has copied what was written is woken by its alarm after this many milliseconds at
   * the latest. One alarm serves for all that is written until it goes off, and each is a row and a request: on one's
   * own box they cost nothing, and who restarts it waits for less.
   */
  safety: number;
  /**
   * By this age (ms) what was said is in D1, or the app was told that it is not: the alarm, and then the calls that
   * ask D1, copy and tell, of up to 2.5 s each.
   */
  normal: number;
}

const OWN_BOX: Lag = { safety: 10_000, normal: 20_000 };
/** Alarms are there guaranteed, but may be late when machines are moved. */
const CLOUDFLARE: Lag = { safety: 180_000, normal: 240_000 };

export function lagOf(env: Pick<Deployment, "OWN_BOX">): Lag {
  return env.OWN_BOX === "1" ? OWN_BOX : CLOUDFLARE;
}
