import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { legacySign } from "../../../../src/hooks/app-server/engine.ts";
import { ALLOWED } from "../../../../src/hooks/before/hook-question.ts";
import type { Json, JsonObject } from "../../../../src/model/json.ts";
import type { Fetch } from "../../../../src/outbound/http-client.ts";
import { hooksWith } from "../../../support/app-hooks.ts";
import { saying, starting } from "../../../support/hook-examples.ts";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

interface Request {
  path: string;
  method: string | undefined;
  headers: Headers;
  body: Json;
}

type Answering = (request: Request) => Response | Promise<Response>;

/** An engine with prepared answers, which records its requests. */
function engine(answer: Answering, { hooks = ["_messageReceived"] as string[] | "no list" } = {}) {
  const asked: Request[] = [];
  let answering = answer;
  let listed: () => Response | Promise<Response> = () =>
    hooks === "no list" ? new Response("", { status: 404 }) : Response.json({ result: hooks });
  const network: Fetch = async (url, init) => {
    const body: Json = typeof init.body === "string" ? JSON.parse(init.body) : null;
    const path = new URL(url).pathname.replace("/1.1/functions/", "");
    const request = { path, method: init.method, headers: new Headers(init.headers), body };
    asked.push(request);
    return path === "_ops/metadatas" ? listed() : answering(request);
  };
  return {
    network,
    asked,
    paths: () => asked.splice(0).map(({ path }) => path),
    answer: (next: Answering) => {
      answering = next;
    },
    list: (next: typeof listed) => {
      listed = next;
    },
  };
}

const url = "https://engine.example.com";
const refusing = { url, onFailure: "refuse" };
const failing = { allowed: false, appCode: undefined, appMessage: "The app's hook failed." };
const dropped = { allowed: false, appCode: 1, appMessage: undefined };

const result = (value: Json) => () => Response.json({ result: value });
const dropping = result({ drop: true, code: 1 });
const notFound = () =>
  Response.json({ code: 1, error: "No such cloud function '_messageReceived'" }, { status: 404 });
const down = () => {
  throw new TypeError("connection refused");
};

function asking(network: Fetch, hooks: JsonObject = refusing, now?: () => number) {
  return hooksWith({ hooks }, { fetch: network, now });
}

describe("[H-13] a call to an engine", () => {
  test("[H-13] a call to an engine has the app key and the hook key, and never the master key", async () => {
    const { network, asked } = engine(result({}));
    await asking(network, { url, key: "hook key" }).aboutMessage(saying("hello"));
    const { path, method, headers } = asked[1] ?? {};
    expect([path, method]).toEqual(["_messageReceived", "POST"]);
    expect(Object.fromEntries(headers ?? [])).toEqual({
      "content-type": "application/json",
      "x-lc-id": "demo-app",
      "x-lc-key": "demo-key",
      "x-lc-hook-key": "hook key",
      "x-lc-prod": "1",
      forwarded: "for=203.0.113.7",
    });
  });

  test("[H-13] a request for the list of hooks has the master key in both forms", async () => {
    const { network, asked } = engine(result({}));
    await asking(network).aboutMessage(saying("hello"));
    const { path, method, headers } = asked[0] ?? {};
    expect([path, method]).toEqual(["_ops/metadatas", "GET"]);
    expect(headers?.get("X-LC-Key")).toBe("demoMasterKey0003,master");
    expect(headers?.get("X-AVOSCloud-Master-Key")).toBe("demoMasterKey0003");
  });

  test("[H-13] a call to an engine goes below the path of the URL", async () => {
    const urls: string[] = [];
    const network: Fetch = async (called) => {
      urls.push(called);
      return Response.json({ result: ["_messageReceived"] });
    };
    await asking(network, { url: `${url}/engine/?app=1` }).aboutMessage(saying("hello"));
    expect(urls[1]).toBe(`${url}/engine/1.1/functions/_messageReceived?app=1`);
  });

  test("[H-13] a call to an engine has an address header only for an address", async () => {
    const { network, asked } = engine(result({}));
    await asking(network).aboutMessage({ ...saying("hello"), address: "for=evil, 10.0.0.1" });
    expect(asked[1]?.headers.has("Forwarded")).toBe(false);
    expect(asked[1]?.headers.has("X-Real-IP")).toBe(false);
  });

  test("[H-13] a call to an engine is signed by default, and not if the owner disables that", async () => {
    expect(await legacySign("_messageReceived", "demoMasterKey0003", 1_700_000_000_000)).toBe(
      "1700000000000,14473ca667d1279e1ef45f6110f6334a2bd24406",
    );
    const { network, asked } = engine(result({}));
    const now = () => 1_700_000_000_000;
    await asking(network, { url }, now).aboutMessage(saying("hello"));
    expect(asked[1]?.body).toMatchObject({
      __sign: "1700000000000,14473ca667d1279e1ef45f6110f6334a2bd24406",
      fromPeer: "Tom",
    });
    await asking(network, { url, legacySign: false }, now).aboutMessage(saying("hello"));
    expect(asked[3]?.body).not.toHaveProperty("__sign");
  });
});

