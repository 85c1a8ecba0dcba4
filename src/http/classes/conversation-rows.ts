import * as v from "valibot";
import type { Env } from "../../bindings.ts";
import { conversationOf } from "../../conversation/conversation-of.ts";
import type { ListChange, RowChange } from "../../conversation/server-calls.ts";
import type { JsonObject } from "../../model/json.ts";
import { toIsoTime } from "../../protocol/encode.ts";
import { INVALID_FIELD, INVALID_QUERY, refusalOf } from "../errors.ts";
import * as example from "../examples.ts";
import { mayExist } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { type ApiResponse, invalid, notThere } from "../response.ts";
import { type ConversationSearch, createConversation, findRows, rowOf } from "../rtm/conversations.ts";
import { ownColumns } from "../rtm/own-columns.ts";
import { servedKindOf } from "../rtm/served-kinds.ts";
import * as schema from "../schemas.ts";

/** The operations on the class `_Conversation`, for single requests and for parts of a batch (B-19, http-api §4). */

const NOT_FOUND = { refused: "CONVERSATION_NOT_FOUND" } as const;

/** A condition was not met: the storage API's code and sentence. */
const UNMET = invalid(305, "No effect on updating/deleting a document.");

/** A list, or an operation on the existing list, which SDKs send that track changes. */
const listChange = v.union(
  [
    v.array(schema.clientId()),
    v.object({ __op: v.picklist(["Add", "AddUnique", "Remove"]), objects: v.array(schema.clientId()) }),
  ],
  "must be a list of client ids, or Add, AddUnique or Remove with objects",
);

export const rowDescription = v.pipe(
  v.objectWithRest(
    {
      m: v.optional(listChange, []),
      mu: v.optional(v.pipe(listChange, v.description("Which of them muted it."))),
      c: v.optional(schema.clientId()),
      unique: v.optional(v.boolean("must be true or false"), false),
    },
    schema.anything(),
  ),
  schema.shown({ name: "Cheese", m: [example.SENDER, example.READER] }),
);

export const rowChanges = v.pipe(
  v.objectWithRest({ m: v.optional(listChange), mu: v.optional(listChange) }, schema.anything()),
  schema.shown({ m: { __op: "AddUnique", objects: [example.READER] }, mu: [example.READER] }),
);

const fetching = {
  fetchWhenSave: v.optional(v.pipe(schema.flagText(true), v.description("Answer the whole row."))),
  new: v.optional(v.pipe(schema.flagText(true), v.description("The same."))),
};

export const createOptions = v.object(fetching);

export const updateOptions = v.object({
  ...fetching,
  where: v.optional(
    v.pipe(
      schema.objectText(),
      v.description("Change nothing, with 305, unless the row fits it at that moment."),
      schema.shown('{"name":"Cheese"}'),
    ),
  ),
});

/** `keys` and `include` select fields elsewhere; here rows are always complete. */
export const readOptions = {
  keys: v.optional(v.string()),
  include: v.optional(v.string()),
  returnACL: v.optional(v.string()),
};

export const searchOptions = v.object({
  where: v.optional(
    v.pipe(schema.objectText(), v.description("Conditions, JSON."), schema.shown('{"name":"Cheese"}')),
  ),
  order: v.optional(v.pipe(v.string(), v.examples(["-lm"]))),
  limit: v.optional(v.pipe(schema.numberText(), v.description("1 to 1000; 100 without."))),
  skip: v.optional(schema.numberText(0)),
  count: v.optional(v.pipe(schema.flagText(true), v.description("Answer how many there are, too."))),
  ...readOptions,
});

/** A condition that every row meets. It means "all"; no condition would mean "mine". */
const EVERY = { objectId: { $exists: true } };

type Written = v.InferOutput<typeof rowDescription>;

