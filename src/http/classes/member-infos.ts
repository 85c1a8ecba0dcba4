import { type Context, Hono } from "hono";
import * as v from "valibot";
import { OWNERS_QUERY_LONGEST } from "../../bounds.ts";
import { conversationOf } from "../../conversation/conversation-of.ts";
import {
  countMemberInfos,
  findMemberInfos,
  type MemberInfo,
} from "../../database/conversations/member-infos.ts";
import { sliceSizeOf } from "../../database/where/owner-query-slices.ts";
import { isQueryRefusal, type QueryRefusal } from "../../database/where/query-refusal.ts";
import { isObject, type JsonObject } from "../../model/json.ts";
import { toIsoTime } from "../../protocol/encode.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { failures, INVALID_QUERY, isRefused, refuse, refused } from "../errors.ts";
import * as example from "../examples.ts";
import { mustExist } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { identify, operation, takes } from "../operation.ts";
import { invalid, respond } from "../response.ts";
import { pageOf } from "../rtm/member-infos.ts";
import * as schema from "../schemas.ts";
import { tokenProblem } from "../token-problem.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
const SKIP_MAX = 100_000;

const answer = v.pipe(
  v.object({
    results: v.array(
      v.object({
        objectId: v.string(),
        cid: schema.conversationId(),
        clientId: schema.clientId(),
        peerId: v.pipe(schema.clientId(), v.description("The same, for Java.")),
        role: v.string(),
        createdAt: schema.isoTime(),
        updatedAt: schema.isoTime(),
      }),
    ),
    count: v.optional(v.pipe(v.number(), v.integer())),
  }),
  schema.shown({
    results: [
      {
        objectId: example.ROLE,
        cid: example.CONVERSATION,
        clientId: example.READER,
        peerId: example.READER,
        role: "Manager",
        createdAt: "2023-11-14T22:13:20.000Z",
        updatedAt: "2023-11-14T22:13:20.000Z",
      },
    ],
  }),
);

const query = v.looseObject({
  client_id: v.optional(v.pipe(schema.clientId(example.READER), v.description("Whose session token it is."))),
  cid: v.optional(v.pipe(schema.conversationId(), v.description("C#: in place of `where`."))),
  where: v.optional(
    v.pipe(
      schema.objectText(),
      v.description("Conditions, JSON. With a session token, `cid` and one client at most."),
      schema.shown(`{"cid":"${example.CONVERSATION}"}`),
    ),
  ),
  order: v.optional(v.pipe(v.string(), v.examples(["objectId"]))),
  limit: v.optional(v.pipe(schema.numberText(), v.description("0 to 1000; 100 without."))),
  skip: v.optional(schema.numberText(0)),
  count: v.optional(v.pipe(schema.flagText(true), v.description("Answer how many there are, too."))),
});

type Asked = v.InferOutput<typeof query>;

/** `_ConversationMemberInfo`, as SDKs ask for the roles in a conversation, and as an owner reads the class. */
export const memberInfoClassRoutes = new Hono<HttpEnv>().get(
  "/1.1/classes/_ConversationMemberInfo",
  operation({
    id: "listMemberRoles",
    tag: "SDKs",
    summary: "List roles of members",
    description:
      "With a session token of `client_id`, those of a conversation that they are in; none while roles are off. With " +
      "the master key, all.",
    access: "anyone",
    answer,
    headers: [{ name: "X-LC-IM-Session-Token", description: "From the login.", example: "the-token" }],
  }),
  takes("query", query),
  async (context) => {
    const asked = context.req.valid("query");
    if ((await identify(context)) === "master") return answerOwner(context, asked);
    const token = context.req.header("X-LC-IM-Session-Token");
    const { client_id: clientId } = asked;
    if (token === undefined || clientId === undefined) return refuse(context, 401, failures.unauthorized);
    const forged = await tokenProblem(context.env, clientId, token);
    if (forged !== undefined) return refused(context, forged);
    const checking = context.env.CLIENTS.getByName(clientId).checkToken(clientId, token);
    const problem = await awaitCall(checking, `token of ${clientId}`);
    return problem === undefined ? answerMember(context, clientId, asked) : refused(context, problem);
  },
);

/** From the conversation itself, so that a role shows as soon as it is given. */
async function answerMember(context: Context<HttpEnv>, viewer: string, asked: Asked): Promise<Response> {
  const wanted = conditionsOf(asked);
  if (wanted === undefined) {
    const error = "where: with a session token, a `cid` and one client at most";
    return refuse(context, 400, { code: INVALID_QUERY, error });
  }
  const { cid, clientId } = wanted;
  if (!(await settingsOf(context.env).get()).security.memberRoles) return context.json({ results: [] });
  await mustExist(context.env, cid);
  const found = await awaitCall(conversationOf(context.env, cid).roles(viewer), `roles in ${cid}`);
  if (isRefused(found)) return refused(context, found);
  const matching = found.filter((row) => clientId === undefined || row.clientId === clientId);
  const results = pageOf(matching, asked).map((row) => jsonOf({ ...row, conversationId: cid }));
  return context.json({ results });
}

/** What SDKs ask for: a conversation, and Java one client in it. */
function conditionsOf({ cid, where }: Asked): { cid: string; clientId: string | undefined } | undefined {
  const { cid: named = cid, clientId, peerId, ...others } = isObject(where) ? where : {};
  const id = schema.conversationId();
  if (!v.is(id, named) || Object.keys(others).length > 0) return undefined;
  const client = clientId ?? peerId;
  return client === undefined || typeof client === "string" ? { cid: named, clientId: client } : undefined;
}

/** From D1, which follows. */
async function answerOwner(context: Context<HttpEnv>, asked: Asked): Promise<Response> {
  const { env } = context;
  const { order, limit = LIMIT_DEFAULT, skip = 0, count = false } = asked;
  const where: JsonObject = { ...asked.where, ...(asked.cid !== undefined && { cid: asked.cid }) };
  const size = sliceSizeOf(env);
  const counting = count
    ? await awaitCall(countMemberInfos(env.DB, where, size), "counting roles", OWNERS_QUERY_LONGEST)
    : 0;
  if (typeof counting !== "number") return respond(context, unreadable(counting));
  const bounds = {
    limit: limit < 0 ? LIMIT_DEFAULT : Math.min(limit, LIMIT_MAX),
    skip: Math.min(Math.max(skip, 0), SKIP_MAX),
  };
  const finding = findMemberInfos(env.DB, { where, order, ...bounds }, size);
  const found = await awaitCall(finding, "querying roles", OWNERS_QUERY_LONGEST);
  if (isQueryRefusal(found)) return respond(context, unreadable(found));
  return context.json({ results: found.map(jsonOf), ...(count && { count: counting }) });
}

// The code has a field of its own here.
const unreadable = ({ detail }: QueryRefusal) => invalid(INVALID_QUERY, detail.replace(/^102: /, ""));

/** Java asks by `peerId` and reads that; the others read `clientId`. */
function jsonOf({ infoId, conversationId, clientId, role, createdAt, updatedAt }: MemberInfo): JsonObject {
  return {
    objectId: infoId,
    cid: conversationId,
    clientId,
    peerId: clientId,
    role,
    createdAt: toIsoTime(createdAt),
    updatedAt: toIsoTime(updatedAt),
  };
}
