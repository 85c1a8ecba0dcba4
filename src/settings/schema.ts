import * as v from "valibot";
import { afterEvents, eventNames } from "../model/event-names.ts";
import { isObject, type Json, type JsonObject } from "../model/json.ts";
import { consoleSettings } from "./console-settings.ts";
import { fileSettings } from "./file-settings.ts";
import { historySettings } from "./history-settings.ts";
import { limitSettings } from "./limit-settings.ts";
import { mirrorSettings } from "./mirror-settings.ts";
import { pushSettings } from "./push-settings.ts";
import { retentionSettings } from "./retention-settings.ts";
import { roomSettings } from "./room-settings.ts";
import { securitySettings } from "./security-settings.ts";
import { upstreamSettings } from "./upstream-settings.ts";
import { userSettings } from "./user-settings.ts";
import {
  address,
  booleanSetting,
  described,
  group,
  listOf,
  secret,
  setElsewhere,
  wholeNumber,
} from "./value-schemas.ts";
import { isOfProfiles } from "./vendors/vendor-settings.ts";

/**
 * All settings of an app, with the hosted service's defaults if it has any. `demo` allows editing and recalling unless
 * they are set, so that a demo shows every feature.
 */
const schema = (demo: boolean) =>
  group({
    messages: v.optional(
      group({
        allowEdit: v.optional(
          described("Senders may edit their messages through an SDK; else error 4406.", booleanSetting()),
          demo,
        ),
        allowRecall: v.optional(
          described("Senders may recall their messages through an SDK; else error 4407.", booleanSetting()),
          demo,
        ),
      }),
      {},
    ),
    limits: v.optional(limitSettings(), {}),
    security: v.optional(securitySettings(), {}),
    hooks: v.optional(
      group({
        url: v.optional(
          described("Base URL of a LeanEngine that has the app's hooks.", v.nullable(address())),
          null,
        ),
        key: v.optional(described("The engine's LEANCLOUD_APP_HOOK_KEY.", v.nullable(secret())), null),
        legacySign: v.optional(
          described(
            "Adds `__sign` to the body, which engines in PHP check instead of the hook key.",
            booleanSetting(),
          ),
          true,
        ),
        timeoutMs: v.optional(
          described("The deadline of a hook, in milliseconds.", wholeNumber(50, 15_000)),
          3_000,
        ),
        onFailure: v.optional(
          described(
            "The result of a request whose hook fails.",
            v.picklist(["ignore", "refuse"], "must be ignore or refuse"),
          ),
          "ignore",
        ),
        allowPrivate: v.optional(
          described(
            "Hooks and webhooks may be http, and on this machine or in a private network.",
            booleanSetting(),
          ),
          false,
        ),
      }),
      {},
    ),
    webhooks: v.optional(
      group({
        url: v.optional(
          described("Takes the events of this list as JSON, signed with the secret.", v.nullable(address())),
          null,
        ),
        secret: v.optional(
          described("Signs the requests, so that their receiver knows who sent them.", v.nullable(secret())),
          null,
        ),
        events: v.optional(
          described(
            "The events that are sent to the webhook.",
            listOf(v.picklist(eventNames, "must be a list of event names")),
          ),
          afterEvents,
        ),
      }),
      {},
    ),
    serviceHook: v.optional(
      group({
        url: v.optional(
          described(
            "Takes what clients write to service conversations, several messages at a time.",
            v.nullable(address()),
          ),
          null,
        ),
        secret: v.optional(
          described("Signs the requests like those of `webhooks`.", v.nullable(secret())),
          null,
        ),
      }),
      {},
    ),
    broadcasts: v.optional(
      group({
        unexpired: v.optional(
          described(
            "When broadcasts to everybody were sent and end, by service (ms). Set by these broadcasts alone.",
            setElsewhere(
              v.record(
                v.string(),
                v.array(v.object({ at: v.number(), validTill: v.number() })),
                "is set by broadcasts",
              ),
            ),
          ),
          {},
        ),
      }),
      {},
    ),
    keywords: v.optional(
      group({
        oneToOne: v.optional(described("Filters conversations of two as well.", booleanSetting()), false),
        version: v.optional(
          described(
            "The version of the current word list; null without one. Set by `PUT /admin/keywords` alone.",
            setElsewhere(v.nullable(v.string())),
          ),
          null,
        ),
      }),
      {},
    ),
    events: v.optional(
      group({
        logDays: v.optional(
          described("The age of the event log in days; 0 keeps none.", wholeNumber(0, 90)),
          0,
        ),
      }),
      {},
    ),
    console: v.optional(consoleSettings(), {}),
    files: v.optional(fileSettings(), {}),
    history: v.optional(historySettings(), {}),
    mirror: v.optional(mirrorSettings(), {}),
    push: v.optional(pushSettings(), {}),
    retention: v.optional(retentionSettings(), {}),
    rooms: v.optional(roomSettings(), {}),
    upstream: v.optional(upstreamSettings(), {}),
    users: v.optional(userSettings(), {}),
  });

