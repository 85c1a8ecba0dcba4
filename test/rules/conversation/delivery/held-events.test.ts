import { expect, test } from "vitest";
import { Delivery } from "../../../../src/conversation/delivery/delivery.ts";
import type { DeliveryHost } from "../../../../src/conversation/delivery/delivery-host.ts";
import { catchUpModes, type SubscriptionRequest } from "../../../../src/protocol/link-controls.ts";
import { eventRecord, noticeRecord, readRecords } from "../../../../src/protocol/link-records.ts";

const NOW = 1_000_000;
const payload = new Uint8Array([1]);
const notice = noticeRecord(NOW - 100, false, payload);
const typing = { ephemeral: eventRecord(payload) };

/** A conversation of Tom without messages, whose calls to his object all end in the same way. */
function toms(relay: DeliveryHost["relay"]): Delivery {
  const host: DeliveryHost = {
    now: () => NOW,
    head: () => 0,
    members: () => ["tom"],
    isMember: () => true,
    leftAfter: () => [],
    isAway: () => false,
    setAway: () => {},
    replay: () => undefined,
    // Repeated notices are for sessions that were logged in when they were sent, and these were not.
    notices: () => [],
    readCursorMovedAt: () => 0,
    unread: () => undefined,
    markPending: () => {},
    clearPending: () => {},
    relay,
    retryAfter: () => {},
    timer: () => () => {},
  };
  return new Delivery(host, [], undefined);
}

/** A session of Tom that logged in after the notice was stored. */
function requestOf(sessionId: string): SubscriptionRequest {
  const session = { clientId: "tom", sessionId, origin: 1, mode: catchUpModes.COUNTS, address: undefined };
  return { ...session, conversationId: "c", since: undefined, admittedAt: NOW - 50 };
}

/** Subscribes a session. Resolves to the kinds of the records that it is sent with `opened`. */
async function subscribed(
  delivery: Delivery,
  sessionId: string,
  reservation = delivery.reserve(requestOf(sessionId)),
) {
  const kinds: string[] = [];
  const send = (frame: Uint8Array) => void kinds.push(...readRecords(frame).map(({ kind }) => kind));
  delivery.accept(requestOf(sessionId), await reservation, { send, close: () => {}, save: () => {} });
  return kinds.filter((kind) => kind !== "control");
}

test("[I4] [L3] a notice that no call handed over reaches every session that subscribes", async () => {
  const delivery = toms(() => Promise.reject(new Error("no answer")));
  delivery.notify(["tom"], notice, NOW - 100);
  await delivery.settled();
  expect(await subscribed(delivery, "phone")).toEqual(["notice"]);
  expect(await subscribed(delivery, "tablet")).toEqual(["notice"]);
});

test("[I4] [L4] a notice that no call handed over is relayed when the subscription that got it ends", async () => {
  const frames: Uint8Array[] = [];
  const delivery = toms(async (_clientId, frame) => {
    frames.push(frame);
    if (frames.length === 1) throw new Error("no answer");
    return "online";
  });
  delivery.notify(["tom"], notice, NOW - 100);
  await delivery.settled();
  const request = requestOf("phone");
  const port = { send: () => {}, close: () => {}, save: () => {} };
  const subscription = delivery.accept(request, await delivery.reserve(request), port);
  if (subscription === undefined) throw new Error("not subscribed");
  delivery.closed(subscription);
  expect(frames[1]).toEqual(notice);
});

test("[L3] an ephemeral event held for a call in flight reaches every session that subscribes, once", async () => {
  let answer = (): void => {};
  const delivery = toms(() => new Promise((resolve) => (answer = () => resolve("online"))));
  delivery.notify(["tom"], notice, NOW - 100);
  delivery.notify(["tom"], typing);
  const reservations = ["phone", "tablet"].map((session) => delivery.reserve(requestOf(session)));
  answer();
  expect(await subscribed(delivery, "phone", reservations[0])).toEqual(["event"]);
  expect(await subscribed(delivery, "tablet", reservations[1])).toEqual(["event"]);
  expect(await subscribed(delivery, "laptop")).toEqual(["event"]);
});
