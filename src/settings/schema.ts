import * as v from "valibot";
import { afterEvents, eventNames } from "../model/event-names.ts";
import { isObject, type Json, type JsonObject } from "../model/json.ts";
import { fileSettings } from "./file-settings.ts";
import { mirrorSettings } from "./mirror-settings.ts";
import { pushSettings } from "./push-settings.ts";
import { roomSettings } from "./room-settings.ts";
import { upstreamSettings } from "./upstream-settings.ts";
import { userSettings } from "./user-settings.ts";
import { address, booleanSetting, group, listOf, perMinute, secret, wholeNumber } from "./value-schemas.ts";
import { isOfProfiles } from "./vendors/vendor-settings.ts";

/** Scheme, host and port, as browsers send it: nothing after them, no wildcards (C-11). */
const origin = () =>
  v.pipe(v.string("must be an origin"), v.check(isOrigin, "must be an origin such as https://example.com"));

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** The signature of JSON Web Tokens: a shared secret (HS256), or keys published at a URL. */
const tokenRules = () =>
  v.pipe(
    group({
      secret: v.optional(v.nullable(secret()), null),
      jwksUrl: v.optional(v.nullable(address()), null),
      /** `iss` that a token must have. */
      issuer: v.optional(v.nullable(v.string("must be a text")), null),
      /** `aud` that a token must have. */
      audience: v.optional(v.nullable(v.string("must be a text")), null),
    }),
    v.check(
      (rules) => (rules.secret === null) !== (rules.jwksUrl === null),
      "needs a secret or a jwksUrl, and not both",
    ),
  );

/**
 * All settings of an app, with the hosted service's defaults if it has any. `demo` allows editing and recalling unless
 * they are set, so that a demo shows every feature.
 */
