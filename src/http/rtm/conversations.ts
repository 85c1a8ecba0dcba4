import type { Context } from "hono";
import * as v from "valibot";
import type { Env } from "../../bindings.ts";
import { OWNERS_QUERY_LONGEST } from "../../bounds.ts";
import { conversationOf } from "../../conversation/conversation-of.ts";
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
import { TemporaryIds } from "../../protocol/temporary-ids.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { INVALID_FIELD, INVALID_QUERY, isRefused, refusalOf, refused } from "../errors.ts";
import * as example from "../examples.ts";
import { mustBe } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { type ApiResponse, type ErrorResponse, invalid, respond } from "../response.ts";
import * as schema from "../schemas.ts";

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

export const description = v.pipe(
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

export const changes = v.pipe(
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

/** The refusal of a query. SDKs read the code in the detail; here it has a field of its own. */
export const unreadable = ({ detail }: QueryRefusal) => invalid(INVALID_QUERY, detail.replace(/^102: /, ""));

/** Creates a conversation, or finds the unique one. */
export async function createConversation(
  env: Env,
  wanted: {
    kind: ConversationRecord["kind"];
    members: string[];
    creator: string | undefined;
    unique: boolean;
    columns: JsonObject;
  },
): Promise<ConversationRecord | ErrorResponse> {
  const { kind, members, creator = "", unique, columns } = wanted;
  if (kind === "normal" && unique && members.length === 0) {
    return invalid(INVALID_FIELD, "m: a unique conversation needs members");
  }
  const { APP_ID: appId, MASTER_KEY: masterKey } = env;
  const { limits } = await settingsOf(env).get();
  const record = await newConversation(
    { kind, creator, members, unique, columns, timeToLive: undefined },
    { appId, temporaryIds: new TemporaryIds(appId, masterKey), limits, now: Date.now() },
  );
  if (isRefused(record)) return refusalOf(record);
  const start = conversationOf(env, record.id).start(record, "server");
  const { conversation } = await awaitCall(start, `start of ${record.id}`);
  knownConversations(env).add(conversation);
  return conversation;
}

/** Deletes a conversation, with its history, for everybody. */
export async function removeConversation(
  context: Context<HttpEnv>,
  id: string,
  kind: ConversationRecord["kind"],
): Promise<Response> {
  await mustBe(context.env, id, kind);
  const conversation = conversationOf(context.env, id);
  const removed = await awaitCall(conversation.remove(), `removal of ${id}`);
  return isRefused(removed) ? refused(context, removed) : context.json({});
}

export function rowOf(conversation: ConversationRecord): JsonObject {
  return conversationJson(conversation, { compact: false });
}
