import { runInDurableObject } from "cloudflare:test";
import { done, type Logged, type Sent } from "./rest.ts";
import { world } from "./world.ts";

/** A service conversation as the app's server uses it. */

export const SERVICES = "/1.2/rtm/service-conversations";

export async function newService(more: object = {}): Promise<string> {
  const { objectId } = await done<{ objectId: string }>("POST", SERVICES, { name: "News", ...more });
  return objectId;
}

export const subscribe = (id: string, clientId: string) =>
  done("POST", `${SERVICES}/${id}/subscribers`, { client_id: clientId });

export const unsubscribe = (id: string, clientId: string) =>
  done("DELETE", `${SERVICES}/${id}/subscribers/${clientId}`);

export const broadcast = (id: string, message: string, more: object = {}): Promise<Sent> =>
  done("POST", `${SERVICES}/${id}/broadcasts`, { from_client: "news", message, ...more });

export const tell = (id: string, clientIds: string[], message: string, more: object = {}): Promise<Sent> =>
  done("POST", `${SERVICES}/${id}/messages`, {
    from_client: "news",
    to_clients: clientIds,
    message,
    ...more,
  });

/** What the app's server reads of a client's dialogue, oldest first: texts. */
export async function dialogue(id: string, clientId: string): Promise<string[]> {
  const path = `${SERVICES}/${id}/subscribers/${clientId}/messages?reversed=true&limit=1000`;
  return (await done<Logged[]>("GET", path)).map(({ data }) => data);
}

export const countOf = async (id: string) =>
  (await done<{ count: number }>("GET", `${SERVICES}/${id}/subscribers/count`)).count;

/** The number of rows in each table of a service's object. */
export function rowsOf(id: string): Promise<Record<string, number>> {
  return runInDurableObject(world.CONVERSATIONS.getByName(id), (_, { storage }) => {
    const names = storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
      )
      .toArray();
    return Object.fromEntries(
      names.map(({ name }) => {
        const { count } = storage.sql.exec<{ count: number }>(`SELECT count(*) AS count FROM ${name}`).one();
        return [name, count];
      }),
    );
  });
}
