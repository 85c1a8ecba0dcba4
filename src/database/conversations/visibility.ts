import { type SQL, sql } from "drizzle-orm";
import type { ConversationRecord } from "../../model/records.ts";
import { conversations, members } from "../schema/conversations.ts";
import type { Condition, Operands } from "../where/condition.ts";
import type { Field } from "../where/query-table.ts";
import { conversationTable } from "./fields.ts";

/**
 * Which conversations of others a client can find without knowing their id: by any condition (`anyone`), by what the
 * app set on the conversation such as its name, attributes or own columns (`described`), or none (`nobody`).
 */
export type FindOthers = "anyone" | "described" | "nobody";

/** A querying client, and what it may find. The app's server has no such bounds. */
export interface QueryingClient {
  clientId: string;
  findOthers: FindOthers;
  /** Whether non-members may see the members. */
  showMembers: boolean;
}

const field = (key: string): Field => {
  const found = conversationTable.fieldOf(key);
  if (found === undefined) throw new Error(`no field ${key}`);
  return found;
};

const [id, name, membersField] = [field("objectId"), field("name"), field("m")];
const kinds = ["tr", "sys"].map(field);
/** Mutes and the time of the last message are visible to members alone. */
const forMembers = ["mu", "lm"].map(field);
/** The members, which an app may show to everybody. */
const aboutMembers = [membersField, field("uniqueId")];

/** Whether a client is a member of the row's conversation: one step in the index of members. */
export function isMember(clientId: string): SQL {
  return sql`EXISTS (SELECT 1 FROM ${members} WHERE ${members.clientId} = ${clientId} AND ${members.conversationId} = ${conversations.id})`;
}

/** Limits a query to the conversations of a client. */
export function isOwnConversation(clientId: string): SQL {
  return sql`${conversations.id} IN (SELECT ${members.conversationId} FROM ${members} WHERE ${members.clientId} = ${clientId})`;
}

/**
 * Whether a query finds conversations that the client is not in. Otherwise it is limited to the client's own
 * conversations. That includes queries that mention fields for members alone, because the result would reveal their
 * values.
 */
export function reachesOthers(condition: Condition, asker: QueryingClient): boolean {
  if (asker.findOthers === "nobody" || mentionsHidden(condition, asker)) return false;
  return asker.findOthers === "anyone" || isDescribed(condition);
}

function mentionsHidden(condition: Condition, asker: QueryingClient): boolean {
  switch (condition.type) {
    case "every":
    case "some":
      return condition.of.some((each) => mentionsHidden(each, asker));
    case "not":
      return mentionsHidden(condition.of, asker);
    default:
      // A client knows its own memberships.
      return isHidden(condition.field, asker) && !isAboutOneself(condition, asker);
  }
}

/** Whether a field is visible to members alone. */
export function isHidden(asked: Field, asker: QueryingClient): boolean {
  if (forMembers.includes(asked)) return true;
  return aboutMembers.includes(asked) && !(asker.findOthers === "anyone" && asker.showMembers);
}

function isAboutOneself(condition: Condition, { clientId }: QueryingClient): boolean {
  if (condition.type !== "among" || condition.field !== membersField) return false;
  const { texts, ...others } = condition.values;
  return texts.every((each) => each === clientId) && isEmpty({ ...others, texts: [] });
}

/** Whether every match has a description by the app that the condition names. */
function isDescribed(condition: Condition): boolean {
  switch (condition.type) {
    case "every":
      return condition.of.some(isDescribed);
    case "some":
      return condition.of.every((each) => isDescribed(each) || isOwnChat(each));
    case "not":
      return false;
    case "among":
      if (condition.field === id) return true;
      if (condition.values.absent || !isDescription(condition.field)) return false;
      return !(kinds.includes(condition.field) && condition.values.booleans.includes(false));
    default:
      return isDescription(condition.field);
  }
}

/**
 * An alternative that matches the client's own conversations only reveals nothing about others. The members it names
 * are the client alone: see `mentionsHidden`.
 */
function isOwnChat(condition: Condition): boolean {
  if (condition.type === "every") return condition.of.some(isOwnChat);
  return condition.type === "among" && condition.field === membersField;
}

/** Fields that the app sets: the name, something in the attributes, an own column, the kind. */
function isDescription(asked: Field): boolean {
  if (asked === name || kinds.includes(asked)) return true;
  if (asked.type !== "json" || forMembers.includes(asked) || asked === membersField) return false;
  return asked.path !== "$"; // `attr` itself is always there
}

function isEmpty({ texts, numbers, booleans, dates, documents, absent }: Operands): boolean {
  return [texts, numbers, booleans, dates, documents].every((list) => list.length === 0) && !absent;
}

/**
 * A conversation as non-members see it: without mutes and the time of the last message. Its name, members and attributes
 * are for everybody who knows its id, or may find it (`security.findOthers`).
 */
export function asNonMembersSee(record: ConversationRecord): ConversationRecord {
  return { ...record, muted: [], lastMessageAt: undefined };
}

/** A conversation without its members. */
export function withoutMembers(record: ConversationRecord): ConversationRecord {
  return { ...record, members: [], uniqueId: undefined };
}
