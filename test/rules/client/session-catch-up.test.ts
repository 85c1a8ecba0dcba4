import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { clientTables } from "../../../src/client/client-tables.ts";
import { Inbox } from "../../../src/client/inbox.ts";
import { Session } from "../../../src/client/session.ts";
import { catchUpSession } from "../../../src/client/session-catch-up.ts";
import { Sessions } from "../../../src/client/sessions.ts";
import { SubscribedServices } from "../../../src/client/subscribed-services.ts";
import type { CatchUp } from "../../../src/conversation/conversation-catch-up.ts";
import type { SessionControl } from "../../../src/protocol/link-controls.ts";
import { readControl, readRecords } from "../../../src/protocol/link-records.ts";
import { MemorySql } from "../../support/sqlite.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const NOTHING: CatchUp = {
  member: true,
  changed: { patchedAt: 0, readAt: 0, noticedAt: 0 },
  head: 1,
  lastNotice: 0,
  isSubscribed: false,
  kind: "normal",
  unread: 0,
  mentioned: false,
  lastMessage: undefined,
  patches: [],
  missed: [],
  more: false,
};

/** The control records that a gateway is sent while conversations answer, each by a call of `answer`. */
function caughtUpOn(count: number, answer: () => Promise<CatchUp>, subscribedTo: string[] = []) {
  const words: SessionControl["type"][] = [];
  const send = (frame: Uint8Array) => {
    for (const record of readRecords(frame)) {
      if (record.kind === "control") words.push(readControl<SessionControl>(record.payload).type);
    }
  };
  const identity = {
    clientId: "agent",
    sessionId: "s",
    connectionId: "c",
    mode: "pull",
    address: undefined,
  } as const;
  const session = new Session({ send, serializeAttachment: () => {} }, identity, {
    phase: "open",
    tag: undefined,
    deviceId: "d",
    openedAt: 0,
    pushDevice: undefined,
    announced: false,
    capabilities: 0,
    proven: false,
    known: { unread: undefined, reads: undefined, patches: undefined },
    subscriptions: [],
    behind: [],
  });
  const asked = Array.from({ length: count }, (_, at) => `conversation ${at}`);
  const timer = (milliseconds: number, run: () => void) => {
    const set = setTimeout(run, milliseconds);
    return () => clearTimeout(set);
  };
  const services = { now: () => Date.now(), catchUp: answer, timer };
  const tables = clientTables(new MemorySql());
  const inbox = new Inbox(tables);
  const subscribed = new SubscribedServices(tables);
  for (const conversationId of subscribedTo) subscribed.add({ conversationId, since: 1 });
  const done = catchUpSession(
    session,
    { asked, scope: "news" },
    {
      inbox,
      sessions: new Sessions(() => [session], services.now),
      subscribed,
      firstLogin: { broadcastsAfter: undefined },
    },
    services,
  );
  return { words, done, inbox, subscribed };
}

const after = <Value>(milliseconds: number, value: Value) =>
  new Promise<Value>((resolve) => setTimeout(resolve, milliseconds, value));

test("the gateway is sent progress every second while many conversations answer slowly", async () => {
  const { words, done } = caughtUpOn(300, () => after(600, NOTHING));
  await vi.advanceTimersByTimeAsync(7_000);
  expect(words.length).toBeGreaterThanOrEqual(5);
  expect(words.length).toBeLessThanOrEqual(7);
  expect(new Set(words)).toEqual(new Set(["catchingUp"]));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await done).toEqual([]);
  expect(words.filter((word) => word === "caughtUp").length).toBe(300);
});

test("a quick catch-up needs no word of its progress, and one that fails everywhere has none", async () => {
  const quick = caughtUpOn(30, () => after(10, NOTHING));
  const failing = caughtUpOn(30, async () => {
    await after(3_000, undefined);
    throw new Error("no answer");
  });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await quick.done).toEqual([]);
  expect(quick.words).toEqual(quick.words.map(() => "caughtUp"));
  expect((await failing.done).length).toBe(30);
  expect(failing.words).toEqual([]);
});

test("[I16] a service that no longer has the client as its subscriber, but something unread for it, is asked at the next login too", async () => {
  const ended: CatchUp = { ...NOTHING, kind: "system", isSubscriber: false, unread: 1 };
  const { done, inbox, subscribed } = caughtUpOn(1, () => after(10, ended), ["conversation 0"]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await done).toEqual([]);
  expect(subscribed.ids).toEqual([]);
  expect(inbox.unread()).toEqual(["conversation 0"]);
});
