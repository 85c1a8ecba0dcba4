import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import * as v from "valibot";
import { frontOf, senderOf } from "../gateway/address.ts";
import { isObject, type JsonObject } from "../model/json.ts";
import { printable } from "../printable.ts";
import { plain } from "../protocol/written-number.ts";
import { settingsOf } from "../settings/store.ts";
import { audited, isAudited } from "./audit/audited.ts";
import { type Caller, callerOf, credentialsInHeaders } from "./auth.ts";
import { readJson } from "./body.ts";
import { consoleSession, isByConsole, keepSignedIn } from "./console/console-session.ts";
import { idOfPart } from "./dot-ids.ts";
import type { HttpEnv } from "./env.ts";
import { failures, INVALID_FIELD, INVALID_PARAMETER, refuse } from "./errors.ts";
import { problemIn } from "./problem.ts";
import { isWithinRate } from "./request-rate.ts";
import { isFromForeignPage } from "./web-page.ts";

export type Tag =
  | "Conversations"
  | "Messages"
  | "Chat rooms"
  | "Service conversations"
  | "Clients"
  | "App"
  | "Push"
  | "Files"
  | "Users"
  | "Version 1.1"
  | "SDKs"
  | "Administration";

/** An operation of the API: its documentation, and the callers it allows. */
export interface Operation {
  /** Unique, for generated clients. */
  id: string;
  tag: Tag;
  /** A few words, without a full stop. */
  summary: string;
  description?: string;
  /** `master` requires the master key, `app` any key of the app. `anyone` is open, or checks the caller itself. */
  access: Access;
  /** The schema of a success; null for no body, with 204. */
  answer: v.GenericSchema | TextBody | null;
  /** The status of a success, if it is not 200 or 204. */
  status?: 201;
  /** The body that the handler reads by itself; other bodies are described where they are checked (`takes`). */
  body?: v.GenericSchema | TextBody;
  /** The largest body in bytes, if it is not the default. */
  bodyLimit?: number;
  /** Parameters in headers. */
  headers?: { name: string; description: string; example: string }[];
  /** The number of requests it counts as, with the app key; 1 by default. */
  weight?: number;
  /** Whether it changes nothing, although it is no GET: the audit log has no entry of it. */
  isReading?: boolean;
  /** Whether what was done before a refusal stays done: the audit log then has an entry of the refused request too. */
  isStepwise?: boolean;
  /** Whether it uses a quota (L-10). */
  isMetered?: boolean;
}

/** A body of plain text instead of JSON. */
export interface TextBody {
  text: v.GenericSchema<string>;
}

export type Access = "anyone" | "app" | "master";

type Target = "param" | "query" | "json";

/** What one handler of a route describes: the operation itself, or an input that it takes. */
export type Description = { operation: Operation } | { target: Target; schema: v.GenericSchema };

const descriptions = new WeakMap<MiddlewareHandler, Description>();

/** What a handler that `operation` or `takes` made describes; undefined for other handlers. */
export const descriptionOf = (handler: MiddlewareHandler): Description | undefined =>
  descriptions.get(handler);

/** Identifies the caller, once per request. */
export async function identify(context: Context<HttpEnv>): Promise<Caller> {
  const known = context.get("caller");
  if (known !== undefined) return known;
  const caller = (await callerByConsole(context)) ?? (await callerByKeys(context));
  context.set("caller", caller);
  return caller;
}

/** The caller of a request that carries keys. */
async function callerByKeys(context: Context<HttpEnv>): Promise<Caller> {
  const { env } = context;
  const shown = await callerOf(await credentialsOf(context), env, (time) => isRecent(time, env));
  return shown === "master" && (await isForeign(context)) ? "none" : shown;
}

/** The caller of a request that the console made; undefined for any other. Keys count before the cookie. */
async function callerByConsole(context: Context<HttpEnv>): Promise<Caller | undefined> {
  if (!isByConsole(context) || credentialsInHeaders(context.req.raw.headers) !== undefined) return undefined;
  const session = await consoleSession(context);
  if (session === undefined) return undefined;
  context.set("consoleSession", session);
  await keepSignedIn(context, session);
  return "master";
}

/** The master key is for servers. A request with it from a foreign web page means that the key leaked. */
async function isForeign({ req, env }: Context<HttpEnv>): Promise<boolean> {
  if (!req.raw.headers.has("Origin")) return false;
  return isFromForeignPage(req.raw, (await settingsOf(env).get()).security.origins);
}

const MINUTE = 60_000; // ms

/** Whether a time (ms) is within `security.masterSignMinutes` of now, on either side. */
async function isRecent(time: number, env: HttpEnv["Bindings"]): Promise<boolean> {
  const { masterSignMinutes } = (await settingsOf(env).get()).security;
  return masterSignMinutes === 0 || Math.abs(Date.now() - time) <= masterSignMinutes * MINUTE;
}

const nobody = { appId: undefined, key: undefined, masterKey: undefined, sign: undefined };

async function credentialsOf(context: Context<HttpEnv>) {
  const inHeaders = credentialsInHeaders(context.req.raw.headers);
  if (inHeaders !== undefined) return inHeaders;
  // Only a body that a browser can send without own headers is read before the caller is known.
  if (!/^text\/plain\b/i.test(context.req.header("Content-Type") ?? "")) return nobody;
  const body = await readJson(context);
  return ("value" in body ? body.credentials : undefined) ?? nobody;
}

