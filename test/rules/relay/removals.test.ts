import { expect, test } from "vitest";
import type { ConversationControl, SubscriptionRequest } from "../../../src/protocol/link-controls.ts";
import { controlRecord } from "../../../src/protocol/link-records.ts";
import type { RelayBatch, RelayEntry, RelayedOutcome } from "../../../src/protocol/relay-calls.ts";
import { Relay, type RelayServices } from "../../../src/relay/relay.ts";
import type { RelaySocket, RelaySubscriber } from "../../../src/relay/relay-subscribers.ts";
import { encodeCommand } from "../../support/frames.ts";

/** A relay at which somebody was let in, and is removed before the relay hears that they were. */

const ENTRY: RelayEntry = { isRoom: true, isFree: false, updatedAt: 1 };
const JERRY: SubscriptionRequest = {
  conversationId: "room",
  clientId: "Jerry",
  sessionId: "s1",
  origin: 7,
  mode: "pull",
  address: undefined,
  admittedAt: 1,
  since: undefined,
  noticesAfter: undefined,
  sessions: undefined,
  isPresent: true,
  relay: 1,
};

/** Jerry is no longer in the audience. */
function removal(): RelayBatch {
  return turn(false, ENTRY);
}

/** Jerry is in the audience from here on, or no longer. */
function turn(isPresent: boolean, entry: RelayEntry): RelayBatch {
  const presence: ConversationControl = { type: "presence", isPresent, isRoom: entry.isRoom };
  const turns = { isFirst: isPresent, isLast: !isPresent };
  const narrowed = { to: "these" as const, clientIds: ["Jerry"], instead: undefined, ...turns };
  const rest = { author: undefined, upTo: undefined, noticeAt: undefined, isEphemeral: false };
  const frame = { frame: controlRecord(presence), narrowed, ...rest };
  return { registration: "", frames: [frame], hasGap: false, entry };
}

function socket(): RelaySocket & { closed: number | undefined } {
  let attachment: RelaySubscriber | null = null;
  return {
    closed: undefined,
    send: () => {},
    close(code) {
      this.closed = code;
    },
    serializeAttachment: (value) => {
      attachment = value;
    },
    deserializeAttachment: () => attachment,
  };
}

/** A relay whose conversation answers when the test says so. */
function relay(entry = ENTRY) {
  const mayEnter = Promise.withResolvers<boolean>();
  const command = Promise.withResolvers<RelayedOutcome>();
  const services: RelayServices = {
    register: async () => {
      return { head: 0, lastNotice: 0, recentSince: 0, noticesSince: 0, recent: [], entry };
    },
    replay: async () => ({ frame: undefined, head: 0, lastNotice: 0, since: 0 }),
    mayEnter: () => mayEnter.promise,
    command: () => command.promise,
    report: async () => {},
    timer: () => {},
    capacity: () => 10,
  };
  return { relay: new Relay([], services), mayEnter, command };
}

/** Everything that can go on without an answer has. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

test("[X-19] [T4] a client that is removed while its subscription opens at a relay is not let in", async () => {
  const { relay: one, mayEnter } = relay();
  const opening = one.open(JERRY, socket).then(
    () => "opened",
    () => "refused",
  );
  await settle();
  mayEnter.resolve(true);
  one.deliver(removal());
  await opening;
  expect(one.presentAmong(["Jerry"])).toEqual([]);
});

test("[X-19] [T4] a client that is removed while its entering is answered at a relay asks again by a new subscription", async () => {
  const { relay: one, mayEnter, command } = relay();
  mayEnter.resolve(false);
  const jerrys = socket();
  await one.open({ ...JERRY, isPresent: false }, () => jerrys);
  const convMessage = { cid: "room", m: ["Jerry"] };
  const entering = one.received(jerrys, encodeCommand({ cmd: "conv", op: "add", i: 1, convMessage }));
  await settle();
  one.deliver(removal());
  command.resolve({ frame: new Uint8Array(), isPresent: true });
  await entering;
  expect(one.presentAmong(["Jerry"])).toEqual([]);
  expect(jerrys.closed).not.toBeUndefined();
});

test("[V-01] [T4] a client that subscribes to a service while a session of it opens at a relay is not left outside", async () => {
  const entry = { ...ENTRY, isRoom: false };
  const { relay: one, mayEnter } = relay(entry);
  const opening = one.open({ ...JERRY, isPresent: false }, socket).then(
    () => "opened",
    () => "asks again",
  );
  await settle();
  one.deliver(turn(true, entry));
  mayEnter.resolve(false);
  expect(await opening).toBe("asks again");
});
