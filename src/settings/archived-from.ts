import { writtenSince } from "./history-settings.ts";
import { type SettingsEnv, settingsOf } from "./store.ts";

/**
 * Messages of this time (ms) and later are written to D1. Fails if D1 may keep less than everything and does not say so
 * now: by old settings a message would be missing where the archive is said to be complete.
 */
export async function archivedFrom(env: SettingsEnv): Promise<number> {
  const settings = settingsOf(env);
  const { history } = settings.isKnown ? settings.last : await settings.get();
  if (history.archive === "all") return 0;
  const fresh = await settings.fresh();
  if (fresh === undefined) throw new Error("D1 does not say what it keeps of messages");
  return writtenSince(fresh.history, Date.now());
}
