/** The app to log in to. */
export interface App {
  appId: string;
  appKey: string;
}

/** The headers that a call with the app key needs. */
export const keysOf = ({ appId, appKey }: App) => ({ "X-LC-Id": appId, "X-LC-Key": appKey });
