import { type Context, Hono } from "hono";
import * as v from "valibot";
import { conversationOf } from "../../conversation/conversation-of.ts";
import type { PartialResult } from "../../protocol/partial-result.ts";
import type { ListChange } from "../../protocol/permission-events.ts";
import type { Settings } from "../../settings/schema.ts";
import { settingsOf } from "../../settings/store.ts";
import type { HttpEnv } from "../env.ts";
import { isRefused, refused } from "../errors.ts";
import * as example from "../examples.ts";
import { mustBe, mustExist } from "../existing-conversation.ts";
import { awaitCall } from "../object-call.ts";
import { operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { conversationPath } from "./conversations.ts";
import type { ServedKind } from "./served-kinds.ts";

/** Clients in one call; the lists are limited by settings. */
const CLIENTS_MAX = 500;
export const PAGE_DEFAULT = 10;
export const PAGE_MAX = 1_000;
const DAY = 24 * 60 * 60; // s

const someClients = v.object({ client_ids: schema.clientIds(CLIENTS_MAX) });

/** A part of a list. */
export const pageOfList = v.object({
  limit: v.optional(
    v.pipe(schema.numberText(PAGE_DEFAULT), v.description(`1 to ${PAGE_MAX}; ${PAGE_DEFAULT} without.`)),
  ),
  next: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,9}$/, "must be the `next` of the page before"),
      v.transform(Number),
      v.pipe(v.number(), v.integer()),
      v.description("From the page before."),
      v.examples([0]),
    ),
  ),
});

/** What a page's parameters ask for. */
export function boundsOf({ limit = PAGE_DEFAULT, next = 0 }: v.InferOutput<typeof pageOfList>) {
  return { offset: next, limit: limit < 1 ? PAGE_DEFAULT : Math.min(limit, PAGE_MAX) };
}

export const nextPage = v.optional(
  v.pipe(
    v.string(),
    v.description("Where the next page begins; absent on the last one."),
    v.examples(["10"]),
  ),
);

const listed = v.object({ client_ids: v.array(schema.clientId()), next: nextPage });

/** How long a client is silenced, in seconds. */
export const silenceTime = () =>
  v.pipe(
    v.number(),
    v.integer(),
    v.minValue(1, `must be 1 to ${DAY} seconds`),
    v.maxValue(DAY, `must be 1 to ${DAY} seconds`),
    v.description("Seconds, a day at most."),
    v.examples([50]),
  );

const silenced = v.pipe(
  v.object({ client_id: schema.clientId(example.READER), ttl: silenceTime() }),
  schema.shown({ client_id: example.READER, ttl: 50 }),
);

type Switch = keyof Pick<Settings["security"], "memberRoles" | "blacklists">;

