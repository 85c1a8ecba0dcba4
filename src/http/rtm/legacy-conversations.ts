import { Hono } from "hono";
import * as v from "valibot";
import type { Changed, ConversationStub, Refused } from "../../env.ts";
import { isoTime } from "../../protocol/encode.ts";
import { answered } from "../answered.ts";
import type { HttpEnv } from "../env.ts";
import { isRefused, refuse, refused } from "../errors.ts";
import * as example from "../examples.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { EVERY } from "./app-wide.ts";
import {
  create,
  findConversations,
  noRoom,
  noService,
  one,
  ownColumns,
  page,
  remove,
  row,
  rowOf,
  rows,
} from "./conversations.ts";

const PATH = "/1.1/classes/_Conversation";
/** What the storage API says of an object that is not there. */
const OBJECT_NOT_FOUND = 101;

/** Members as a list, or as an operation on one: SDKs that count changes send the second. */
const memberChange = v.object({
  __op: v.picklist(["Add", "AddUnique", "Remove"]),
  objects: v.array(schema.clientId()),
});

const described = v.pipe(
  v.objectWithRest(
    {
      m: v.optional(v.union([v.array(schema.clientId()), memberChange]), []),
      c: v.optional(schema.clientId()),
      unique: v.optional(v.boolean(), false),
    },
    v.unknown(),
  ),
  noRoom(),
  noService(),
  schema.shown({ name: "Cheese", m: [example.SENDER, example.READER] }),
);

const changes = v.pipe(
  v.objectWithRest({ m: v.optional(memberChange) }, v.unknown()),
  schema.shown({ m: { __op: "AddUnique", objects: [example.READER] } }),
);

/**
 * Conversations as rows of a class (B-19, http-api §4): how the Python SDK and the storage SDKs create and change
 * them. Unlike with the hosted service, everybody concerned is told.
 */
export const legacyConversations = new Hono<HttpEnv>()
  .post(
    PATH,
    operation({
      ...{ id: "createConversation11", tag: "Version 1.1", summary: "Create a conversation" },
      ...{ access: "master", answer: row },
    }),
    takes("json", described),
    async (context) => {
      const { m, c: creator, unique, ...columns } = context.req.valid("json");
      const members = Array.isArray(m) ? m : m.objects;
      const created = await create(context, { members, creator, unique, columns });
      return created instanceof Response ? created : context.json(rowOf(created));
    },
  )
  .get(
    PATH,
    operation({
      ...{ id: "findConversations11", tag: "Version 1.1", summary: "Find conversations" },
      ...{ access: "master", answer: rows },
    }),
    takes("query", v.object({ ...page.entries, order: v.optional(v.pipe(v.string(), v.examples(["-lm"]))) })),
    (context) => {
      const { where = EVERY, ...bounds } = context.req.valid("query");
      return findConversations(context, { where, ...bounds });
    },
  )
  .get(
    `${PATH}/:id`,
    operation({
      ...{ id: "getConversation11", tag: "Version 1.1", summary: "Read a conversation" },
      ...{ access: "master", answer: row },
    }),
    takes("param", one),
    async (context) => {
      const { id } = context.req.valid("param");
      const found = await answered(context.env.CONVERSATIONS.getByName(id).describe(), `describing ${id}`);
      if (found !== undefined) return context.json(rowOf(found.conversation));
      return refuse(context, 404, { code: OBJECT_NOT_FOUND, error: "Object is not found." });
    },
  )
  .put(
    `${PATH}/:id`,
    operation({
      ...{ id: "updateConversation11", tag: "Version 1.1", summary: "Change a conversation" },
      description: "Its members by `Add`, `AddUnique` or `Remove`; anything else by value or operation.",
      ...{ access: "master", answer: schema.updated },
    }),
    takes("param", one),
    takes("json", changes, "kept"),
    async (context) => {
      const { id } = context.req.valid("param");
      const { m: members, ...columns } = context.req.valid("json");
      const conversation = context.env.CONVERSATIONS.getByName(id);
      const changing = members === undefined ? undefined : changeMembers(conversation, members);
      let changed = changing && (await answered(changing, `members of ${id}`));
      const named = Object.keys(columns).length > 0;
      if (changed === undefined || (named && !isRefused(changed))) {
        changed = await answered(conversation.change(ownColumns(columns)), `change of ${id}`);
      }
      if (isRefused(changed)) return refused(context, changed);
      return context.json({ objectId: id, updatedAt: isoTime(changed.updatedAt) });
    },
  )
  .delete(
    `${PATH}/:id`,
    operation({
      ...{ id: "deleteConversation11", tag: "Version 1.1", summary: "Delete a conversation" },
      ...{ access: "master", answer: schema.nothing },
    }),
    takes("param", one),
    (context) => remove(context, context.req.valid("param").id),
  );

function changeMembers(
  conversation: ConversationStub,
  { __op: operation, objects }: v.InferOutput<typeof memberChange>,
): Promise<Changed | Refused> {
  return operation === "Remove" ? conversation.removeMembers(objects) : conversation.addMembers(objects);
}
