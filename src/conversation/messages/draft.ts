import { IMPORT_PLACES } from "../../bounds.ts";
import type { TheirMessage } from "../../mirror/hosted-app.ts";
import type { Priority } from "../../model/priority.ts";
import type { MessageRecord } from "../../model/records.ts";
import type { PushPolicy } from "../../protocol/commands.ts";
import type { Approved, ChangedBy } from "../policy.ts";
import type { Broadcast } from "../service/service-state.ts";
import { newMessageId } from "./ids.ts";

/** A message that is not in the log yet. */
export interface Draft {
  from: string;
  /** The session it comes from; `NO_ORIGIN` over HTTP. */
  origin: number;
  content: string | Uint8Array;
  receipt: boolean;
  mentionAll: boolean;
  mentions: string[];
  priority: Priority;
  dedupeToken: string | undefined;
  /** JSON of the notification for offline recipients. */
  pushData: string | undefined;
  /** Whether the message may be pushed to offline recipients, as far as is known here. */
  isPushed: boolean;
  address: string | undefined;
  /** The recipients; everybody if undefined. */
  recipients: string[] | undefined;
  /** Of a service: who a broadcast is for; undefined if the recipients are named. */
  broadcast?: Broadcast;
  /** Whether the sender's own devices are left out (http-api §2.2). */
  noSync: boolean;
  /** Its id and time where it was sent first, for a message that comes from LeanCloud. */
  sentThere?: TheirMessage;
  /** Why the policy changed the message; its sender must be notified (M-18). */
  changed: { code: number; detail: string } | undefined;
  changedBy?: ChangedBy | undefined;
}

/** Fields of a message that are only set later, or by the app's server. */
export const UNCHANGED = {
  patchedAt: undefined,
  recalled: false,
  recipients: undefined,
  address: undefined,
  deleted: false,
};

/** The message that a draft becomes at its timestamp. */
export function messageOf(draft: Draft, timestamp: number): MessageRecord {
  const { from, content, mentionAll, mentions, receipt, recipients, noSync, address, sentThere } = draft;
  return {
    timestamp,
    id: sentThere?.id ?? newMessageId(timestamp),
    from,
    content,
    mentionAll,
    mentions,
    receipt,
    ...UNCHANGED,
    recipients,
    noSync,
    address,
    ...(sentThere === undefined ? {} : timeThere(sentThere, timestamp)),
  };
}

/** The time at which a message was sent, if its place is another one, but near enough for it to be found by that time. */
function timeThere({ sentAt }: TheirMessage, place: number): Pick<MessageRecord, "sentAt"> {
  return sentAt < place && place <= sentAt + IMPORT_PLACES ? { sentAt } : {};
}

/** Whether a message may be pushed to offline recipients (P-01, P-08). */
export function isPushedBy(policy: PushPolicy, pushData: string | undefined): boolean {
  return policy === "always" || (policy === "with data" && pushData !== undefined);
}

/** The policy's change of a message, if its sender must be notified of it. */
export function changeOf({ content, reason }: Approved): Draft["changed"] {
  return content === undefined ? undefined : (reason ?? { code: 0, detail: "" });
}
