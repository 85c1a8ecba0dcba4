import { Hono } from "hono";
import * as v from "valibot";
import { OWNERS_QUERY_LONGEST } from "../../bounds.ts";
import {
  type ConversationSummary,
  type SearchPlace,
  searchConversations,
} from "../../database/conversations/search.ts";
import { sliceSizeOf } from "../../database/where/owner-query-slices.ts";
import type { HttpEnv } from "../env.ts";
import * as example from "../examples.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import { respond } from "../response.ts";
import { unreadable } from "../rtm/conversations.ts";
import * as schema from "../schemas.ts";

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 200;
const NAME_MAX = 1_024; // characters

const text = (longest: number, shown: string) =>
  v.pipe(v.string(), v.minLength(1), v.maxLength(longest), v.examples([shown]));

const kinds = ["normal", "room", "system"] as const;

const asked = v.object({
  id: v.optional(v.pipe(text(64, example.CONVERSATION), v.description("The id, or how it begins."))),
  name: v.optional(v.pipe(text(NAME_MAX, "Cheese"), v.description("Exactly this name."))),
  name_contains: v.optional(
    v.pipe(text(NAME_MAX, "hees"), v.description("A part of the name; `A` to `Z` are as `a` to `z`.")),
  ),
  member: v.optional(schema.clientId(example.READER)),
  creator: v.optional(schema.clientId()),
  kind: v.optional(
    v.pipe(v.picklist(kinds), v.description("`system`: service conversations."), v.examples(["normal"])),
  ),
  where: v.optional(
    v.pipe(schema.objectText(), v.description("Conditions, JSON."), schema.shown('{"name":"Cheese"}')),
  ),
  cursor: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,15} \S{1,64}$/, "must be `next` of the page before"),
      v.description("`next` of the page before."),
      v.examples([`${Date.UTC(2099, 0)} ${example.CONVERSATION}`]),
    ),
  ),
  limit: v.optional(
    v.pipe(schema.numberText(LIMIT_DEFAULT), v.description(`1 to ${LIMIT_MAX}; ${LIMIT_DEFAULT} otherwise.`)),
  ),
});

const answer = v.object({
  results: v.array(
    v.object({
      id: schema.conversationId(),
      kind: v.pipe(v.picklist([...kinds, "temporary"]), v.examples(["normal"])),
      name: v.optional(v.pipe(v.string(), v.examples(["Cheese"]))),
      creator: v.optional(v.pipe(v.string(), v.examples([example.SENDER]))),
      member_count: v.pipe(
        v.number(),
        v.integer(),
        v.description("Rooms and services have no list of members, so 0."),
        v.examples([2]),
      ),
      members: v.pipe(
        v.array(v.string()),
        v.description("The first five."),
        v.examples([[example.READER, example.SENDER]]),
      ),
      unique: v.pipe(v.boolean(), v.examples([false])),
      created_at: schema.isoTime(),
      updated_at: schema.isoTime(),
      last_message_at: v.optional(schema.isoTime()),
    }),
  ),
  next: v.optional(v.pipe(v.string(), v.description("For `cursor`, when there may be more."))),
});

/** Conversations of all kinds, found as a person looks for them (G-03). */
export const conversationSearchRoutes = new Hono<HttpEnv>().get(
  "/admin/conversations",
  operation({
    id: "searchConversations",
    tag: "Administration",
    summary: "Search conversations of every kind",
    description:
      "Newest activity first, by any of these together. Without the ones that are temporary: they are in no index. Whole rows: `/1.2/rtm/all-conversations`.",
    access: "master",
    answer,
  }),
  takes("query", asked),
  async (context) => {
    const {
      id,
      name,
      name_contains: nameContains,
      member,
      creator,
      kind,
      where,
      cursor,
      limit = 0,
    } = context.req.valid("query");
    const within = limit >= 1 && limit <= LIMIT_MAX ? limit : LIMIT_DEFAULT;
    const search = { idPrefix: id, name, nameContains, member, creator, kind, where };
    const found = await awaitCall(
      searchConversations(
        context.env.DB,
        { ...search, after: cursor === undefined ? undefined : placeIn(cursor), limit: within + 1 },
        sliceSizeOf(context.env),
      ),
      "searching conversations",
      OWNERS_QUERY_LONGEST,
    );
    if ("refused" in found) return respond(context, unreadable(found));
    const results = found.slice(0, within);
    const last = found.length > within ? results.at(-1) : undefined;
    return context.json({ results: results.map(summaryJson), next: last && `${last.activeAt} ${last.id}` });
  },
);

function placeIn(cursor: string): SearchPlace {
  const [activeAt, id = ""] = cursor.split(" ");
  return { activeAt: Number(activeAt), id };
}

const iso = (time: number) => new Date(time).toISOString();

function summaryJson({
  id,
  kind,
  name,
  creator,
  members,
  someMembers,
  unique,
  ...times
}: ConversationSummary) {
  const { createdAt, updatedAt, lastMessageAt } = times;
  return {
    id,
    kind,
    name,
    creator: creator === "" ? undefined : creator,
    member_count: members,
    members: someMembers,
    unique,
    created_at: iso(createdAt),
    updated_at: iso(updatedAt),
    last_message_at: lastMessageAt === undefined ? undefined : iso(lastMessageAt),
  };
}
