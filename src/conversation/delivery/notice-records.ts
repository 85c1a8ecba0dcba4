import * as clientEvents from "../../protocol/client-events.ts";
import { noticeRecord } from "../../protocol/link-records.ts";
import type { MissedEvent } from "../notices.ts";
import type { ConversationState } from "../state.ts";
import type { NoticeRange } from "./delivery-host.ts";

/**
 * `joined` and `membersJoined` can have the same time. A session takes each time once, so the second gets this more.
 */
const SECOND = 0.5;

/** The record of a change of members or attributes for one client. */
export function changeRecord(
  state: ConversationState,
  change: Exclude<MissedEvent, { kind: "receipt" }>,
  isRepeated: boolean,
): Uint8Array {
  const { at, by, conversationId } = change;
  const notice = { conversationId, by, updatedAt: at };
  const { kind, timeToLive } = state.facts;
  switch (change.kind) {
    case "joined":
      return noticeRecord(at, isRepeated, clientEvents.joined({ ...notice, kind, timeToLive }));
    case "membersJoined":
      return noticeRecord(
        at + SECOND,
        isRepeated,
        clientEvents.membersJoined({ ...notice, members: change.members }),
      );
    case "left":
      return noticeRecord(at, isRepeated, clientEvents.left(notice));
    case "membersLeft":
      return noticeRecord(at, isRepeated, clientEvents.membersLeft({ ...notice, members: change.members }));
    case "updated": {
      const { changed, resulting } = change;
      return noticeRecord(
        at,
        isRepeated,
        clientEvents.conversationChanged({ ...notice, changed, resulting }),
      );
    }
  }
}

/** The notices for a client in a range, as records (wire §5.1). */
export function noticesOf(state: ConversationState, clientId: string, range: NoticeRange): Uint8Array[] {
  const { after, before, isRepeated } = range;
  if (state.notices.last <= after) return [];
  const query = { after, before, conversationId: state.facts.id, isMember: state.members.has(clientId) };
  return state.notices.missedBy(clientId, query).map((event) => {
    if (event.kind !== "receipt") return changeRecord(state, event, isRepeated);
    const { at, ...receipt } = event;
    return noticeRecord(at, isRepeated, clientEvents.receipt({ ...receipt, keptAt: at }));
  });
}
