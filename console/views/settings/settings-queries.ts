import { ApiError } from "../../api/api-error.ts";
import { answer, answerWith, done, get, patch, post, put, remove } from "../../api/client.ts";

/** The settings at one time. */
export interface Version {
  /** All settings, with the defaults where nothing was set. Secrets are `***`. */
  values: unknown;
  /** Names this version, so that a change for it does not hit another one. */
  tag: string;
}

export async function readSettings(signal?: AbortSignal): Promise<Version> {
  const { data, headers } = await answerWith(get("/admin/settings", { signal: signal ?? null }));
  return { values: data, tag: headers.get("ETag") ?? "*" };
}

export const readDescriptions = async (signal: AbortSignal) =>
  (await answer(get("/admin/settings/description", { signal }))).results;

/** Changes the settings, if they are still those of a version. Answers 412 otherwise. */
export async function changeSettings(changes: Record<string, unknown>, tag: string): Promise<Version> {
  const { data, headers } = await answerWith(
    patch("/admin/settings", {
      params: { header: { "If-Match": tag } },
      // The paths come from the description, so no type knows them.
      body: {},
      bodySerializer: () => JSON.stringify(changes),
    }),
  );
  return { values: data, tag: headers.get("ETag") ?? "*" };
}

/** The word list as a text, null without one, and the tag that names it. */
export interface WordsVersion {
  words: string | null;
  tag: string;
}

export async function readWords(signal: AbortSignal): Promise<WordsVersion> {
  try {
    const { data, headers } = await answerWith(get("/admin/keywords", { parseAs: "text", signal }));
    return { words: data, tag: headers.get("ETag") ?? "*" };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { words: null, tag: '"none"' };
    throw error;
  }
}

/** Replaces the word list, if it is still the one of a tag. Answers 412 otherwise. */
export const saveWords = (words: string, tag: string) =>
  answer(
    put("/admin/keywords", {
      params: { header: { "If-Match": tag } },
      body: words,
      bodySerializer: (text) => text,
      headers: { "Content-Type": "text/plain; charset=utf-8" },
    }),
  );

export const removeWords = (tag: string) =>
  done(remove("/admin/keywords", { params: { header: { "If-Match": tag } } }));

export const readBans = (after: string | undefined, signal: AbortSignal) =>
  answer(get("/admin/bans", { params: { query: { after } }, signal }));

export type Ban = Awaited<ReturnType<typeof readBans>>["results"][number];

export const ban = (clientIds: string[], reason: string) =>
  answer(post("/admin/bans", { body: { client_ids: clientIds, reason } }));

export const unban = (clientIds: string[]) =>
  answer(remove("/admin/bans", { body: { client_ids: clientIds } }));

/** What a test calls, by the setting that has its address. */
export const hookTargets = ["webhooks", "hooks", "serviceHook"] as const;
export type HookTarget = (typeof hookTargets)[number];

/** The events that a test can play. */
export const hookEvents = [
  "messageSent",
  "messageReceived",
  "messageUpdate",
  "receiversOffline",
  "conversationStart",
  "conversationStarted",
  "conversationAdd",
  "conversationAdded",
  "conversationRemove",
  "conversationRemoved",
  "conversationUpdate",
  "clientOnline",
  "clientOffline",
] as const;

interface HookTest {
  target: HookTarget;
  event: (typeof hookEvents)[number];
  /** The saved ones where these are undefined. */
  url: string | undefined;
  secret: string | undefined;
}

export const testHook = (asked: HookTest) => answer(post("/admin/hooks/test", { body: asked }));

export type HookResult = Awaited<ReturnType<typeof testHook>>;
