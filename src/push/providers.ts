import type { Env } from "../bindings.ts";
import { withDeadline } from "../deadline.ts";
import type { ProviderName } from "../model/provider-name.ts";
import { outboundOf, outboundToNamed } from "../outbound/http-client.ts";
import type { PushPolicy } from "../protocol/commands.ts";
import type { Settings } from "../settings/schema.ts";
import { Apns } from "./apns.ts";
import { Fcm } from "./fcm.ts";
import { http2NetworksOf } from "./http2.ts";
import { installationJson } from "./installation-json.ts";
import type { PushProvider } from "./provider.ts";
import { PushWebhook } from "./push-webhook.ts";
import { WebPush } from "./web-push.ts";

/** The bindings that pushing needs. */
export type ProvidersEnv = Pick<
  Env,
  "APP_ID" | "DEMO" | "PUBLIC_NETWORK" | "HTTP2" | "PUSH" | "TEST_PUSH_SERVICES"
>;

/** The deadline for a token, which may have to be fetched from its provider first (ms). */
const TOKEN_DEADLINE = 15_000;

type PushSettings = Settings["push"];
/** Makes a provider of the settings that set it up. */
type Maker = (env: ProvidersEnv, settings: Settings) => PushProvider;

const now = () => Date.now();

/** The list of providers: for each, how it is made, or undefined if the settings do not set it up. */
const PROVIDERS: Record<ProviderName, (push: PushSettings) => Maker | undefined> = {
  apns: ({ apns }) => {
    if (apns.keys.length === 0) return undefined;
    return (env, settings) => {
      const http2 = outboundOf(env, settings, http2NetworksOf(env));
      return new Apns(apns, { fetch: (url, init) => http2.fetch(url, init), ...tokensOf(env), now });
    };
  },
  fcm: ({ fcm: { serviceAccount, url } }) => {
    if (serviceAccount === null) return undefined;
    return (env, settings) => {
      const outbound = outboundOf(env, settings);
      return new Fcm({ projectId: serviceAccount.project_id, url }, { tokens: tokensOf(env), outbound, now });
    };
  },
  webPush: ({ webPush }) => {
    if (webPush === null) return undefined;
    return (env) => new WebPush(webPush, { outbound: outboundToNamed(env), now });
  },
  webhook: ({ webhook: { url, secret } }) => {
    if (url === null) return undefined;
    return (env, settings) =>
      new PushWebhook({ url, secret }, { outbound: outboundOf(env, settings), now, installationJson });
  },
};

/** The providers that are set up; the first that serves a device is used. */
export function providersOf(env: ProvidersEnv, settings: Settings): PushProvider[] {
  return Object.values(PROVIDERS).flatMap((makerIn) => makerIn(settings.push)?.(env, settings) ?? []);
}

/** The names of the providers that are set up. */
export function providersSetUp({ push }: Settings): string[] {
  const each = Object.entries(PROVIDERS);
  return each.filter(([, makerIn]) => makerIn(push) !== undefined).map(([name]) => name);
}

/** Whether any provider is set up. */
export function isPushSetUp(settings: Settings): boolean {
  return providersSetUp(settings).length > 0;
}

/** Whether messages can be pushed to offline members, as far as the settings show (P-10). */
export function pushPolicyBy(settings: Settings): PushPolicy {
  if (!isPushSetUp(settings)) return "never";
  const { hooks, webhooks, push } = settings;
  const isAsked = webhooks.url !== null && webhooks.events.includes("receiversOffline");
  return push.static !== null || hooks.url !== null || isAsked ? "always" : "with data";
}

/** The keeper of tokens. */
function tokensOf({ PUSH }: ProvidersEnv) {
  const keeper = PUSH.getByName("push");
  return {
    apnsToken: (teamId: string, keyId: string) =>
      withDeadline(keeper.apnsToken(teamId, keyId), TOKEN_DEADLINE, "provider token for APNs"),
    fcmToken: () => withDeadline(keeper.fcmToken(), TOKEN_DEADLINE, "access token for FCM"),
    tokenRefused: (token: string) =>
      withDeadline(keeper.tokenRefused(token), TOKEN_DEADLINE, "telling of a refused token"),
  };
}
