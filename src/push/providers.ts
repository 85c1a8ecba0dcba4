import { withDeadline } from "../deadline.ts";
import type { Env } from "../env.ts";
import { outboundOf } from "../hooks/outbound.ts";
import type { Settings } from "../settings/schema.ts";
import { Apns } from "./apns.ts";
import { http2NetworksOf } from "./http2.ts";
import type { PushProvider } from "./provider.ts";

/** As much of the environment as pushing needs. */
export type ProvidersEnv = Pick<Env, "APP_ID" | "DEMO" | "PUBLIC_NETWORK" | "HTTP2" | "PUSH">;

/** For a token, which may have to be fetched from its provider first (ms). */
const TOKEN_DEADLINE = 15_000;

/** The ways to devices that are set up; of two that serve a device the first is its way. */
export function providersOf(env: ProvidersEnv, settings: Settings): PushProvider[] {
  const { push } = settings;
  const providers: PushProvider[] = [];
  if (push.apns.keys.length > 0) providers.push(apnsOf(env, settings));
  return providers;
}

function apnsOf(env: ProvidersEnv, settings: Settings): Apns {
  const outbound = outboundOf(env, settings, http2NetworksOf(env));
  return new Apns(settings.push.apns, {
    fetch: (url, init) => outbound.fetch(url, init),
    ...tokensOf(env),
    now: () => Date.now(),
  });
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