export async function createRow(
  env: Env,
  { m, mu, c: creator, unique, ...rest }: Written,
): Promise<ApiResponse> {
  const { kind } = servedKindOf(rest);
  const columns = ownColumns(rest, kind);
  if (typeof columns === "string") return invalid(INVALID_FIELD, columns);
  const [members, muted] = [listOf(m), mu === undefined ? [] : listOf(mu)];
  if (members === undefined) return invalid(INVALID_FIELD, "m: there is nobody to remove yet");
  if (muted === undefined) return invalid(INVALID_FIELD, "mu: there is nobody to remove yet");
  const stranger = muted.find((clientId) => !members.includes(clientId));
  if (stranger !== undefined) return notMember(stranger);
  const created = await createConversation(env, { kind, members, creator, unique, columns });
  if ("failure" in created) return created;
  if (muted.length === 0) return { status: 200, body: rowOf(created) };
  const change = { members: undefined, muted: { to: "add" as const, clientIds: muted } };
  return applyChange(env, created.id, { ...change, columns: {}, where: undefined }, true);
}

/** The matching rows, oldest first by default, and their number if requested. */
export async function searchRows(
  env: Env,
  asked: Omit<ConversationSearch, "where"> & { where?: JsonObject | undefined },
): Promise<ApiResponse> {
  const { where = {} } = asked;
  return findRows(env, { ...asked, where: Object.keys(where).length === 0 ? EVERY : where });
}

export async function readRow(env: Env, id: string): Promise<ApiResponse> {
  const exists = await mayExist(env, id);
  const found =
    exists &&
    (await awaitCall(
      conversationOf(env, id).describe(undefined, { lastMessage: false, sinceJoining: false }),
      `describing ${id}`,
    ));
  return !found ? notThere : { status: 200, body: rowOf(found.conversation) };
}

export async function updateRow(
  env: Env,
  id: string,
  { m, mu, ...rest }: v.InferOutput<typeof rowChanges>,
  { where, fetchWhenSave = false, new: fresh = false }: v.InferOutput<typeof updateOptions> = {},
): Promise<ApiResponse> {
  const columns = ownColumns(rest);
  if (typeof columns === "string") return invalid(INVALID_FIELD, columns);
  const change = { members: changeOf(m), muted: changeOf(mu), columns, where };
  return applyChange(env, id, change, fetchWhenSave || fresh);
}

async function applyChange(env: Env, id: string, change: RowChange, full: boolean): Promise<ApiResponse> {
  if (!(await mayExist(env, id))) return refusalOf(NOT_FOUND);
  const outcome = await awaitCall(conversationOf(env, id).changeRow(change), `change of ${id}`);
  if ("unmet" in outcome) return UNMET;
  if ("notMember" in outcome) return notMember(outcome.notMember);
  if ("refused" in outcome && outcome.refused === "CONVERSATION_QUERY_FAILED")
    return invalid(INVALID_QUERY, (outcome.detail ?? "").replace(/^102: /, ""));
  if ("refused" in outcome) return refusalOf(outcome);
  const { conversation } = outcome;
  const short = { objectId: id, updatedAt: toIsoTime(conversation.updatedAt) };
  return { status: 200, body: full ? rowOf(conversation) : short };
}

export async function removeRow(env: Env, id: string): Promise<ApiResponse> {
  if (!(await mayExist(env, id))) return refusalOf(NOT_FOUND);
  const removed = await awaitCall(conversationOf(env, id).remove(), `removal of ${id}`);
  return removed === undefined ? { status: 200, body: {} } : refusalOf(removed);
}

const notMember = (clientId: string) =>
  invalid(INVALID_FIELD, `mu: ${clientId} is no member, and only members mute`);

type Listed = v.InferOutput<typeof listChange>;

/** The list that a change creates from nothing; undefined for a removal. */
function listOf(change: Listed): string[] | undefined {
  if (Array.isArray(change)) return change;
  return change.__op === "Remove" ? undefined : change.objects;
}

function changeOf(change: Listed | undefined): ListChange | undefined {
  if (change === undefined) return undefined;
  if (Array.isArray(change)) return { to: "set", clientIds: change };
  return { to: change.__op === "Remove" ? "remove" : "add", clientIds: change.objects };
}
