import { HIDDEN, type Settings } from "./schema.ts";

/** The settings fit to be shown: who sees them can see which secrets are set, and none of them. */
export function withoutSecrets(settings: Settings): Settings {
  const { hooks, webhooks, security } = settings;
  return {
    ...settings,
    hooks: { ...hooks, key: hidden(hooks.key) },
    webhooks: { ...webhooks, secret: hidden(webhooks.secret) },
    security: {
      ...security,
      jwt: security.jwt === null ? null : { ...security.jwt, secret: hidden(security.jwt.secret) },
    },
  };
}

function hidden(secret: string | null): string | null {
  return secret === null ? null : HIDDEN;
}
