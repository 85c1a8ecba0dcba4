import { describe, expect, test } from "vitest";
import { change, named, say, settle, start } from "../../support/chat.ts";
import { onlineClients } from "../support/pair-chat.ts";
import { configure, http, masterKeys, world } from "../support/world.ts";
import { called, calls, connectEngine, hooks, settledChat, useHookEngine } from "./hook-engine.ts";

useHookEngine();

describe("hooks after an event", () => {
  const told = async (name: string, match: object) =>
    expect.poll(() => called(name), { timeout: 20_000 }).toContainEqual(expect.objectContaining(match));

  test("[H-02] [H-03] the hooks after a message receive its online and offline recipients", async () => {
    const [spike] = named("spike");
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    const cid = await start(toms, [tom, jerry, spike]);
    await settle(cid, toms, jerrys);
    const ack = await say(toms, cid, "cheese", { mentionPids: [spike] });
    const msgId = ack.ackMessage?.uid;
    await told("_messageSent", {
      fromPeer: tom,
      convId: cid,
      msgId,
      onlinePeers: [jerry],
      offlinePeers: [spike],
    });
    await told("_receiversOffline", {
      fromPeer: tom,
      convId: cid,
      offlinePeers: [spike],
      mentionOfflinePeers: [spike],
    });
  });

  test("[H-05] [H-06] [H-07] hooks receive starts of conversations, and added and removed members", async () => {
    const [jerry, spike] = named("jerry", "spike");
    const { tom, toms } = await onlineClients("tom");
    const cid = await start(toms, [tom, jerry]);
    await change(toms, "add", cid, [spike]);
    await change(toms, "remove", cid, [jerry]);
    await told("_conversationStarted", { convId: cid });
    await told("_conversationAdded", { convId: cid, initBy: tom, members: [spike] });
    await told("_conversationRemoved", { convId: cid, initBy: tom, members: [jerry] });
  });

  test("[H-09] hooks receive logins and logouts", async () => {
    const { tom, toms } = await onlineClients("tom");
    await told("_clientOnline", { peerId: tom });
    await toms.ask({ cmd: "session", op: "close" });
    await told("_clientOffline", { peerId: tom, closeCode: 1 });
  });

  test("[H-01] [H-02] a message of the app's own server calls no hook before it, and the one after it", async () => {
    const { tom, jerry, cid } = await settledChat();
    hooks._messageReceived = () => ({ drop: true });
    const sent = await http(`/1.2/rtm/conversations/${cid}/messages`, {
      method: "POST",
      headers: { ...masterKeys, "content-type": "application/json" },
      body: JSON.stringify({ from_client: tom, message: "from the server" }),
    });
    expect(sent.status).toBe(200);
    expect(called("_messageReceived")).toEqual([]);
    await told("_messageSent", {
      fromPeer: tom,
      convId: cid,
      onlinePeers: [jerry],
      content: "from the server",
    });
  });
});

test("no event is kept for an app without hooks", async () => {
  await configure({ hooks: { url: null } });
  const { toms, cid } = await settledChat();
  await say(toms, cid, "cheese");
  expect(calls).toEqual([]);
  expect(world.APP_ID).toBe("parley-test");
  await connectEngine();
});
