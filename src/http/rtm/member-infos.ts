import { type Context, Hono } from "hono";
import * as v from "valibot";
import { conversationOf } from "../../conversation/conversation-of.ts";
import { memberRoles, type StoredRole } from "../../model/records.ts";
import { toIsoTime } from "../../protocol/encode.ts";
import type { HttpEnv } from "../env.ts";
import { failures, INVALID_FIELD, isRefused, refuse, refused } from "../errors.ts";
import * as example from "../examples.ts";
import { mustBe } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { conversationPath } from "./conversations.ts";
import { switchedOff } from "./listed-clients.ts";
import type { ServedKind } from "./served-kinds.ts";

const ROWS_DEFAULT = 100;
const ROWS_MAX = 1_000;

const infoId = () =>
  v.pipe(
    v.string(),
    v.maxLength(64),
    v.description("The `objectId` of the row."),
    v.examples([example.ROLE]),
  );
const infoPath = v.object({ ...conversationPath.entries, info: infoId() });

const role = () =>
  v.pipe(v.picklist(["Owner", ...memberRoles], "must be Manager or Member"), v.examples(["Manager"]));

const given = v.pipe(
  v.object({ clientId: schema.clientId(example.READER), role: role() }),
  schema.shown({ clientId: example.READER, role: "Manager" }),
);

const changed = v.pipe(
  v.object({ clientId: v.optional(schema.clientId(example.READER)), role: v.optional(role()) }),
  schema.shown({ clientId: example.READER, role: "Manager" }),
);

const saved = v.object({ objectId: infoId(), updatedAt: schema.isoTime() });

const rows = v.object({
  results: v.array(
    v.object({
      clientId: schema.clientId(),
      objectId: infoId(),
      role: v.pipe(v.string(), v.examples(["Manager"])),
    }),
  ),
});

/** Roles in conversations of one kind (http-api §2.7, A-07). */
export function memberInfoRoutes({ kind, path, tag, noun, one }: ServedKind): Hono<HttpEnv> {
  const PATH = `${path}/:id/member-infos`;
  return new Hono<HttpEnv>()
    .post(
      PATH,
      operation({
        id: `giveRoleIn${noun}`,
        tag,
        summary: `Give a client a role in ${one}`,
        description: "`Manager` or `Member`. The Owner is who created it, and stays that.",
        access: "master",
        answer: saved,
      }),
      takes("param", conversationPath),
      takes("json", given),
      async (context) => {
        const { id } = context.req.valid("param");
        const { clientId, role: wanted } = context.req.valid("json");
        const off = await switchedOff(context, "memberRoles");
        if (off !== undefined) return off;
        await mustBe(context.env, id, kind);
        return give(context, id, clientId, wanted);
      },
    )
    .put(
      `${PATH}/:info`,
      operation({
        id: `changeRoleIn${noun}`,
        tag,
        summary: `Change a role in ${one}`,
        access: "master",
        answer: saved,
      }),
      takes("param", infoPath),
      takes("json", changed),
      async (context) => {
        const { id, info } = context.req.valid("param");
        const { clientId, role: wanted } = context.req.valid("json");
        const off = await switchedOff(context, "memberRoles");
        if (off !== undefined) return off;
        await mustBe(context.env, id, kind);
        const found = await awaitCall(conversationOf(context.env, id).roles(undefined), `roles in ${id}`);
        if (isRefused(found)) return refused(context, found);
        const row = found.find((each) => each.infoId === info);
        if (row === undefined) return refuse(context, 404, failures.notFound);
        if (clientId !== undefined && clientId !== row.clientId)
          return refuse(context, 400, {
            code: INVALID_FIELD,
            error: "clientId: the row is another client's",
          });
        return wanted === undefined ? respond(context, row) : give(context, id, row.clientId, wanted);
      },
    )
    .delete(
      `${PATH}/:info`,
      operation({
        id: `takeRoleIn${noun}`,
        tag,
        summary: `Take a role away in ${one}`,
        access: "master",
        answer: schema.nothing,
      }),
      takes("param", infoPath),
      async (context) => {
        const { id, info } = context.req.valid("param");
        await mustBe(context.env, id, kind);
        const taken = await awaitCall(conversationOf(context.env, id).takeRole(info), `roles in ${id}`);
        if (isRefused(taken)) return refused(context, taken);
        return taken ? context.json({}) : refuse(context, 404, failures.notFound);
      },
    )
    .get(
      PATH,
      operation({
        id: `listRolesIn${noun}`,
        tag,
        summary: `List the roles that were given in ${one}`,
        description: "In the order of the clients' ids. Who has none is a Member, but for the creator.",
        access: "master",
        answer: rows,
      }),
      takes("param", conversationPath),
      takes(
        "query",
        v.object({
          skip: v.optional(schema.numberText(0)),
          limit: v.optional(schema.numberText(ROWS_DEFAULT)),
          role: v.optional(v.pipe(v.string(), v.examples(["Manager"]))),
        }),
      ),
      async (context) => {
        const { id } = context.req.valid("param");
        const { role: wanted, ...bounds } = context.req.valid("query");
        await mustBe(context.env, id, kind);
        const found = await awaitCall(conversationOf(context.env, id).roles(undefined), `roles in ${id}`);
        if (isRefused(found)) return refused(context, found);
        const matching = found.filter((row) => wanted === undefined || row.role === wanted);
        const results = pageOf(matching, bounds).map((row) => {
          return { clientId: row.clientId, objectId: row.infoId, role: row.role };
        });
        return context.json({ results });
      },
    );
}

/** The rows from `skip` on; a `limit` out of its range is the default. */
export function pageOf<Row>(
  all: readonly Row[],
  { skip = 0, limit = ROWS_DEFAULT }: { skip?: number | undefined; limit?: number | undefined },
): Row[] {
  const from = Math.max(skip, 0);
  return all.slice(from, from + (limit < 1 || limit > ROWS_MAX ? ROWS_DEFAULT : limit));
}

async function give(
  context: Context<HttpEnv>,
  id: string,
  clientId: string,
  wanted: v.InferOutput<ReturnType<typeof role>>,
): Promise<Response> {
  if (wanted === "Owner") return refused(context, { refused: "OWNER_PROMOTION_NOT_ALLOWED" });
  const giving = conversationOf(context.env, id).giveRole(clientId, wanted);
  const row = await awaitCall(giving, `role of ${clientId} in ${id}`);
  return isRefused(row) ? refused(context, row) : respond(context, row);
}

const respond = (context: Context<HttpEnv>, { infoId: objectId, updatedAt }: StoredRole): Response =>
  context.json({ objectId, updatedAt: toIsoTime(updatedAt) });
