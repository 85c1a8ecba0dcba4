import type { Env } from "../../bindings.ts";
import {
  addEarlySubscriptions,
  endEarlySubscription,
  WRITTEN_TO,
} from "../../database/conversations/early-subscriptions.ts";
import { withDeadline } from "../../deadline.ts";
import { loggableError } from "../../loggable-error.ts";
import { knownClients } from "../known-clients.ts";
import type { FirstLogins, ListedSubscription, SubscribingHost } from "./subscribing.ts";

const DEADLINE = 5_000; // ms for a client's object to answer
const D1_DEADLINE = 2_000; // ms

/**
 * The lists of subscriptions by client: each client's object has its own. For a client that has never logged in, D1
 * keeps it until its first login, so that no object is made for a name that nobody has.
 */
export function subscriptionLists({
  CLIENTS,
  DB,
}: Pick<Env, "CLIENTS" | "DB">): Pick<SubscribingHost, "list" | "unlist"> & FirstLogins {
  const known = knownClients(DB);
  const unlist = async (
    clientId: string,
    { conversationId, since }: ListedSubscription,
    wasWrittenTo: boolean,
  ) => {
    if (!known.has(clientId)) {
      const rest = wasWrittenTo ? "written to" : "nothing";
      const ending = endEarlySubscription(DB, { clientId, conversationId, since }, rest);
      await withDeadline(ending, D1_DEADLINE, `subscription of ${clientId}`);
      if (!(await known.mayHaveLoggedIn(clientId))) return;
    }
    const removed = CLIENTS.getByName(clientId).unsubscribe({ conversationId, since });
    await withDeadline(removed, DEADLINE, `subscription of ${clientId}`);
  };
  return {
    keepForFirstLogin: async (clientId, conversationId) => {
      const added = addEarlySubscriptions(DB, [{ clientId, conversationId, since: WRITTEN_TO }]);
      await withDeadline(added, D1_DEADLINE, `first login of ${clientId}`);
    },
    list: async (clientId, { conversationId, since }, exceptSession) => {
      // A session of the client asks, so it has logged in.
      if (exceptSession === undefined && !known.has(clientId)) {
        // Written first: a first login since then finds it.
        const added = addEarlySubscriptions(DB, [{ clientId, conversationId, since }]);
        await withDeadline(added, D1_DEADLINE, `subscription of ${clientId}`);
        if (!(await known.mayHaveLoggedIn(clientId))) return;
      }
      const listed = CLIENTS.getByName(clientId).subscribe({ conversationId, since }, exceptSession);
      await withDeadline(listed, DEADLINE, `subscription of ${clientId}`);
    },
    unlist: async (clientId, subscription, wasWrittenTo) => {
      try {
        await unlist(clientId, subscription, wasWrittenTo);
      } catch (error) {
        console.warn(
          `the list of ${clientId} still has ${subscription.conversationId}:`,
          loggableError(error),
        );
      }
    },
  };
}
