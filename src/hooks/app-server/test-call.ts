import { type Networks, networksOf, outboundOf, readText } from "../../outbound/http-client.ts";
import type { Settings } from "../../settings/schema.ts";
import type { HooksEnv } from "./app-server.ts";
import { Engine } from "./engine.ts";
import { EngineHooks } from "./engine-hooks.ts";
import type { HookAnswer } from "./hook-answer.ts";
import { type SampleName, sampleOf } from "./sample-events.ts";
import { callServiceHook } from "./service-hook.ts";
import { Webhook } from "./webhook.ts";

/** What a test calls: the engine of `hooks`, or the receiver of the two other settings. */
export const testTargets = ["hooks", "webhooks", "serviceHook"] as const;

export interface TestCall {
  target: (typeof testTargets)[number];
  url: string;
  /** The key or secret that goes with the address. */
  secret: string | null;
  event: SampleName;
}

/** What went over the network. */
export interface Exchange {
  request: { method: string; url: string; headers: Record<string, string>; body: string };
  /** Undefined without an answer. */
  response: { status: number; headers: Record<string, string>; body: string } | undefined;
  milliseconds: number;
}

/** Calls the app's server once, as it is called when something happens. Resolves within `hooks.timeoutMs`. */
export async function callForTest(
  { target, url, secret, event }: TestCall,
  env: HooksEnv,
  settings: Settings,
): Promise<{ answer: HookAnswer; exchange: Exchange | undefined }> {
  const { hooks } = settings;
  const heard: Exchange[] = [];
  const outbound = outboundOf(env, settings, recording(networksOf(env), heard));
  const now = () => Date.now();
  const at = now();
  const call = {
    id: crypto.randomUUID(),
    at,
    name: event,
    parameters: sampleOf(event, at),
    address: undefined,
  };
  const ask = (): Promise<HookAnswer> => {
    switch (target) {
      case "hooks": {
        const keys = { appId: env.APP_ID, appKey: env.APP_KEY, masterKey: env.MASTER_KEY };
        // Nothing is asked before the hook is called: only the list of hooks takes the master key.
        const list = new EngineHooks();
        list.learn(undefined, at);
        return new Engine(url, { ...hooks, key: secret }, { keys, outbound, list, now }).call(call);
      }
      case "webhooks":
        return new Webhook({ url, secret, timeoutMs: hooks.timeoutMs }, { outbound, now }).post(call);
      case "serviceHook":
        return callServiceHook([writtenToService(at)], { url, secret }, { outbound, now });
    }
  };
  const answer = await ask();
  const exchange = heard[0];
  // One that was given up is not over.
  if (exchange !== undefined && exchange.response === undefined) exchange.milliseconds = now() - at;
  return { answer, exchange };
}

/** The same networks, which write down what goes over them. */
function recording({ open, all }: Networks, heard: Exchange[]): Networks {
  const recorded = (network: Networks["all"]) => async (url: string, init: RequestInit) => {
    const { method = "GET", body } = init;
    const headers = Object.fromEntries(new Headers(init.headers));
    const request = { method, url, headers, body: typeof body === "string" ? body : "" };
    const exchange: Exchange = { request, response: undefined, milliseconds: 0 };
    heard.push(exchange);
    const start = Date.now();
    try {
      const response = await network(url, init);
      const text = await readText(response);
      const { status } = response;
      exchange.response = { status, headers: Object.fromEntries(response.headers), body: text };
      return new Response(text === "" ? null : text, { status, headers: response.headers });
    } finally {
      exchange.milliseconds = Date.now() - start;
    }
  };
  return { open: recorded(open), all: recorded(all) };
}

function writtenToService(at: number) {
  return {
    id: crypto.randomUUID(),
    at,
    name: "messageSent" as const,
    messageId: "test",
    from: "Tom",
    conversationId: "65537a0e0000000000000001",
    content: '{"_lctype":-1,"_lctext":"A test from Parley"}',
    timestamp: at,
    address: undefined,
    transient: false,
    receipt: false,
    mentionAll: false,
    mentions: [],
    pushData: undefined,
    to: [],
    isForService: true,
    online: [],
    offline: [],
  };
}
