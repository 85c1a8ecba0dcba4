import type { Settings } from "./schema.ts";
import { HIDDEN } from "./value-schemas.ts";
import { withoutVendorSecrets } from "./vendors/vendor-settings.ts";

/** The settings for display: they show which secrets are set, but not the secrets. */
export function withoutSecrets(settings: Settings): Settings {
  const { hooks, webhooks, serviceHook, security, push } = settings;
  const { apns, fcm, webPush, webhook } = push;
  return {
    ...settings,
    hooks: { ...hooks, key: hidden(hooks.key) },
    webhooks: { ...webhooks, secret: hidden(webhooks.secret) },
    serviceHook: { ...serviceHook, secret: hidden(serviceHook.secret) },
    security: {
      ...security,
      jwt: security.jwt === null ? null : { ...security.jwt, secret: hidden(security.jwt.secret) },
    },
    push: {
      ...push,
      ...withoutVendorSecrets(push),
      apns: { ...apns, keys: apns.keys.map((key) => ({ ...key, privateKey: HIDDEN })) },
      fcm: {
        ...fcm,
        serviceAccount: fcm.serviceAccount && { ...fcm.serviceAccount, private_key: HIDDEN },
      },
      webPush: webPush && { ...webPush, privateKey: HIDDEN },
      webhook: { ...webhook, secret: hidden(webhook.secret) },
    },
  };
}

function hidden(secret: string | null): string | null {
  return secret === null ? null : HIDDEN;
}
