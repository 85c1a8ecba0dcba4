import { CONVERSATIONS, done } from "../support/rest.ts";

/** A conversation as the API returns it. */
export interface Row {
  objectId: string;
  m: string[];
  [column: string]: unknown;
}

/** The app's server makes a conversation. */
export const create = (body: object) => done<Row>("POST", CONVERSATIONS, body);

/** Conversations that the app's server finds by a condition. */
export async function find(where: object, path = CONVERSATIONS, more = ""): Promise<Row[]> {
  const query = `where=${encodeURIComponent(JSON.stringify(where))}${more}`;
  return (await done<{ results: Row[] }>("GET", `${path}?${query}`)).results;
}
