import { beforeAll, describe, expect, test } from "vitest";
import { history, named, query, refusal, say, settle, start } from "../support/chat.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld } from "./support/world.ts";

beforeAll(() => openWorld());

describe("several clients on one socket", () => {
  test("[wire §2.6] each client on a shared socket sends and receives under its own id", async () => {
    const [tom, jerry, mary] = named("tom", "jerry", "mary");
    const shared = await WorkerdDevice.of(tom);
    await shared.login(jerry);
    const marys = await WorkerdDevice.of(mary);
    const chat = await start(marys, [tom, jerry, mary]);
    await say(marys, chat, "to both");
    const receivers = [await shared.message("to both"), await shared.message("to both")].map(
      ({ peerId }) => peerId,
    );
    expect(receivers.toSorted()).toEqual([tom, jerry].toSorted());
    shared.clientId = tom;
    const ack = await say(shared, chat, "from Tom");
    expect(ack.peerId).toBe(tom);
    expect((await marys.message("from Tom")).directMessage?.fromPeerId).toBe(tom);
    expect((await shared.message("from Tom")).peerId).toBe(jerry);
    shared.clientId = jerry;
    expect((await say(shared, chat, "from Jerry")).peerId).toBe(jerry);
    expect((await marys.message("from Jerry")).directMessage?.fromPeerId).toBe(jerry);
    expect((await shared.message("from Jerry")).peerId).toBe(tom);
  });

  test("[I12] a frame for a client that is not logged in on its socket is refused", async () => {
    const [mary] = named("mary");
    const { jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    const chat = await start(jerrys, [jerry, mary]);
    toms.send({ cmd: "direct", peerId: jerry, i: 50, directMessage: { cid: chat, msg: "I am Jerry" } });
    expect(refusal(await toms.answer(50))).toBe("4105 SESSION_REQUIRED");
    const asTom = { cid: chat, msg: "I am Jerry", fromPeerId: jerry };
    expect(refusal(await toms.ask({ cmd: "direct", directMessage: asTom }))).toBe(
      "4401 INVALID_MESSAGING_TARGET",
    );
    expect(await history(jerrys, chat)).toEqual([]);
  });

  test("[wire §2.6] a frame without peerId belongs to the first client, and after its logout to the next one", async () => {
    const [tom, jerry, mary] = named("tom", "jerry", "mary");
    const shared = await WorkerdDevice.of(tom);
    await shared.login(jerry);
    await shared.login(mary);
    const whoAmI = async () => {
      shared.clientId = "";
      const answer = await shared.ask({ cmd: "conv", op: "start", convMessage: { m: [], unique: false } });
      const [chat] = await query(shared, { objectId: answer.convMessage?.cid });
      expect(chat?.c).toBe(answer.peerId);
      return answer.peerId;
    };
    expect(await whoAmI()).toBe(tom);
    await shared.ask({ cmd: "session", op: "close", peerId: tom });
    expect(await whoAmI()).toBe(jerry);
    await shared.ask({ cmd: "session", op: "close" });
    expect(await whoAmI()).toBe(mary);
    await shared.ask({ cmd: "session", op: "close" });
    expect(refusal(await shared.ask({ cmd: "conv", op: "query" }))).toBe("4105 SESSION_REQUIRED");
    await shared.login(tom);
    expect(await whoAmI()).toBe(tom);
  });

  test("[wire §2.6] the first client of a socket stays the first after it logs in again", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const shared = await WorkerdDevice.of(tom);
    await shared.login(jerry);
    await shared.login(tom);
    shared.clientId = "";
    expect((await shared.ask({ cmd: "session", op: "query" })).peerId).toBe(tom);
    await shared.ask({ cmd: "session", op: "close", peerId: tom });
    await shared.login(tom);
    shared.clientId = "";
    expect((await shared.ask({ cmd: "session", op: "query" })).peerId).toBe(jerry);
  });

  test("[wire §4.2] one client's close ends neither the socket nor the others", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const shared = await WorkerdDevice.of(tom);
    await shared.login(jerry);
    const jerrys = await WorkerdDevice.of(jerry);
    const chat = await start(jerrys, [tom, jerry]);
    await shared.ask({ cmd: "session", op: "close", peerId: tom });
    await say(jerrys, chat, "after");
    expect((await shared.message("after")).peerId).toBe(jerry);
    await settle(chat, jerrys, shared);
    expect(shared.received.filter((frame) => frame.directMessage?.msg === "after")).toHaveLength(1);
  });
});
