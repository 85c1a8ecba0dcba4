import { describe, expect, test } from "vitest";
import type { LinkSocket } from "../../../../src/gateway/session/link-socket.ts";
import { SubscriptionPresence } from "../../../../src/gateway/session/subscription-presence.ts";

function socket(): LinkSocket & { sent: unknown[] } {
  const sent: unknown[] = [];
  return { sent, send: (data) => sent.push(data), close: () => {} };
}

describe("[R-04] the presence of a session in a room", () => {
  test("a session that left is not taken back by what the room said before it knew", () => {
    const presence = new SubscriptionPresence();
    const link = socket();
    expect(presence.told(true, link)).toBe(true);
    presence.leave(link);
    expect(link.sent).toHaveLength(1);
    expect(presence.told(true, link)).toBe(false);
    expect([presence.isPresent, link.sent.length]).toEqual([false, 1]);
    presence.told(false, link);
    expect(presence.told(true, link)).toBe(true);
    expect(presence.isPresent).toBe(true);
  });

  test("a session that leaves before its subscription is open asks the room when that has let it in", () => {
    const presence = new SubscriptionPresence();
    const link = socket();
    presence.enter();
    expect(presence.opening()).toBe(true);
    presence.leave(undefined);
    expect(presence.told(true, link)).toBe(false);
    expect([presence.isPresent, link.sent.length]).toEqual([false, 1]);
  });

  test("a session that left while its subscription was broken may enter again by the next one", () => {
    const presence = new SubscriptionPresence();
    const link = socket();
    presence.told(true, link);
    presence.leave(undefined);
    expect(presence.opening()).toBe(false);
    expect(presence.told(true, link)).toBe(true);
    expect([presence.isPresent, link.sent.length]).toEqual([true, 0]);
  });
});
