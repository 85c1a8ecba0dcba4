import type { Json } from "../model/json.ts";

/** What became of one call to the app's server. */
export type HookAnswer =
  /** It has no such hook and does not listen for such an event. */
  | { outcome: "not asked" }
  /** `result` is undefined where it said nothing. */
  | { outcome: "answered"; result: Json | undefined }
  | { outcome: "failed"; failure: HookFailure; why: string };

/**
 * `unanswered`: nothing came in time, or nothing that can be read; `resting`: not called, since nothing came a moment
 * ago; `unable`: an answer that another attempt may change; `final`: the handler's own error, the same each time.
 */
export type HookFailure = "unanswered" | "resting" | "unable" | "final";

export function failedAnswer(failure: HookFailure, why: string): HookAnswer {
  return { outcome: "failed", failure, why };
}
