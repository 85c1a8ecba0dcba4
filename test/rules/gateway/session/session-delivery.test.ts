import { expect, test } from "vitest";
import { ClientSender } from "../../../../src/gateway/session/client-sender.ts";
import { SeenVersions } from "../../../../src/gateway/session/seen-versions.ts";
import { SessionDelivery } from "../../../../src/gateway/session/session-delivery.ts";
import { Meter } from "../../../../src/metrics/meter.ts";
import * as clientEvents from "../../../../src/protocol/client-events.ts";
import { catchUpModes } from "../../../../src/protocol/link-controls.ts";
import { joinRecords, readRecords, storedRecord } from "../../../../src/protocol/link-records.ts";
import { decodeFrame } from "../../../support/frames.ts";

const CHAT = "5f0e";
const ADMITTED_AT = 1_000;

/** Jerry's session with a device that gets unread counts. */
function setUp() {
  const shown: string[] = [];
  const timer = () => () => {};
  const socket = {
    send: (frame: Uint8Array) => void shown.push(decodeFrame(frame).directMessage?.msg ?? "?"),
    timer,
  };
  const counted = { add: () => {}, reportIfDue: () => undefined };
  const meter = new Meter({ store: async () => {}, show: async () => false }, () => 0, counted);
  const login = {
    clientId: "Jerry",
    sessionId: "jerrys",
    address: undefined,
    mode: catchUpModes.COUNTS,
    origin: 7,
    admittedAt: ADMITTED_AT,
    capabilities: 0,
  };
  const services = { now: () => ADMITTED_AT, timer, meter, sendingMessage: () => {} };
  const seen = new SeenVersions();
  const client = new ClientSender(socket, "Jerry");
  const delivery = new SessionDelivery(login, services, client, seen, () => true);
  /** Messages of Tom's at these times, each after the one before it. */
  const deliver = (previous: number, ...times: number[]) => {
    const records = times.map((timestamp, at) => {
      const position = { timestamp, previous: times[at - 1] ?? previous };
      return storedRecord(position, 1, {}, messageAt(timestamp));
    });
    for (const record of readRecords(joinRecords(records))) delivery.deliver(CHAT, record, true);
    delivery.deliveredAll(CHAT);
  };
  return { delivery, deliver, shown, meter, seen };
}

function messageAt(timestamp: number): Uint8Array {
  const message = {
    id: "AaIlz0mfcGAu_qwdrm8q3A",
    from: "Tom",
    timestamp,
    content: `at ${timestamp}`,
    mentionAll: false,
    mentions: [],
    receipt: false,
    patchedAt: undefined,
    recalled: false,
    recipients: undefined,
    address: undefined,
    deleted: false,
  };
  return clientEvents.message({ conversationId: CHAT, kind: "normal", message });
}

test("[Y-22] a device is not sent what the second count of a login has", () => {
  const { delivery, deliver, shown } = setUp();
  delivery.caughtUp(CHAT, 1_010, 0, false);
  delivery.caughtUp(CHAT, 1_020, 0, false);
  deliver(1_010, 1_015, 1_020, 1_025);
  expect(shown).toEqual(["at 1025"]);
});

test("[L6] an open subscription goes on from its position, whatever a login counts meanwhile", () => {
  const { delivery, deliver, shown } = setUp();
  delivery.caughtUp(CHAT, 1_010, 0, false);
  delivery.caughtUp(CHAT, 1_020, 0, true);
  deliver(1_010, 1_015, 1_020, 1_025);
  expect(shown).toEqual(["at 1015", "at 1020", "at 1025"]);
});

test("messages that arrive together are counted together, and the last one is seen", () => {
  const { deliver, meter, seen } = setUp();
  deliver(0, 1_001, 1_002, 1_003);
  deliver(1_003, 1_003, 1_004);
  const [minute] = Object.values(meter.unreported.minutes);
  expect(minute?.deliveries).toBe(4);
  expect(seen.recent(ADMITTED_AT)).toEqual([{ conversationId: CHAT, upTo: 1_004, changedAt: 0 }]);
});
