import { expect, test } from "vitest";
import { Delivery } from "../../../../src/conversation/delivery/delivery.ts";
import type { DeliveryHost } from "../../../../src/conversation/delivery/delivery-host.ts";
import { NEVER_LOGGED_IN } from "../../../../src/conversation/delivery/served-client.ts";
import type { Subscription } from "../../../../src/conversation/delivery/subscription.ts";
import type { Wake, WakeAnswer } from "../../../../src/conversation/delivery/wake.ts";
import {
  catchUpModes,
  type OpenSessions,
  type SubscriptionRequest,
} from "../../../../src/protocol/link-controls.ts";
import {
  controlRecord,
  eventRecord,
  noticeRecord,
  readRecords,
  replyRecord,
  unreadRecord,
} from "../../../../src/protocol/link-records.ts";
import { NO_RELAYS } from "../../../support/no-relays.ts";

const NOW = 1_000_000;
const payload = new Uint8Array([1]);
const notice = { kind: "notice", record: noticeRecord(NOW - 100, payload), at: NOW - 100 } as const;
const typing = { kind: "event", record: eventRecord(payload), isEphemeral: true } as const;

/** A conversation of Tom, with the calls to his object; each waits for its answer. */
class TomsConversation {
  now = NOW;
  head = 0;
  /** How far the log had got when Tom logged in; all that is there if undefined. */
  headAtLogin: number | undefined;
  isAway = false;
  /** Since when deliveries are pending, as stored (ms). */
  pendingSince: number | undefined;
  replayedAfter: number | undefined;
  /** The time of the one message that Tom has not read (ms). */
  unreadAt: number | undefined;
  readonly calls: { wake: Wake; answer(answer: WakeAnswer): Promise<void>; fail(): Promise<void> }[] = [];
  readonly delivery: Delivery;

  constructor() {
    const host: DeliveryHost = {
      now: () => this.now,
      relays: NO_RELAYS,
      end: () => this.head,
      endAt: () => this.headAtLogin ?? this.head,
      lastNotice: () => NOW - 100,
      hasMembers: true,
      members: () => ["tom"],
      isPresent: () => true,
      lacking: () => [],
      lacksAfter: (_, time) => time < this.head,
      leftAfter: () => [],
      isAway: () => this.isAway,
      setAway: (_, away) => {
        this.isAway = away;
      },
      replay: (_, after) => {
        this.replayedAfter = after;
        return undefined;
      },
      notices: (_, after) => (after < NOW - 100 ? [notice.record] : []),
      readCursorMovedAt: () => 0,
      hasUnread: (_, upTo) => this.unreadAt !== undefined && this.unreadAt <= upTo,
      unread: (_, changedAt) => unreadRecord({ upTo: this.head, changedAt }, payload),
      markPending: (since) => {
        this.pendingSince = since;
      },
      clearPending: () => {
        this.pendingSince = undefined;
      },
      wake: (_, wake) =>
        new Promise((resolve, reject) => {
          const settled = () => this.delivery.settled();
          this.calls.push({
            wake,
            answer: (answer) => {
              resolve(answer);
              return settled();
            },
            fail: () => {
              reject(new Error("no answer"));
              return settled();
            },
          });
        }),
      retryAfter: () => {},
    };
    this.delivery = new Delivery(host, [], undefined);
  }

  /** A message is stored and sent to the subscriptions. */
  store(): void {
    this.head += 1;
    this.delivery.storedAfter(this.head - 1);
  }

  /** Subscribes a session that logged in after the notice. Returns the kinds of the records that it is sent at once. */
  subscribe(
    sessionId: string,
    sessions?: OpenSessions,
    position: Pick<SubscriptionRequest, "since" | "isSinceWake"> = { since: undefined },
  ) {
    const kinds: string[] = [];
    const frames: Uint8Array[] = [];
    const request: SubscriptionRequest = {
      conversationId: "c",
      clientId: "tom",
      sessionId,
      origin: 1,
      mode: catchUpModes.COUNTS,
      address: undefined,
      ...position,
      noticesAfter: undefined,
      sessions,
      isPresent: false,
      relay: undefined,
      admittedAt: NOW - 50,
    };
    const send = (frame: Uint8Array) => {
      frames.push(frame);
      kinds.push(...readRecords(frame).map(({ kind }) => kind));
    };
    const subscription = this.delivery.subscribe(request, { isOpen: () => true, send, save: () => {} });
    if (subscription === undefined) throw new Error("too far behind");
    return {
      subscription,
      frames,
      kinds: kinds.filter((kind) => kind !== "control"),
      replayedAfter: this.replayedAfter,
    };
  }
}

