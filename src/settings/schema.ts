import * as v from "valibot";
import type { Json, JsonObject } from "../protocol/json.ts";

/** A whole number in a range. */
function whole(least: number, most: number) {
  const problem = `must be a whole number from ${least} to ${most}`;
  return v.pipe(v.number(problem), v.integer(problem), v.minValue(least, problem), v.maxValue(most, problem));
}

/** How often one client may do something in a minute; 0 is unlimited. */
const perMinute = () => whole(0, 1_000_000);

const flag = () => v.boolean("must be true or false");

const group = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.strictObject(entries, (issue) =>
    issue.expected === "never" ? "is not a setting" : "must be an object of settings",
  );

/**
 * Everything an app's owner can set while it runs, with the hosted service's defaults where it has any.
 * `demo` allows editing and recalling unless they are set, so that a demo shows what there is.
 */
const schema = (demo: boolean) =>
  group({
    messages: v.optional(
      group({
        /** Senders may edit their messages through an SDK; else error 4406. */
        allowEdit: v.optional(flag(), demo),
        /** Senders may recall their messages through an SDK; else error 4407. */
        allowRecall: v.optional(flag(), demo),
      }),
      {},
    ),
    limits: v.optional(
      group({
        sendsPerMinute: v.optional(perMinute(), 60),
        historyQueriesPerMinute: v.optional(perMinute(), 120),
        otherCommandsPerMinute: v.optional(perMinute(), 30),
        /** Content and push data of one message together, in bytes. */
        messageBytes: v.optional(whole(1, 65_536), 5_120),
        /** Members of one conversation. */
        members: v.optional(whole(1, 10_000), 500),
        /** Open links of one session (L1). Cloudflare's free plan allows a socket 50 subrequests. */
        linksPerSession: v.optional(whole(1, 100), 64),
        /** From connecting to the first login; then close code 4108. */
        loginSeconds: v.optional(whole(1, 3_600), 30),
      }),
      {},
    ),
  });

const schemas = { plain: schema(false), demo: schema(true) };

export type Settings = v.InferOutput<typeof schemas.plain>;

/** The settings of an app that never changed one. */
export function defaultSettings(demo: boolean): Settings {
  return settingsFrom({}, demo).settings;
}

/**
 * What a stored set of overrides comes to, and the fields left out: those this version does not know or does
 * not accept, because an older or newer one wrote them. One of them must not reset all the others.
 */
export function settingsFrom(overrides: Json, demo: boolean): { settings: Settings; ignored: string[] } {
  const schema = demo ? schemas.demo : schemas.plain;
  const kept = isObject(overrides) ? structuredClone(overrides) : {};
  const issues = v.safeParse(schema, kept).issues ?? [];
  for (const issue of issues) remove(kept, issue.path?.map((step) => String(step.key)) ?? []);
  return { settings: v.parse(schema, kept), ignored: issues.map(fieldOf) };
}

/**
 * Why a JSON merge patch (RFC 7396) of the overrides may not be stored, field by field; `undefined` when it
 * may. `null` takes an override back, so it suits every field there is.
 */
export function patchProblem(patch: Json): string | undefined {
  const result = v.safeParse(schemas.plain, withoutNulls(patch));
  return result.issues?.map((issue) => `${fieldOf(issue)}: ${issue.message}`).join("; ");
}

function fieldOf(issue: v.BaseIssue<unknown>): string {
  return v.getDotPath(issue) ?? "settings";
}

/**
 * The same with `undefined` for each `null` inside, which leaves the field's name to be checked. No setting is
 * a list, and valibot would take one for an object: `null` fits nothing.
 */
function withoutNulls(value: Json): unknown {
  if (Array.isArray(value)) return null;
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, inner === null ? undefined : withoutNulls(inner)]),
  );
}

function remove(target: JsonObject, [key, ...rest]: string[]): void {
  if (key === undefined) return;
  const inner = target[key];
  if (rest.length > 0 && isObject(inner)) remove(inner, rest);
  else delete target[key];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
