import { Hono } from "hono";
import * as v from "valibot";
import { onlineAmong } from "../../app/online.ts";
import { conversationOf } from "../../conversation/conversation-of.ts";
import type { Mark, MemberMarks } from "../../conversation/inspection/inspection-calls.ts";
import type { HttpEnv } from "../env.ts";
import { isRefused, refused } from "../errors.ts";
import * as example from "../examples.ts";
import { mustExist } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 100;

const asked = v.object({
  after: v.optional(v.pipe(schema.clientId("Butch"), v.description("`next` of the page before."))),
  limit: v.optional(
    v.pipe(schema.numberText(LIMIT_DEFAULT), v.description(`1 to ${LIMIT_MAX}; ${LIMIT_DEFAULT} otherwise.`)),
  ),
});

const milliseconds = (described: string) =>
  v.pipe(
    v.number(),
    v.integer(),
    v.description(`${described}, in milliseconds.`),
    v.examples([example.MESSAGE_AT]),
  );

const mark = (described: string) =>
  v.optional(
    v.pipe(
      v.object({
        up_to: milliseconds("Everything at or before it"),
        message_id: v.optional(v.pipe(v.string(), v.examples([example.MESSAGE]))),
        message_at: v.optional(milliseconds("When that message was sent")),
        at: v.optional(milliseconds("When the mark got there, where that is kept: in conversations of two")),
      }),
      v.description(described),
    ),
  );

const answer = v.object({
  kind: v.pipe(v.picklist(["normal", "room", "temporary", "system"]), v.examples(["normal"])),
  total: v.pipe(
    v.number(),
    v.integer(),
    v.description("Members, subscribers, or clients in a room."),
    v.examples([2]),
  ),
  results: v.array(
    v.object({
      client_id: schema.clientId(example.READER),
      online: v.pipe(v.boolean(), v.examples([true])),
      role: v.pipe(v.picklist(["Owner", "Manager", "Member"]), v.examples(["Member"])),
      joined_at: v.optional(milliseconds("When they joined or subscribed")),
      muted: v.pipe(v.boolean(), v.description("They do not want pushes."), v.examples([false])),
      silenced: v.pipe(v.boolean(), v.examples([false])),
      silenced_until: v.optional(milliseconds("The end of a silence for a time")),
      delivered: mark(
        "How far their devices have acknowledged. Absent if nothing since they joined, or not kept.",
      ),
      read: mark("How far they have read. Absent if nothing since they joined, or not kept."),
      unread: v.optional(v.pipe(v.number(), v.integer(), v.examples([1]))),
      away: v.optional(
        v.pipe(
          v.picklist(["no", "away", "unseen"]),
          v.description(
            "`away`: offline at the last try to deliver, so what came since waits for their login. `unseen`: the same, and they never logged in.",
          ),
          v.examples(["away"]),
        ),
      ),
    }),
  ),
  next: v.optional(v.pipe(schema.clientId(), v.description("For `after`, when there are more."))),
});

/** Who is in a conversation, and how far each has come (G-03). */
export const conversationMemberRoutes = new Hono<HttpEnv>().get(
  "/admin/conversations/:id/members",
  operation({
    id: "inspectMembers",
    tag: "Administration",
    summary: "List who is in a conversation, with their marks",
    description:
      "Of any kind: members, subscribers of a service, or up to 50 of those in a room. In the order of their ids.",
    access: "master",
    answer,
  }),
  takes("param", v.object({ id: schema.conversationId() })),
  takes("query", asked),
  async (context) => {
    const { id } = context.req.valid("param");
    const { after, limit = LIMIT_DEFAULT } = context.req.valid("query");
    await mustExist(context.env, id);
    const within = limit >= 1 && limit <= LIMIT_MAX ? limit : LIMIT_DEFAULT;
    const asking = conversationOf(context.env, id).inspect("marks", { after, limit: within });
    const found = await awaitCall(asking, `members of ${id}`);
    if (isRefused(found)) return refused(context, found);
    const { kind, total, members, hasMore } = found;
    const ids = members.map(({ clientId }) => clientId);
    const online = new Set(await awaitCall(onlineAmong(context.env, ids), "who is online"));
    return context.json({
      kind,
      total,
      results: members.map((member) => memberJson(member, online.has(member.clientId))),
      next: hasMore ? ids.at(-1) : undefined,
    });
  },
);

function memberJson(member: MemberMarks, online: boolean) {
  const { clientId, role, joinedAt, muted, silenced, delivered, read, unread, away } = member;
  return {
    client_id: clientId,
    online,
    role,
    joined_at: joinedAt,
    muted,
    silenced: silenced !== undefined,
    silenced_until: typeof silenced === "number" ? silenced : undefined,
    delivered: markJson(delivered),
    read: markJson(read),
    unread,
    away,
  };
}

function markJson(mark: Mark | undefined) {
  if (mark === undefined) return undefined;
  return { up_to: mark.upTo, message_id: mark.message?.id, message_at: mark.message?.timestamp, at: mark.at };
}
