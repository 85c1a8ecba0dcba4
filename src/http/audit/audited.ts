import type { Context, Next } from "hono";
import {
  type AuditEntry,
  type AuditOutcome,
  beginAudit,
  endAudit,
  forgetAudit,
} from "../../database/audit.ts";
import { frontOf, senderOf } from "../../gateway/address.ts";
import { loggableError } from "../../loggable-error.ts";
import type { HttpEnv } from "../env.ts";
import { awaitCall } from "../object-call.ts";
import { recordedValue } from "./recorded-value.ts";

/** Who makes changes without a session of the console. */
export const API = "API";
/** Who is signed in and gave no name. */
export const NAMELESS = "console";
const TARGET_MAX = 1_024; // characters

/** Commands that move a whole app make many thousands of requests, and say themselves what they did. */
const MOVING = /^\/admin\/(?:import|mirror|moving)\//;

/**
 * Whether a request with the master key belongs into the audit log: a change below `/admin`, or one that the console
 * makes. What an app's server does all day, such as sending messages, does not.
 */
export function isAudited(context: Context<HttpEnv>): boolean {
  const { method, path } = context.req;
  if (method === "GET" || method === "HEAD" || MOVING.test(path)) return false;
  return path.startsWith("/admin/") || context.get("consoleSession") !== undefined;
}

/**
 * Carries out a change between two writes to the audit log: no change succeeds without an entry. An entry whose second
 * write failed has no status, and tells that it is not known what became of the change. Throws if the first one fails:
 * then nothing was changed.
 *
 * @param isStepwise whether what was done before a refusal stays done
 */
export async function audited(
  context: Context<HttpEnv>,
  { id: action, isStepwise }: { id: string; isStepwise?: boolean },
  next: Next,
): Promise<void> {
  const { env } = context;
  const session = context.get("consoleSession");
  const who = session === undefined ? API : session.name || NAMELESS;
  const entry = entryOf(context, who, action);
  await awaitCall(beginAudit(env.DB, entry), "the audit log");
  await next();
  const { status } = context.res;
  const isRefused = status >= 400 && status < 500 && !isStepwise;
  await settle(
    entry,
    isRefused ? forgetAudit(env.DB, entry) : endAudit(env.DB, entry, outcomeOf(context, status)),
  );
}

/** Writes down that somebody signed in. A failure is logged: the owner has to see a server whose D1 does not answer. */
export async function recordSignIn(context: Context<HttpEnv>, name: string): Promise<void> {
  const { env } = context;
  const entry = entryOf(context, name || NAMELESS, "signIn");
  const outcome = { status: 200, before: undefined, after: undefined };
  await settle(
    entry,
    beginAudit(env.DB, entry).then(() => endAudit(env.DB, entry, outcome)),
  );
}

function entryOf({ env, req }: Context<HttpEnv>, who: string, action: string): AuditEntry {
  const { address } = senderOf(req.raw.headers, frontOf(env));
  const { pathname, search } = new URL(req.url);
  const target = `${pathname}${search}`.slice(0, TARGET_MAX);
  return { at: Date.now(), id: crypto.randomUUID(), who, address, action, target };
}

function outcomeOf(context: Context<HttpEnv>, status: number): AuditOutcome {
  const change = context.get("change");
  const body = context.get("body");
  const sent = body !== undefined && "value" in body ? body.value : undefined;
  return {
    status,
    before: recordedValue(change?.before),
    after: recordedValue(change === undefined ? sent : change.after),
  };
}

/** The change itself has been answered by now, so a failure is no failure of the request. */
async function settle(entry: AuditEntry, writing: Promise<void>): Promise<void> {
  try {
    await awaitCall(writing, "the audit log");
  } catch (error) {
    console.error(`audit: ${JSON.stringify(entry)} has no outcome:`, loggableError(error));
  }
}
