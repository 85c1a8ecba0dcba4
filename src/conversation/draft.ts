import type { MessageRecord } from "../model/records.ts";
import type { PushPolicy } from "../protocol/commands.ts";
import { newMessageId } from "./ids.ts";
import type { Approved } from "./policy.ts";

/** A message before it has its place. */
export interface Draft {
  from: string;
  /** The session it comes from; `NOBODY` over HTTP. */
  origin: number;
  content: string | Uint8Array;
  receipt: boolean;
  mentionAll: boolean;
  mentions: string[];
  dedupeToken: string | undefined;
  /** JSON, for who is offline. */
  pushData: string | undefined;
  /** Whether it may be pushed to who is offline, as far as is known here. */
  isPushed: boolean;
  address: string | undefined;
  /** Whom it is for; everybody where undefined. */
  recipients: string[] | undefined;
  /** Leave out the sender's own devices (http-api §2.2). */
  noSync: boolean;
  /** Why it is not what its sender wrote: he has to be told (M-18). */
  changed: { code: number; detail: string } | undefined;
}

/** What of a message only comes about later, or by the word of the app. */
export const UNCHANGED = {
  patchedAt: undefined,
  recalled: false,
  recipients: undefined,
  address: undefined,
  deleted: false,
};

/** The message that a draft becomes at its place. */
export function messageOf(draft: Draft, timestamp: number): MessageRecord {
  const { from, content, mentionAll, mentions, receipt, recipients, noSync, address } = draft;
  return {
    ...{ timestamp, id: newMessageId(timestamp), from, content, mentionAll, mentions, receipt },
    ...{ ...UNCHANGED, recipients, noSync, address },
  };
}

/** Whether a message may be pushed to who is offline (P-01, P-08). */
export function isPushedBy(policy: PushPolicy, pushData: string | undefined): boolean {
  return policy === "always" || (policy === "with data" && pushData !== undefined);
}

/** What the app's policy did to a message, if its sender has to hear of it. */
export function changeOf({ content, reason }: Approved): Draft["changed"] {
  return content === undefined ? undefined : (reason ?? { code: 0, detail: "" });
}
