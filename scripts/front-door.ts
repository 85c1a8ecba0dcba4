import { WorkerEntrypoint } from "cloudflare:workers";
import type { Env } from "../src/bindings.ts";
import worker from "../src/index.ts";

export * from "../src/index.ts";
export { default } from "../src/index.ts";

/** The page's files. No API path has such a name, but a key on a domain of files may. */
const FILE = /^\/[\w-]+\.(?:css|js)$/;

/**
 * The entrypoint on a single machine. Sockets come here directly from the runtime. Through Miniflare's own entrypoint
 * they would pass two more Workers, with compression that a few bytes can abuse, and with headers that only a developer
 * tool may trust.
 */
export class FrontDoor extends WorkerEntrypoint<Env & { ASSETS: Fetcher }> {
  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    // The proxy that terminates TLS sets it.
    const scheme = request.headers.get("X-Forwarded-Proto")?.split(",")[0]?.trim();
    if (scheme === "https") url.protocol = "https:";
    const isFile = (request.method === "GET" || request.method === "HEAD") && FILE.test(url.pathname);
    if (isFile) {
      const { method, headers } = request;
      const asset = await this.env.ASSETS.fetch(new Request(url, { method, headers }));
      if (asset.status !== 404) return asset;
    }
    return worker.fetch(scheme === "https" ? new Request(url, request) : request, this.env, this.ctx);
  }
}
