import { FrontDoor as PlainFrontDoor } from "../scripts/front-door.ts";
import type { Env } from "../src/bindings.ts";
import { isDatabase } from "../src/database/is-database.ts";
import worker, {
  AppObject as PlainAppObject,
  ClientObject as PlainClientObject,
  ConversationObject as PlainConversationObject,
  DirectPush as PlainDirectPush,
  MetricsObject as PlainMetricsObject,
  PushObject as PlainPushObject,
  RelayObject as PlainRelayObject,
} from "../src/index.ts";
import { methodsOf } from "../src/usage/count-requests.ts";
import { noCounts } from "./counts.ts";

/**
 * Parley with counters for everything that the platform bills: events of objects and rows written. Everything runs in
 * one isolate here, so one record holds all counts. Production has none of this.
 */
const counts = noCounts();

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
      counts.others.rowsRead += numberIn(cursor, "rowsRead");
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

let databasesAreCounted = false;

/** Rows of every D1. */
function countDatabases(env: Env): void {
  if (databasesAreCounted) return;
  databasesAreCounted = true;
  for (const binding of Object.values(env)) if (isDatabase(binding)) countSession(sessionOf(binding));
}

/** What every query of a D1 goes through. */
function sessionOf(database: D1Database): object {
  const session: unknown = Reflect.get(database, "alwaysPrimarySession");
  if (typeof session !== "object" || session === null) throw new Error("the runtime's D1 has changed");
  return session;
}

/** Rows from results. Even those without requested metadata contain them here. */
function countSession(session: object): void {
  // _sendOrThrow(endpoint, queries, parameters, …): every kind of query goes through it.
  wrap(session, "_sendOrThrow", async (send, _self, args) => {
    counts.others.databaseCalls += 1;
    const answer = await send(...args);
    const results: unknown[] = Array.isArray(answer) ? answer : [answer];
    const queries: unknown[] = Array.isArray(args[1]) ? args[1] : [args[1]];
    for (const [index, result] of results.entries()) {
      const meta: unknown =
        typeof result === "object" && result !== null ? Reflect.get(result, "meta") : undefined;
      counts.others.databaseRowsRead += numberIn(meta, "rows_read");
      const rows = numberIn(meta, "rows_written");
      if (rows > 0)
        count(counts.databaseRows, String(queries[index]).replaceAll(/\s+/g, " ").slice(0, 60), rows);
    }
    return answer;
  });
}

let queuesAreCounted = false;

/** Messages of queues. All queues share their methods. */
function countQueues(queue: Queue): void {
  if (queuesAreCounted) return;
  queuesAreCounted = true;
  wrap(prototypeOf(queue), "send", (send, _self, args) => {
    counts.others.queued += 1;
    return send(...args);
  });
  wrap(prototypeOf(queue), "sendBatch", (send, _self, args) => {
    counts.others.queued += Array.isArray(args[0]) ? args[0].length : 1;
    return send(...args);
  });
}

/** Everything the platform calls an object for: sockets' messages, requests, alarms, and RPC. */
function countEvents(counted: { prototype: object }, plain: { prototype: object; name: string }): void {
  for (const name of methodsOf(plain.prototype)) {
    const value = Reflect.get(plain.prototype, name);
    Reflect.defineProperty(counted.prototype, name, { value, configurable: true, writable: true });
    wrap(counted.prototype, name, (method, _self, args) => {
      count(counts.events, `${plain.name}.${name}`);
      return method(...args);
    });
  }
}

function countAll({ storage }: DurableObjectState, env: Env): void {
  countStorage(storage);
  countDatabases(env);
  countQueues(env.EVENTS);
}

export class AppObject extends PlainAppObject {
  constructor(...[ctx, env]: ConstructorParameters<typeof PlainAppObject>) {
    countAll(ctx, env);
    super(ctx, env);
  }
}

export class ClientObject extends PlainClientObject {
  constructor(...[ctx, env]: ConstructorParameters<typeof PlainClientObject>) {
    countAll(ctx, env);
    super(ctx, env);
  }
}

export class ConversationObject extends PlainConversationObject {
  constructor(...[ctx, env]: ConstructorParameters<typeof PlainConversationObject>) {
    countAll(ctx, env);
    super(ctx, env);
  }
}

export class MetricsObject extends PlainMetricsObject {
  constructor(...[ctx, env]: ConstructorParameters<typeof PlainMetricsObject>) {
    countAll(ctx, env);
    super(ctx, env);
  }
}

export class PushObject extends PlainPushObject {
  constructor(...[ctx, env]: ConstructorParameters<typeof PlainPushObject>) {
    countAll(ctx, env);
    super(ctx, env);
  }
}

export class RelayObject extends PlainRelayObject {
  constructor(...[ctx, env]: ConstructorParameters<typeof PlainRelayObject>) {
    countAll(ctx, env);
    super(ctx, env);
  }
}

/** A call of the Worker by an object, which counts as a request to it. */
export class DirectPush extends PlainDirectPush {
  override push(...event: Parameters<PlainDirectPush["push"]>): Promise<string | undefined> {
    counts.others.workerRequests += 1;
    counts.others.directPushes += 1;
    return super.push(...event);
  }
}

export { EventQueueObject, PushQueueObject } from "../src/index.ts";

countEvents(AppObject, PlainAppObject);
countEvents(ClientObject, PlainClientObject);
countEvents(ConversationObject, PlainConversationObject);
countEvents(MetricsObject, PlainMetricsObject);
countEvents(PushObject, PlainPushObject);
countEvents(RelayObject, PlainRelayObject);

export class FrontDoor extends PlainFrontDoor {
  override async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname === "/bench/counts") return Response.json(counts);
    counts.others.workerRequests += 1;
    return super.fetch(request);
  }
}

/** Each batch of a queue is a request to the Worker. */
export default {
  ...worker,
  queue: (...batch: Parameters<typeof worker.queue>) => {
    counts.others.workerRequests += 1;
    return worker.queue(...batch);
  },
};
