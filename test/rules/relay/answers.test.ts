import { expect, test } from "vitest";
import { readRecords, unreadRecord } from "../../../src/protocol/link-records.ts";
import { encodeCommand } from "../../support/frames.ts";
import { batchOf, ENTRY, JERRY, loneRelay, NOTHING, settle, socket, type TestSocket } from "./lone-relay.ts";

/** What a relay answers, and what the conversation said to the session before that. */

const NEWS = { ...ENTRY, isRoom: false };
const FRAME = Uint8Array.of(1);
const ANSWER = Uint8Array.of(2);
const READ = encodeCommand({ cmd: "read", i: 1, readMessage: { convs: [{ cid: "room" }] } });

/** Jerry at a relay, who has asked something. */
async function asking() {
  const one = loneRelay(NEWS);
  one.mayEnter.resolve(true);
  one.replay.resolve(NOTHING);
  const jerrys = socket();
  await one.relay.open(JERRY, () => jerrys);
  jerrys.sent.length = 0;
  const asked = one.relay.received(jerrys, READ);
  return { ...one, jerrys, asked };
}

function answered(after: number | undefined) {
  return { frame: ANSWER, isPresent: undefined, after };
}

function toJerry(end: number) {
  return batchOf([{ frame: FRAME, clientIds: ["Jerry"] }], { end, entry: NEWS });
}

const firstBytes = ({ sent }: TestSocket) => sent.map(([first]) => first);

test("[T4] the answer of a relay waits for the frames that the conversation sent before it", async () => {
  const { relay, command, jerrys, asked } = await asking();
  command.resolve(answered(12));
  await settle();
  expect(jerrys.sent).toEqual([]);
  relay.deliver(toJerry(11));
  await settle();
  expect(firstBytes(jerrys)).toEqual([1]);
  relay.deliver(toJerry(12));
  await asked;
  expect(firstBytes(jerrys)).toEqual([1, 1, 2]);
});

test("[T4] the answer of a relay that has all frames waits for nothing", async () => {
  const { relay, command, jerrys, asked } = await asking();
  relay.deliver(toJerry(12));
  command.resolve(answered(12));
  await asked;
  expect(firstBytes(jerrys)).toEqual([1, 2]);
});

test("[T4] a relay that woke up and knows no feed answers if nothing is on its way to it", async () => {
  const { command, jerrys, asked } = await asking();
  command.resolve(answered(undefined));
  await asked;
  expect(firstBytes(jerrys)).toEqual([2]);
});

test("[T4] a session whose answer waits at a relay holds up no other session", async () => {
  const { relay, command } = await asking();
  command.resolve(answered(12));
  await settle();
  const marys = socket();
  await relay.open({ ...JERRY, clientId: "Mary", sessionId: "s2" }, () => marys);
  marys.sent.length = 0;
  relay.deliver(batchOf([{ frame: FRAME, clientIds: ["Mary"] }], { end: 11, entry: NEWS }));
  expect(firstBytes(marys)).toEqual([1]);
});

test("[T4] [L7] a session whose answer waits for frames that do not come asks again by a new subscription", async () => {
  const { command, deadline, jerrys, asked } = await asking();
  command.resolve(answered(12));
  await settle();
  deadline.reject(new Error("deadline"));
  await asked;
  expect(jerrys.sent).toEqual([]);
  expect(jerrys.closed).not.toBeUndefined();
});

test("[T4] what a service says of a subscription decides who hears it, not the answer of a command", async () => {
  const { relay, command, asked } = await asking();
  relay.deliver(batchOf([{ frame: FRAME, clientIds: ["Jerry"], turn: "last" }], { entry: NEWS }));
  command.resolve(answered(undefined));
  await asked;
  expect(relay.presentAmong(["Jerry"])).toEqual([]);
});

test("[T2] [L2.5] an unread count that changes while a subscription opens at a relay reaches it", async () => {
  const { relay, mayEnter, replay } = loneRelay(NEWS);
  const jerrys = socket();
  const opening = relay.open(JERRY, () => jerrys);
  mayEnter.resolve(true);
  await settle();
  const count = unreadRecord({ upTo: 0, changedAt: 1 }, new Uint8Array());
  relay.deliver(batchOf([{ frame: count, clientIds: ["Jerry"] }], { entry: NEWS }));
  replay.resolve(NOTHING);
  expect(await opening).toBe("subscribed");
  const records = jerrys.sent.flatMap((frame) => readRecords(frame).map(({ kind }) => kind));
  expect(records).toContain("unread");
});