const schema = (demo: boolean) =>
  group({
    messages: v.optional(
      group({
        /** Senders may edit their messages through an SDK; else error 4406. */
        allowEdit: v.optional(booleanSetting(), demo),
        /** Senders may recall their messages through an SDK; else error 4407. */
        allowRecall: v.optional(booleanSetting(), demo),
      }),
      {},
    ),
    limits: v.optional(
      group({
        /** Commands of one client on one socket, like the other command limits. A user with five windows sends 300. */
        sendsPerMinute: v.optional(perMinute(), 600),
        historyQueriesPerMinute: v.optional(perMinute(), 600),
        /** Counted separately; look-ups by id have ten times as many, list queries half (`gateway/limits/rate-limits.ts`). */
        otherCommandsPerMinute: v.optional(perMinute(), 300),
        /** The number of busy users that one address may stand for; 0 is unlimited. */
        peoplePerAddress: v.optional(wholeNumber(0, 1_000_000), 200),
        /** Content and push data of one message together, in bytes. An offer of a video call takes up to 30 KB. */
        messageBytes: v.optional(wholeNumber(1, 65_536), 32_768),
        /** Name of a conversation. */
        nameCharacters: v.optional(wholeNumber(1, 10_000), 1_024),
        /** Name, attributes and custom columns of a conversation together, as JSON. A frame takes 128 KiB. */
        attributesCharacters: v.optional(wholeNumber(2, 100_000), 65_536),
        /** Members of one conversation. */
        members: v.optional(wholeNumber(1, 10_000), 500),
        /** Members of one temporary conversation. */
        temporaryMembers: v.optional(wholeNumber(1, 100), 10),
        /** Clients that one conversation silences, and as many that it blocks. */
        listedClients: v.optional(wholeNumber(1, 10_000), 500),
        /** The same of a chat room or service conversation. */
        listedClientsInRooms: v.optional(wholeNumber(1, 10_000), 10_000),
        /** Subscriptions of one session (L1). Cloudflare's free plan allows a socket 50 subrequests. */
        linksPerSession: v.optional(wholeNumber(1, 100), 64),
        /** From connecting to the first login; then close code 4108. */
        loginSeconds: v.optional(wholeNumber(1, 3_600), 30),
        /** A silent device counts as gone after this time: close code 4107. SDKs send a heartbeat every 180 s. */
        silenceSeconds: v.optional(wholeNumber(1, 86_400), 400),
        /** An idle socket is sent an `echo` after this time, so that no proxy closes it; 0 sends none. */
        keepAliveSeconds: v.optional(wholeNumber(0, 3_600), 50),
        /** The time that a device with a broken connection has to come back before events are sent about it. */
        returnSeconds: v.optional(wholeNumber(0, 300), 15),
        /** Messages sent, edited and recalled over HTTP, of the whole app (L-10); 0 is unlimited. */
        restMessagesPerMinute: v.optional(perMinute(), 1_800),
        /** Broadcasts to subscribers of a service, their edits and recalls, of the whole app (L-11); 0 is unlimited. */
        broadcastsPerMinute: v.optional(perMinute(), 30),
        /** The same in a day (UTC). */
        broadcastsPerDay: v.optional(perMinute(), 1_000),
        /** Broadcasts to everybody and their edits, of the whole app (L-12); 0 is unlimited. */
        globalBroadcastsPerMinute: v.optional(perMinute(), 10),
        /** The same in a day (UTC). */
        globalBroadcastsPerDay: v.optional(perMinute(), 30),
        /** Notifications requested over HTTP, of the whole app; 0 is unlimited. */
        pushesPerMinute: v.optional(perMinute(), 600),
        /** New installations with the app key, of the whole app. */
        installationsPerMinute: v.optional(perMinute(), 3_000),
        /** New files with the app key, of the whole app. */
        filesPerMinute: v.optional(perMinute(), 3_000),
        /** New users with the app key, of the whole app. */
        signUpsPerMinute: v.optional(perMinute(), 600),
      }),
      {},
    ),
    security: v.optional(
      group({
        /** Logins need a signature of the app's server, else error 4102. */
        signLogin: v.optional(booleanSetting(), false),
        /** Creating, joining, adding and removing need one, else error 4302. */
        signConversation: v.optional(booleanSetting(), false),
        /** Clients may read history over HTTP, with a signature. */
        signHistory: v.optional(booleanSetting(), false),
        /** Blacklist operations need one, else error 4546. */
        signBlacklist: v.optional(booleanSetting(), false),
        /** Members have roles, and silence others; else error 4325. */
        memberRoles: v.optional(booleanSetting(), false),
        /** Members block others, and clients refuse conversations; else error 4544. */
        blacklists: v.optional(booleanSetting(), false),
        /**
         * Which conversations of others clients can find without knowing their id: by any condition, by name,
         * attributes and the app's own columns, or none.
         */
        findOthers: v.optional(
          v.picklist(["anyone", "described", "nobody"], "must be anyone, described or nobody"),
          "described",
        ),
        /** Shows the members of a conversation to clients that know its id, and not to members alone. */
        showMembers: v.optional(booleanSetting(), true),
        /** The clients that add members: any client itself and members others, members alone, or none (only the app). */
        join: v.optional(
          v.picklist(["anyone", "members", "nobody"], "must be anyone, members or nobody"),
          "anyone",
        ),
        /** The clients that remove others: members, the creator, or none (only the app). */
        removeOthers: v.optional(
          v.picklist(["members", "creator", "nobody"], "must be members, creator or nobody"),
          "members",
        ),
        /** The history that a member reads: all of it, or messages since it joined. */
        historyFrom: v.optional(
          v.picklist(["beginning", "joining"], "must be beginning or joining"),
          "beginning",
        ),
        /** Web pages that may connect; an empty list is all of them. Others: error 4110. */
        origins: v.optional(listOf(origin()), []),
        /** The maximum age, in minutes, of a request that is signed with the master key (`X-LC-Sign`); 0 is any age. */
        masterSignMinutes: v.optional(wholeNumber(0, 525_600), 60),
        /** Logins may carry a JSON Web Token instead of a signature, and then must carry one of the two. */
        jwt: v.optional(v.nullable(tokenRules()), null),
      }),
      {},
    ),
    hooks: v.optional(
      group({
        /** Base URL of a LeanEngine that has the app's hooks (H-13). */
        url: v.optional(v.nullable(address()), null),
        /** The engine's LEANCLOUD_APP_HOOK_KEY. */
        key: v.optional(v.nullable(secret()), null),
        /** Adds `__sign` to the body, which engines in PHP check instead of the hook key. */
        legacySign: v.optional(booleanSetting(), true),
        /** The deadline of a hook, in milliseconds. */
        timeoutMs: v.optional(wholeNumber(50, 15_000), 3_000),
        /** The result of a request whose hook fails (H-11). */
        onFailure: v.optional(v.picklist(["ignore", "refuse"], "must be ignore or refuse"), "ignore"),
        /** Hooks and webhooks may be http, and on this machine or in a private network. */
        allowPrivate: v.optional(booleanSetting(), false),
      }),
      {},
    ),
    webhooks: v.optional(
      group({
        /** Takes the events of this list as JSON, signed with the secret. */
        url: v.optional(v.nullable(address()), null),
        secret: v.optional(v.nullable(secret()), null),
        events: v.optional(listOf(v.picklist(eventNames, "must be a list of event names")), afterEvents),
      }),
      {},
    ),
    serviceHook: v.optional(
      group({
        /** Takes what clients write to service conversations, several messages at a time (V-06). */
        url: v.optional(v.nullable(address()), null),
        /** Signs the requests like those of `webhooks`. */
        secret: v.optional(v.nullable(secret()), null),
      }),
      {},
    ),
    broadcasts: v.optional(
      group({
        /** When broadcasts to everybody were sent and end, by service (ms). Set by these broadcasts alone. */
        unexpired: v.optional(
          v.record(
            v.string(),
            v.array(v.object({ at: v.number(), validTill: v.number() })),
            "is set by broadcasts",
          ),
          {},
        ),
      }),
      {},
    ),
    keywords: v.optional(
      group({
        /** Filters conversations of two as well. */
        oneToOne: v.optional(booleanSetting(), false),
        /** The version of the current word list; null without one. Set by `PUT /admin/keywords` alone. */
        version: v.optional(v.nullable(v.string()), null),
      }),
      {},
    ),
    events: v.optional(
      group({
        /** The age of the event log (G-05) in days; 0 keeps none. */
        logDays: v.optional(wholeNumber(0, 90), 0),
      }),
      {},
    ),
    files: v.optional(fileSettings(), {}),
    mirror: v.optional(mirrorSettings(), {}),
    push: v.optional(pushSettings(), {}),
    rooms: v.optional(roomSettings(), {}),
    upstream: v.optional(upstreamSettings(), {}),
    users: v.optional(userSettings(), {}),
  });

const schemas = { plain: schema(false), demo: schema(true) };

/** All settings, for descriptions. */
export const settingsSchema = schemas.plain;

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
  const schema = demo ? schemas.demo : schemas.plain;
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
