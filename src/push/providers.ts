import type { Env } from "../bindings.ts";
import { withDeadline } from "../deadline.ts";
import { outboundOf, outboundToNamed } from "../outbound/http-client.ts";
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

/** The configured providers; the first that serves a device is used. */
export function providersOf(env: ProvidersEnv, settings: Settings): PushProvider[] {
  const { push } = settings;
  const providers: PushProvider[] = [];
  const outbound = outboundOf(env, settings);
  const now = () => Date.now();
  const tokens = tokensOf(env);
  if (push.apns.keys.length > 0) {
    const http2 = outboundOf(env, settings, http2NetworksOf(env));
    providers.push(new Apns(push.apns, { fetch: (url, init) => http2.fetch(url, init), ...tokens, now }));
  }
  const { serviceAccount, url } = push.fcm;
  if (serviceAccount !== null) {
    providers.push(new Fcm({ projectId: serviceAccount.project_id, url }, { tokens, outbound, now }));
  }
  if (push.webPush !== null) {
    providers.push(new WebPush(push.webPush, { outbound: outboundToNamed(env), now }));
  }
  if (push.webhook.url !== null) {
    const { url, secret } = push.webhook;
    providers.push(new PushWebhook({ url, secret }, { outbound, now, installationJson }));
  }
  return providers;
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
