import type { Env } from "../bindings.ts";
import { outboundOf } from "../outbound/http-client.ts";
import type { Settings } from "../settings/schema.ts";
import { settingsOf } from "../settings/store.ts";
import { AppHooks } from "./app-hooks.ts";
import { AppServer } from "./app-server.ts";
import { HookList } from "./hook-list.ts";

/** The bindings that hooks need. */
export type HooksEnv = Pick<
  Env,
  | "APP_ID"
  | "APP_KEY"
  | "MASTER_KEY"
  | "DEMO"
  | "DB"
  | "APP"
  | "EVENTS"
  | "EVENT_QUEUE"
  | "OWN_BOX"
  | "PUBLIC_NETWORK"
>;

/** The hook lists of all engines that the settings ever named. */
const lists = new Map<string, HookList>();

/** The app's policy, by the settings that this isolate last read. Without a hook nothing waits. */
export function hooksOf(env: HooksEnv): AppHooks {
  return new AppHooks({
    settings: () => settingsOf(env).get(),
    server: (settings) => appServerOf(env, settings),
    now: () => Date.now(),
    newId: () => crypto.randomUUID(),
  });
}

export function appServerOf(env: HooksEnv, settings: Settings): AppServer {
  return new AppServer(settings, {
    keys: { appId: env.APP_ID, appKey: env.APP_KEY, masterKey: env.MASTER_KEY },
    outbound: outboundOf(env, settings),
    hooksAt,
    now: () => Date.now(),
  });
}

function hooksAt(url: string): HookList {
  let list = lists.get(url);
  if (list === undefined) {
    list = new HookList();
    lists.set(url, list);
  }
  return list;
}
