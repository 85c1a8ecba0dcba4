import type { Env } from "../env.ts";
import type { Settings } from "../settings/schema.ts";
import type { PushProvider } from "./provider.ts";

/** As much of the environment as pushing needs. */
export type ProvidersEnv = Pick<Env, "APP_ID" | "DEMO" | "PUBLIC_NETWORK" | "HTTP2" | "PUSH">;

/** The ways to devices that are set up; of two that serve a device the first is its way. */
export function providersOf(_env: ProvidersEnv, _settings: Settings): PushProvider[] {
  return [];
}
