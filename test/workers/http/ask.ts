import { createExecutionContext } from "cloudflare:test";
import type { Env } from "../../../src/bindings.ts";
import { type AppOptions, createApp } from "../../../src/http/app.ts";
import type { Objects } from "../../../src/model/objects.ts";
import { world } from "../support/world.ts";

interface AskOptions extends RequestInit {
  env?: Partial<Env>;
  connect?: AppOptions["connect"];
}

/** Asks the app alone, without a gateway or the page behind it, in a world that may differ from the real one. */
export async function ask(url: string, { env, connect, ...init }: AskOptions = {}): Promise<Response> {
  const app = createApp({ connect: connect ?? (() => new Response("a socket")) });
  return app.fetch(new Request(url, init), { ...world, ...env }, createExecutionContext());
}

/** The same objects, but whatever they are asked, this comes of it: for what cannot be brought about otherwise. */
export function instead<Stub extends object>(
  objects: Objects<Stub>,
  outcome: () => Promise<unknown>,
): Objects<Stub> {
  return { getByName: (name) => new Proxy(objects.getByName(name), { get: () => outcome }) };
}
