import type { Deployment } from "../model/deployment.ts";
import { outboundOf } from "../outbound/http-client.ts";
import type { Settings } from "../settings/schema.ts";
import { HostedApp } from "./hosted-app.ts";

type MirrorEnv = Pick<Deployment, "APP_ID" | "MASTER_KEY" | "DEMO" | "PUBLIC_NETWORK">;

/** The app at LeanCloud as the settings name it; undefined while nothing is mirrored. */
export function hostedAppOf(env: MirrorEnv, settings: Settings): HostedApp | undefined {
  const { server } = settings.mirror;
  if (server === null) return undefined;
  const keys = { appId: env.APP_ID, masterKey: env.MASTER_KEY };
  return new HostedApp(server, keys, outboundOf(env, settings));
}
