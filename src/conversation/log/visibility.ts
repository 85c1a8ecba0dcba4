import type { MessageRecord } from "../../model/records.ts";
import type { Settings } from "../../settings/schema.ts";
import { DELETED } from "./message-rows.ts";

/** Which messages a client may see: as rules, and as conditions on the rows of the log. */

/** Whether a message is visible to a client: not deleted, and the client's own or addressed to it. */
export function isVisibleTo(clientId: string, { deleted, from, recipients }: MessageRecord): boolean {
  return !deleted && (from === clientId || recipients === undefined || recipients.includes(clientId));
}

/** Whether a new message goes to a client; the sender's own devices may be left out. */
export function isDeliveredTo(clientId: string, message: MessageRecord): boolean {
  return isVisibleTo(clientId, message) && !(message.noSync === true && message.from === clientId);
}

/** The time (ms) from which a member sees messages: the beginning, or when they joined, as the app has set it. */
export function historyVisibleFrom({ security }: Settings, member: { joinedAt: number }): number {
  return security.historyFrom === "joining" ? member.joinedAt : 0;
}

const NOT_DELETED = `flags & ${DELETED} = 0`;
/**
 * SQL: the message can be read: it is not deleted, nor too old. Bind the time from which messages can be (`ReadableFrom`);
 * the `+` keeps SQLite from taking that for the bound of a search, in place of a nearer one.
 */
export const READABLE = `+timestamp >= ? AND ${NOT_DELETED}`;
/**
 * SQL: the message is visible to a client, and another client sent it. Bind the client id twice. It says nothing of the
 * time.
 */
export const VISIBLE_FROM_OTHERS = `${NOT_DELETED} AND sender <> ? AND (recipients IS NULL OR ? IN (SELECT value FROM json_each(recipients)))`;
/** SQL: the message is visible to a client (`isVisibleTo`). Bind the time as above, and the client id twice. */
export const VISIBLE_TO = `${READABLE} AND (recipients IS NULL OR sender = ? OR ? IN (SELECT value FROM json_each(recipients)))`;
