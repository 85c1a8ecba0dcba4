import type { Env } from "./env.ts";

/** The app id that `npm start` uses when none is given. */
const TRIAL_APP_ID = "parley-dev";

/** Whether somebody is only trying Parley out: what helps him then would harm a server that others rely on. */
export function isTrial({ APP_ID, DEMO }: Pick<Env, "APP_ID" | "DEMO">): boolean {
  return APP_ID === TRIAL_APP_ID || DEMO === "1";
}
