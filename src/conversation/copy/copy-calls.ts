import type { Env } from "../../bindings.ts";
import { removeEarlySubscriptions } from "../../database/conversations/early-subscriptions.ts";
import { saveRoles } from "../../database/conversations/member-infos.ts";
import { deleteConversation, saveConversation } from "../../database/conversations/save.ts";
import { archivedUpTo } from "../../database/messages/archive-progress.ts";
import { deleteMessages, saveMessages } from "../../database/messages/save.ts";
import { withDeadline } from "../../deadline.ts";
import { saveUnexpiredBroadcasts } from "../../settings/store.ts";
import type { CopyCalls } from "./outbox.ts";
import type { Removal } from "./removal.ts";

const DEADLINE = 2_500; // ms for a write to D1

/** D1 and the app's object, as a conversation's outbox calls them. Every call has a deadline and may reject. */
export function copyCallsOf(env: Env): CopyCalls & Removal {
  const { DB, APP } = env;
  const within = <T>(answer: Promise<T>, what: string) => withDeadline(answer, DEADLINE, what);
  const app = () => APP.getByName("app");
  return {
    saveConversation: (record) => within(saveConversation(DB, record), "saving a conversation to D1"),
    saveRoles: (id, roles, asOf) => within(saveRoles(DB, id, roles, asOf), "saving roles to D1"),
    archivedUpTo: (id) => within(archivedUpTo(DB, id), "reading how far D1 has history"),
    saveMessages: (id, messages, unlisted) =>
      within(saveMessages(DB, id, messages, unlisted), "saving history to D1"),
    deleteMessages: (id, times) => within(deleteMessages(DB, id, times), "deleting history from D1"),
    deleteConversation: (id) => within(deleteConversation(DB, id), "deleting a conversation from D1"),
    unlistBroadcasts: (id) => within(saveUnexpiredBroadcasts(env, id, []), "unlisting broadcasts"),
    deleteEarlySubscriptions: (id, clientIds) =>
      within(removeEarlySubscriptions(DB, id, clientIds), "deleting subscriptions from D1"),
    behind: (id, since) => within(app().archiveBehind(id, since), "reporting that history is behind"),
    caughtUp: (id) => within(app().archiveCaughtUp(id), "reporting that history caught up"),
  };
}
