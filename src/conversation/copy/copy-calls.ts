import { appOf } from "../../app/app.ts";
import type { Env } from "../../bindings.ts";
import { removeEarlySubscriptions } from "../../database/conversations/early-subscriptions.ts";
import { saveRoles } from "../../database/conversations/member-infos.ts";
import { deleteConversation, saveConversation } from "../../database/conversations/save.ts";
import { adoptedArchive } from "../../database/messages/archive.ts";
import { archivedUpTo } from "../../database/messages/archive-progress.ts";
import { deleteMessages, endArchive, type MessagePlace, saveMessages } from "../../database/messages/save.ts";
import { withDeadline } from "../../deadline.ts";
import type { MessageRecord } from "../../model/records.ts";
import { archivedFrom } from "../../settings/archived-from.ts";
import { saveUnexpiredBroadcasts } from "../../settings/store.ts";
import type { CopiedPart, CopyCalls } from "./outbox.ts";
import type { Removal } from "./removal.ts";

const DEADLINE = 2_500; // ms for a write to D1

/** D1 and the app's object, as a conversation's outbox calls them. Every call has a deadline and may reject. */
export function copyCallsOf(env: Env): CopyCalls & Removal {
  const { DB } = env;
  const save = async (id: string, records: MessageRecord[], copy: CopiedPart) =>
    saveMessages(await adoptedArchive(env), id, records, { ...copy, since: await archivedFrom(env) });
  // Both may be repeated; no late write comes after the first.
  const remove = async (id: string) => {
    await endArchive(await adoptedArchive(env), id);
    await deleteConversation(DB, id);
  };
  const removeMessages = async (id: string, places: readonly MessagePlace[]) =>
    deleteMessages(await adoptedArchive(env), id, places);
  const within = <T>(answer: Promise<T>, what: string) => withDeadline(answer, DEADLINE, what);
  const app = appOf(env);
  return {
    saveConversation: (record) => within(saveConversation(DB, record), "saving a conversation to D1"),
    saveRoles: (id, roles, asOf) => within(saveRoles(DB, id, roles, asOf), "saving roles to D1"),
    archivedUpTo: (id) => within(archivedUpTo(DB, id), "reading how far D1 has history"),
    saveMessages: (id, messages, copy) => within(save(id, messages, copy), "saving history to D1"),
    deleteMessages: (id, places) => within(removeMessages(id, places), "deleting history from D1"),
    deleteConversation: (id) => within(remove(id), "deleting a conversation from D1"),
    unlistBroadcasts: (id) => within(saveUnexpiredBroadcasts(env, id, []), "unlisting broadcasts"),
    deleteEarlySubscriptions: (id, clientIds) =>
      within(removeEarlySubscriptions(DB, id, clientIds), "deleting subscriptions from D1"),
    behind: (id, since) => within(app.archiveBehind(id, since), "reporting that history is behind"),
    caughtUp: (id) => within(app.archiveCaughtUp(id), "reporting that history caught up"),
  };
}
