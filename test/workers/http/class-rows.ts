import type { Json } from "../../../src/model/json.ts";
import { done } from "../support/rest.ts";

/** Conversations as rows of a class (http-api §4): what storage SDKs and other back ends make of them. */

export const CLASS = "/1.1/classes/_Conversation";
/** The id of no conversation. */
export const NOWHERE = "65537a0e0000000000000009";

export interface Row {
  objectId: string;
  m: string[];
  mu: string[];
  [column: string]: unknown;
}

export const create = (body: object) => done<Row>("POST", CLASS, body);
export const read = (id: string) => done<Row>("GET", `${CLASS}/${id}`);

export interface Rows {
  results: Row[];
  count?: number;
}

export function find(query: object): Promise<Rows> {
  const text = (value: Json) => (typeof value === "string" ? value : JSON.stringify(value));
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, text(value)]));
  return done("GET", `${CLASS}?${search}`);
}

export async function refusal(response: Promise<Response>): Promise<[number, string]> {
  const { code, error } = await (await response).json<{ code: number; error: string }>();
  return [code, error];
}
