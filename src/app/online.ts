import type { Env } from "../bindings.ts";
import { withDeadline } from "../deadline.ts";
import { appOf } from "./app.ts";

const DEADLINE = 5_000; // ms for another object to answer

/**
 * Those of some clients that are online, in the order given. The AppObject lists clients that may be online, and only
 * their objects are asked, so that no question creates an object. Rejects if one of them does not answer.
 */
export async function onlineAmong(env: Pick<Env, "APP" | "CLIENTS">, clientIds: string[]): Promise<string[]> {
  const listed = await withDeadline(appOf(env).onlineAmong(clientIds), DEADLINE, "who is online");
  const states = await Promise.all(
    listed.map(async (clientId) => {
      const answer = env.CLIENTS.getByName(clientId).isOnline();
      return (await withDeadline(answer, DEADLINE, `presence of ${clientId}`)) ? [clientId] : [];
    }),
  );
  const online = new Set(states.flat());
  return clientIds.filter((clientId) => online.has(clientId));
}
