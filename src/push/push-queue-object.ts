import type { Env } from "../bindings.ts";
import { readAsWritten } from "../protocol/written-number.ts";
import { QueueObject } from "../queue/queue-object.ts";
import { counted } from "../usage/counted-env.ts";
import { consumePushes } from "./consume-pushes.ts";
import type { PushWork } from "./push-work.ts";

/** A queue of pushes on a single machine: one for each provider, and one for selections. */
export class PushQueueObject extends QueueObject<PushWork, Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, counted(env), {
      batch: 10,
      attemptsMax: 101,
      consume: consumePushes,
      text: { textOf: JSON.stringify, bodyIn: readAsWritten },
      nameOf: ({ type }) => `push (${type})`,
    });
  }
}
