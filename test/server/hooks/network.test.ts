import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { publicNetwork } from "../../../scripts/network.ts";
import { bundleWorker } from "../../../scripts/worker.ts";
import type { Asked } from "./caller.ts";

/*
 * Calls as workerd makes them, which is not as Node does. The neighbour is a server on this machine that an app's
 * owner has no business with.
 */

let neighbour: Server;
let port: number;
let miniflare: Miniflare;
/** Paths of requests to the neighbour. */
const asked: string[] = [];
/** Resolves when a connection on which the neighbour had not finished is gone. */
let left = Promise.withResolvers<void>();

beforeAll(async () => {
  neighbour = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.on("close", () => {
      if (!response.writableFinished) left.resolve();
    });
    if (request.url === "/elsewhere") return response.writeHead(302, { Location: "/secret" }).end();
    if (request.url === "/silence") return;
    if (request.url === "/pause") return response.write("and then");
    if (request.url === "/flood") return flood();
    return response.end("a secret");

    function flood() {
      while (!response.destroyed && response.write("x".repeat(65_536)));
      response.once("drain", flood);
    }
  }).listen(0, "::");
  await once(neighbour, "listening");
  const address = neighbour.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
  const script = await bundleWorker(new URL("caller.ts", import.meta.url));
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: [{ type: "ESModule", path: "caller.js", contents: script }],
      cf: false,
      compatibilityDate: "2026-10-20",
      compatibilityFlags: ["nodejs_compat"],
      bindings: { APP_ID: "an-app" },
      serviceBindings: { PUBLIC_NETWORK: publicNetwork, ALL: { network: { allow: ["public", "private"] } } },
    }),
  );
  await miniflare.ready;
});
afterAll(async () => {
  await miniflare.dispose();
  neighbour.closeAllConnections();
  neighbour.close();
});

async function call(by: Asked["by"], path: string, { host = "127.0.0.1", deadline = 10_000 } = {}) {
  const body: Asked = { url: `http://${host}:${port}${path}`, by, deadline };
  const response = await miniflare.dispatchFetch("http://parley.test", {
    method: "POST",
    body: JSON.stringify(body),
  });
  return response.json();
}

describe("[I12] hooks of a self-hosted server", () => {
  test.each(["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"])(
    "[I12] a hook at %s does not reach this machine",
    async (host) => {
      expect(await call("ALL", "/", { host })).toEqual({ text: "a secret" });
      expect(await call("PUBLIC_NETWORK", "/", { host })).toEqual({ text: "nothing" });
    },
  );

  test("[I12] a hook whose name resolves to this machine does not reach it", async () => {
    expect(await call("ALL", "/", { host: "localhost" })).toEqual({ text: "a secret" });
    expect(await call("PUBLIC_NETWORK", "/", { host: "localhost" })).toEqual({ text: "nothing" });
  });

  test("[I12] a hook at an address that is known to be private is not connected to", async () => {
    asked.splice(0);
    expect(await call("rules", "/")).toEqual({ unanswered: expect.stringContaining("not allowed") });
    expect(asked).toEqual([]);
  });

  test("[I12] a hook at a private address is called once the owner allows it", async () => {
    expect(await call("rules, private", "/")).toEqual({ status: 200, text: "a secret" });
  });
});

describe("[I12] a call by workerd", () => {
  test("[I12] a call by workerd follows no redirect", async () => {
    asked.splice(0);
    expect(await call("rules, private", "/elsewhere")).toMatchObject({ status: 302 });
    expect(asked).toEqual(["/elsewhere"]);
  });

  test.each(["/silence", "/pause"])(
    "[I12] a call by workerd to %s ends at its deadline and leaves no connection",
    async (path) => {
      left = Promise.withResolvers();
      const reply = await call("rules, private", path, { deadline: 200 });
      expect(reply).toEqual({ unanswered: expect.stringContaining("no answer in 200 ms") });
      await left.promise;
    },
  );

  test("[I12] a call by workerd reads no more than 1 MB of a response", async () => {
    left = Promise.withResolvers();
    const reply = await call("rules, private", "/flood");
    expect(reply).toEqual({ unanswered: expect.stringContaining("more than 1000000 bytes") });
    await left.promise;
  });
});
