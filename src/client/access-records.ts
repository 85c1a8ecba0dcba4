import type { AccessState } from "./access-state.ts";
import type { Logouts } from "./logouts.ts";
import type { Tags } from "./tags.ts";

/** The records of a client that decide whether a login or a session token is accepted. */
export interface AccessRecords {
  tags: Tags;
  accessState: AccessState;
  logouts: Logouts;
}
