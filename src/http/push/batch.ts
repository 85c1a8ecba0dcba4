import { Hono } from "hono";
import * as v from "valibot";
import type { Json, JsonObject } from "../../protocol/json.ts";
import type { Caller } from "../auth.ts";
import type { HttpEnv } from "../env.ts";
import { failures, INVALID_FIELD, INVALID_PARAMETER, refuse } from "../errors.ts";
import * as example from "../examples.ts";
import { identify, operation, takes } from "../operation.ts";
import * as schema from "../schemas.ts";
import { type Answer, find, read, remove, save } from "./installation-requests.ts";
import { finding, saving } from "./installations.ts";

/** D1 is asked twice for each, and on the free plan a request may ask 50 times (November 2026). */
const REQUESTS_MAX = 20;
const BODY_MAX = 262_144; // bytes

const request = v.object({
  method: v.pipe(v.string(), v.toUpperCase(), v.picklist(["GET", "POST", "PUT", "DELETE"])),
  path: v.pipe(v.string(), v.maxLength(256), v.description("Such as `/1.1/installations`.")),
  body: v.nullish(schema.anyObject()),
  params: v.nullish(v.pipe(schema.anyObject(), v.description("What else would stand in the query."))),
});
type Request = v.InferOutput<typeof request>;

const requests = (shown: JsonObject) =>
  v.pipe(
    v.object({
      requests: v.pipe(
        v.array(request),
        v.maxLength(REQUESTS_MAX, `must have at most ${REQUESTS_MAX} entries`),
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

/** Several requests in one, which SDKs use for single ones too (http-api §5). Carried out in their order. */
export const batch = new Hono<HttpEnv>()
  .post(
    "/1.1/batch",
    operation({
      ...{ id: "batch", tag: "Push", summary: "Do several things with installations" },
      description: "In their order, each for itself: one that is refused leaves the others be.",
      ...{ access: "app", answer: outcomes, bodyLimit: BODY_MAX },
    }),
    takes("json", requests(device)),
    async (context) => {
      const caller = await identify(context);
      const done: JsonObject[] = [];
      for (const each of context.req.valid("json").requests) {
        const answer = await answerTo(context.env.DB, each, caller);
        done.push(answer.failure === undefined ? { success: answer.body } : { error: { ...answer.failure } });
      }
      return context.json(done);
    },
  )
  .post(
    "/1.1/batch/save",
    operation({
      ...{ id: "saveBatch", tag: "Push", summary: "Save several installations" },
      description:
        "The Swift, Objective-C and Java SDKs save so. Each is answered under the `__internalId` of its body, else " +
        "under its `objectId`. The first that is refused ends it; those before it are saved.",
      ...{ access: "app", answer: savedByName, bodyLimit: BODY_MAX },
    }),
    takes("json", requests({ __internalId: "1A2B", ...device })),
    async (context) => {
      const caller = await identify(context);
      // Whatever callers name: nothing is inherited.
      const done = new Map<string, JsonObject>();
      for (const each of context.req.valid("json").requests) {
        const answer = await answerTo(context.env.DB, each, caller);
        if (answer.failure !== undefined) return refuse(context, answer.status, answer.failure);
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

const RESOURCE = /^\/?(?:1(?:\.\d)?\/)?(?:installations|classes\/_Installation)(?:\/([^/?]+))?\/?$/;

const unauthorized: Answer = { status: 401, failure: failures.unauthorized };

async function answerTo(db: D1Database, asked: Request, caller: Caller): Promise<Answer> {
  const { method, path, body } = asked;
  const [resource = "", search = ""] = path.split("?", 2);
  const match = RESOURCE.exec(resource);
  if (match === null) {
    const error = `${path}: only installations are kept here`;
    return { status: 404, failure: { code: failures.notFound.code, error } };
  }
  const id = match[1];
  const parameters = parametersOf(search, asked.params ?? {});
  if (method === "GET" && id === undefined) {
    if (caller !== "master") return unauthorized;
    const query = v.safeParse(finding, parameters);
    return query.success ? find(db, query.output) : misfit(query.issues);
  }
  if (method === "GET" && id !== undefined) return read(db, id);
  if (method === "DELETE" && id !== undefined) return caller === "master" ? remove(db, id) : unauthorized;
  if ((method === "PUT") === (id === undefined) || method === "DELETE") {
    return {
      status: 400,
      failure: { code: INVALID_FIELD, error: `${method} ${path}: there is no such request` },
    };
  }
  const query = v.safeParse(saving, parameters);
  if (!query.success) return misfit(query.issues);
  const { fetchWhenSave = false, new: fresh = false } = query.output;
  return save(db, { id, changes: body ?? {}, full: fetchWhenSave || fresh });
}

/** As a query has them: texts. */
function parametersOf(search: string, params: JsonObject): Record<string, string> {
  const text = (value: Json) => (typeof value === "string" ? value : JSON.stringify(value));
  return {
    ...Object.fromEntries(new URLSearchParams(search)),
    ...Object.fromEntries(Object.entries(params).map(([name, value]) => [name, text(value)])),
  };
}

function misfit([issue]: [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): Answer {
  const error = `${v.getDotPath(issue)}: ${issue.message}`;
  return { status: 400, failure: { code: INVALID_PARAMETER, error } };
}
