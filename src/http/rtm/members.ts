import { Hono } from "hono";
import * as v from "valibot";
import { conversationOf } from "../../conversation/conversation-of.ts";
import type { ConversationStub } from "../../conversation/conversation-stub.ts";
import { toIsoTime } from "../../protocol/encode.ts";
import type { Changed, Refused } from "../../protocol/outcome.ts";
import type { HttpEnv } from "../env.ts";
import { isRefused, refused } from "../errors.ts";
import { mustBe } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { type Operation, operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { conversationPath } from "./conversations.ts";

const PATH = "/1.2/rtm/conversations/:id";
/** Members in one call; the members of a conversation are limited by a setting. */
const CLIENTS_MAX = 500;

const someClients = v.object({ client_ids: schema.clientIds(CLIENTS_MAX) });
const list = v.object({ result: v.array(schema.clientId()) });

/** Members of a conversation, and their mutes (http-api §2.1, A-01). */
export const memberRoutes = new Hono<HttpEnv>();

type Act = (conversation: ConversationStub, clientIds: string[]) => Promise<Changed | Refused>;

change("post", "members", { id: "addMembers", summary: "Add members" }, (conversation, clientIds) =>
  conversation.addMembers(clientIds),
);
change("delete", "members", { id: "removeMembers", summary: "Remove members" }, (conversation, clientIds) =>
  conversation.removeMembers(clientIds),
);
change("post", "mutes", { id: "mute", summary: "Mute for members" }, (conversation, clientIds) =>
  conversation.setMuted(clientIds, true),
);
change("delete", "mutes", { id: "unmute", summary: "Unmute for members" }, (conversation, clientIds) =>
  conversation.setMuted(clientIds, false),
);
show("members", { id: "listMembers", summary: "List members" });
show("mutes", { id: "listMutes", summary: "List members that muted a conversation" });

type Named = Pick<Operation, "id" | "summary">;

function change(method: "post" | "delete", list: string, named: Named, act: Act): void {
  memberRoutes[method](
    `${PATH}/${list}`,
    operation({ ...named, tag: "Conversations", access: "master", answer: schema.updated }),
    takes("param", conversationPath),
    takes("json", someClients),
    async (context) => {
      const { id } = context.req.valid("param");
      const { client_ids: clientIds } = context.req.valid("json");
      await mustBe(context.env, id, "normal");
      const changed = await awaitCall(
        act(conversationOf(context.env, id), clientIds),
        `${named.id} of ${id}`,
      );
      if (isRefused(changed)) return refused(context, changed);
      return context.json({ objectId: id, updatedAt: toIsoTime(changed.updatedAt) });
    },
  );
}

function show(kind: "members" | "mutes", named: Named): void {
  memberRoutes.get(
    `${PATH}/${kind}`,
    operation({ ...named, tag: "Conversations", access: "master", answer: list }),
    takes("param", conversationPath),
    async (context) => {
      const { id } = context.req.valid("param");
      await mustBe(context.env, id, "normal");
      const conversation = conversationOf(context.env, id);
      const found = await awaitCall(conversation.members(), `members of ${id}`);
      if (isRefused(found)) return refused(context, found);
      return context.json({ result: kind === "members" ? found.members : found.muted });
    },
  );
}
