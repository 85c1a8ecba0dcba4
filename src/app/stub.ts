import type { AppStub, Env } from "../env.ts";

/** The one object that knows what is true of the app as a whole. */
export function appOf(env: Pick<Env, "APP">): AppStub {
  return env.APP.getByName("app");
}
