import type { Env } from "../bindings.ts";
import { incrementBadges } from "../database/installations/installations.ts";
import { selectInstallations } from "../database/installations/query.ts";
import { addCounts, settleNotification } from "../database/notifications.ts";
import { sliceSizeOf } from "../database/where/owner-query-slices.ts";
import { withDeadline } from "../deadline.ts";
import { settingsOf } from "../settings/store.ts";
import { type ProvidersEnv, providersOf } from "./providers.ts";
import { pushQueueOf } from "./push-queue.ts";
import { pushesOf } from "./push-stub.ts";
import type { Selection } from "./push-work.ts";
import { selectPage } from "./selection.ts";

/** The deadline of D1, the queue or an object for one step (ms). */
const DEADLINE = 10_000;

export type SelectionEnv = ProvidersEnv &
  Pick<Env, "DB" | "METRICS" | "APP" | "PUSHES" | "PUSH_QUEUE" | "SINGLE_MACHINE">;

/** Finds a page of a notification's devices and queues its deliveries. Rejects if it has to be repeated. */
export async function runSelection(selection: Selection, env: SelectionEnv): Promise<void> {
  const { DB } = env;
  const settings = await settingsOf(env).fresh();
  // Older settings may have no providers, and the notification would end without having been sent.
  if (settings === undefined) throw new Error("the settings are not known");
  const providers = providersOf(env, settings);
  const pushes = pushesOf(env);
  await selectPage(selection, {
    providers,
    notification: (number) => inTime(pushes.notification(number), "a notification"),
    installations: (page) => inTime(selectInstallations(DB, page, sliceSizeOf(env)), "installations"),
    incrementBadges: (ids) => inTime(incrementBadges(DB, ids), "badges"),
    queue: async (work) => {
      const messages = work.map((body) => ({ body, contentType: "v8" as const }));
      await inTime(pushQueueOf(env).sendBatch(messages), "queue of pushes");
    },
    remove: (number) => inTime(pushes.remove(number), "a notification's end"),
    record: {
      counted: (id, counts) => inTime(addCounts(DB, id, counts), "a notification's record"),
      settle: (id, state) => inTime(settleNotification(DB, id, state), "a notification's record"),
    },
    now: () => Date.now(),
  });
}

function inTime<T>(answer: Promise<T>, what: string): Promise<T> {
  return withDeadline(answer, DEADLINE, what);
}
