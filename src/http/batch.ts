import { Hono } from "hono";
import * as v from "valibot";
import type { Env } from "../bindings.ts";
import { loggableError } from "../loggable-error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { printable } from "../printable.ts";
import { BATCH_COST_MAX, BATCH_PARTS_MAX, COSTLY_REQUEST } from "../request-bounds.ts";
import { yieldToEventLoop } from "../yield-to-event-loop.ts";
import { aboutChat, aboutDevice, aboutUser, type BatchCaller, type BatchPart } from "./batch-parts.ts";
import type { HttpEnv } from "./env.ts";
import { failures, INVALID_FIELD, refuse } from "./errors.ts";
import * as example from "./examples.ts";
import { CallFailed } from "./object-call.ts";
import { operation, takes } from "./operation.ts";
import { inPieces } from "./pieces.ts";
import { saverOf } from "./push/installations.ts";
import { type ApiResponse, invalid } from "./response.ts";
import * as schema from "./schemas.ts";
import { callerOf } from "./users/user-caller.ts";

const BODY_MAX = 262_144; // bytes
const SHOWN_MAX = 256; // characters of a path in an answer
const PATH_MAX = 4_096; // characters; JavaScript deletes many by one path

const request = v.object({
  method: v.pipe(v.string(), v.toUpperCase(), v.picklist(["GET", "POST", "PUT", "DELETE"])),
  path: v.pipe(v.string(), v.maxLength(PATH_MAX), v.description("Such as `/1.1/installations`.")),
  // PHP writes an empty list for an empty object.
  body: v.nullish(
    v.pipe(
      schema.objectOrNothing(),
      v.transform((body): JsonObject => (Array.isArray(body) ? {} : body)),
    ),
  ),
  params: v.nullish(v.pipe(schema.anyObject(), v.description("What else would stand in the query."))),
});
type Request = v.InferOutput<typeof request>;

const requests = (shown: JsonObject) =>
  v.pipe(
    v.object({
      requests: v.pipe(
        v.array(request),
        v.maxLength(BATCH_PARTS_MAX, `must have at most ${BATCH_PARTS_MAX} entries`),
      ),
    }),
    schema.shown({ requests: [{ method: "POST", path: "/1.1/installations", body: shown }] }),
  );

const device = { deviceType: "ios", deviceToken: example.DEVICE_TOKEN, channels: ["news"] };

const outcomes = v.pipe(
  v.array(v.union([v.object({ success: v.unknown() }), v.object({ error: schema.anyObject() })])),
  schema.shown([{ success: { objectId: example.INSTALLATION, createdAt: "2023-11-14T22:13:20.000Z" } }]),
);

const savedByName = v.pipe(
  v.record(v.string(), schema.anyObject()),
  schema.shown({
    "1A2B": { objectId: example.INSTALLATION, createdAt: "2023-11-14T22:13:20.000Z" },
  }),
);

/** Several requests in one, which SDKs use for single requests too (http-api §5). They run in their order. */
export const batchRoutes = new Hono<HttpEnv>()
  .post(
    "/1.1/batch",
    operation({
      id: "batch",
      tag: "Push",
      summary: "Do several things",
      description:
        "With installations and users, or, for the master key, with conversations: in their order, each for itself. One " +
        "that is refused leaves the others be.",
      access: "app",
      answer: outcomes,
      bodyLimit: BODY_MAX,
      weight: COSTLY_REQUEST,
    }),
    takes("json", requests(device), undefined, "as written"),
    async (context) => {
      const caller = { saver: await saverOf(context), user: await callerOf(context) };
      const { requests: parts } = context.req.valid("json");
      if (isTooMuch(parts)) return refuse(context, 400, tooMuch);
      const done: JsonObject[] = [];
      for (const each of parts) {
        const answer = await answerTo(context.env, each, caller);
        await yieldToEventLoop();
        done.push(answer.failure === undefined ? { success: answer.body } : { error: { ...answer.failure } });
      }
      return inPieces(context, done, 200);
    },
  )
  .post(
    "/1.1/batch/save",
    operation({
      id: "saveBatch",
      isStepwise: true,
      tag: "Push",
      summary: "Save several installations or users",
      description:
        "The Swift, Objective-C and Java SDKs save so. Each is answered under the `__internalId` of its body, else " +
        "under its `objectId`. The first that is refused ends it; those before it are saved.",
      access: "app",
      answer: savedByName,
      bodyLimit: BODY_MAX,
      weight: COSTLY_REQUEST,
    }),
    takes("json", requests({ __internalId: "1A2B", ...device }), undefined, "as written"),
    async (context) => {
      const caller = { saver: await saverOf(context), user: await callerOf(context) };
      const { requests: parts } = context.req.valid("json");
      if (isTooMuch(parts)) return refuse(context, 400, tooMuch);
      // A map, because callers choose the names: nothing is inherited.
      const done = new Map<string, JsonObject>();
      for (const each of parts) {
        const answer = await answerTo(context.env, each, caller);
        if (answer.failure !== undefined) return refuse(context, answer.status, answer.failure);
        await yieldToEventLoop();
        const name = nameOf(each, answer.body);
        // Objective-C saves one object by several requests.
        done.set(name, { ...done.get(name), ...answer.body });
      }
      return context.json(Object.fromEntries(done));
    },
  );

