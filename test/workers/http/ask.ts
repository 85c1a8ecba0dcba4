import { createExecutionContext } from "cloudflare:test";
import type { Env } from "../../../src/env.ts";
import { type AppOptions, createApp } from "../../../src/http/app.ts";
import { world } from "../support/world.ts";

/** The app itself asks no object; what it does ask of them later belongs in tests of its own. */
const noObjects = {
  getByName(name: string): never {
    throw new Error(`nobody should ask for the object ${name}`);
  },
};

interface AskOptions extends RequestInit {
  env?: Partial<Env>;
  connect?: AppOptions["connect"];
}

/** Asks the app alone, without a gateway or the page behind it. */
export async function ask(url: string, { env, connect, ...init }: AskOptions = {}): Promise<Response> {
  const app = createApp({ connect: connect ?? (() => new Response("a socket")) });
  return app.fetch(
    new Request(url, init),
    { ...world, CLIENTS: noObjects, CONVERSATIONS: noObjects, ...env },
    createExecutionContext(),
  );
}