/** Who is silenced and blocked in conversations of one kind (http-api §2.7, A-07). */
export function listedClientRoutes(served: ServedKind): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>();
  const { kind, path, tag, noun, one } = served;

  const change = (
    list: "permanent-silenceds" | "blacklists",
    method: "post" | "delete",
    what: { id: string; summary: string; change: ListChange; needs: Switch | undefined },
  ): void => {
    routes[method](
      `${path}/:id/${list}`,
      operation({
        id: what.id,
        tag,
        summary: what.summary,
        access: "master",
        answer: schema.nothing,
      }),
      takes("param", conversationPath),
      takes("json", someClients),
      async (context) => {
        const { id } = context.req.valid("param");
        const { client_ids: clientIds } = context.req.valid("json");
        if (what.needs !== undefined) {
          const off = await switchedOff(context, what.needs);
          if (off !== undefined) return off;
        }
        await mustBe(context.env, id, kind);
        const call = conversationOf(context.env, id).changeList(what.change, clientIds);
        const result = await awaitCall(call, `${what.id} of ${id}`);
        return isRefused(result) ? refused(context, result) : answered(context, result);
      },
    );
  };

  const show = (
    path_: "permanent-silenceds" | "blacklists",
    list: "silences" | "blacklist",
    what: { id: string; summary: string },
  ): void => {
    routes.get(
      `${path}/:id/${path_}`,
      operation({ ...what, tag, access: "master", answer: listed }),
      takes("param", conversationPath),
      takes("query", pageOfList),
      async (context) => {
        const { id } = context.req.valid("param");
        await mustBe(context.env, id, kind);
        const call = conversationOf(context.env, id).listed(list, boundsOf(context.req.valid("query")));
        const page = await awaitCall(call, `${what.id} of ${id}`);
        if (isRefused(page)) return refused(context, page);
        const { clientIds, next } = page;
        return context.json({ client_ids: clientIds, ...(next !== undefined && { next: String(next) }) });
      },
    );
  };

  if (kind !== "system") {
    change("permanent-silenceds", "post", {
      id: `silenceIn${noun}`,
      summary: `Silence clients in ${one}`,
      change: "silenced",
      needs: "memberRoles",
    });
    change("permanent-silenceds", "delete", {
      id: `unsilenceIn${noun}`,
      summary: `Let silenced clients be heard in ${one} again`,
      change: "unsilenced",
      needs: undefined,
    });
    show("permanent-silenceds", "silences", {
      id: `listSilencedIn${noun}`,
      summary: `List the clients silenced in ${one}`,
    });
  }
  change("blacklists", "post", {
    id: `blockIn${noun}`,
    summary: `Block clients in ${one}`,
    change: "blocked",
    needs: "blacklists",
  });
  change("blacklists", "delete", {
    id: `unblockIn${noun}`,
    summary: `Unblock clients in ${one}`,
    change: "unblocked",
    needs: undefined,
  });
  show("blacklists", "blacklist", {
    id: `listBlockedIn${noun}`,
    summary: `List the clients blocked in ${one}`,
  });

  routes
    .post(
      `${path}/:id/temporary-silenceds`,
      operation({
        id: `silenceForATimeIn${noun}`,
        tag,
        summary: `Silence a client in ${one} for a time`,
        description: "In place of an earlier end. Nobody is notified.",
        access: "master",
        answer: schema.nothing,
      }),
      takes("param", conversationPath),
      takes("json", silenced),
      async (context) => {
        const { id } = context.req.valid("param");
        const { client_id: clientId, ttl } = context.req.valid("json");
        await mustBe(context.env, id, kind);
        return silenceFor(context, id, clientId, ttl);
      },
    )
    .delete(
      `${path}/:id/temporary-silenceds`,
      operation({
        id: `endSilenceIn${noun}`,
        tag,
        summary: `End a client's silence for a time in ${one}`,
        access: "master",
        answer: schema.nothing,
      }),
      takes("param", conversationPath),
      takes("query", v.object({ client_id: schema.clientId(example.READER) })),
      async (context) => {
        const { id } = context.req.valid("param");
        await mustBe(context.env, id, kind);
        return silenceFor(context, id, context.req.valid("query").client_id, 0);
      },
    );
  return routes;
}

/** What is refused while a feature is off; undefined while it is on. */
export async function switchedOff(context: Context<HttpEnv>, needs: Switch): Promise<Response | undefined> {
  const { security } = await settingsOf(context.env).get();
  if (security[needs]) return undefined;
  const off =
    needs === "blacklists" ? "BLACKLIST_FEATURE_DISABLED" : "CONVERSATION_MEMBER_INFO_FEATURE_DISABLED";
  return refused(context, { refused: off });
}

/** @param seconds 0 ends the silence */
async function silenceFor(
  context: Context<HttpEnv>,
  id: string,
  clientId: string,
  seconds: number,
): Promise<Response> {
  const call = conversationOf(context.env, id).silenceFor(clientId, seconds * 1000);
  const refusal = await awaitCall(call, `silence in ${id}`);
  return refusal === undefined ? context.json({}) : refused(context, refusal);
}

/** The answer has no partial result: what found no room is an error that names it, and the rest is done. */
function answered(context: Context<HttpEnv>, { failed }: PartialResult): Response {
  const [first] = failed;
  if (first === undefined) return context.json({});
  return refused(context, { refused: first.error, detail: first.clientIds.join(", ") });
}

const PATH_11 = "/1.1/rtm/conversation/blacklist";

/** Silences for a time in version 1.1, where they are called a blacklist (http-api §4). */
export const legacySilenceRoutes = new Hono<HttpEnv>()
  .post(
    PATH_11,
    operation({
      id: "silenceForATime11",
      tag: "Version 1.1",
      summary: "Silence a client for a time",
      access: "master",
      answer: schema.nothing,
    }),
    takes(
      "json",
      v.pipe(
        v.object({
          client_id: schema.clientId(example.READER),
          conv_id: schema.conversationId(),
          ttl: silenceTime(),
        }),
        schema.shown({ client_id: example.READER, conv_id: example.CONVERSATION, ttl: 50 }),
      ),
    ),
    async (context) => {
      const { client_id: clientId, conv_id: id, ttl } = context.req.valid("json");
      await mustExist(context.env, id);
      return silenceFor(context, id, clientId, ttl);
    },
  )
  .delete(
    PATH_11,
    operation({
      id: "endSilence11",
      tag: "Version 1.1",
      summary: "End a client's silence",
      access: "master",
      answer: schema.nothing,
    }),
    takes(
      "query",
      v.object({ client_id: schema.clientId(example.READER), conv_id: schema.conversationId() }),
    ),
    async (context) => {
      const { client_id: clientId, conv_id: id } = context.req.valid("query");
      await mustExist(context.env, id);
      return silenceFor(context, id, clientId, 0);
    },
  );
