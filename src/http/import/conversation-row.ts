import * as v from "valibot";
import type { ImportedConversation } from "../../conversation/import/import-conversation.ts";
import { isReserved } from "../../conversation/membership/attributes.ts";
import { isConversationId, uniqueIdOf } from "../../conversation/messages/ids.ts";
import { isClientId } from "../../model/client-id.ts";
import { isObject, type Json, type JsonObject } from "../../model/json.ts";
import { anyTime, CLOCKS_DIFFER, parsed } from "./imported-rows.ts";

/** Members of one conversation: more than the hosted service took. */
const MEMBERS_MAX = 10_000;
/** Characters of JSON of all that is the app's own. */
const COLUMNS_MAX = 512 * 1024;

const clientIds = v.pipe(
  v.array(v.pipe(v.string(), v.check(isClientId, "must be client ids")), "must be a list"),
  v.maxLength(MEMBERS_MAX, `must have at most ${MEMBERS_MAX} entries`),
);

const conversationRow = v.looseObject({
  objectId: v.pipe(v.string("must be an id"), v.check(isConversationId, "must be a conversation's id")),
  m: v.nullish(clientIds, []),
  mu: v.nullish(clientIds, []),
  c: v.nullish(v.string("must be a client id"), ""),
  name: v.nullish(v.string("must be a text")),
  attr: v.nullish(v.custom<JsonObject>(isObject, "must be an object"), {}),
  unique: v.nullish(v.boolean("must be true or false"), false),
  uniqueId: v.nullish(v.string("must be a text")),
  tr: v.nullish(v.boolean(), false),
  sys: v.nullish(v.boolean(), false),
  createdAt: anyTime(),
  updatedAt: anyTime(),
  lm: v.nullish(anyTime()),
});

/**
 * A row of the class `_Conversation` as the hosted service exports it (http-api §12), or why it is refused.
 *
 * @param now ms; what is in the future is taken for now
 */
export async function readConversationRow(row: Json, now: number): Promise<ImportedConversation | string> {
  const read = parsed(conversationRow, row);
  if (typeof read === "string") return read;
  const { objectId, m, mu, c, name, attr, uniqueId, createdAt, lm } = read;
  if (lm && lm > now + CLOCKS_DIFFER) return "lm: is in the future";
  const columns = ownColumns(row);
  if (JSON.stringify([name, attr, columns]).length > COLUMNS_MAX)
    return `the columns are longer than ${COLUMNS_MAX} characters`;
  const kind = kindOf(read);
  // Nobody is a member of a room, and no members find it. Who is subscribed to a service comes in a list of its own.
  const members = kind === "normal" ? [...new Set(m)].toSorted() : [];
  const unique = read.unique && kind === "normal";
  const digest = unique ? await uniqueIdOf(members) : undefined;
  const isUniqueOfMembers = unique && members.length > 0 && (uniqueId ?? digest) === digest;
  return {
    isUniqueOfMembers,
    record: {
      id: objectId,
      kind,
      name: name ?? undefined,
      creator: c ?? "",
      members,
      muted: [...new Set(mu)].filter((clientId) => members.includes(clientId)),
      attributes: attr ?? {},
      columns,
      unique,
      uniqueId: kind === "normal" ? (uniqueId ?? digest) : undefined,
      createdAt: Math.min(createdAt, now),
      updatedAt: Math.min(read.updatedAt, now),
      lastMessageAt: lm || undefined,
      timeToLive: undefined,
    },
  };
}

function kindOf({ tr, sys }: { tr: boolean | null | undefined; sys: boolean | null | undefined }) {
  if (tr) return "room";
  return sys ? "system" : "normal";
}

/** Columns that are the app's own. They are kept whatever they are called, for apps have queried them. */
function ownColumns(row: Json): JsonObject {
  if (!isObject(row)) return {};
  const isOwn = (name: string) => name !== "name" && name !== "attr" && !isReserved(name);
  return Object.fromEntries(Object.entries(row).filter(([name, value]) => isOwn(name) && value !== null));
}