const closed = ({ delivery }: TomsConversation, subscription: Subscription) => delivery.closed(subscription);

test("[L2.1] a client whose every session has a subscription is not woken", () => {
  const chat = new TomsConversation();
  chat.subscribe("phone", { ids: ["phone"], asOf: 1 });
  chat.store();
  expect(chat.calls).toEqual([]);
  expect(chat.pendingSince).toBeUndefined();
});

test("[L2.1] a client is woken if a session of it has no subscription, or may have none", () => {
  const unknown = new TomsConversation();
  unknown.store();
  expect(unknown.calls.map(({ wake }) => wake)).toEqual([
    { since: 0, noticesAfter: undefined, subscribed: [], events: [] },
  ]);
  const tablet = new TomsConversation();
  tablet.subscribe("phone", { ids: ["phone", "tablet"], asOf: 1 });
  tablet.store();
  expect(tablet.calls.map(({ wake }) => wake.subscribed)).toEqual([["phone"]]);
  const logsIn = new TomsConversation();
  logsIn.subscribe("phone", { ids: ["phone"], asOf: 1 });
  logsIn.delivery.caughtUp(
    "tom",
    { sessionId: "tablet", sessions: { ids: ["phone", "tablet"], asOf: 2 } },
    0,
    NOW - 100,
  );
  logsIn.store();
  expect(logsIn.calls).toHaveLength(1);
});

test("[L2.1] a subscription that closes may leave its session without one", () => {
  const chat = new TomsConversation();
  const { subscription } = chat.subscribe("phone", { ids: ["phone", "tablet"], asOf: 1 });
  chat.subscribe("tablet");
  closed(chat, subscription);
  chat.store();
  expect(chat.calls.map(({ wake }) => wake.subscribed)).toEqual([["tablet"]]);
});

test("[L2.2] of two reports of a client's sessions, the later one counts", () => {
  const chat = new TomsConversation();
  chat.delivery.caughtUp(
    "tom",
    { sessionId: "tablet", sessions: { ids: ["phone", "tablet"], asOf: 2 } },
    0,
    NOW - 100,
  );
  chat.subscribe("phone", { ids: ["phone"], asOf: 1 });
  chat.store();
  expect(chat.calls).toHaveLength(1);
});

test("[L2.2] a report that does not name a session that subscribes is out of date", () => {
  const chat = new TomsConversation();
  chat.subscribe("phone", { ids: ["phone"], asOf: 1 });
  chat.subscribe("tablet");
  chat.store();
  expect(chat.calls).toHaveLength(1);
});

test("[L2.2] a report that does not name a session with a subscription tells nothing, also if it comes later", () => {
  const chat = new TomsConversation();
  const { subscription } = chat.subscribe("tablet");
  chat.subscribe("phone", { ids: ["phone"], asOf: 1 });
  closed(chat, subscription);
  chat.store();
  expect(chat.calls.map(({ wake }) => wake.subscribed)).toEqual([["phone"]]);
});

test("[L3.1] [L3.2] a client is called once at a time; the next call is for all that was stored meanwhile", async () => {
  const chat = new TomsConversation();
  for (let message = 1; message <= 3; message += 1) chat.store();
  expect(chat.calls).toHaveLength(1);
  await chat.calls[0]?.answer({ sessions: { ids: ["phone"], asOf: 1 } });
  expect(chat.calls.map(({ wake }) => wake.since)).toEqual([0, 1]);
  expect(chat.pendingSince).toBeDefined();
  await chat.calls[1]?.answer({ sessions: { ids: ["phone"], asOf: 1 } });
  expect(chat.pendingSince).toBeUndefined();
});

test("[L3.4] a client without sessions is away and is not called again", async () => {
  const chat = new TomsConversation();
  chat.store();
  await chat.calls[0]?.answer({ sessions: { ids: [], asOf: 1 } });
  chat.store();
  expect(chat.isAway).toBe(true);
  expect(chat.calls).toHaveLength(1);
});

test("[L3.4] an answer from before a login does not make the client away", async () => {
  const chat = new TomsConversation();
  chat.store();
  chat.delivery.caughtUp(
    "tom",
    { sessionId: "phone", sessions: { ids: ["phone"], asOf: 2 } },
    chat.head,
    NOW - 100,
  );
  await chat.calls[0]?.answer({ sessions: { ids: [], asOf: 1 } });
  expect(chat.isAway).toBe(false);
});

