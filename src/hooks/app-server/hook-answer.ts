import type { Json } from "../../model/json.ts";

/** The result of one call to the app's server. */
export type HookAnswer =
  /** The app's server has no such hook and does not listen for such an event. */
  | { outcome: "not called" }
  /** `result` is undefined if the response was empty. */
  | { outcome: "answered"; result: Json | undefined }
  | { outcome: "failed"; failure: HookFailure; why: string };

/**
 * `unanswered`: no readable response in time; `resting`: not called, because a recent call had no response; `unable`:
 * an error that another attempt may avoid; `final`: the handler's own error, the same each time.
 */
export type HookFailure = "unanswered" | "resting" | "unable" | "final";

export function failedAnswer(failure: HookFailure, why: string): HookAnswer {
  return { outcome: "failed", failure, why };
}
