import type { Deployment } from "./model/deployment.ts";

/** The values that `npm start` uses if no others are given. Everybody knows them: for this machine alone. */
export const TRIAL = { APP_ID: "parley-dev", APP_KEY: "parley-dev-key", MASTER_KEY: "parley-dev-master" };

/** Whether Parley is only being tried out: what helps then would harm a server that others rely on. */
export function isTrial({ APP_ID, DEMO }: Pick<Deployment, "APP_ID" | "DEMO">): boolean {
  return APP_ID === TRIAL.APP_ID || DEMO === "1";
}

/** Whether the master key is the public one of the trial. */
export function isMasterKeyKnown({ MASTER_KEY }: Pick<Deployment, "MASTER_KEY">): boolean {
  return MASTER_KEY === TRIAL.MASTER_KEY;
}
