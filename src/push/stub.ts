import type { Env, PushStub } from "../env.ts";

/** The one object that has what pushes have in common. */
export function pushesOf(env: Pick<Env, "PUSH">): PushStub {
  return env.PUSH.getByName("push");
}