const schemas = { plain: schema(false), demo: schema(true) };

/** All settings, for descriptions. */
export const settingsSchema = schemas.plain;

/** The same, with the defaults of a demo if it is one. */
export const settingsSchemaOf = (demo: boolean): typeof schemas.plain =>
  demo ? schemas.demo : schemas.plain;

export type Settings = v.InferOutput<typeof schemas.plain>;

/** The settings of an app that never changed one. */
export function defaultSettings(demo: boolean): Settings {
  return settingsFrom({}, demo).settings;
}

/**
 * The settings from a stored set of overrides, and the fields left out, each with the reason: this version does not
 * know or accept them, because an older or newer version wrote them. One invalid field must not reset all the others.
 * What lacks a field that it needs is left out with it.
 */
export function settingsFrom(overrides: Json, demo: boolean): { settings: Settings; ignored: string[] } {
  const schema = settingsSchemaOf(demo);
  const kept = isObject(overrides) ? structuredClone(overrides) : {};
  const ignored: string[] = [];
  let result = v.safeParse(schema, kept);
  while (!result.success) {
    const removed = result.issues.filter((issue) => remove(kept, pathOf(issue)));
    if (removed.length === 0) break;
    ignored.push(...result.issues.map(describe));
    result = v.safeParse(schema, kept);
  }
  return { settings: v.parse(schema, kept), ignored };
}

/**
 * The reasons that a JSON merge patch (RFC 7396) of the overrides is invalid, field by field; `undefined` if it is
 * valid. `null` removes an override, so it is valid for every field.
 */
export function patchProblem(patch: Json): string | undefined {
  if (touchesWordList(patch)) return "keywords.version: is set by PUT /admin/keywords";
  if (isObject(patch) && Object.hasOwn(patch, "broadcasts")) return "broadcasts: is set by broadcasts";
  if (isObject(patch) && isObject(patch.history) && Object.hasOwn(patch.history, "archivedSince"))
    return "history.archivedSince: is set by changes of history.archive";
  const result = v.safeParse(schemas.plain, withoutNulls(patch));
  const problems = result.issues?.filter((issue) => !isLeftOut(issue)) ?? [];
  return problems.length === 0 ? undefined : problems.map(describe).join("; ");
}

/** A field that a patch of a vendor's profile leaves out may be stored already: the merged settings show it. */
function isLeftOut(issue: v.BaseIssue<unknown>): boolean {
  const path = pathOf(issue);
  return issue.input === undefined && path.length > 2 && isOfProfiles(path);
}

/** Removing all of `keywords` would remove the list's version too. */
function touchesWordList(patch: Json): boolean {
  if (!isObject(patch)) return false;
  return patch.keywords === null || (isObject(patch.keywords) && Object.hasOwn(patch.keywords, "version"));
}

/**
 * Whether the app checks commands of clients, so that objects have to read the settings before they act: with hooks, a word
 * list, signed operations, an event log, or a mirror.
 */
export function needsPolicyCheck(settings: Settings): boolean {
  const { keywords, mirror, security } = settings;
  const hasRules = security.removeOthers !== "members" || security.historyFrom !== "beginning";
  const hasTargets = hasListeners(settings) || mirror.server !== null;
  const hasSigned = security.signConversation || security.signBlacklist;
  return hasTargets || keywords.version !== null || hasSigned || hasRules;
}

/** Whether events have any target: hooks, a webhook, or the event log. */
export function hasListeners({ hooks, webhooks, events }: Settings): boolean {
  return hooks.url !== null || webhooks.url !== null || events.logDays > 0;
}

/** The same for logins. */
export function needsLoginCheck(settings: Settings): boolean {
  return needsPolicyCheck(settings) || settings.security.signLogin || settings.security.jwt !== null;
}

/** A field and its problem. */
function describe(issue: v.BaseIssue<unknown>): string {
  return `${v.getDotPath(issue) ?? "settings"}: ${issue.message}`;
}

/** Settings are in groups; inside are values, of which some are lists. */
const GROUP_DEPTH = 1;

/**
 * The value with `undefined` for each `null` inside, so that the field's name is still checked. Valibot would accept a
 * list as a group: `null` fits nothing.
 */
function withoutNulls(value: Json, path: readonly string[] = []): unknown {
  if (Array.isArray(value)) return path.length > GROUP_DEPTH && !isOfProfiles(path) ? value : null;
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      inner === null ? undefined : withoutNulls(inner, [...path, key]),
    ]),
  );
}

function pathOf(issue: v.BaseIssue<unknown>): string[] {
  return issue.path?.map((step) => String(step.key)) ?? [];
}

/** Removes a field, or what lacks it. False if there is nothing to remove. */
function remove(target: JsonObject, [key, ...rest]: string[]): boolean {
  if (key === undefined || !Object.hasOwn(target, key)) return false;
  const inner = target[key];
  if (rest.length > 0 && isObject(inner) && remove(inner, rest)) return true;
  delete target[key];
  return true;
}
