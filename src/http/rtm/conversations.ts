import { type Context, Hono } from "hono";
import * as v from "valibot";
import type { Env } from "../../bindings.ts";
import { OWNERS_QUERY_LONGEST } from "../../bounds.ts";
import { knownConversations } from "../../conversation/creation/known-conversations.ts";
import { newConversation } from "../../conversation/creation/new-conversation.ts";
import {
  countConversations,
  type QueryRefusal,
  queryConversations,
} from "../../database/conversations/query.ts";
import { sliceSizeOf } from "../../database/where/owner-query-slices.ts";
import type { JsonObject } from "../../model/json.ts";
import type { ConversationRecord } from "../../model/records.ts";
import { conversationJson } from "../../protocol/conversation-json.ts";
import { toIsoTime } from "../../protocol/encode.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { INVALID_FIELD, INVALID_QUERY, isRefused, refusalOf, refuse, refused } from "../errors.ts";
import * as example from "../examples.ts";
import { mustExist } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import { type ApiResponse, type ErrorResponse, invalid, respond } from "../response.ts";
import * as schema from "../schemas.ts";
import { ownColumns } from "./own-columns.ts";

const PATH = "/1.2/rtm/conversations";
const LIMIT_DEFAULT = 100; // as the hosted service's queries have it

/** A row as queries return it (wire §4.5.3), together with the app's own columns. */
export const row = v.pipe(
  v.objectWithRest(
    {
      objectId: schema.conversationId(),
      name: v.optional(v.string()),
      c: v.optional(
        v.pipe(v.string(), v.description("Who created it; not there where the app's server did not say.")),
      ),
      m: v.optional(v.array(schema.clientId())),
      mu: v.optional(v.pipe(v.array(schema.clientId()), v.description("Who muted it."))),
      attr: v.optional(schema.anyObject()),
      unique: v.boolean(),
      uniqueId: v.optional(v.string()),
      createdAt: schema.isoTime(),
      updatedAt: schema.isoTime(),
    },
    v.unknown(),
  ),
  schema.shown({
    objectId: example.CONVERSATION,
    name: "Cheese",
    c: example.SENDER,
    m: [example.READER, example.SENDER],
    mu: [],
    attr: { holes: 3 },
    conv_type: 1,
    unique: true,
    uniqueId: "09c6a05661878de43defe4ec0e8aca24",
    createdAt: "2023-11-14T22:13:20.000Z",
    updatedAt: "2023-11-14T22:13:20.000Z",
  }),
);

/** The conversation in a path. */
export const conversationPath = v.object({ id: schema.conversationId() });

const description = v.pipe(
  v.objectWithRest(
    {
      name: v.optional(v.string()),
      m: v.optional(v.pipe(v.array(schema.clientId()), v.description("Its members.")), []),
      c: v.optional(v.pipe(schema.clientId(), v.description("Who creates it; no member by that."))),
      unique: v.optional(
        v.pipe(v.boolean(), v.description("Find the one of exactly these members, or create it.")),
        false,
      ),
      attr: v.optional(schema.anyObject()),
    },
    schema.anything(),
  ),
  schema.shown({ name: "Cheese", m: [example.SENDER, example.READER], unique: true, attr: { holes: 3 } }),
);

const changes = v.pipe(
  v.record(v.string(), schema.anything()),
  v.check((sent) => !("m" in sent), "m: is changed by adding and removing members"),
  v.check((sent) => !("mu" in sent), "mu: is changed by muting and unmuting"),
  v.description("By column or path, such as `attr.holes`: values, null, or operations on them (`__op`)."),
  schema.shown({ name: "More cheese", "attr.holes": { __op: "Increment", amount: 1 } }),
);

export const page = v.object({
  where: v.optional(
    v.pipe(schema.objectText(), v.description("Conditions, JSON."), schema.shown('{"name":"Cheese"}')),
  ),
  skip: v.optional(schema.numberText(0)),
  limit: v.optional(v.pipe(schema.numberText(), v.description(`1 to 1000; ${LIMIT_DEFAULT} without.`))),
  order: v.optional(v.pipe(v.string(), v.examples(["-lm"]))),
  count: v.optional(v.pipe(schema.flagText(true), v.description("Answer how many there are, too."))),
});

export const rows = v.object({ results: v.array(row) });

export const countedRows = v.object({
  ...rows.entries,
  count: v.optional(v.pipe(v.number(), v.integer(), v.examples([1]))),
});

