import type { Env } from "../bindings.ts";
import {
  archivedUpTo,
  deleteConversation,
  deleteMessages,
  saveConversation,
  saveMessages,
} from "../database/conversation-copy.ts";
import { withDeadline } from "../deadline.ts";
import type { Archive } from "./outbox.ts";
import type { Removal } from "./removal.ts";

const DEADLINE = 2_500; // ms for a write to D1

/** D1 and the app's object, as a conversation's outbox calls them. Every call has a deadline and may reject. */
export function archiveOf({ DB, APP }: Env): Archive & Removal {
  const within = <T>(answer: Promise<T>, what: string) => withDeadline(answer, DEADLINE, what);
  const app = () => APP.getByName("app");
  return {
    saveConversation: (record) => within(saveConversation(DB, record), "saving a conversation to D1"),
    archivedUpTo: (id) => within(archivedUpTo(DB, id), "asking D1 how far history goes"),
    saveMessages: (id, messages) => within(saveMessages(DB, id, messages), "saving history to D1"),
    deleteMessages: (id, times) => within(deleteMessages(DB, id, times), "taking history out of D1"),
    deleteConversation: (id) => within(deleteConversation(DB, id), "taking a conversation out of D1"),
    behind: (id, since) => within(app().archiveBehind(id, since), "telling that history is behind"),
    caughtUp: (id) => within(app().archiveCaughtUp(id), "telling that history caught up"),
  };
}
