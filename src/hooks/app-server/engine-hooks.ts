import { elapsed } from "../../elapsed.ts";
import type { EventName } from "../../model/event-names.ts";

/** How long (ms) an engine's list of hooks counts; 3 minutes on the hosted service (H-12). */
const FRESH = 60_000;
/** Pause (ms) after an engine did not respond. */
const REST = 5_000;

/**
 * The known hooks of one engine, in this isolate. One caller at a time requests the list, as part of its own call. The
 * others use the last known list, since a request must not wait for another one's promise.
 */
export class EngineHooks {
  #hooks: Set<string> | undefined;
  /** Hooks that a call found missing while there was no list, and the time (ms). */
  readonly #missing = new Map<EventName, number>();
  #knownAt = Number.NEGATIVE_INFINITY;
  #unreachableAt: number | undefined;
  #askingUntil = Number.NEGATIVE_INFINITY;

  /**
   * Whether the engine has a hook. `unknown` until there is a list: then the hook is called. `unreachable` from the
   * first missing response until the next list: calls fail at once, so a dead engine costs one deadline every 5 s and
   * not one per message (H-11).
   */
  find(name: EventName, now: number): "defined" | "missing" | "unknown" | "unreachable" {
    if (this.#unreachableAt !== undefined) return "unreachable";
    if (this.#hooks !== undefined) return this.#hooks.has(`_${name}`) ? "defined" : "missing";
    return now - (this.#missing.get(name) ?? Number.NEGATIVE_INFINITY) < FRESH ? "missing" : "unknown";
  }

  /** Whether this caller should request the list now; it then has until a time (ms) to report the result. */
  claim(now: number, until: number): boolean {
    const rested = this.#unreachableAt === undefined || elapsed(this.#unreachableAt, now) >= REST;
    if (elapsed(this.#knownAt, now) < FRESH || !rested || now < this.#askingUntil) return false;
    this.#askingUntil = until;
    return true;
  }

  /** Stores the engine's list. Undefined means that it responded without a list: the last one counts. */
  learn(hooks: string[] | undefined, now: number): void {
    if (hooks !== undefined) this.#hooks = new Set(hooks);
    this.#knownAt = now;
    this.#unreachableAt = undefined;
    this.#askingUntil = Number.NEGATIVE_INFINITY;
  }

  markUnreachable(now: number): void {
    this.#unreachableAt = now;
    this.#knownAt = Number.NEGATIVE_INFINITY;
    this.#askingUntil = Number.NEGATIVE_INFINITY;
  }

  markMissing(name: EventName, now: number): void {
    this.#missing.set(name, now);
  }

  /** A call had no response, because of a slow handler or a dead engine: the next list request finds out. */
  markStale(): void {
    this.#knownAt = Number.NEGATIVE_INFINITY;
  }
}

/** Of all engines that the settings ever named, by their URLs. */
const known = new Map<string, EngineHooks>();

/** The known hooks of the engine at a URL. */
export function engineHooksAt(url: string): EngineHooks {
  let hooks = known.get(url);
  if (hooks === undefined) {
    hooks = new EngineHooks();
    known.set(url, hooks);
  }
  return hooks;
}
