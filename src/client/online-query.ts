import type { CommandOf } from "../protocol/commands.ts";
import * as replies from "../protocol/replies.ts";
import * as sessionReplies from "../protocol/session-replies.ts";
import type { ClientServices } from "./client-ports.ts";

const LIMIT = 100; // clients asked about at once; SDKs ask for 20 at most

/**
 * Answers which of some clients are online (B-29).
 *
 * @param isSelfOnline the state of the asking client itself, whose object runs this
 */
export async function answerOnline(
  services: ClientServices,
  self: string,
  isSelfOnline: boolean,
  { serial, clientIds }: CommandOf<"session.query">,
): Promise<Uint8Array> {
  const asked = [...new Set(clientIds)];
  if (asked.length > LIMIT) {
    return replies.errorReply(serial, "INTERNAL_ERROR", { detail: `at most ${LIMIT} clients at once` });
  }
  const online = new Set(await services.online(asked.filter((clientId) => clientId !== self)));
  if (isSelfOnline) online.add(self);
  return sessionReplies.onlineClients(
    serial,
    asked.filter((clientId) => online.has(clientId)),
  );
}
