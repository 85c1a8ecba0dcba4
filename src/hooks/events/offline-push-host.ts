import { savePushes } from "../../database/events.ts";
import { incrementBadges, installationsWithChannels } from "../../database/installations/installations.ts";
import { withDeadline } from "../../deadline.ts";
import type { OfflinePushHost } from "../../push/offline-push.ts";
import { type ProvidersEnv, providersOf } from "../../push/providers.ts";
import type { Settings } from "../../settings/schema.ts";
import type { HooksEnv } from "../app-server/app-server.ts";
import { hooksOf } from "../before/app-hooks.ts";

const D1_DEADLINE = 8_000; // ms

/** What a push to offline recipients takes, by these settings, but for the queue of deliveries. */
export function offlinePushHostOf(
  env: HooksEnv & ProvidersEnv,
  settings: Settings,
): Omit<OfflinePushHost, "queue"> {
  return {
    callHook: (offline) => hooksOf(env).aboutOffline(offline),
    providers: providersOf(env, settings),
    template: settings.push.static,
    installationsOf: (clientIds) =>
      withDeadline(installationsWithChannels(env.DB, clientIds), D1_DEADLINE, "devices"),
    incrementBadges: (ids) => withDeadline(incrementBadges(env.DB, ids), D1_DEADLINE, "badges"),
    noteOmitted: async ({ id, at, conversationId, messageId, offline }, why) => {
      if (settings.events.logDays === 0) return;
      const about = { at, id: `push-${id}`, conversationId, messageId, clients: offline };
      const none = { outcome: "not pushed" as const, provider: null, installation: null, why };
      await withDeadline(savePushes(env.DB, [{ ...about, ...none }]), D1_DEADLINE, "event log");
    },
    now: () => Date.now(),
  };
}
