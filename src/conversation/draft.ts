import type { MessageRecord } from "../history/records.ts";
import { newMessageId } from "./ids.ts";
import type { Supervised } from "./supervision.ts";

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
  pushData: string | undefined;
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

/** What the app's say did to a message, if its sender has to hear of it. */
export function changeOf({ content, reason }: Supervised): Draft["changed"] {
  return content === undefined ? undefined : (reason ?? { code: 0, detail: "" });
}
