import { Hono } from "hono";
import { conversationOf } from "../../conversation/conversation-of.ts";
import { toIsoTime } from "../../protocol/encode.ts";
import type { HttpEnv } from "../env.ts";
import { INVALID_FIELD, isRefused, refuse, refused } from "../errors.ts";
import { mustBe } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import { respond } from "../response.ts";
import * as schema from "../schemas.ts";
import {
  changes,
  conversationPath,
  countedRows,
  createConversation,
  description,
  findConversations,
  page,
  removeConversation,
  row,
  rowOf,
} from "./conversations.ts";
import { ownColumns } from "./own-columns.ts";
import type { ServedKind } from "./served-kinds.ts";

/** Conversations of one kind: created, found, changed and deleted (http-api §2.1, §2.3, §2.4, A-01, A-03, A-04). */
export function conversationRoutes(served: ServedKind): Hono<HttpEnv> {
  const { kind, path, tag, noun, one, many, condition } = served;
  return new Hono<HttpEnv>()
    .post(
      path,
      operation({
        id: `create${noun}`,
        tag,
        summary: `Create ${one}`,
        description:
          kind === "normal" ? "With `unique`, the one that is there already is answered instead." : undefined,
        access: "master",
        answer: row,
      }),
      takes("json", description, undefined, "as written"),
      async (context) => {
        const { m: members, c: creator, unique, ...columns } = context.req.valid("json");
        const own = ownColumns(columns, kind);
        if (typeof own === "string") return refuse(context, 400, { code: INVALID_FIELD, error: own });
        const created = await createConversation(context.env, {
          kind,
          members,
          creator,
          unique,
          columns: own,
        });
        return respond(context, "failure" in created ? created : { status: 200, body: rowOf(created) });
      },
    )
    .get(
      path,
      operation({
        id: `find${noun}s`,
        tag,
        summary: `Find ${many}`,
        description: "In the order they were created, where no other is asked for.",
        access: "master",
        answer: countedRows,
      }),
      takes("query", page),
      async (context) => {
        const { where = {}, ...bounds } = context.req.valid("query");
        return findConversations(context, { where: { $and: [where, condition] }, ...bounds });
      },
    )
    .put(
      `${path}/:id`,
      operation({
        id: `update${noun}`,
        tag,
        summary: `Change the columns of ${one}`,
        access: "master",
        answer: schema.updated,
      }),
      takes("param", conversationPath),
      takes("json", changes, "kept", "as written"),
      async (context) => {
        const { id } = context.req.valid("param");
        const own = ownColumns(context.req.valid("json"));
        if (typeof own === "string") return refuse(context, 400, { code: INVALID_FIELD, error: own });
        await mustBe(context.env, id, kind);
        const conversation = conversationOf(context.env, id);
        const change = conversation.change(own);
        const changed = await awaitCall(change, `change of ${id}`);
        if (isRefused(changed)) return refused(context, changed);
        return context.json({ objectId: id, updatedAt: toIsoTime(changed.updatedAt) });
      },
    )
    .delete(
      `${path}/:id`,
      operation({
        id: `delete${noun}`,
        tag,
        summary: `Delete ${one}`,
        description: "With its history, for everybody.",
        access: "master",
        answer: schema.nothing,
      }),
      takes("param", conversationPath),
      takes("query", schema.deleting),
      (context) => removeConversation(context, context.req.valid("param").id, kind),
    );
}
