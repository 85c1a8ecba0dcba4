import { WorkerEntrypoint } from "cloudflare:workers";
import type { Env } from "../src/bindings.ts";
import worker from "../src/index.ts";

export * from "../src/index.ts";
export { default } from "../src/index.ts";

/** The answer to a `Host` that cannot be one. */
const noHost = { code: 400, error: "The Host header is no host." };

/**
 * The entrypoint on a single machine. Sockets come here directly from the runtime. Through Miniflare's own entrypoint
 * they would pass two more Workers, with compression that a few bytes can abuse, and with headers that only a developer
 * tool may trust.
 */
export class FrontDoor extends WorkerEntrypoint<Env> {
  override async fetch(request: Request): Promise<Response> {
    if (!URL.canParse(request.url)) return Response.json(noHost, { status: 400 });
    const url = new URL(request.url);
    // The proxy that terminates TLS sets it.
    const scheme = request.headers.get("X-Forwarded-Proto")?.split(",")[0]?.trim();
    if (scheme === "https") url.protocol = "https:";
    return worker.fetch(scheme === "https" ? new Request(url, request) : request, this.env, this.ctx);
  }
}
