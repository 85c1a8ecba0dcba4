import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { consumeEvents } from "../../../src/hooks/events/consume-events.ts";
import type { QueuedEvent } from "../../../src/model/app-events.ts";
import { sending } from "../../support/hook-examples.ts";
import { configure, openWorld, world } from "../support/world.ts";

beforeAll(() => openWorld());
afterEach(() => {
  vi.restoreAllMocks();
});

const NOON = Date.UTC(2026, 10, 25, 12);

const app = "https://app.example.com/";

/** Stands in for the app's server; what it was sent. Everything else, the test runner's own calls included, goes on. */
function takeCalls(): string[] {
  const network = globalThis.fetch;
  const bodies: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    if (input !== app) return network(input, init);
    bodies.push(String(init?.body));
    return new Response(null, { status: 204 });
  });
  return bodies;
}

describe("an event on the queue", () => {
  test("[B-14] an event reaches the webhook with its bytes unchanged", async () => {
    await configure({ webhooks: { url: app, secret: "a secret" } });
    const bodies = takeCalls();
    await world.EVENTS.send(sending("event-1", new Uint8Array([1, 2, 3])), { contentType: "v8" });
    // Events of earlier files may still be on the queue.
    const isThis = (body: string) => body.includes("2026-11-25T12:00:00.000Z");
    const body = await vi.waitUntil(() => bodies.find(isThis), { timeout: 20_000 });
    expect(JSON.parse(body)).toMatchObject({
      type: "messageSent",
      timestamp: "2026-11-25T12:00:00.000Z",
      data: { fromPeer: "Tom", content: "AQID", bin: true, onlinePeers: ["Jerry"] },
    });
  });

  test("[I11] an event waits for the settings while D1 fails, because its targets are unknown", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const body = { id: "event-2", at: NOON, name: "conversationStarted" as const, by: "Tom" };
    const messages = [1, 3].map((attempts) => ({
      id: `message-${attempts}`,
      timestamp: new Date(NOON),
      attempts,
      body: { ...body, conversationId: "c", members: ["Tom"] },
    }));
    const batch = createMessageBatch<QueuedEvent>("parley-events", messages);
    // A database nobody has read settings from, and that has no tables.
    const DB = new Proxy(world.DB, {
      get: () => () => {
        throw new Error("down");
      },
    });
    await consumeEvents(batch.messages, { ...world, DB });
    const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext());
    expect(explicitAcks).toEqual([]);
    expect(retryMessages).toEqual([{ msgId: "message-1" }, { msgId: "message-3" }]);
  });
});
