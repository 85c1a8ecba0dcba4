import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
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
  test("[B-14] reaches the webhook with its bytes as they were", async () => {
    await configure({ webhooks: { url: app, secret: "a secret" } });
    const bodies = takeCalls();
    const message = { conversationId: "c", from: "Tom", content: new Uint8Array([1, 2, 3]), timestamp: NOON };
    const recipients = { online: ["Jerry"], offline: [], address: undefined };
    await world.EVENTS.send(
      {
        ...{ id: "event-1", at: NOON, name: "messageSent", messageId: "m" },
        ...{ transient: false, receipt: false, ...message, ...recipients },
      },
      { contentType: "v8" },
    );
    const [body = ""] = await vi.waitUntil(() => bodies.length > 0 && bodies, { timeout: 20_000 });
    expect(JSON.parse(body)).toMatchObject({
      type: "messageSent",
      timestamp: "2026-11-25T12:00:00.000Z",
      data: { fromPeer: "Tom", content: "AQID", bin: true, onlinePeers: ["Jerry"] },
    });
  });
});
