import { expect, test } from "vitest";
import { encodeCommand } from "../../support/frames.ts";
import { ENTRY, JERRY, loneRelay, NOTHING, settle, socket, turnOf } from "./lone-relay.ts";

/** A relay at which somebody was let in, and is removed before the relay hears that they were. */

test("[X-19] [T4] a client that is removed while its subscription opens at a relay is not let in", async () => {
  const { relay: one, mayEnter } = loneRelay();
  const opening = one.open(JERRY, socket).then(
    () => "opened",
    () => "refused",
  );
  await settle();
  mayEnter.resolve(true);
  one.deliver(turnOf(false, ENTRY));
  await opening;
  expect(one.presentAmong(["Jerry"])).toEqual([]);
});

test("[X-19] [T4] a client that is removed while its entering is answered at a relay asks again by a new subscription", async () => {
  const { relay: one, mayEnter, command } = loneRelay();
  mayEnter.resolve(false);
  const jerrys = socket();
  await one.open({ ...JERRY, isPresent: false }, () => jerrys);
  const convMessage = { cid: "room", m: ["Jerry"] };
  const entering = one.received(jerrys, encodeCommand({ cmd: "conv", op: "add", i: 1, convMessage }));
  await settle();
  one.deliver(turnOf(false, ENTRY));
  command.resolve({ frame: new Uint8Array(), isPresent: true, after: undefined });
  await entering;
  expect(one.presentAmong(["Jerry"])).toEqual([]);
  expect(jerrys.closed).not.toBeUndefined();
});

test("[V-01] [T4] a client that subscribes to a service while a session of it opens at a relay is not left outside", async () => {
  const entry = { ...ENTRY, isRoom: false };
  const { relay: one, mayEnter, replay } = loneRelay(entry);
  replay.resolve(NOTHING);
  const opening = one.open({ ...JERRY, isPresent: false }, socket).then(
    () => "opened",
    () => "asks again",
  );
  await settle();
  one.deliver(turnOf(true, entry));
  mayEnter.resolve(false);
  expect(await opening).toBe("asks again");
});
