import { type UsageEnv, usageOf } from "./usage-of.ts";

/** Of what the platform calls an object for, all is billed but these. */
const NOT_BILLED = ["webSocketClose", "webSocketError"];

/** An object, as its methods see it. */
interface Called {
  env: UsageEnv;
}

/**
 * Has an object count what it is called for, where it arrives: requests, alarms, messages on its sockets and calls of
 * its methods. An object calls none of its own methods that others call.
 *
 * @param prototype of the object's class; its classes down to the platform's own are searched for methods
 */
export function countRequests(prototype: object): void {
  for (const name of methodsOf(prototype)) {
    if (NOT_BILLED.includes(name)) continue;
    const method: unknown = Reflect.get(prototype, name);
    if (typeof method !== "function") continue;
    const what = name === "webSocketMessage" ? "socketMessages" : "otherEvents";
    const value = function (this: Called, ...args: unknown[]): unknown {
      const usage = usageOf(this.env);
      usage.add(what, 1);
      void usage.reportIfDue();
      return Reflect.apply(method, this, args);
    };
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
}

/** The names of what an object can be called for, also by a class that its own extends. Accessors are not among them. */
export function methodsOf(prototype: object): Set<string> {
  const methods = classesOf(prototype).flatMap((owner) =>
    Object.entries(Object.getOwnPropertyDescriptors(owner)).flatMap(([name, { value }]) =>
      typeof value === "function" && name !== "constructor" ? [name] : [],
    ),
  );
  return new Set(methods);
}

/** Of a class, and those that it extends, without the platform's. */
function classesOf(prototype: object): object[] {
  const all: object[] = [];
  for (let next: object | null = prototype; next !== null; next = Object.getPrototypeOf(next)) all.push(next);
  return all.slice(0, -2);
}