/** Conversations of two and of many (http-api §2.1, A-01). */
export const conversationRoutes = new Hono<HttpEnv>()
  .post(
    PATH,
    operation({
      id: "createConversation",
      tag: "Conversations",
      summary: "Create a conversation",
      description: "With `unique`, the one that is there already is answered instead.",
      access: "master",
      answer: row,
    }),
    takes("json", description, undefined, "as written"),
    async (context) => {
      const { m: members, c: creator, unique, ...columns } = context.req.valid("json");
      const own = ownColumns(columns);
      if (typeof own === "string") return refuse(context, 400, { code: INVALID_FIELD, error: own });
      const created = await createConversation(context.env, { members, creator, unique, columns: own });
      return respond(context, "failure" in created ? created : { status: 200, body: rowOf(created) });
    },
  )
  .get(
    PATH,
    operation({
      id: "findConversations",
      tag: "Conversations",
      summary: "Find conversations",
      description: "Of two and of many. In the order they were created, where no other is asked for.",
      access: "master",
      answer: countedRows,
    }),
    takes("query", page),
    async (context) => {
      const { where = {}, ...bounds } = context.req.valid("query");
      const normal = { tr: { $ne: true }, sys: { $ne: true } };
      return findConversations(context, { where: { $and: [where, normal] }, ...bounds });
    },
  )
  .put(
    `${PATH}/:id`,
    operation({
      id: "updateConversation",
      tag: "Conversations",
      summary: "Change a conversation's columns",
      access: "master",
      answer: schema.updated,
    }),
    takes("param", conversationPath),
    takes("json", changes, "kept", "as written"),
    async (context) => {
      const { id } = context.req.valid("param");
      const own = ownColumns(context.req.valid("json"));
      if (typeof own === "string") return refuse(context, 400, { code: INVALID_FIELD, error: own });
      await mustExist(context.env, id);
      const conversation = context.env.CONVERSATIONS.getByName(id);
      const change = conversation.change(own);
      const changed = await awaitCall(change, `change of ${id}`);
      if (isRefused(changed)) return refused(context, changed);
      return context.json({ objectId: id, updatedAt: toIsoTime(changed.updatedAt) });
    },
  )
  .delete(
    `${PATH}/:id`,
    operation({
      id: "deleteConversation",
      tag: "Conversations",
      summary: "Delete a conversation",
      description: "With its history, for everybody.",
      access: "master",
      answer: schema.nothing,
    }),
    takes("param", conversationPath),
    takes("query", schema.deleting),
    (context) => removeConversation(context, context.req.valid("param").id),
  );

export interface ConversationSearch {
  where: JsonObject;
  skip?: number | undefined;
  limit?: number | undefined;
  order?: string | undefined;
  count?: boolean | undefined;
}

/** The matching rows, oldest first by default: pages in that order stay stable while messages arrive. */
export async function findRows(env: Env, asked: ConversationSearch): Promise<ApiResponse> {
  const { where, skip, limit = LIMIT_DEFAULT, order = "createdAt", count = false } = asked;
  const counting = count
    ? await awaitCall(
        countConversations(env.DB, where, sliceSizeOf(env)),
        "counting conversations",
        OWNERS_QUERY_LONGEST,
      )
    : 0;
  if (typeof counting !== "number") return unreadable(counting);
  // SDKs request only the count with limit 0. Otherwise a limit below 1 is out of range.
  const wanted = limit < 1 && !(count && limit === 0) ? LIMIT_DEFAULT : limit;
  const query = { where, skip, limit: wanted, sort: order };
  const found = await awaitCall(
    queryConversations(env.DB, { ...query, clientId: "", withLastMessage: false }, sliceSizeOf(env)),
    "querying conversations",
    OWNERS_QUERY_LONGEST,
  );
  if ("refused" in found) return unreadable(found);
  const results = found.map(({ conversation }) => rowOf(conversation));
  return { status: 200, body: { results, ...(count && { count: counting }) } };
}

export const findConversations = async (
  context: Context<HttpEnv>,
  asked: ConversationSearch,
): Promise<Response> => respond(context, await findRows(context.env, asked));

// SDKs read the code in the detail; here it has a field of its own.
const unreadable = ({ detail }: QueryRefusal) => invalid(INVALID_QUERY, detail.replace(/^102: /, ""));

/** Creates a conversation, or finds the unique one. */
export async function createConversation(
  env: Env,
  wanted: { members: string[]; creator: string | undefined; unique: boolean; columns: JsonObject },
): Promise<ConversationRecord | ErrorResponse> {
  const { members, creator = "", unique, columns } = wanted;
  if (unique && members.length === 0) {
    return invalid(INVALID_FIELD, "m: a unique conversation needs members");
  }
  const { APP_ID: appId, CONVERSATIONS } = env;
  const { limits } = await settingsOf(env).get();
  const record = await newConversation(
    { creator, members, unique, columns },
    { appId, limits, now: Date.now() },
  );
  if (isRefused(record)) return refusalOf(record);
  const start = CONVERSATIONS.getByName(record.id).start(record, "server");
  const { conversation } = await awaitCall(start, `start of ${record.id}`);
  knownConversations(env).add(record.id);
  return conversation;
}

/** Deletes a conversation, with its history, for everybody. */
export async function removeConversation(context: Context<HttpEnv>, id: string): Promise<Response> {
  await mustExist(context.env, id);
  const conversation = context.env.CONVERSATIONS.getByName(id);
  const removed = await awaitCall(conversation.remove(), `removal of ${id}`);
  return isRefused(removed) ? refused(context, removed) : context.json({});
}

export function rowOf(conversation: ConversationRecord): JsonObject {
  return conversationJson(conversation, { compact: false });
}