test("[L3.4] an answer that a client never logged in does not count after its first login", async () => {
  const chat = new TomsConversation();
  chat.store();
  chat.delivery.caughtUp(
    "tom",
    { sessionId: "phone", sessions: { ids: ["phone"], asOf: NOW } },
    chat.head,
    NOW - 100,
  );
  await chat.calls[0]?.answer({ sessions: { ids: [], asOf: NEVER_LOGGED_IN } });
  expect(chat.isAway).toBe(false);
});

test("[L2.2] a session that logs in counts, also if the clock was set back a little", () => {
  const chat = new TomsConversation();
  chat.subscribe("phone", { ids: ["phone"], asOf: NOW });
  const sessions = { ids: ["phone", "tablet"], asOf: NOW - 5_000 };
  chat.delivery.caughtUp("tom", { sessionId: "tablet", sessions }, chat.head, NOW - 100);
  chat.store();
  expect(chat.calls).toHaveLength(1);
});

test("[L2.2] a report by a clock that was set back counts", async () => {
  const chat = new TomsConversation();
  chat.subscribe("phone", { ids: ["phone"], asOf: NOW });
  chat.delivery.caughtUp(
    "tom",
    { sessionId: "tablet", sessions: { ids: ["phone", "tablet"], asOf: NOW - 60_000 } },
    chat.head,
    NOW - 100,
  );
  chat.store();
  expect(chat.calls).toHaveLength(1);
});

test("[L3.3] what a call that failed was for stays pending, and goes with the next call", async () => {
  const chat = new TomsConversation();
  chat.store();
  await chat.calls[0]?.fail();
  expect(chat.pendingSince).toBe(0);
  expect(chat.delivery.isUnreachable("tom")).toBe(true);
  chat.store();
  expect(chat.calls.map(({ wake }) => wake.since)).toEqual([0, 0]);
});

test("[I4] [L3.3] a notice that no call handed over reaches every session that subscribes", async () => {
  const chat = new TomsConversation();
  chat.delivery.notify(["tom"], notice);
  await chat.calls[0]?.fail();
  expect(chat.subscribe("phone").kinds).toEqual(["notice"]);
  expect(chat.subscribe("tablet").kinds).toEqual(["notice"]);
});

test("[L2.4] an ephemeral event that waits for a call reaches every session that subscribes, once", async () => {
  const chat = new TomsConversation();
  chat.store();
  chat.delivery.notify(["tom"], typing);
  expect(chat.subscribe("phone").kinds).toEqual(["event"]);
  expect(chat.subscribe("tablet").kinds).toEqual(["event"]);
  await chat.calls[0]?.answer({ sessions: { ids: ["phone", "tablet", "laptop"], asOf: 1 } });
  const [event] = chat.calls[1]?.wake.events ?? [];
  expect(event?.receivedBy).toEqual(["phone", "tablet"]);
});

test("[L4.1] a session that makes room gets nothing more by that subscription, and is woken for what follows", () => {
  const chat = new TomsConversation();
  const { subscription, kinds } = chat.subscribe("phone", { ids: ["phone"], asOf: 1 });
  chat.delivery.evict(subscription);
  chat.delivery.notify(["tom"], typing);
  expect(kinds).toEqual([]);
  expect(chat.calls.map(({ wake }) => wake.events.length)).toEqual([1]);
});

test("[L6.3] what a session was woken for is forgotten after 30 s, however often it is woken since", async () => {
  const chat = new TomsConversation();
  for (let second = 0; second <= 40; second += 1) {
    chat.now = NOW + second * 1_000;
    chat.store();
    await chat.calls.at(-1)?.answer({ sessions: { ids: ["phone"], asOf: NOW + second } });
  }
  expect(chat.subscribe("phone").replayedAfter).toBe(11);
});

test("[L2.5] a session that subscribes where a wake began is sent its unread count if something before that is unread", () => {
  const toms = new TomsConversation();
  toms.head = 9;
  toms.headAtLogin = 5;
  const wokenAt = { since: 5, isSinceWake: true };
  expect(toms.subscribe("phone", undefined, wokenAt).kinds).not.toContain("unread");
  toms.unreadAt = 6;
  expect(toms.subscribe("phone", undefined, wokenAt).kinds).not.toContain("unread");
  toms.unreadAt = 4;
  expect(toms.subscribe("phone", undefined, wokenAt).kinds).toContain("unread");
  // It was told when it came to its own position.
  expect(toms.subscribe("phone", undefined, { since: 5, isSinceWake: false }).kinds).not.toContain("unread");
});

