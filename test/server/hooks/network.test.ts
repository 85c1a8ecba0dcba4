import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { publicNetwork } from "../../../scripts/network.ts";

/** A Worker that calls a URL by a way out, and answers with what it read or with 502. */
const script = `export default {
  async fetch(request, env) {
    const { searchParams } = new URL(request.url);
    try {
      return await env[searchParams.get("by")].fetch(searchParams.get("url"));
    } catch {
      return new Response("", { status: 502 });
    }
  },
}`;

let neighbour: Server;
let port: number;
let miniflare: Miniflare;

beforeAll(async () => {
  neighbour = createServer((_, response) => response.end("a secret")).listen(0, "::");
  await once(neighbour, "listening");
  const address = neighbour.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...{ modules: true, script, cf: false },
      serviceBindings: { PUBLIC_NETWORK: publicNetwork, ALL: { network: { allow: ["public", "private"] } } },
    }),
  );
  await miniflare.ready;
});
afterAll(async () => {
  await miniflare.dispose();
  neighbour.close();
});

async function answer(by: string, host: string): Promise<string> {
  const url = encodeURIComponent(`http://${host}:${port}/`);
  const response = await miniflare.dispatchFetch(`http://parley.test/?by=${by}&url=${url}`);
  return response.ok ? response.text() : `${response.status}`;
}

describe("[I12] on one's own box, the way out for hooks", () => {
  test.each(["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"])(
    "does not lead to this machine: %s",
    async (host) => {
      expect(await answer("ALL", host)).toBe("a secret");
      expect(await answer("PUBLIC_NETWORK", host)).toBe("502");
    },
  );

  test("does not lead there by a name that resolves to it either", async () => {
    expect(await answer("ALL", "localhost")).toBe("a secret");
    expect(await answer("PUBLIC_NETWORK", "localhost")).toBe("502");
  });
});
