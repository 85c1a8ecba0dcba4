import { elapsed } from "../elapsed.ts";
import type { EventName } from "../model/event-names.ts";

/** How long (ms) what an engine said of its hooks counts; the hosted service took 3 minutes (H-12). */
const FRESH = 60_000;
/** An engine that does not answer is left alone for so long (ms). */
const REST = 5_000;

/**
 * What is known of the hooks that one engine has, in this isolate. It is found out by one caller at a time, as part
 * of a call of its own; the others go by what is known, since nobody may wait for another request's promise.
 */
export class HookList {
  #hooks: Set<string> | undefined;
  /** Hooks that a call found missing while there was no list, and when (ms). */
  readonly #missing = new Map<EventName, number>();
  #knownAt = Number.NEGATIVE_INFINITY;
  #unreachableAt: number | undefined;
  #askingUntil = Number.NEGATIVE_INFINITY;

  /**
   * Whether the engine has a hook. `unknown` until a list was had: then it is called. `unreachable` from the moment
   * it did not tell until it does: calls then fail at once, so that a dead engine costs one deadline every 5 s and
   * not one for each message (H-11).
   */
  find(name: EventName, now: number): "defined" | "missing" | "unknown" | "unreachable" {
    if (this.#unreachableAt !== undefined) return "unreachable";
    if (this.#hooks !== undefined) return this.#hooks.has(`_${name}`) ? "defined" : "missing";
    return now - (this.#missing.get(name) ?? Number.NEGATIVE_INFINITY) < FRESH ? "missing" : "unknown";
  }

  /** Whether this caller should ask for the list now, and then has until a time (ms) to say what came of it. */
  claim(now: number, until: number): boolean {
    const rested = this.#unreachableAt === undefined || elapsed(this.#unreachableAt, now) >= REST;
    if (elapsed(this.#knownAt, now) < FRESH || !rested || now < this.#askingUntil) return false;
    this.#askingUntil = until;
    return true;
  }

  /** The engine told its hooks; or, with undefined, it answered but has no list to give: the last one counts. */
  learn(hooks: string[] | undefined, now: number): void {
    if (hooks !== undefined) this.#hooks = new Set(hooks);
    this.#knownAt = now;
    this.#unreachableAt = undefined;
    this.#askingUntil = Number.NEGATIVE_INFINITY;
  }

  lost(now: number): void {
    this.#unreachableAt = now;
    this.#knownAt = Number.NEGATIVE_INFINITY;
    this.#askingUntil = Number.NEGATIVE_INFINITY;
  }

  lacks(name: EventName, now: number): void {
    this.#missing.set(name, now);
  }

  /** A call went unanswered: by a slow handler or a dead engine, which asking for the list will tell. */
  doubt(): void {
    this.#knownAt = Number.NEGATIVE_INFINITY;
  }
}
