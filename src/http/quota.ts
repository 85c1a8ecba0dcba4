import type { Context } from "hono";
import { appOf } from "../app/app.ts";
import type { Env } from "../bindings.ts";
import { withDeadline } from "../deadline.ts";
import { loggableError } from "../loggable-error.ts";
import type { Settings } from "../settings/schema.ts";
import { settingsOf } from "../settings/store.ts";
import type { HttpEnv } from "./env.ts";
import { refuse } from "./errors.ts";

interface Group {
  name: string;
  perMinute(limits: Settings["limits"]): number;
  perDay?(limits: Settings["limits"]): number;
  error: string;
}

const quotas = {
  /** Shared by both versions of the API, for sends, edits and recalls together (L-10). */
  messages: {
    name: "rest-messages",
    perMinute: (limits: Settings["limits"]) => limits.restMessagesPerMinute,
    error: "Too many messages over HTTP; try again later.",
  },
  /** Broadcasts to subscribers, their edits and recalls (L-11). */
  broadcasts: {
    name: "rest-broadcasts",
    perMinute: (limits: Settings["limits"]) => limits.broadcastsPerMinute,
    perDay: (limits: Settings["limits"]) => limits.broadcastsPerDay,
    error: "Too many broadcasts to subscribers; try again later.",
  },
  /** Broadcasts to everybody and their edits (L-12). */
  globalBroadcasts: {
    name: "rest-global-broadcasts",
    perMinute: (limits: Settings["limits"]) => limits.globalBroadcastsPerMinute,
    perDay: (limits: Settings["limits"]) => limits.globalBroadcastsPerDay,
    error: "Too many broadcasts to everybody; try again later.",
  },
  /** Notifications by conditions and by lists of devices together. */
  pushes: {
    name: "rest-pushes",
    perMinute: (limits: Settings["limits"]) => limits.pushesPerMinute,
    error: "Too many notifications; try again later.",
  },
  /** New installations, with the app key. */
  installations: {
    name: "new-installations",
    perMinute: (limits: Settings["limits"]) => limits.installationsPerMinute,
    error: "Too many new installations; try again later.",
  },
  /** New files, with the app key. */
  files: {
    name: "new-files",
    perMinute: (limits: Settings["limits"]) => limits.filesPerMinute,
    error: "Too many new files; try again later.",
  },
  /** New users, with the app key. */
  signUps: {
    name: "sign-ups",
    perMinute: (limits: Settings["limits"]) => limits.signUpsPerMinute,
    error: "Too many new users; try again later.",
  },
};

export type Quota = keyof typeof quotas;

const DEADLINE = 1_000; // ms

/**
 * Uses one of a quota, or responds with 429 and `Retry-After`. Call it after the input was checked, so that invalid
 * input costs nothing.
 */
export async function quotaUsedUp(
  context: Context<HttpEnv>,
  quota: Quota = "messages",
): Promise<Response | undefined> {
  const retryAfter = await secondsUntil(context.env, quota);
  if (retryAfter === undefined) return undefined;
  context.header("Retry-After", String(retryAfter));
  return refuse(context, 429, { code: 429, error: quotas[quota].error });
}

/**
 * Seconds until the quota has more; undefined if one was left. If the counter does not respond, the request continues.
 */
export async function secondsUntil(env: Env, quota: Quota): Promise<number | undefined> {
  const group: Group = quotas[quota];
  const { limits } = await settingsOf(env).get();
  const [most, mostOfDay] = [group.perMinute(limits), group.perDay?.(limits) ?? 0];
  if (most === 0 && mostOfDay === 0) return undefined;
  try {
    const spent = appOf(env).spend(group.name, most, 1, mostOfDay);
    return (await withDeadline(spent, DEADLINE, "quota"))?.retryAfter;
  } catch (error) {
    console.error(`quota: ${quota} not counted; the request continues:`, loggableError(error));
    return undefined;
  }
}