test("[L2.5] a session is sent its unread count if what it is sent since a wake goes back to before its login", () => {
  const toms = new TomsConversation();
  const wokenAt = { since: 5, isSinceWake: true };
  toms.head = 9;
  toms.headAtLogin = 8;
  toms.unreadAt = 9;
  expect(toms.subscribe("phone", undefined, wokenAt).kinds).not.toContain("unread");
  toms.unreadAt = 7;
  expect(toms.subscribe("phone", undefined, wokenAt).kinds).toContain("unread");
});

test("[L2.2] a report from before a login does not count once the last subscription from before it has closed", () => {
  const chat = new TomsConversation();
  const { subscription } = chat.subscribe("phone", { ids: ["phone"], asOf: 1 });
  // The phone came back with a new session, whose subscription is on its way when the tablet logs in.
  const sessions = { ids: ["phone again", "tablet"], asOf: 3 };
  chat.delivery.caughtUp("tom", { sessionId: "tablet", sessions }, 0, NOW);
  closed(chat, subscription);
  chat.subscribe("phone again", { ids: ["phone again"], asOf: 2 });
  chat.store();
  expect(chat.calls).toHaveLength(1);
});

test("[L7.1] a subscription takes the place of one of the same session that broke unnoticed", () => {
  const chat = new TomsConversation();
  chat.subscribe("phone", { ids: ["phone"], asOf: 1 });
  const { subscription } = chat.subscribe("phone", { ids: ["phone"], asOf: 1 });
  closed(chat, subscription);
  chat.store();
  expect(chat.calls).toHaveLength(1);
});

test("replies and events of commands that arrived together are one frame to each session, in order", () => {
  const chat = new TomsConversation();
  const phone = chat.subscribe("phone", { ids: ["phone", "tablet"], asOf: 1 });
  const tablet = chat.subscribe("tablet", { ids: ["phone", "tablet"], asOf: 1 });
  const opened = phone.frames.length;
  const handled = chat.delivery.together(() => {
    chat.delivery.notify(["tom"], typing);
    chat.delivery.reply(phone.subscription, replyRecord(1, payload));
    chat.delivery.together(() => chat.delivery.notify(["tom"], typing));
    expect(phone.frames).toHaveLength(opened);
    return "handled";
  });
  expect(handled).toBe("handled");
  const kindsOf = (frames: Uint8Array[]) => frames.map((frame) => readRecords(frame).map(({ kind }) => kind));
  expect(kindsOf(phone.frames.slice(opened))).toEqual([["event", "reply", "event"]]);
  expect(kindsOf(tablet.frames.slice(opened))).toEqual([["event", "event"]]);
  chat.delivery.notify(["tom"], typing);
  expect(phone.frames).toHaveLength(opened + 2);
});

test("what has to be a frame of its own follows what was gathered before it, and nothing joins it", () => {
  const chat = new TomsConversation();
  const phone = chat.subscribe("phone", { ids: ["phone"], asOf: 1 });
  const opened = phone.frames.length;
  chat.delivery.together(() => {
    chat.delivery.reply(phone.subscription, replyRecord(1, payload));
    chat.delivery.send(phone.subscription, controlRecord({ type: "shown", upTo: 1 }));
    chat.delivery.reply(phone.subscription, replyRecord(2, payload));
    chat.delivery.notify(["tom"], notice);
    chat.delivery.notify(["tom"], typing);
  });
  const kinds = phone.frames.slice(opened).map((frame) => readRecords(frame).map(({ kind }) => kind));
  expect(kinds).toEqual([["reply"], ["control"], ["reply"], ["notice"], ["event"]]);
});

test("sessions get what was gathered if a command throws, and a closing socket ends its subscription at once", () => {
  const chat = new TomsConversation();
  const phone = chat.subscribe("phone", { ids: ["phone", "tablet"], asOf: 1 });
  const tablet = chat.subscribe("tablet", { ids: ["phone", "tablet"], asOf: 1 });
  phone.subscription.port = {
    ...phone.subscription.port,
    isOpen: () => false,
    send: () => {
      throw new Error("the socket is closing");
    },
  };
  const opened = tablet.frames.length;
  const handle = () =>
    chat.delivery.together(() => {
      chat.delivery.notify(["tom"], typing);
      expect(chat.delivery.subscriptionsOf(["tom"])).toEqual([tablet.subscription]);
      throw new Error("a command that fails");
    });
  expect(handle).toThrow("a command that fails");
  expect(tablet.frames).toHaveLength(opened + 1);
  expect(chat.delivery.subscriptionsOf(["tom"])).toEqual([tablet.subscription]);
});
