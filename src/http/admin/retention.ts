import { Hono } from "hono";
import * as v from "valibot";
import type { Env } from "../../bindings.ts";
import { conversationOf } from "../../conversation/conversation-of.ts";
import type { Hold } from "../../conversation/facts.ts";
import { changeHold } from "../../conversation/retention/change-hold.ts";
import { dropHold, heldConversations, saveHold } from "../../database/retention/holds.ts";
import { retentionProgress } from "../../database/retention/progress.ts";
import type { Refused } from "../../protocol/outcome.ts";
import { idleBefore, messagesKeptFrom } from "../../settings/retention-settings.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { isRefused, refused } from "../errors.ts";
import * as example from "../examples.ts";
import { mustExist } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";

const REASON_MAX = 1_024; // characters
const PATH = "/admin/conversations/:id/hold";
const param = v.object({ id: schema.conversationId() });

const time = (described: string) =>
  v.pipe(
    v.nullable(v.number()),
    v.description(`${described}, in milliseconds.`),
    v.examples([example.MESSAGE_AT]),
  );

const count = (described: string) =>
  v.pipe(v.number(), v.integer(), v.description(described), v.examples([0]));

const reason = v.pipe(
  v.string(),
  v.maxLength(REASON_MAX),
  v.check((text) => text.trim() !== "", "must not be empty"),
  v.description("What it is for. Others read it later."),
  v.examples(["File 12-345"]),
);

const hold = v.object({
  hold: v.pipe(
    v.nullable(v.object({ since: v.number(), reason: v.string() })),
    v.description("Since when, in milliseconds; null if it is not on hold."),
    v.examples([null]),
  ),
});

/** Legal holds, and how far the deletion of what is too old is (B-30). */
export const retentionRoutes = new Hono<HttpEnv>()
  .get(
    "/admin/retention",
    operation({
      id: "getRetention",
      tag: "Administration",
      summary: "See what is kept, and what was deleted",
      description:
        "Of the settings `retention`. What is too old is gone at once; its rows are deleted once a day.",
      access: "master",
      answer: v.object({
        messages_kept_from: time("Older messages are gone; null if all are kept"),
        idle_before: time("A conversation without activity since is deleted; null if none is"),
        held: v.pipe(v.array(v.string()), v.description("Conversations on hold."), v.examples([[]])),
        ran_at: time("When the last daily run ended"),
        behind: v.pipe(v.boolean(), v.description("It left something for the next."), v.examples([false])),
        deleted: v.object({
          messages: count("Of the logs of conversations, by the daily job."),
          archived: count("Of D1's archive."),
          conversations: count("That were idle."),
        }),
      }),
    }),
    async (context) => {
      const { env } = context;
      const settings = await settingsOf(env).get();
      const [{ ranAt, isBehind, messages, archived, conversations }, held] = await Promise.all([
        awaitCall(retentionProgress(env.DB), "retention in D1"),
        awaitCall(heldConversations(env.DB), "holds in D1"),
      ]);
      const now = Date.now();
      return context.json({
        messages_kept_from: messagesKeptFrom(settings, now) || null,
        idle_before: idleBefore(settings, now) || null,
        held,
        ran_at: ranAt,
        behind: isBehind,
        deleted: { messages, archived, conversations },
      });
    },
  )
  .get(
    PATH,
    operation({
      id: "getHold",
      tag: "Administration",
      summary: "See whether a conversation is on legal hold",
      access: "master",
      answer: hold,
    }),
    takes("param", param),
    async (context) => {
      const { id } = context.req.valid("param");
      await mustExist(context.env, id);
      const found = await awaitCall(conversationOf(context.env, id).hold(), `hold of ${id}`);
      if (isRefused(found)) return refused(context, found);
      return context.json({ hold: found ?? null });
    },
  )
  .put(
    PATH,
    operation({
      id: "setHold",
      tag: "Administration",
      summary: "Put a conversation on legal hold",
      description:
        "It keeps all that it has, and members see it, whatever `retention` says. What was deleted before does not come back. An owner may still delete it.",
      access: "master",
      answer: hold,
    }),
    takes("param", param),
    takes("json", v.object({ reason })),
    async (context) => {
      const { env } = context;
      const { id } = context.req.valid("param");
      const { reason } = context.req.valid("json");
      await mustExist(env, id);
      const before = await awaitCall(conversationOf(env, id).hold(), `hold of ${id}`);
      if (isRefused(before)) return refused(context, before);
      const held = { since: before?.since ?? Date.now(), reason };
      const refusal = await change(env, id, held);
      return refusal === undefined ? context.json({ hold: held }) : refused(context, refusal);
    },
  )
  .delete(
    PATH,
    operation({
      id: "endHold",
      tag: "Administration",
      summary: "End the legal hold of a conversation",
      access: "master",
      answer: hold,
    }),
    takes("param", param),
    async (context) => {
      const { env } = context;
      const { id } = context.req.valid("param");
      await mustExist(env, id);
      const refusal = await change(env, id, undefined);
      return refusal === undefined ? context.json({ hold: null }) : refused(context, refusal);
    },
  );

/** Sets or ends the hold of a conversation. */
function change(env: Env, id: string, hold: Hold | undefined): Promise<undefined | Refused> {
  const conversation = conversationOf(env, id);
  const object = `hold of ${id}`;
  const database = "holds in D1";
  return changeHold(
    {
      hold: () => awaitCall(conversation.hold(), object),
      setHold: (hold) => awaitCall(conversation.setHold(hold), object),
    },
    {
      save: (hold) => awaitCall(saveHold(env.DB, id, hold), database),
      drop: () => awaitCall(dropHold(env.DB, id), database),
    },
    hold,
  );
}
