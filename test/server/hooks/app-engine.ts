import type { Json, JsonObject } from "../../../src/model/json.ts";
import { freePort } from "../../support/free-port.ts";
import type { TestApp } from "../sdk/test-app.ts";
import { eventually } from "../sdk/waiting.ts";
import { startEngine } from "./engine-process.ts";

/** The hook key that Parley sends to the engine. */
export const HOOK_KEY = "the-hook-key";

/** A text message's content as hooks get it. */
export const contentOf = (words: string) => JSON.stringify({ _lctext: words, _lctype: -1 });

type Line = { request: string } | { hook: string; params: JsonObject };

interface AppEngineOptions {
  /** Names of the hooks it has, such as `onIMMessageSent`; by default all hooks of `app.cjs`. */
  hooks?: string[];
  /** To come back where it was. */
  port?: number;
}

/** The app's project on the official engine, with the hooks of `app.cjs`. */
export async function startAppEngine(app: TestApp, { hooks, port }: AppEngineOptions = {}) {
  const engine = await startEngine({
    script: "app.cjs",
    env: {
      LEANCLOUD_APP_ID: app.keys.appId,
      LEANCLOUD_APP_KEY: app.keys.appKey,
      LEANCLOUD_APP_MASTER_KEY: app.masterKey,
      LEANCLOUD_APP_HOOK_KEY: HOOK_KEY,
      PORT: String(port ?? (await freePort())),
      ...(hooks !== undefined && { HOOKS: hooks.join(",") }),
    },
  });
  const lines = () => engine.printed.map((line): Line => JSON.parse(line));
  const calls = (hook: string) =>
    lines().flatMap((line) => ("hook" in line && line.hook === hook ? [unsigned(line.params)] : []));
  return {
    ...engine,
    /** The parameters of each call of a hook. */
    calls,
    /** Every request it got, such as `POST /1.1/functions/_messageSent`. */
    requests: () => lines().flatMap((line) => ("request" in line ? [line.request] : [])),
    /** The first call of a hook that has these parameters, once it came. */
    called: async (hook: string, parameters: JsonObject): Promise<JsonObject> => {
      const matching = () => calls(hook).filter((call) => matches(call, parameters));
      const [first] = await eventually(matching, (found) => found.length > 0);
      return first ?? {};
    },
  };
}

export type AppEngine = Awaited<ReturnType<typeof startAppEngine>>;

/** Parameters without the signature for engines that check no hook key. */
function unsigned({ __sign, ...parameters }: JsonObject): JsonObject {
  return parameters;
}

function matches(call: JsonObject, parameters: JsonObject): boolean {
  const same = (one: Json | undefined, other: Json | undefined) =>
    JSON.stringify(one) === JSON.stringify(other);
  return Object.entries(parameters).every(([name, value]) => same(call[name], value));
}
