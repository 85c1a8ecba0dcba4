import * as v from "valibot";
import { isObject, type Json } from "../../model/json.ts";
import type { Outbound, Reply } from "../../outbound/http-client.ts";
import { printable } from "../../printable.ts";
import { toHex } from "../../protocol/hex.ts";
import { parseAsWritten, parseJson } from "../../protocol/json-text.ts";
import type { Settings } from "../../settings/schema.ts";
import type { EngineHooks } from "./engine-hooks.ts";
import { failedAnswer, type HookAnswer } from "./hook-answer.ts";
import type { HookCall } from "./hook-call.ts";

export interface AppKeys {
  appId: string;
  appKey: string;
  masterKey: string;
}

interface EngineHost {
  keys: AppKeys;
  outbound: Outbound;
  list: EngineHooks;
  now(): number;
}

const Listed = v.object({ result: v.array(v.string()) });
const Missing = v.object({
  code: v.literal(1),
  error: v.pipe(v.string(), v.startsWith("No such cloud function")),
});

/** Statuses that do not concern the call itself: a key being changed, a deployment in progress, a queue, a limit. */
const PASSING = [401, 404, 408, 429];

/**
 * The app's LeanEngine: its hooks are cloud functions with an underscore before their name (http-api §8.1, H-13).
 */
export class Engine {
  readonly #url: string;
  readonly #rules: Settings["hooks"];
  readonly #host: EngineHost;

  constructor(url: string, rules: Settings["hooks"], host: EngineHost) {
    this.#url = url;
    this.#rules = rules;
    this.#host = host;
  }

  /** Calls the hook if the engine has it. Resolves within `timeoutMs`, including the request for the list of hooks. */
  async call(hookCall: HookCall): Promise<HookAnswer> {
    const { list, now } = this.#host;
    const until = now() + this.#rules.timeoutMs;
    if (list.claim(now(), until)) await this.#discover(until);
    const known = list.find(hookCall.name, now());
    if (known === "missing") return { outcome: "not called" };
    if (known === "unreachable") return failedAnswer("resting", "the engine does not answer");
    const reply = await this.#send(`_${hookCall.name}`, until, await this.#body(hookCall), hookCall.address);
    if ("unanswered" in reply) {
      list.markStale();
      return failedAnswer("unanswered", reply.unanswered);
    }
    if (known === "unknown" && reply.status === 404 && v.is(Missing, jsonOf(reply.text))) {
      list.markMissing(hookCall.name, now());
      return { outcome: "not called" };
    }
    return answerOf(reply);
  }

  async #discover(until: number): Promise<void> {
    const { list, now } = this.#host;
    const reply = await this.#send("_ops/metadatas", until);
    if ("unanswered" in reply) {
      console.warn(`hooks: the engine at ${new URL(this.#url).origin} does not answer: ${reply.unanswered}`);
      return list.markUnreachable(now());
    }
    const hooks = v.safeParse(Listed, reply.status === 200 ? jsonOf(reply.text) : undefined);
    list.learn(hooks.success ? hooks.output.result : undefined, now());
  }

  /** With a body it calls a hook, with the app key. Without one it requests the list, which needs the master key. */
  #send(path: string, until: number, body?: string, address?: string): Promise<Reply> {
    const { appId, appKey, masterKey } = this.#host.keys;
    const url = new URL(this.#url);
    url.pathname = `${url.pathname.replace(/\/+$/, "")}/1.1/functions/${path}`;
    const keys: Record<string, string> =
      body === undefined
        ? { "X-LC-Key": `${masterKey},master`, "X-AVOSCloud-Master-Key": masterKey }
        : { "Content-Type": "application/json", "X-LC-Key": appKey, ...addressHeader(address) };
    if (this.#rules.key !== null) keys["X-LC-Hook-Key"] = this.#rules.key;
    const headers = { "X-LC-Id": appId, "X-LC-Prod": "1", ...keys };
    const method = body === undefined ? "GET" : "POST";
    return this.#host.outbound.send({ url, method, headers, body }, Math.max(1, until - this.#host.now()));
  }

  async #body({ name, parameters }: HookCall): Promise<string> {
    if (!this.#rules.legacySign) return JSON.stringify(parameters);
    const sign = await legacySign(`_${name}`, this.#host.keys.masterKey, this.#host.now());
    return JSON.stringify({ ...parameters, __sign: sign });
  }
}

/**
 * The signature that engines without a hook key check (PHP; Node before 2017): a time (ms) and the hex HMAC-SHA1 of the
 * hook's name and the time.
 */
export async function legacySign(hook: string, masterKey: string, now: number): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-1" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(masterKey), algorithm, false, ["sign"]);
  const digest = new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(`${hook}:${now}`)));
  return `${now},${toHex(digest)}`;
}

/**
 * The device's address. The official engine cannot read an IPv6 address in the brackets that `Forwarded` requires. A
 * value that is no address is a proxy's, and is not passed on.
 */
function addressHeader(address: string | undefined): Record<string, string> {
  if (address === undefined) return {};
  if (/^[\d.]+$/.test(address)) return { Forwarded: `for=${address}` };
  return /^[\da-f:.]+$/i.test(address) ? { "X-Real-IP": address } : {};
}

function answerOf({ status, text }: { status: number; text: string }): HookAnswer {
  if (status === 200) {
    if (text.trim() === "") return { outcome: "answered", result: undefined };
    const parsed = parseAsWritten(text);
    if ("problem" in parsed)
      return failedAnswer("unanswered", `an answer that cannot be read: ${parsed.problem}`);
    return { outcome: "answered", result: resultOf(parsed.value) };
  }
  const final = status >= 400 && status < 500 && !PASSING.includes(status);
  return failedAnswer(final ? "final" : "unable", `status ${status}: ${printable(text, 200)}`);
}

/**
 * Only `result` is read: the C# engine echoes the question if a handler returns nothing. A bare true or false is the
 * other depth of `_rtmClientSign`, with its further fields beside it.
 */
function resultOf(body: Json): Json | undefined {
  if (!isObject(body)) return undefined;
  return typeof body.result === "boolean" ? body : body.result;
}

function jsonOf(text: string): unknown {
  const parsed = parseJson(text);
  return "value" in parsed ? parsed.value : undefined;
}