describe("[15.9] an engine's answer", () => {
  test.each([
    ["a C# engine's echo of the question", ({ body }: Request) => Response.json(body)],
    ["an object without result", () => Response.json({ drop: true })],
    ["a list", () => Response.json([])],
    ["null", () => Response.json(null)],
    ["an empty body", () => new Response("")],
    ["a result of null", result(null)],
    ["a text as result", result("thanks")],
    ["a bare true", result(true)],
  ])("[15.9] an engine's answer of %s changes nothing", async (_, answer) => {
    const { network } = engine(answer);
    expect(await asking(network).aboutMessage(saying("hello"))).toEqual({
      allowed: true,
      content: undefined,
      reason: undefined,
      to: undefined,
    });
  });

  test.each([
    ["garbage", () => new Response("<html>")],
    ["keys that reach a prototype", () => new Response('{"result":{"__proto__":{"drop":true}}}')],
    ["a redirect", () => new Response("", { status: 302, headers: { Location: "https://10.0.0.1/" } })],
    ["another success", () => new Response('{"result":{}}', { status: 201 })],
    ["an error", () => Response.json({ code: 1, error: "no" }, { status: 400 })],
    ["over 1 MB", () => Response.json({ result: { content: "x".repeat(1_000_000) } })],
    ["no such function, although it is listed", notFound],
  ])("[15.9] an engine's answer of %s is a failure", async (_, answer) => {
    const { network } = engine(answer);
    expect(await asking(network).aboutMessage(saying("hello"))).toEqual(failing);
    expect(await asking(network, { url }).aboutMessage(saying("hello"))).toEqual(ALLOWED);
  });

  test("[15.9] an engine's answer to a sign-in is read at both depths", async () => {
    const hooks = ["_rtmClientSign"];
    const flat = engine(() => Response.json({ result: true, objectId: "Tom" }), { hooks });
    expect(await asking(flat.network).aboutSignIn("t")).toEqual({ allowed: true, clientId: "Tom" });
    flat.answer(() => Response.json({ result: { result: true, objectId: "Tom" } }));
    expect(await asking(flat.network).aboutSignIn("t")).toEqual({ allowed: true, clientId: "Tom" });
    flat.answer(() => Response.json({ result: false, error: "go away" }));
    expect(await asking(flat.network).aboutSignIn("t")).toEqual({ allowed: false, error: "go away" });
    flat.answer(({ body }) => Response.json(body));
    expect(await asking(flat.network).aboutSignIn("t")).toMatchObject({ allowed: false });
    flat.answer(down);
    expect(await asking(flat.network).aboutSignIn("t")).toMatchObject({ allowed: false });
  });

  test("[15.9] an engine's answer to a sign-in must have a client id", async () => {
    const { network, answer } = engine(result({ result: true }), { hooks: ["_rtmClientSign"] });
    expect(await asking(network).aboutSignIn("t")).toMatchObject({ allowed: false });
    answer(result({ result: true, objectId: "x".repeat(65) }));
    expect(await asking(network).aboutSignIn("t")).toMatchObject({ allowed: false });
  });
});

