import { expect } from "vitest";
import { rest } from "../../support/rest.ts";
import { appKeys, masterKeys } from "../../support/world.ts";

/** A user as the HTTP API answers. */
export interface UserRow {
  objectId: string;
  username: string;
  sessionToken: string;
  email?: string;
  authData?: Record<string, object>;
  createdAt: string;
  updatedAt: string;
}

let calls = 0;

/** An address of its own, so that no test uses up the limits of another. */
const elsewhere = () => {
  calls += 1;
  return { "cf-connecting-ip": `8.8.${Math.floor(calls / 250)}.${calls % 250}` };
};

/** A request of a device, with the app key and, if it has one, a user's session token. */
export function asDevice(
  method: string,
  path: string,
  body?: unknown,
  { session, headers }: { session?: string | undefined; headers?: Record<string, string> } = {},
): Promise<Response> {
  return rest(method, path, body, {
    ...appKeys,
    ...elsewhere(),
    ...(session !== undefined && { "x-lc-session": session }),
    ...headers,
  });
}

export const asOwner = (method: string, path: string, body?: unknown) => rest(method, path, body, masterKeys);

/** What was answered, which must be that it was done. */
export async function answered<Answer = UserRow>(response: Promise<Response>): Promise<Answer> {
  const given = await response;
  if (!given.ok) throw new Error(`${given.status} ${await given.text()}`);
  return given.json();
}

/** A name that no other user has. */
export const named = (name: string) => `${name} ${crypto.randomUUID().slice(0, 8)}`;

export const PASSWORD = "gruyère";

/** A new user with that password. */
export async function signedUp(name: string, more: object = {}): Promise<UserRow> {
  const body = { username: named(name), password: PASSWORD, ...more };
  const response = await asDevice("POST", "/1.1/users", body);
  expect(response.status).toBe(201);
  return response.json();
}

/** The password and its hash that LeanCloud's documents print. */
export const PRINTED = {
  password: "password",
  salt: "h60d8x797d3oa0naxybxxv9bn7xpt2yiowz68mpiwou7gwr2",
  hash: "tA7BLW+NK0UeARng0693gCaVnljkglCB9snqlpCSUKjx2RgYp8VZZOQt0S5iUtlDrkJXfT3gknS4rRqjYsd/Ug==",
};

/** A row as LeanCloud exports them. */
export function exportedRow(name: string, more: object = {}) {
  const token = crypto.randomUUID().replaceAll("-", "").slice(0, 25);
  return {
    objectId: `5d8315de${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`,
    username: named(name),
    password: PRINTED.hash,
    salt: PRINTED.salt,
    sessionToken: token,
    emailVerified: false,
    mobilePhoneVerified: false,
    createdAt: "2019-09-19T05:45:02.096Z",
    updatedAt: "2019-09-19T06:06:23.513Z",
    ...more,
  };
}

interface Imported {
  added: number;
  changed: number;
  kept: number;
  refused: { row: number; error: string }[];
}

export const imported = (...results: object[]): Promise<Imported> =>
  answered(asOwner("POST", "/admin/import/users", { results }));
