import type { JSONWebKeySet } from "jose";
import { withDeadline } from "../deadline.ts";
import { elapsed } from "../elapsed.ts";
import { loggableError } from "../loggable-error.ts";
import { readText } from "../outbound/http-client.ts";

/** The part of `fetch` that is used here. */
export type FetchKeys = (url: string, init: { signal: AbortSignal; redirect: "manual" }) => Promise<Response>;

const DEADLINE = 3_000; // ms to read the keys
const FRESH = 10 * 60_000; // ms that keys are used without being read again
const COOLDOWN = 30_000; // ms between two reads for a key that is missing
const RETRY = 1_000; // ms between two attempts while there are no keys

interface Known {
  url: string;
  keys: JSONWebKeySet | undefined;
  readAt: number;
  /** When a read last began, or failed if there are no keys yet. */
  triedAt: number;
}

/**
 * The public keys of the issuers of an app's JSON Web Tokens, as this isolate last read them. While one login reads
 * them again, and while they cannot be read, the last known ones are used (I11). No login waits for a promise of
 * another.
 */
export class KeySets {
  #known: Known | undefined;

  /**
   * The keys published at a URL. Answers within 3 s. Rejects if none are known and none can be read.
   *
   * @param now milliseconds
   * @param lacking a key is missing in those last returned: reads them again, unless that was just done
   */
  async get(url: string, fetch: FetchKeys, now: number, lacking = false): Promise<JSONWebKeySet> {
    const never = Number.NEGATIVE_INFINITY;
    if (this.#known?.url !== url) this.#known = { url, keys: undefined, readAt: never, triedAt: never };
    const known = this.#known;
    const { keys, readAt, triedAt } = known;
    if (keys === undefined) {
      if (elapsed(triedAt, now) < RETRY) throw new Error("the keys could not be read a moment ago");
    } else {
      if (elapsed(triedAt, now) < COOLDOWN || (!lacking && elapsed(readAt, now) < FRESH)) return keys;
      known.triedAt = now;
    }
    try {
      known.keys = await read(url, fetch);
      known.readAt = now;
      known.triedAt = now;
    } catch (error) {
      console.error("keys for JSON Web Tokens: not read:", loggableError(error));
      known.triedAt = now;
      if (known.keys === undefined) throw error;
    }
    return known.keys;
  }
}

async function read(url: string, fetch: FetchKeys): Promise<JSONWebKeySet> {
  const abort = new AbortController();
  const answer = fetch(url, { signal: abort.signal, redirect: "manual" }).then(async (response) => {
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    const keys: JSONWebKeySet = JSON.parse(await readText(response));
    if (!Array.isArray(keys.keys)) throw new Error("no key set");
    return keys;
  });
  try {
    return await withDeadline(answer, DEADLINE, "keys");
  } finally {
    abort.abort();
  }
}
