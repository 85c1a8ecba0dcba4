// biome-ignore lint/style/noRestrictedImports: the shell of an entrypoint
import { WorkerEntrypoint } from "cloudflare:workers";
import type { Env } from "../../bindings.ts";
import { loggableError } from "../../loggable-error.ts";
import type { OfflineEvent } from "../../push/offline-push.ts";
import { usageOf } from "../../usage/usage-of.ts";
import { workerCalled } from "../../usage/worker-called.ts";
import { pushAtOnce } from "./push-at-once.ts";

/**
 * The part of the Worker that conversations call to push without a queue. Each call has connections of its own, so a
 * provider that hangs takes none from a conversation or from another push (I11).
 */
export class DirectPush extends WorkerEntrypoint<Env> {
  /** As `pushAtOnce`, but resolves to why it is not settled. The platform reports what rejects here as an error. */
  async push(event: OfflineEvent): Promise<string | undefined> {
    const env = workerCalled(this.env, this.ctx);
    usageOf(env).add("directPushes", 1);
    try {
      await pushAtOnce(event, env);
      return undefined;
    } catch (error) {
      return loggableError(error);
    }
  }
}
