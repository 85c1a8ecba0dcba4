import { sdk5 } from "../../sdk/sdk.ts";
import type { ImClient, LoginOptions } from "../../sdk/sdk-types.ts";
import { type ConsoleWorld, keys } from "./console.ts";

/** Logs somebody in by the JavaScript SDK. They stay until they are closed, or the server stops. */
export function logInWithSdk(world: ConsoleWorld, id: string, options: LoginOptions = {}): Promise<ImClient> {
  const { Realtime } = sdk5.load();
  const { APP_ID: appId, APP_KEY: appKey } = keys;
  return new Realtime({ appId, appKey, server: world.server.url }).createIMClient(id, options);
}
