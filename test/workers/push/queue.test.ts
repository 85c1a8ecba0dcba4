import { afterEach, beforeAll, expect, test, vi } from "vitest";
import worker from "../../../src/index.ts";
import type { PushWork } from "../../../src/push/push-work.ts";
import { push } from "../../support/push/pushes.ts";
import { openWorld, world } from "../support/world.ts";

/** What the platform hands over from its queues. */

beforeAll(() => openWorld());
afterEach(() => {
  vi.restoreAllMocks();
});

test("[P-01] pushes are told apart from events, whatever the name of their queue", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const body: PushWork = {
    type: "deliver",
    provider: "apns",
    recipients: [],
    attempts: 0,
    push: push({ alert: "hello" }, { id: "push-1", expiresAt: 0 }),
  };
  const ack = vi.fn();
  const message = { id: "1", timestamp: new Date(), body, attempts: 1, ack, retry: vi.fn() };
  const metadata = { metrics: { backlogCount: 1, backlogBytes: 1, oldestMessageTimestamp: new Date() } };
  const batch = {
    queue: "second-app-pushes",
    messages: [message],
    metadata,
    ackAll: vi.fn(),
    retryAll: vi.fn(),
  };
  await worker.queue(batch, world);
  expect(warn).toHaveBeenCalledWith(expect.stringContaining("push push-1: 0 recipients given up"));
  expect(ack).toHaveBeenCalledOnce();
});
