import { beforeAll, expect, test } from "vitest";
import { CommandType, OpType } from "../../../src/protocol/generated/message_pb.js";
import { change, look, named, query } from "../../support/chat.ts";
import { has } from "../../support/frames.ts";
import type { GenericCommand } from "../../support/raw-device.ts";
import { loggedIn } from "../support/commands.ts";
import { done, type Sent } from "../support/rest.ts";
import { broadcast, newService, SERVICES, subscribe, tell } from "../support/services.ts";
import { openWorld } from "../support/world.ts";

/** Service conversations in the frames that the Swift SDK sends, and with the fields that it cannot do without. */

beforeAll(() => openWorld());

/** A device as Swift's: no command but the first names its client. */
async function swiftDevice(clientId: string, session: Parameters<typeof loggedIn>[1] = {}) {
  const device = await loggedIn(clientId, {
    configBitmap: 187,
    ua: "LeanCloud-Swift-SDK/17.11.0",
    deviceToken: "0a1b2c3d",
    ...session,
  });
  device.clientId = "";
  return device;
}

/** Swift drops a push without these (wire §2.4). */
function expectPush(push: GenericCommand, clientId: string): void {
  expect(push).toMatchObject({ peerId: clientId, service: 2 });
  expect([has(push, "i"), Number(push.serverTs) > 0]).toEqual([false, true]);
}

test("[V-01] [wire §4.5] Swift subscribes and unsubscribes: the replies name it and when the service changed", async () => {
  const [tom] = named("tom");
  const toms = await swiftDevice(tom);
  const id = await newService();
  const [found] = await query(toms, { sys: true, objectId: id });
  expect(found).toMatchObject({ objectId: id, sys: true, conv_type: 3, joined: false, muted: false });
  for (const [op, replied, joined] of [
    ["add", OpType.added, true],
    ["remove", OpType.removed, false],
  ] as const) {
    const answer = await change(toms, op, id, [tom]);
    expect([answer.cmd, answer.op, answer.peerId]).toEqual([CommandType.conv, replied, tom]);
    const { udate = "", allowedPids, failedPids } = answer.convMessage ?? {};
    expect([allowedPids, failedPids]).toEqual([[tom], []]);
    // Swift leaves out a change that is older than what it knows.
    expect(Date.parse(udate)).toBeGreaterThanOrEqual(Date.parse(String(found?.updatedAt)));
    expect(await look(toms, id)).toMatchObject({ joined });
  }
});

test("[V-02] [V-03] [wire §5.2] Swift is pushed broadcasts and what is for it, with id, time and kind, and acknowledges them", async () => {
  const [tom] = named("tom");
  const toms = await swiftDevice(tom);
  const id = await newService();
  await change(toms, "add", id, [tom]);
  const sent: [string, Sent][] = [
    ["hello, all", await broadcast(id, "hello, all")],
    ["your parcel", await tell(id, [tom], "your parcel")],
  ];
  for (const [words, { "msg-id": mid, timestamp }] of sent) {
    const push = await toms.message(words);
    expectPush(push, tom);
    const said = { cid: id, id: mid, timestamp: BigInt(timestamp), fromPeerId: "news", convType: 3 };
    expect(push.directMessage).toMatchObject(said);
    toms.send({ cmd: "ack", ackMessage: { cid: id, mid } });
  }
  const answer = await toms.ask({ cmd: "direct", directMessage: { cid: id, msg: "thanks", dt: "1" } });
  expect(answer.ackMessage).toMatchObject({ uid: expect.any(String) });
  expect(Number(answer.ackMessage?.t)).toBeGreaterThan(0);
});

test("[V-02] [Y-10] [wire §5.5] Swift is told at its login what is unread, with the last message, and reads it", async () => {
  const [tom] = named("tom");
  const id = await newService();
  await subscribe(id, tom);
  for (const words of ["one", "two"]) await broadcast(id, words);
  const toms = await swiftDevice(tom);
  const push = await toms.push("unread");
  expectPush(push, tom);
  expect(Number(push.unreadMessage?.notifTime)).toBeGreaterThan(0);
  const [tuple] = push.unreadMessage?.convs ?? [];
  expect(tuple).toMatchObject({ cid: id, unread: 2, data: "two", from: "news", convType: 3 });
  expect([tuple?.mid === "", Number(tuple?.timestamp) > 0]).toEqual([false, true]);
  toms.send({
    cmd: "read",
    readMessage: { convs: [{ cid: id, mid: tuple?.mid, timestamp: tuple?.timestamp }] },
  });
  expect((await toms.push("unread")).unreadMessage?.convs).toMatchObject([{ cid: id, unread: 0 }]);
  const logs = await toms.ask({
    cmd: "logs",
    logsMessage: { cid: id, limit: 20, t: tuple?.timestamp, mid: tuple?.mid, tIncluded: true },
  });
  expect(logs.logsMessage?.logs.map(({ data }) => data)).toEqual(["one", "two"]);
});

test("[V-07] [wire §5.3] Swift is pushed an edit and a recall of a broadcast, and acknowledges them by their time", async () => {
  const [tom] = named("tom");
  const toms = await swiftDevice(tom);
  const id = await newService();
  await change(toms, "add", id, [tom]);
  const { "msg-id": mid, timestamp } = await broadcast(id, "helo");
  await toms.message("helo");
  const path = `${SERVICES}/${id}/messages/${encodeURIComponent(mid)}`;
  const about = { from_client: "news", timestamp };
  await done("PUT", path, { ...about, message: "hello" });
  const edited = await toms.push("patch");
  expectPush(edited, tom);
  const [item] = edited.patchMessage?.patches ?? [];
  expect(item).toMatchObject({ cid: id, mid, timestamp: BigInt(timestamp), from: "news" });
  expect(new TextDecoder().decode(item?.data)).toBe("hello");
  // Only what the system changed has a reason.
  expect([has(item, "patchCode"), has(item, "recall")]).toEqual([false, false]);
  const lastPatchTime = item?.patchTimestamp ?? 0n;
  expect(Number(lastPatchTime)).toBeGreaterThan(timestamp);
  toms.send({ cmd: "patch", op: "modified", patchMessage: { lastPatchTime } });
  await done("PUT", `${path}/recall`, about);
  const recalled = await toms.push("patch");
  expect(recalled.patchMessage?.patches).toMatchObject([{ cid: id, mid, recall: true }]);
  const again = await swiftDevice(tom, { lastPatchTime });
  expect((await again.push("patch")).patchMessage?.patches).toMatchObject([{ mid, recall: true }]);
});

test("[V-01] [wire §4.5] Swift mutes a service for itself: the reply has the time, and a query the mute", async () => {
  const [tom] = named("tom");
  const toms = await swiftDevice(tom);
  const id = await newService();
  await change(toms, "add", id, [tom]);
  const muted = await toms.ask({ cmd: "conv", op: "mute", convMessage: { cid: id } });
  expect([muted.op, Number.isNaN(Date.parse(muted.convMessage?.udate ?? ""))]).toEqual([
    OpType.updated,
    false,
  ]);
  expect(await look(toms, id)).toMatchObject({ joined: true, muted: true });
});
