import type { Context } from "hono";
import { savePassedRequest } from "../../database/events.ts";
import { withDeadline } from "../../deadline.ts";
import { loggableError } from "../../loggable-error.ts";
import { printable } from "../../printable.ts";
import type { ExchangeReport } from "../../upstream/exchange.ts";
import type { HttpEnv } from "../env.ts";

/** The deadline for D1 (ms). */
const DEADLINE = 5_000;
/** Lines of an isolate that are being written at a time; others are left out, so that a slow D1 holds none up. */
const WRITTEN_AT_ONCE = 50;

/** Characters. */
const PATH_SHOWN = 256;
const AGENT_SHOWN = 200;

let writing = 0;

/**
 * Writes a line of the event log about a request that was passed on, after its answer. Never rejects.
 *
 * @param at when it arrived (ms)
 */
export function logPassedRequest(context: Context<HttpEnv>, at: number, report: ExchangeReport): void {
  if (writing >= WRITTEN_AT_ONCE) return;
  const { method, path, raw } = context.req;
  const agent = raw.headers.get("X-LC-UA") ?? raw.headers.get("User-Agent");
  const record = {
    at,
    id: crypto.randomUUID(),
    method,
    path: printable(withoutCodes(path), PATH_SHOWN),
    status: report.status ?? null,
    failure: report.failure ?? null,
    ms: Date.now() - at,
    sent: report.sent,
    received: report.received,
    userAgent: agent && printable(agent, AGENT_SHOWN),
  };
  writing += 1;
  const written = withDeadline(savePassedRequest(context.env.DB, record), DEADLINE, "event log")
    .catch((error) => console.warn("event log: a request is missing:", loggableError(error)))
    .finally(() => {
      writing -= 1;
    });
  context.executionCtx.waitUntil(written);
}

/** The path without the codes that people were sent by SMS or mail, which are good for their accounts. */
function withoutCodes(path: string): string {
  return path.replace(/^(\/[\d.]+\/(?:verify|reset|change|confirm)\w*)\/.*$/i, "$1/*");
}
