import type { App } from "./app.ts";

/** The headers that a call with the app key needs. */
export const keysOf = ({ appId, appKey }: App) => ({ "X-LC-Id": appId, "X-LC-Key": appKey });
