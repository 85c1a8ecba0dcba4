import * as clientEvents from "../../protocol/client-events.ts";
import { noticeRecord } from "../../protocol/link-records.ts";
import * as permissionEvents from "../../protocol/permission-events.ts";
import type { MissedEvent } from "../notices.ts";
import type { ConversationState } from "../state.ts";

/**
 * A client's own notice and that for members, such as `joined` and `membersJoined`, can have the same time. A session
 * takes each time once, so the second gets this more.
 */
const AFTER_FIRST = 0.5;

/** The record of a change of members or attributes for one client. */
export function changeRecord(
  state: ConversationState,
  change: Exclude<MissedEvent, { kind: "receipt" }>,
): Uint8Array {
  const { at, by, conversationId } = change;
  const notice = { conversationId, by, updatedAt: at };
  const { kind, timeToLive } = state.facts;
  switch (change.kind) {
    case "joined":
      return noticeRecord(at, clientEvents.joined({ ...notice, kind, timeToLive }));
    case "membersJoined":
      return noticeRecord(
        at + AFTER_FIRST,
        clientEvents.membersJoined({ ...notice, members: change.members }),
      );
    case "left":
      return noticeRecord(at, clientEvents.left(notice));
    case "membersLeft":
      return noticeRecord(at, clientEvents.membersLeft({ ...notice, members: change.members }));
    case "role": {
      const { member, role, infoId } = change;
      return noticeRecord(at, permissionEvents.roleChanged({ ...notice, member, role, infoId }));
    }
    case "listed":
      return noticeRecord(at, permissionEvents.listed({ conversationId, by, at, change: change.change }));
    case "membersListed": {
      const { change: what, members } = change;
      const event = permissionEvents.membersListed({ conversationId, by, at, change: what, members });
      return noticeRecord(at + AFTER_FIRST, event);
    }
    case "updated": {
      const { changed, resulting } = change;
      return noticeRecord(at, clientEvents.conversationChanged({ ...notice, changed, resulting }));
    }
  }
}

/** The notices for a client after a time, and before another one (ms), as records (wire §5.1). */
export function noticesOf(
  state: ConversationState,
  clientId: string,
  after: number,
  before?: number,
): Uint8Array[] {
  if (state.notices.last <= after) return [];
  const isMember = state.isMember(clientId);
  const seesLists = !state.rules.isService;
  const query = { after, before, conversationId: state.facts.id, isMember, seesLists };
  return state.notices.missedBy(clientId, query).map((event) => {
    if (event.kind !== "receipt") return changeRecord(state, event);
    const { at, ...receipt } = event;
    return noticeRecord(at, clientEvents.receipt({ ...receipt, keptAt: at }));
  });
}
