import type { Http2Bridge } from "../../../scripts/http2.ts";
import { Outbound } from "../../../src/outbound/http-client.ts";
import type { ApnsKey } from "../../../src/push/apns-key.ts";
import { http2NetworksOf } from "../../../src/push/http2.ts";
import type { ProviderFetch } from "../../../src/push/provider-calls.ts";
import { pushTables } from "../../../src/push/push-tables.ts";
import { TokenKeeper } from "../../../src/push/token-keeper.ts";
import type { Settings } from "../../../src/settings/schema.ts";
import { settingsWith } from "../app-hooks.ts";
import { MemorySql } from "../sqlite.ts";

interface ApnsRules {
  keys: readonly ApnsKey[];
  /** In place of Apple's two servers. */
  url: string | null;
}

/** What the settings of an app with these keys say of APNs. */
export function apnsSettings({ keys, url }: ApnsRules): Settings["push"]["apns"] {
  const known = keys.map(({ teamId, keyId, topics, privateKey }) => ({ teamId, keyId, topics, privateKey }));
  return settingsWith({ push: { apns: { keys: known, url } } }).push.apns;
}

/** The keeper of an app's tokens, whose keys are these. */
export function keeperWith(keys: readonly ApnsKey[], now: () => number, sql = new MemorySql()): TokenKeeper {
  const apns = apnsSettings({ keys, url: null });
  return new TokenKeeper(pushTables(sql), {
    push: async () => ({ ...settingsWith({}).push, apns }),
    outbound: async () => new Outbound("public", { open: fetch, all: fetch }),
    now,
  });
}

/** Calls over a bridge, as the Worker makes them where it may call this machine. */
export function networkOf(bridge: Http2Bridge): ProviderFetch {
  const binding = { fetch: (url: string, init: RequestInit) => bridge.fetch(new Request(url, init)) };
  return http2NetworksOf({ HTTP2: binding }).all;
}
