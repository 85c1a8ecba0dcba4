import type { Deployment } from "./model/deployment.ts";

/** What `npm start` uses where nothing else is given. Known to everybody: for this machine alone. */
export const TRIAL = { APP_ID: "parley-dev", APP_KEY: "parley-dev-key", MASTER_KEY: "parley-dev-master" };

/** Whether somebody is only trying Parley out: what helps him then would harm a server that others rely on. */
export function isTrial({ APP_ID, DEMO }: Pick<Deployment, "APP_ID" | "DEMO">): boolean {
  return APP_ID === TRIAL.APP_ID || DEMO === "1";
}

/** Whether everybody knows the key that has all rights. */
export function isMasterKeyKnown({ MASTER_KEY }: Pick<Deployment, "MASTER_KEY">): boolean {
  return MASTER_KEY === TRIAL.MASTER_KEY;
}