describe("[H-12] the list of an engine's hooks", () => {
  test("[H-12] the list of an engine's hooks is requested once a minute, and a new hook applies from then on", async () => {
    let now = 0;
    const { network, paths, list } = engine(dropping, { hooks: [] });
    const hooks = asking(network, refusing, () => now);
    expect(await hooks.aboutMessage(saying("hello"))).toEqual(ALLOWED);
    expect(paths()).toEqual(["_ops/metadatas"]);
    list(() => Response.json({ result: ["_messageReceived"] }));
    now = 59_999;
    expect(await hooks.aboutMessage(saying("hello"))).toEqual(ALLOWED);
    expect(paths()).toEqual([]);
    now = 60_000;
    expect(await hooks.aboutMessage(saying("hello"))).toEqual(dropped);
    expect(paths()).toEqual(["_ops/metadatas", "_messageReceived"]);
  });

  test("[H-12] each hook is tried if the engine has no list", async () => {
    let now = 0;
    const { network, paths, answer } = engine(notFound, { hooks: "no list" });
    const hooks = asking(network, refusing, () => now);
    expect(await hooks.aboutMessage(saying("hello"))).toEqual(ALLOWED);
    expect(await hooks.aboutMessage(saying("hello"))).toEqual(ALLOWED);
    expect(paths()).toEqual(["_ops/metadatas", "_messageReceived"]);
    answer(result({ reject: true }));
    expect(await hooks.aboutConversation(starting())).toMatchObject({ allowed: false });
    expect(paths()).toEqual(["_conversationStart"]);
    now = 60_000;
    answer(dropping);
    expect(await hooks.aboutMessage(saying("hello"))).toEqual(dropped);
    expect(paths()).toEqual(["_ops/metadatas", "_messageReceived"]);
  });

  test("[H-12] the list of an engine's hooks is kept while the engine returns none", async () => {
    let now = 0;
    const { network, list, paths } = engine(dropping, { hooks: ["_conversationStart"] });
    const hooks = asking(network, refusing, () => now);
    await hooks.aboutMessage(saying("hello"));
    list(() => new Response("bad gateway", { status: 502 }));
    now = 60_000;
    expect(await hooks.aboutMessage(saying("hello"))).toEqual(ALLOWED);
    expect(paths()).toEqual(["_ops/metadatas", "_ops/metadatas"]);
  });

  test("[H-12] the list of an engine's hooks is requested by one caller while the others use the last one", async () => {
    let now = 0;
    const { network, list, paths } = engine(dropping);
    const hooks = asking(network, refusing, () => now);
    await hooks.aboutMessage(saying("hello"));
    const { promise, resolve } = Promise.withResolvers<Response>();
    list(() => promise);
    now = 60_000;
    const finder = hooks.aboutMessage(saying("hello"));
    expect(await hooks.aboutMessage(saying("hello"))).toEqual(dropped);
    resolve(Response.json({ result: [] }));
    expect(await finder).toEqual(ALLOWED);
    expect(await hooks.aboutMessage(saying("hello"))).toEqual(ALLOWED);
    const once = ["_ops/metadatas", "_messageReceived"];
    expect(paths()).toEqual([...once, ...once]);
  });
});

describe("[I11] a dead engine", () => {
  test("[I11] calls to a dead engine fail at once, and one call probes it every 5 s", async () => {
    let now = 0;
    const { network, paths, list } = engine(dropping);
    const hooks = asking(network, refusing, () => now);
    list(down);
    expect(await hooks.aboutMessage(saying("hello"))).toEqual(failing);
    expect(paths()).toEqual(["_ops/metadatas"]);
    now = 4_999;
    expect(await hooks.aboutMessage(saying("hello"))).toEqual(failing);
    expect(paths()).toEqual([]);
    now = 5_000;
    const several = [1, 2, 3].map(() => hooks.aboutMessage(saying("hello")));
    expect(await Promise.all(several)).toEqual([failing, failing, failing]);
    expect(paths()).toEqual(["_ops/metadatas"]);
    list(() => Response.json({ result: ["_messageReceived"] }));
    now = 10_000;
    expect(await hooks.aboutMessage(saying("hello"))).toEqual(dropped);
  });

  test("[I11] a dead engine is detected by the call after the first failure", async () => {
    const { network, paths, list, answer } = engine(dropping);
    const hooks = asking(network, refusing, () => 0);
    expect(await hooks.aboutMessage(saying("hello"))).toEqual(dropped);
    paths();
    list(down);
    answer(down);
    expect(await hooks.aboutMessage(saying("hello"))).toEqual(failing);
    expect(await hooks.aboutMessage(saying("hello"))).toEqual(failing);
    expect(await hooks.aboutMessage(saying("hello"))).toEqual(failing);
    expect(paths()).toEqual(["_messageReceived", "_ops/metadatas"]);
  });

  test("[I11] a call to a dead engine takes its deadline and leaves no timer", async () => {
    vi.useFakeTimers();
    try {
      const hooks = asking(() => new Promise<Response>(() => {}), { ...refusing, timeoutMs: 3_000 });
      const verdict = hooks.aboutMessage(saying("hello"));
      await vi.advanceTimersByTimeAsync(3_000);
      expect(await verdict).toEqual(failing);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("without hooks", () => {
  test("nothing is called without hooks", async () => {
    const { network, paths } = engine(dropping);
    expect(await asking(network, {}).aboutMessage(saying("hello"))).toEqual(ALLOWED);
    expect(await asking(network, {}).aboutConversation(starting())).toEqual(ALLOWED);
    expect(await asking(network, {}).aboutSignIn("t")).toBeUndefined();
    expect(paths()).toEqual([]);
  });
});