/** Describes an operation and rejects callers that it does not allow. It is the first of a route's handlers. */
export function operation(described: Operation): MiddlewareHandler<HttpEnv> {
  const { access, bodyLimit } = described;
  const middleware = createMiddleware<HttpEnv>(async (context, next) => {
    if (bodyLimit !== undefined) context.set("bodyLimit", bodyLimit);
    if (access !== "anyone") {
      const caller = await identify(context);
      if (caller === "none" || (access === "master" && caller !== "master")) {
        return refuse(context, 401, failures.unauthorized);
      }
      const { countedAs } = senderOf(context.req.raw.headers, frontOf(context.env));
      if (caller !== "master" && !isWithinRate(countedAs, described.weight ?? 1, Date.now())) {
        return tooManyRequests(context);
      }
      if (caller === "master" && !described.isReading && isAudited(context)) {
        return audited(context, described, next);
      }
    }
    await next();
  });
  descriptions.set(middleware, { operation: described });
  return middleware;
}

/** The refusal of a request over the rate of its address. */
export function tooManyRequests(context: Context<HttpEnv>): Response {
  context.header("Retry-After", "60");
  return refuse(context, 429, failures.tooManyRequests);
}

type Taken<T extends Target, Schema extends v.GenericSchema> = {
  in: { [K in T]: v.InferInput<Schema> };
  out: { [K in T]: v.InferOutput<Schema> };
};

/**
 * Checks the parameters of a path or query, or a JSON body, and describes them in the document. Invalid input is
 * refused with 400: 107 if it is not JSON, 105 for a field of the body, 1 for a parameter. A null field counts as
 * absent, because some callers send all their fields. A parameter without a value does not count as absent: a caller
 * that forgot a condition must not receive everything.
 *
 * @param nulls `kept` if null is a value like any other
 * @param numbers `as written` if the body or a part of it is passed on. Fields that a schema knows are JavaScript's
 *   numbers in any case.
 */
export function takes<T extends Target, Schema extends v.GenericSchema<unknown, object>>(
  target: T,
  schema: Schema,
  nulls?: "kept" | undefined,
  numbers?: "as written",
): MiddlewareHandler<HttpEnv, string, Taken<T, Schema>> {
  const middleware = createMiddleware<HttpEnv, string, Taken<T, Schema>>(async (context, next) => {
    let given: unknown;
    if (target === "json") {
      const body = await readJson(context);
      if ("failure" in body) return refuse(context, body.status, body.failure);
      const read = numbers === undefined ? body.value : body.written();
      if (read === undefined && body.value !== undefined) {
        const error = "Malformed JSON: too many fractions and large numbers.";
        return refuse(context, 400, { ...failures.malformedJson, error });
      }
      const value = read ?? {}; // the refusal of an absent body then names the missing fields
      if (!isObject(value)) {
        return refuse(context, 400, { code: INVALID_FIELD, error: "The body must be a JSON object." });
      }
      given = withPlainFields(schema, nulls === "kept" ? value : withoutNulls(value));
    } else {
      given = target === "param" ? partsOf(context.req.param()) : queryOf(context.req.queries());
    }
    const stranger = target === "param" ? undefined : strangerIn(schema, given);
    if (stranger !== undefined) {
      const code = target === "json" ? INVALID_FIELD : INVALID_PARAMETER;
      return refuse(context, 400, { code, error: `${printable(stranger, 64)}: is not known here` });
    }
    const parsed = v.safeParse(schema, given, { abortPipeEarly: true });
    if (!parsed.success) {
      const code = target === "json" ? INVALID_FIELD : INVALID_PARAMETER;
      return refuse(context, 400, { code, error: problemsOf(parsed.issues) });
    }
    context.req.addValidatedData(target, parsed.output);
    await next();
  });
  descriptions.set(middleware, { target, schema });
  return middleware;
}

const partsOf = (parts: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, idOfPart(part)]));

/**
 * A name that a strict schema does not know: if it were ignored, the caller would believe that it had an effect. Fields
 * that storage SDKs add to every body begin with two underscores.
 */
function strangerIn(schema: { type: string }, given: unknown): string | undefined {
  if (schema.type !== "object" || !("entries" in schema) || !isObject(given)) return undefined;
  const { entries } = schema;
  if (!isObject(entries)) return undefined;
  return Object.keys(given).find((name) => !Object.hasOwn(entries, name) && !name.startsWith("__"));
}

/** Fields that a schema knows have JavaScript's numbers; the others keep their numbers as they were written. */
function withPlainFields(schema: object, body: JsonObject): JsonObject {
  const known = "entries" in schema && isObject(schema.entries) ? schema.entries : {};
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, Object.hasOwn(known, name) ? plain(value) : value]),
  );
}

export function withoutNulls(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([, field]) => field !== null));
}

/** A repeated parameter stays a list, which no schema accepts. */
function queryOf(queries: Record<string, string[]>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(queries).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}

const SHOWN_MAX = 5;

function problemsOf(issues: v.BaseIssue<unknown>[]): string {
  return issues.slice(0, SHOWN_MAX).map(problemIn).join("; ");
}
