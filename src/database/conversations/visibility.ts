import { type SQL, sql } from "drizzle-orm";
import type { ConversationRecord } from "../../model/records.ts";
import { conversations, members } from "../schema.ts";
import type { Condition, Operands } from "../where/condition.ts";
import type { Field } from "../where/field.ts";
import { conversationTable } from "./fields.ts";

/**
 * What clients find of conversations that they are not in, by anything but the id: by any condition, by what the app
 * said of the conversation (its name, its attributes, columns of its own), or nothing.
 */
export type FindOthers = "anyone" | "described" | "nobody";

/** A client that asks, and what it may find; an app's server has no such bounds. */
export interface Asker {
  clientId: string;
  findOthers: FindOthers;
  /** Whether those who are not in a conversation are shown who is. */
  showMembers: boolean;
}

const field = (key: string): Field => {
  const found = conversationTable.fieldOf(key);
  if (found === undefined) throw new Error(`no field ${key}`);
  return found;
};

const [id, name, membersField] = [field("objectId"), field("name"), field("m")];
const kinds = ["tr", "sys"].map(field);
/** Who muted it, and when something was last said, are for members alone. */
const forMembers = ["mu", "lm"].map(field);
/** Who is in it, which an app may show to everybody. */
const aboutMembers = [membersField, field("uniqueId")];

/** Whether the asking client is in a conversation; one step in the index of who is in what. */
export function isIn(clientId: string): SQL {
  return sql`EXISTS (SELECT 1 FROM ${members} WHERE ${members.clientId} = ${clientId} AND ${members.conversationId} = ${conversations.id})`;
}

/** The conversations a client is in. */
export function isOwnConversation(clientId: string): SQL {
  return sql`${conversations.id} IN (SELECT ${members.conversationId} FROM ${members} WHERE ${members.clientId} = ${clientId})`;
}

/**
 * Whether a query finds conversations that its asker is not in. Otherwise it has to be narrowed down to those it is
 * in: also where it merely mentions what is for members, since being found or not found would tell that.
 */
export function reachesOthers(condition: Condition, asker: Asker): boolean {
  if (asker.findOthers === "nobody" || mentionsHidden(condition, asker)) return false;
  return asker.findOthers === "anyone" || isDescribed(condition);
}

function mentionsHidden(condition: Condition, asker: Asker): boolean {
  switch (condition.type) {
    case "every":
    case "some":
      return condition.of.some((each) => mentionsHidden(each, asker));
    case "not":
      return mentionsHidden(condition.of, asker);
    default:
      // Whether it is in a conversation itself, a client knows.
      return isHidden(condition.field, asker) && !isAboutOneself(condition, asker);
  }
}

/** Whether a field tells what only members may know. */
export function isHidden(asked: Field, asker: Asker): boolean {
  if (forMembers.includes(asked)) return true;
  return aboutMembers.includes(asked) && !(asker.findOthers === "anyone" && asker.showMembers);
}

function isAboutOneself(condition: Condition, { clientId }: Asker): boolean {
  if (condition.type !== "among" || condition.field !== membersField) return false;
  const { texts, ...others } = condition.values;
  return texts.every((each) => each === clientId) && isEmpty({ ...others, texts: [] });
}

/** Whether only conversations fit of which the app said something, so that it is by this that they are found. */
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

/** In an alternative, conversations that one is in oneself are no others'. Of oneself alone: see `mentionsHidden`. */
function isOwnChat(condition: Condition): boolean {
  if (condition.type === "every") return condition.of.some(isOwnChat);
  return condition.type === "among" && condition.field === membersField;
}

/** What an app says of a conversation: its name, something in its attributes, a column of its own, its kind. */
function isDescription(asked: Field): boolean {
  if (asked === name || kinds.includes(asked)) return true;
  if (asked.type !== "json" || forMembers.includes(asked) || asked === membersField) return false;
  return asked.path !== "$"; // `attr` itself is always there
}

function isEmpty({ texts, numbers, booleans, dates, documents, absent }: Operands): boolean {
  return [texts, numbers, booleans, dates, documents].every((list) => list.length === 0) && !absent;
}

/** A conversation as those see it who are not in it: not what is said in it, when, or who muted it. */
export function asNonMembersSee(record: ConversationRecord): ConversationRecord {
  return { ...record, muted: [], lastMessageAt: undefined };
}

/** The same, without who is in it. */
export function withoutMembers(record: ConversationRecord): ConversationRecord {
  return { ...record, members: [], uniqueId: undefined };
}
