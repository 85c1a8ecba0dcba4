import { applyD1Migrations, type D1Migration, evictAllDurableObjects, reset } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { vi } from "vitest";
import type { AppStub } from "../../../src/app/app-stub.ts";
import type { Env } from "../../../src/bindings.ts";
import type { ClientStub } from "../../../src/client/client-stub.ts";
import type { ConversationStub } from "../../../src/conversation/conversation-stub.ts";
import type { Objects } from "../../../src/model/objects.ts";
import type { PushStub } from "../../../src/push/push-stub.ts";
import type { RelayStub } from "../../../src/relay/relay-stub.ts";
import { counted } from "../../../src/usage/counted-env.ts";

interface TestEnv extends Env {
  APP: DurableObjectNamespace & Objects<AppStub>;
  CLIENTS: DurableObjectNamespace & Objects<ClientStub>;
  CONVERSATIONS: DurableObjectNamespace & Objects<ConversationStub>;
  RELAYS: DurableObjectNamespace & Objects<RelayStub>;
  PUSH: DurableObjectNamespace & Objects<PushStub>;
  DB_1: D1Database;
  DB_2: D1Database;
  TEST_MIGRATIONS: D1Migration[];
  HIBERNATE?: string;
}

declare global {
  namespace Cloudflare {
    interface Env extends TestEnv {}
  }
}

/** The bindings, with D1 as the Worker and the objects of this isolate see it: it counts what it is asked. */
export const world: TestEnv = { ...env, DB: counted(env).DB };

export const appKeys = { "x-lc-id": world.APP_ID, "x-lc-key": world.APP_KEY };
export const masterKeys = { "x-lc-id": world.APP_ID, "x-lc-key": `${world.MASTER_KEY},master` };

/** Removes what test files before this one left in the runtime that they share: rows, objects and mocks. */
export async function emptyWorld(): Promise<void> {
  vi.restoreAllMocks();
  await reset();
}

/** An empty D1 with its tables. */
export async function database(): Promise<D1Database> {
  await emptyWorld();
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  return world.DB;
}

/** An empty world with D1 and without rate limits. To be called before all tests of a file. */
export async function openWorld(settings: object = {}): Promise<void> {
  await database();
  const unlimited = { sendsPerMinute: 0, historyQueriesPerMinute: 0, otherCommandsPerMinute: 0 };
  await configure({ limits: unlimited });
  await configure(settings);
}

/** Changes settings over HTTP, as an owner does. */
export async function configure(patch: object): Promise<void> {
  const response = await http("/admin/settings", {
    method: "PATCH",
    headers: masterKeys,
    body: JSON.stringify(patch),
  });
  if (!response.ok) throw new Error(`settings refused: ${await response.text()}`);
}

export function http(path: string, init?: RequestInit): Promise<Response> {
  return exports.default.fetch(new Request(`http://parley.test${path}`, init));
}

let held = 0;

/** Nothing hibernates until the returned function is called: an object that waits for a reply cannot. */
export function stayAwake(): () => void {
  held += 1;
  return () => {
    held -= 1;
  };
}

/** In the second run every object hibernates: it forgets all it did not write; sockets and attachments survive (I9). */
export async function maybeHibernate(): Promise<void> {
  if (world.HIBERNATE === "1" && held === 0) await evictAllDurableObjects();
}
