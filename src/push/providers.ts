import type { Env } from "../bindings.ts";
import { withDeadline } from "../deadline.ts";
import type { Objects } from "../model/objects.ts";
import type { ProviderName, VendorName } from "../model/provider-name.ts";
import { outboundOf, outboundToNamed } from "../outbound/http-client.ts";
import type { PushPolicy } from "../protocol/commands.ts";
import type { Settings } from "../settings/schema.ts";
import type { VendorProfile, VendorProfiles } from "../settings/vendors/vendor-profiles.ts";
import { Apns } from "./apns.ts";
import { Fcm } from "./fcm.ts";
import { http2NetworksOf } from "./http2.ts";
import { installationJson } from "./installation-json.ts";
import type { PreviewingProvider } from "./provider.ts";
import type { ProviderAnswer } from "./provider-calls.ts";
import { type PushStub, providerTokensOf, type VendorToken } from "./push-stub.ts";
import { PushWebhook } from "./push-webhook.ts";
import { RecentTokens } from "./recent-tokens.ts";
import { honor } from "./vendors/honor.ts";
import { huawei } from "./vendors/huawei.ts";
import { meizu } from "./vendors/meizu.ts";
import { oppo } from "./vendors/oppo.ts";
import { ProfileMemory } from "./vendors/profile-memory.ts";
import type { Vendor } from "./vendors/vendor.ts";
import { VendorProvider } from "./vendors/vendor-provider.ts";
import { vivo } from "./vendors/vivo.ts";
import { xiaomi } from "./vendors/xiaomi.ts";
import { WebPush } from "./web-push.ts";

/** The bindings that pushing needs. */
export type ProvidersEnv = Pick<
  Env,
  "APP_ID" | "DEMO" | "PUBLIC_NETWORK" | "HTTP2" | "PUSH" | "SINGLE_MACHINE" | "TEST_PUSH_SERVICES"
>;

/** One per isolate, like what it is about. */
const memory = new ProfileMemory();

interface Recent {
  tokens: RecentTokens<string>;
  vendorTokens: RecentTokens<VendorToken>;
}

/** By what leads to their keepers. */
const recentTokens = new WeakMap<Objects<PushStub>, Recent>();

/** The deadline for a token, which may have to be fetched from its provider first (ms). */
const TOKEN_DEADLINE = 15_000;

type PushSettings = Settings["push"];
/** Makes a provider of the settings that set it up. */
type Maker = (env: ProvidersEnv, settings: Settings, heard: Heard) => PreviewingProvider;
/** Is told the answers of phone makers' services. */
type Heard = (answer: ProviderAnswer) => void;

const now = () => Date.now();

/** The list of providers: for each, how it is made, or undefined if the settings do not set it up. */
const PROVIDERS: Record<ProviderName, (push: PushSettings) => Maker | undefined> = {
  apns: ({ apns }) => {
    if (apns.keys.length === 0) return undefined;
    return (env, settings) => {
      const http2 = outboundOf(env, settings, http2NetworksOf(env));
      return new Apns(apns, {
        fetch: (url, init) => http2.fetch(url, init),
        ...tokensOf(env, "apns", apns),
        now,
      });
    };
  },
  fcm: ({ fcm: { serviceAccount, url } }) => {
    if (serviceAccount === null) return undefined;
    return (env, settings) => {
      const outbound = outboundOf(env, settings);
      const tokens = tokensOf(env, "fcm", serviceAccount);
      return new Fcm({ projectId: serviceAccount.project_id, url }, { tokens, outbound, now });
    };
  },
  hms: ({ hms }) => vendorMaker(huawei, hms),
  honor: (push) => vendorMaker(honor, push.honor),
  oppo: (push) => vendorMaker(oppo, push.oppo),
  vivo: (push) => vendorMaker(vivo, push.vivo),
  mi: ({ mi }) => vendorMaker(xiaomi, mi),
  meizu: (push) => vendorMaker(meizu, push.meizu),
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

function vendorMaker<Profile extends VendorProfile, Message>(
  vendor: Vendor<Profile, Message>,
  profiles: VendorProfiles<Profile>,
): Maker | undefined {
  if (Object.keys(profiles).length === 0) return undefined;
  return (env, settings, heard) => {
    const setup = { profiles, appName: settings.push.appName ?? undefined };
    const host = {
      keeper: tokensOf(env, vendor.name, profiles),
      outbound: outboundOf(env, settings),
      memory,
      heard,
      now,
    };
    return new VendorProvider(vendor, setup, host);
  };
}

/**
 * The providers that are set up; the first that serves a device is used.
 *
 * @param heard is told the answers of phone makers' services
 */
export function providersOf(
  env: ProvidersEnv,
  settings: Settings,
  heard: Heard = () => {},
): PreviewingProvider[] {
  return Object.values(PROVIDERS).flatMap((makerIn) => makerIn(settings.push)?.(env, settings, heard) ?? []);
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

const policies = new WeakMap<Settings, PushPolicy>();

/**
 * Whether messages can be pushed to offline members, as far as the settings show (P-10). Decided once for the same
 * settings, since each message asks.
 */
export function pushPolicyBy(settings: Settings): PushPolicy {
  const known = policies.get(settings);
  if (known !== undefined) return known;
  const policy = pushPolicyIn(settings);
  policies.set(settings, policy);
  return policy;
}

function pushPolicyIn(settings: Settings): PushPolicy {
  if (!isPushSetUp(settings)) return "never";
  const { hooks, webhooks, push } = settings;
  const isAsked = webhooks.url !== null && webhooks.events.includes("receiversOffline");
  return push.static !== null || hooks.url !== null || isAsked ? "always" : "with data";
}

/**
 * The keeper of a provider's tokens. What it gave lately it is not asked for again.
 *
 * @param keys what the tokens are made of
 */
function tokensOf(env: ProvidersEnv, provider: ProviderName, keys: object) {
  const keeper = providerTokensOf(env, provider);
  const { tokens, vendorTokens } = recentTokensOf(env.PUSH);
  const name = (...parts: (string | undefined)[]) => JSON.stringify([provider, keys, ...parts]);
  const within = <T>(answer: Promise<T>, what: string) => withDeadline(answer, TOKEN_DEADLINE, what);
  return {
    apnsToken: (teamId: string, keyId: string) =>
      tokens.get(name(teamId, keyId), () =>
        within(keeper.apnsToken(teamId, keyId), "provider token for APNs"),
      ),
    fcmToken: () => tokens.get(name(), () => within(keeper.fcmToken(), "access token for FCM")),
    vendorToken: (vendor: VendorName, profile: string, region: string | undefined) =>
      vendorTokens.get(name(vendor, profile, region), () =>
        within(keeper.vendorToken(vendor, profile, region), `access token for ${vendor}`),
      ),
    profileWorked: (vendor: VendorName, profile: string, fingerprint: string) =>
      within(keeper.profileWorked(vendor, profile, fingerprint), "noting that keys work"),
    hasProfileWorked: (vendor: VendorName, profile: string, fingerprint: string) =>
      within(keeper.hasProfileWorked(vendor, profile, fingerprint), "whether keys work"),
    tokenRefused: (token: string) => {
      tokens.forget(token);
      vendorTokens.forget(token);
      return within(keeper.tokenRefused(token), "telling of a refused token");
    },
  };
}

function recentTokensOf(keepers: Objects<PushStub>): Recent {
  const known = recentTokens.get(keepers);
  if (known !== undefined) return known;
  const made: Recent = { tokens: new RecentTokens(now), vendorTokens: new RecentTokens(now) };
  recentTokens.set(keepers, made);
  return made;
}