function nameOf({ body }: Request, { objectId }: JsonObject): string {
  const name = body?.__internalId ?? objectId;
  return typeof name === "string" ? name : String(objectId);
}

const RESOURCE =
  /^(?:https?:\/\/[^/]+)?\/*(?:1(?:\.\d)?\/+)?(installations|users|classes\/+(\w+))(?:\/+([^/?]+))?\/*$/;

type Kind = "conversations" | "installations" | "users";

const KINDS = new Map<string, Kind>([
  ["_Conversation", "conversations"],
  ["_Installation", "installations"],
  ["installations", "installations"],
  ["_User", "users"],
  ["users", "users"],
]);

/** What a part costs for each of its ids. A user's password may have to be hashed. */
const COSTS: Record<Kind, number> = { conversations: 1, installations: 2, users: 5 };

/** The resource of a path; undefined if it is not served here. */
function resourceOf(path: string): { kind: Kind; ids: string[] } | undefined {
  const [resource = ""] = path.split("?", 1);
  const [, place = "", name = place, id = ""] = RESOURCE.exec(resource) ?? [];
  const kind = KINDS.get(name);
  return kind && { kind, ids: id === "" ? [] : decoded(id).split(",") };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const tooMuch = {
  code: INVALID_FIELD,
  error:
    `requests: ask for more than ${BATCH_COST_MAX} things, of which an installation counts for ${COSTS.installations} ` +
    `and a user for ${COSTS.users}`,
};

function isTooMuch(parts: readonly Request[]): boolean {
  const costs = parts.map(({ path }) => {
    const resource = resourceOf(path);
    return (resource === undefined ? 1 : COSTS[resource.kind]) * Math.max(1, resource?.ids.length ?? 1);
  });
  return costs.reduce((sum, cost) => sum + cost, 0) > BATCH_COST_MAX;
}

const ABOUT = { conversations: aboutChat, installations: aboutDevice, users: aboutUser };

/** Never rejects: a part that fails does not affect the others. */
async function answerTo(env: Env, asked: Request, caller: BatchCaller): Promise<ApiResponse> {
  const { method, path, body, params } = asked;
  const resource = resourceOf(path);
  if (resource === undefined) {
    const error = `${shown(path)}: only conversations, installations and users are kept here; upstream.url takes the rest`;
    return { status: 404, failure: { code: failures.notFound.code, error } };
  }
  const part: BatchPart = {
    method,
    ids: resource.ids,
    parameters: parametersOf(path.split("?").slice(1).join("?"), params ?? {}),
    body: body ?? {},
    caller,
  };
  try {
    const answer = await ABOUT[resource.kind](env, part);
    return answer ?? invalid(INVALID_FIELD, `${method} ${shown(path)}: there is no such request`);
  } catch (error) {
    console.error(`batch: ${method} ${shown(path)}: ${loggableError(error)}`);
    if (error instanceof CallFailed) return { status: error.status, failure: error.failure };
    return { status: 500, failure: failures.internal };
  }
}

const shown = (path: string): string => printable(path, SHOWN_MAX);

/** The parameters as a query string has them: texts. */
function parametersOf(search: string, params: JsonObject): Record<string, string> {
  const text = (value: Json) => (typeof value === "string" ? value : JSON.stringify(value));
  return {
    ...Object.fromEntries(new URLSearchParams(search)),
    ...Object.fromEntries(Object.entries(params).map(([name, value]) => [name, text(value)])),
  };
}
