import { FrontDoor as PlainFrontDoor } from "../scripts/front-door.ts";
import {
  ClientObject as PlainClientObject,
  ConversationObject as PlainConversationObject,
  PushObject as PlainPushObject,
} from "../src/index.ts";
import type { Counts } from "./counts.ts";

/**
 * Parley with counters for everything that the platform bills: events of objects and rows written. Everything runs in
 * one isolate here, so one record holds all counts. Production has none of this.
 */
const counts: Counts = { events: {}, rows: {}, databaseRows: {} };

function count(of: Record<string, number>, what: string, by = 1): void {
  of[what] = (of[what] ?? 0) + by;
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Replaces a method where it is defined; fails loudly where a new runtime has it elsewhere. */
function wrap(
  owner: object,
  name: string,
  around: (method: Method, self: unknown, args: unknown[]) => unknown,
): void {
  const method: unknown = Reflect.get(owner, name);
  if (typeof method !== "function") throw new Error(`the runtime has no ${name} to count`);
  const value = function (this: unknown, ...args: unknown[]): unknown {
    return around((...given) => Reflect.apply(method, this, given), this, args);
  };
  if (!Reflect.defineProperty(owner, name, { value, configurable: true, writable: true })) {
    throw new Error(`${name} cannot be replaced`);
  }
}

function prototypeOf(value: object): object {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === null) throw new Error("no prototype");
  return prototype;
}

function numberIn(value: unknown, name: string): number {
  const found: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  if (typeof found !== "number") throw new Error(`the runtime does not say ${name}`);
  return found;
}

let storageIsCounted = false;

/** Rows of every object's storage. All storages share their methods, so the first one seen is enough. */
function countStorage(storage: DurableObjectStorage): void {
  if (storageIsCounted) return;
  storageIsCounted = true;
  wrap(prototypeOf(storage.sql), "exec", (exec, _self, args) => {
    const cursor = exec(...args);
    // A cursor has its counts once it was read to its end, which is always within the turn.
    queueMicrotask(() => {
      const rows = numberIn(cursor, "rowsWritten");
      if (rows > 0) count(counts.rows, String(args[0]).slice(0, 60), rows);
    });
    return cursor;
  });
  for (const name of ["setAlarm", "deleteAlarm", "put", "delete"]) {
    wrap(prototypeOf(storage), name, (method, _self, args) => {
      count(counts.rows, name);
      return method(...args);
    });
  }
}

let databaseIsCounted = false;

/** Rows of D1, from its results. Even results without requested metadata contain them here. */
function countDatabase(database: D1Database): void {
  if (databaseIsCounted) return;
  databaseIsCounted = true;
  const session: unknown = Reflect.get(database, "alwaysPrimarySession");
  if (typeof session !== "object" || session === null) throw new Error("the runtime's D1 has changed");
  // _sendOrThrow(endpoint, queries, parameters, …): every kind of query goes through it.
  wrap(session, "_sendOrThrow", async (send, _self, args) => {
    const answer = await send(...args);
    const results: unknown[] = Array.isArray(answer) ? answer : [answer];
    const queries: unknown[] = Array.isArray(args[1]) ? args[1] : [args[1]];
    for (const [index, result] of results.entries()) {
      const meta: unknown =
        typeof result === "object" && result !== null ? Reflect.get(result, "meta") : undefined;
      const rows = numberIn(meta, "rows_written");
      if (rows > 0)
        count(counts.databaseRows, String(queries[index]).replaceAll(/\s+/g, " ").slice(0, 60), rows);
    }
    return answer;
  });
}

/** Everything the platform calls an object for: sockets' messages, requests, alarms, and RPC. */
function countEvents(counted: { prototype: object }, plain: { prototype: object; name: string }): void {
  for (const name of Object.getOwnPropertyNames(plain.prototype)) {
    if (name === "constructor" || typeof Reflect.get(plain.prototype, name) !== "function") continue;
    const value = Reflect.get(plain.prototype, name);
    Reflect.defineProperty(counted.prototype, name, { value, configurable: true, writable: true });
    wrap(counted.prototype, name, (method, _self, args) => {
      count(counts.events, `${plain.name}.${name}`);
      return method(...args);
    });
  }
}

export class ClientObject extends PlainClientObject {
  constructor(...[ctx, env]: ConstructorParameters<typeof PlainClientObject>) {
    countStorage(ctx.storage);
    countDatabase(env.DB);
    super(ctx, env);
  }
}

export class ConversationObject extends PlainConversationObject {
  constructor(...[ctx, env]: ConstructorParameters<typeof PlainConversationObject>) {
    countStorage(ctx.storage);
    countDatabase(env.DB);
    super(ctx, env);
  }
}

export class PushObject extends PlainPushObject {
  constructor(...[ctx, env]: ConstructorParameters<typeof PlainPushObject>) {
    countStorage(ctx.storage);
    countDatabase(env.DB);
    super(ctx, env);
  }
}

export { AppObject, EventQueueObject, PushQueueObject } from "../src/index.ts";

countEvents(ClientObject, PlainClientObject);
countEvents(ConversationObject, PlainConversationObject);
countEvents(PushObject, PlainPushObject);

export class FrontDoor extends PlainFrontDoor {
  override async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname === "/bench/counts") return Response.json(counts);
    return super.fetch(request);
  }
}

export { default } from "../scripts/front-door.ts";
