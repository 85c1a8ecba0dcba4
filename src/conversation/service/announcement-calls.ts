import { appOf } from "../../app/app.ts";
import type { Env } from "../../bindings.ts";
import { withDeadline } from "../../deadline.ts";
import { saveUnexpiredBroadcasts } from "../../settings/store.ts";
import type { AnnouncementsHost } from "./announcements.ts";

const DEADLINE = 5_000; // ms for another object or D1 to answer

/** What broadcasts to everybody need of the rest of the service. */
export function announcementCalls(
  env: Env,
): Pick<AnnouncementsHost, "saveUnexpired" | "onlineAfter" | "announce"> {
  return {
    saveUnexpired: (conversationId, broadcasts) =>
      withDeadline(
        saveUnexpiredBroadcasts(env, conversationId, broadcasts),
        DEADLINE,
        "the list of broadcasts",
      ),
    onlineAfter: (clientId, limit) =>
      withDeadline(appOf(env).onlineAfter(clientId, limit), DEADLINE, "who is online"),
    announce: (clientId, record, openedAfter) =>
      withDeadline(
        env.CLIENTS.getByName(clientId).announce(record, openedAfter),
        DEADLINE,
        `broadcast to ${clientId}`,
      ),
  };
}
