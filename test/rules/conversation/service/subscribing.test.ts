import { afterEach, expect, test, vi } from "vitest";
import { clientTables } from "../../../../src/client/client-tables.ts";
import { SubscribedServices } from "../../../../src/client/subscribed-services.ts";
import { conversationTables } from "../../../../src/conversation/conversation-tables.ts";
import { type ListedSubscription, Subscribing } from "../../../../src/conversation/service/subscribing.ts";
import { ConversationState } from "../../../../src/conversation/state.ts";
import { MemorySql } from "../../../support/sqlite.ts";

const NEWS = "65537a0e0000000000000001";
const NOW = 1_000; // ms; the clock stands still

/** A service, and the list of one client, which takes each change a while after it was asked for. */
function newsAndTom({ listAfter, unlistAfter }: { listAfter: number; unlistAfter: number }) {
  vi.useFakeTimers();
  const state = ConversationState.create(conversationTables(new MemorySql()), {
    id: NEWS,
    kind: "system",
    name: "News",
    creator: "",
    members: [],
    muted: [],
    attributes: {},
    columns: {},
    unique: false,
    uniqueId: undefined,
    createdAt: 1,
    updatedAt: 1,
    lastMessageAt: undefined,
    timeToLive: undefined,
  });
  const { service } = state;
  if (service === undefined) throw new Error("no service");
  const listOfTom = new SubscribedServices(clientTables(new MemorySql()));
  const later = async (delay: number, change: () => void) => {
    await new Promise((resolve) => setTimeout(resolve, delay));
    change();
  };
  const subscribing = new Subscribing(
    state,
    service,
    { addToAudience: () => {}, removeFromAudience: () => {} },
    {
      now: () => NOW,
      list: (_, listed: ListedSubscription) => later(listAfter, () => listOfTom.add(listed)),
      unlist: (_, listed: ListedSubscription) => later(unlistAfter, () => listOfTom.remove(listed)),
    },
  );
  return {
    subscribing,
    isSubscribed: () => service.subscribers.has("tom"),
    isListed: () => listOfTom.has(NEWS),
  };
}

afterEach(() => {
  vi.useRealTimers();
});

test("[I16] of subscriptions and an end that overlap, the client's own list keeps the last, in one millisecond too", async () => {
  const { subscribing, isSubscribed, isListed } = newsAndTom({ listAfter: 10, unlistAfter: 30 });
  const changes = [subscribing.subscribe("tom", undefined)];
  await vi.advanceTimersByTimeAsync(5);
  changes.push(subscribing.subscribe("tom", undefined));
  await vi.advanceTimersByTimeAsync(7);
  changes.push(subscribing.unsubscribe("tom"), subscribing.subscribe("tom", undefined));
  await vi.advanceTimersByTimeAsync(100);
  await Promise.all(changes);
  expect({ there: isSubscribed(), listed: isListed() }).toEqual({ there: true, listed: true });
});

test("[I16] a subscription that begins while the client's own list is cleared of one that was ended stays listed", async () => {
  const { subscribing, isSubscribed, isListed } = newsAndTom({ listAfter: 10, unlistAfter: 30 });
  const first = subscribing.subscribe("tom", undefined);
  await vi.advanceTimersByTimeAsync(20);
  await first;
  subscribing.end(["tom"]);
  expect(isSubscribed()).toBe(false);
  const again = subscribing.subscribe("tom", undefined);
  await vi.advanceTimersByTimeAsync(100);
  await again;
  expect({ there: isSubscribed(), listed: isListed() }).toEqual({ there: true, listed: true });
});

test("[V-01] a client's change is made though the one before it failed", async () => {
  const { subscribing, isSubscribed, isListed } = newsAndTom({ listAfter: 10, unlistAfter: 30 });
  const failing = vi.spyOn(SubscribedServices.prototype, "add").mockImplementationOnce(() => {
    throw new Error("the list is full");
  });
  const first = subscribing.subscribe("tom", undefined);
  const second = subscribing.subscribe("tom", undefined);
  const firstOutcome = expect(first).rejects.toThrow("the list is full");
  await vi.advanceTimersByTimeAsync(100);
  await firstOutcome;
  await second;
  failing.mockRestore();
  expect({ there: isSubscribed(), listed: isListed() }).toEqual({ there: true, listed: true });
});
