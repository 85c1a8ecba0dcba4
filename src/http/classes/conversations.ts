import { Hono } from "hono";
import type { HttpEnv } from "../env.ts";
import { operation, takes } from "../operation.ts";
import { respond } from "../response.ts";
import { conversationPath, countedRows, row } from "../rtm/conversations.ts";
import * as schema from "../schemas.ts";
import * as rowsOf from "./conversation-rows.ts";

const PATH = "/1.1/classes/_Conversation";

/**
 * Conversations as rows of a class (B-19, http-api §4): the Python SDK and the storage SDKs create and change them this
 * way. Unlike on the hosted service, the members concerned receive events.
 */
export const conversationRowRoutes = new Hono<HttpEnv>()
  .post(
    PATH,
    operation({
      id: "createConversation11",
      tag: "Version 1.1",
      summary: "Create a conversation",
      description:
        "Columns of the service's own are refused by name. `ACL`, `className` and `__…` are passed over.",
      access: "master",
      answer: row,
    }),
    takes("query", rowsOf.createOptions),
    takes("json", rowsOf.rowDescription, undefined, "as written"),
    async (context) => respond(context, await rowsOf.createRow(context.env, context.req.valid("json"))),
  )
  .get(
    PATH,
    operation({
      id: "findConversations11",
      tag: "Version 1.1",
      summary: "Find conversations",
      description:
        "The oldest first, where no order is asked for. With `count`, `limit=0` answers the count alone.",
      access: "master",
      answer: countedRows,
    }),
    takes("query", rowsOf.searchOptions),
    async (context) => respond(context, await rowsOf.searchRows(context.env, context.req.valid("query"))),
  )
  .get(
    `${PATH}/:id`,
    operation({
      id: "getConversation11",
      tag: "Version 1.1",
      summary: "Read a conversation",
      access: "master",
      answer: row,
    }),
    takes("param", conversationPath),
    async (context) => respond(context, await rowsOf.readRow(context.env, context.req.valid("param").id)),
  )
  .put(
    `${PATH}/:id`,
    operation({
      id: "updateConversation11",
      tag: "Version 1.1",
      summary: "Change a conversation",
      description:
        "`m` and `mu` by list, `Add`, `AddUnique` or `Remove`; anything else by value or operation. All of it or, " +
        "where something is refused, nothing.",
      access: "master",
      answer: schema.updated,
    }),
    takes("param", conversationPath),
    takes("query", rowsOf.updateOptions),
    takes("json", rowsOf.rowChanges, "kept", "as written"),
    async (context) => {
      const { id } = context.req.valid("param");
      const how = context.req.valid("query");
      return respond(context, await rowsOf.updateRow(context.env, id, context.req.valid("json"), how));
    },
  )
  .delete(
    `${PATH}/:id`,
    operation({
      id: "deleteConversation11",
      tag: "Version 1.1",
      summary: "Delete a conversation",
      access: "master",
      answer: schema.nothing,
    }),
    takes("param", conversationPath),
    takes("query", schema.deleting),
    async (context) => respond(context, await rowsOf.removeRow(context.env, context.req.valid("param").id)),
  );
