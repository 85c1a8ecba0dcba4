import { Webhook as Receiver } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventCall } from "../../../../src/hooks/app-server/hook-call.ts";
import { ALLOWED } from "../../../../src/hooks/before/hook-question.ts";
import type { JsonObject } from "../../../../src/model/json.ts";
import type { Fetch } from "../../../../src/outbound/http-client.ts";
import { hooksWith, serverWith, settingsWith } from "../../../support/app-hooks.ts";
import { arriving, saying, starting, unseen } from "../../../support/hook-examples.ts";

const url = "https://app.example.com/parley";
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A receiver that answers all alike, and what it was sent. */
function receiver(answer: () => Response = () => new Response(null, { status: 204 })) {
  const taken: { path: string; body: string; headers: Record<string, string> }[] = [];
  const network: Fetch = async (called, init) => {
    const headers = Object.fromEntries(new Headers(init.headers));
    taken.push({ path: new URL(called).pathname, body: String(init.body), headers });
    return answer();
  };
  return { taken, network };
}

function webhook(network: Fetch, more: JsonObject = {}, now?: () => number) {
  return serverWith(settingsWith({ webhooks: { url, secret, ...more } }), { fetch: network, now });
}

describe("[H-13] a webhook", () => {
  test("[H-13] a webhook receives an event that the Standard Webhooks library accepts", async () => {
    const { taken, network } = receiver();
    await webhook(network).callWebhook(eventCall(arriving("event-1")));
    const [{ path, body, headers } = { path: "", body: "", headers: {} }] = taken;
    expect(path).toBe("/parley");
    expect(headers["content-type"]).toBe("application/json");
    expect(headers["webhook-id"]).toBe("event-1");
    expect(new Receiver(secret).verify(body, headers)).toEqual({
      type: "clientOnline",
      timestamp: "2026-11-25T12:00:00.000Z",
      data: { peerId: "Tom", sourceIP: "203.0.113.7", tag: "Mobile", reconnect: 0 },
    });
    expect(() => new Receiver(secret).verify(body.replace("Tom", "Jim"), headers)).toThrow();
  });

  test("[H-13] a secret that is not Base64 signs webhooks as it is", async () => {
    const { taken, network } = receiver();
    await webhook(network, { secret: "geheim, ü" }).callWebhook(eventCall(arriving("event-1")));
    const [{ body, headers } = { body: "", headers: {} }] = taken;
    const key = new TextEncoder().encode("geheim, ü");
    expect(new Receiver(key, { format: "raw" }).verify(body, headers)).toMatchObject({
      type: "clientOnline",
    });
  });

  test("[H-13] a webhook without a secret is not signed", async () => {
    const { taken, network } = receiver();
    await webhook(network, { secret: null }).callWebhook(eventCall(arriving("event-1")));
    expect(Object.keys(taken[0]?.headers ?? {})).toEqual(["content-type", "webhook-id", "webhook-timestamp"]);
  });

  test("[H-13] a webhook receives the same id and body at every attempt, and the attempt's own time", async () => {
    let now = 1_000_000;
    const { taken, network } = receiver();
    const server = webhook(network, {}, () => now);
    await server.callWebhook(eventCall(arriving("event-1")));
    now = 61_000_000;
    await server.callWebhook(eventCall(arriving("event-1")));
    expect(taken.map(({ headers }) => headers["webhook-id"])).toEqual(["event-1", "event-1"]);
    expect(taken.map(({ headers }) => headers["webhook-timestamp"])).toEqual(["1000", "61000"]);
    expect(taken[0]?.body).toBe(taken[1]?.body);
  });

  test("[H-13] a webhook receives only the events of its setting, which may be all", async () => {
    const { taken, network } = receiver();
    const events = ["clientOffline"];
    await webhook(network, { events }).callWebhook(eventCall(arriving("event-1")));
    expect(taken).toEqual([]);
    const hooks = hooksWith({ webhooks: { url } }, { fetch: network });
    expect(await hooks.aboutMessage(saying("hello"))).toEqual(ALLOWED);
    expect(await hooks.aboutSignIn("t")).toBeUndefined();
    expect(taken).toEqual([]);
    expect(await hooks.aboutOffline(unseen("hello"))).toMatchObject({ skip: false });
    expect(taken).toHaveLength(1);
  });

  test.each([
    [200, "ok"],
    [201, ""],
    [299, "{}"],
  ])("[H-13] a webhook succeeds by status %d and the body %j", async (status, body) => {
    const { network } = receiver(() => new Response(body, { status }));
    const answer = await webhook(network).callWebhook(eventCall(arriving("event-1")));
    expect(answer.outcome).toBe("answered");
  });

  test.each([302, 400, 410, 500])("[H-13] a webhook fails by status %d", async (status) => {
    const { network } = receiver(() => new Response("", { status }));
    const answer = await webhook(network).callWebhook(eventCall(arriving("event-1")));
    expect(answer).toMatchObject({ outcome: "failed", failure: "unable" });
  });
});

describe("a webhook that is asked before something happens", () => {
  const events = ["messageReceived", "conversationStart", "rtmClientSign", "receiversOffline"];
  const asking = (network: Fetch, more: JsonObject = {}) =>
    hooksWith({ webhooks: { url, secret, events }, ...more }, { fetch: network });

  test("a webhook before an event decides with its response", async () => {
    const { network, taken } = receiver(() => Response.json({ drop: true, code: 3, detail: "no" }));
    const verdict = await asking(network).aboutMessage(saying("hello"));
    expect(verdict).toEqual({ allowed: false, appCode: 3, appMessage: "no" });
    const [{ body, headers } = { body: "", headers: {} }] = taken;
    expect(new Receiver(secret).verify(body, headers)).toMatchObject({
      type: "messageReceived",
      data: { fromPeer: "Tom", content: "hello" },
    });
    expect(await asking(network).aboutConversation(starting())).toEqual(ALLOWED);
  });

  test("a webhook before an event changes nothing with an empty response", async () => {
    const { network } = receiver();
    expect(await asking(network).aboutMessage(saying("hello"))).toMatchObject({ content: undefined });
    expect(await asking(network).aboutConversation(starting())).toEqual(ALLOWED);
  });

  test("[H-10] a webhook maps a session token to a client", async () => {
    const { network } = receiver(() => Response.json({ result: true, objectId: "Tom" }));
    expect(await asking(network).aboutSignIn("t")).toEqual({ allowed: true, clientId: "Tom" });
  });

  test("[H-11] a webhook before an event that fails counts as a failed hook", async () => {
    const { network } = receiver(() => new Response("", { status: 503 }));
    expect(await asking(network).aboutMessage(saying("hello"))).toEqual(ALLOWED);
    const strict = asking(network, { hooks: { onFailure: "refuse" } });
    expect(await strict.aboutMessage(saying("hello"))).toMatchObject({ allowed: false });
  });

  test("a webhook is not called for hooks that the engine has", async () => {
    const asked: string[] = [];
    const network: Fetch = async (called) => {
      const { hostname, pathname } = new URL(called);
      asked.push(hostname);
      return Response.json({ result: pathname.endsWith("metadatas") ? ["_messageReceived"] : {} });
    };
    const hooks = asking(network, { hooks: { url: "https://engine.example.com" } });
    await hooks.aboutMessage(saying("hello"));
    expect(asked).toEqual(["engine.example.com", "engine.example.com"]);
    await hooks.aboutConversation(starting());
    expect(asked.slice(2)).toEqual(["app.example.com"]);
  });
});
