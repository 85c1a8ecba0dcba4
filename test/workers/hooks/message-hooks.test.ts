import { describe, expect, test } from "vitest";
import { heard, history, named, query, refusal, say, settle, start } from "../../support/chat.ts";
import { edit, loggedIn, namedBy, pushesOf, recall } from "../support/commands.ts";
import { onlineClients } from "../support/pair-chat.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { configure, http, masterKeys } from "../support/world.ts";
import { called, held, hooks, settledChat, useHookEngine } from "./hook-engine.ts";

useHookEngine();

describe("[H-01] the hook before a message", () => {
  test("[H-01] a message is dropped with the app's own code and text", async () => {
    const { toms, jerrys, cid } = await settledChat();
    hooks._messageReceived = ({ content }) =>
      content === "casino" ? { drop: true, code: 7, detail: "no ads" } : {};
    const refused = await say(toms, cid, "casino");
    expect(refusal(refused)).toBe("4402 MESSAGE_REJECTED_BY_APP");
    expect(refused.ackMessage).toMatchObject({ appCode: 7, appMsg: "no ads" });
    expect(refused.ackMessage?.uid).not.toBe("");
    expect(refusal(await say(toms, cid, "cheese"))).toBe("");
    await settle(cid, toms, jerrys);
    expect(heard(jerrys, cid)).toEqual(["cheese"]);
    expect(await history(toms, cid)).toEqual(["cheese"]);
  });

  test("[H-01] the hook before a message receives sender, content and recipients", async () => {
    const { tom, jerry, toms, cid } = await settledChat();
    await say(toms, cid, "cheese", { r: true });
    expect(called("_messageReceived")).toMatchObject([
      {
        fromPeer: tom,
        convId: cid,
        toPeers: [jerry],
        content: "cheese",
        bin: false,
        transient: false,
        receipt: true,
      },
    ]);
  });

  test("[H-01] [M-18] a message that a hook rewrites reaches everybody so, and its sender is notified", async () => {
    const { tom, toms, jerrys, cid } = await settledChat();
    const other = await WorkerdDevice.of(tom);
    await settle(cid, toms, jerrys, other);
    hooks._messageReceived = ({ content }) =>
      content === "damn" ? { content: "d**n", code: 9, detail: "manners" } : {};
    const ack = await say(toms, cid, "damn");
    await settle(cid, toms, jerrys, other);
    expect(heard(jerrys, cid)).toEqual(["d**n"]);
    expect(heard(other, cid)).toEqual(["d**n"]);
    expect(heard(toms, cid)).toEqual([]);
    const [patch] = pushesOf(toms, "patch").flatMap((push) => push.patchMessage?.patches ?? []);
    expect(patch).toMatchObject({ cid, mid: ack.ackMessage?.uid, patchCode: 9n, patchReason: "manners" });
    expect(new TextDecoder().decode(patch?.data)).toBe("d**n");
    expect(pushesOf(jerrys, "patch")).toEqual([]);
    expect(await history(toms, cid)).toEqual(["d**n"]);
  });

  test("[H-01] a message whose recipients a hook restricts is delivered, counted and found only for them and its sender", async () => {
    const { tom, jerry, spike, toms, jerrys, spikes } = await onlineClients("tom", "jerry", "spike");
    const cid = await start(toms, [tom, jerry, spike]);
    await settle(cid, toms, jerrys, spikes);
    hooks._messageReceived = ({ content }) => (content === "psst" ? { toPeers: [jerry] } : {});
    await say(toms, cid, "psst");
    await say(toms, cid, "hello");
    await settle(cid, toms, jerrys, spikes);
    expect(heard(jerrys, cid)).toEqual(["psst", "hello"]);
    expect(heard(spikes, cid)).toEqual(["hello"]);
    expect(await history(jerrys, cid)).toEqual(["psst", "hello"]);
    expect(await history(toms, cid)).toEqual(["psst", "hello"]);
    expect(await history(spikes, cid)).toEqual(["hello"]);
    const count = await http(`/1.2/rtm/clients/${spike}/unread-count?conv_id=${cid}`, {
      headers: masterKeys,
    });
    expect(await count.json()).toEqual({ count: 1 });
  });

  test("[H-01] a restricted last message is shown only to its recipients, and all members see the time of it", async () => {
    const { tom, jerry, spike, toms, jerrys, spikes } = await onlineClients("tom", "jerry", "spike");
    const cid = await start(toms, [tom, jerry, spike], {
      attr: { data: JSON.stringify({ name: `attic ${tom}` }) },
    });
    await say(toms, cid, "hello");
    hooks._messageReceived = ({ content }) => (content === "psst" ? { toPeers: [jerry] } : {});
    const narrowed = await say(toms, cid, "psst");
    await settle(cid, toms, jerrys, spikes);
    const at = new Date(Number(narrowed.ackMessage?.t)).toISOString();
    for (const where of [
      undefined,
      { objectId: cid },
      { name: `attic ${tom}` },
      { m: spike, objectId: cid },
    ]) {
      for (const [device, text] of [
        [toms, "psst"],
        [jerrys, "psst"],
        [spikes, "hello"],
      ] as const) {
        const [found] = await query(device, where, { flag: 2, limit: 1 });
        expect([found?.objectId, found?.msg, found?.lm]).toEqual([cid, text, { __type: "Date", iso: at }]);
      }
    }
    // Who logs in later is told of one message less.
    const summary = async (clientId: string) => {
      const device = await loggedIn(clientId);
      const push = await device.push("unread");
      const mine = push.unreadMessage?.convs.find((each) => each.cid === cid);
      return [mine?.unread, mine?.data];
    };
    expect(await summary(jerry)).toEqual([2, "psst"]);
    expect(await summary(spike)).toEqual([1, "hello"]);
  });

  test("[H-01] [I3] a message sent again is answered alike, and the hook is not called again", async () => {
    const { toms, cid } = await settledChat();
    const first = await say(toms, cid, "cheese", { dt: "token" });
    const again = await say(toms, cid, "cheese", { dt: "token" });
    expect(again.ackMessage?.uid).toBe(first.ackMessage?.uid);
    expect(called("_messageReceived")).toHaveLength(1);
  });

  test("[H-01] [I2] a slow hook delays only its sender, and keeps the sender's order", async () => {
    const { toms, jerrys, cid } = await settledChat();
    const slow = held({});
    hooks._messageReceived = ({ content }) => (content === "slow" ? slow.hook() : {});
    const answers = [say(toms, cid, "slow"), say(toms, cid, "quick"), history(toms, cid)];
    await slow.asked();
    await say(jerrys, cid, "meanwhile");
    expect(await history(jerrys, cid)).toEqual(["meanwhile"]);
    slow.answer();
    await Promise.all(answers);
    expect(await answers[2]).toEqual(["meanwhile", "slow", "quick"]);
    await settle(cid, toms, jerrys);
    expect(heard(jerrys, cid)).toEqual(["slow", "quick"]);
  });

  test("[H-01] [I2] a slow hook does not delay other conversations of the same clients", async () => {
    const { tom, jerry, toms, cid } = await settledChat();
    const other = await start(toms, [tom, jerry], { unique: false });
    const slow = held({});
    hooks._messageReceived = ({ convId }) => (convId === cid ? slow.hook() : {});
    const waiting = say(toms, cid, "slow");
    await slow.asked();
    expect(refusal(await say(toms, other, "quick"))).toBe("");
    slow.answer();
    expect(refusal(await waiting)).toBe("");
  });

  test("[H-01] [H-11] a hook that fails changes nothing, unless the app wants a refusal", async () => {
    const { toms, cid } = await settledChat();
    hooks._messageReceived = () => new Response("broken", { status: 500 });
    expect(refusal(await say(toms, cid, "one"))).toBe("");
    await configure({ hooks: { onFailure: "refuse" } });
    expect(refusal(await say(toms, cid, "two"))).toBe("4402 MESSAGE_REJECTED_BY_APP");
    expect(await history(toms, cid)).toEqual(["one"]);
  });

  test("[H-01] the hook is called for a transient message, which stays transient", async () => {
    const { toms, jerrys, cid } = await settledChat();
    hooks._messageReceived = ({ content }) => (content === "typing" ? { content: "typing..." } : {});
    await say(toms, cid, "typing", { transient: true });
    expect((await jerrys.message("typing...")).directMessage?.transient).toBe(true);
    expect(called("_messageReceived")).toMatchObject([{ transient: true }]);
    expect(await history(toms, cid)).toEqual([]);
  });

  test("[H-01] a message of a client that is not a member is refused without calling the hook", async () => {
    const { cid } = await settledChat();
    const [spike] = named("spike");
    expect(refusal(await say(await WorkerdDevice.of(spike), cid, "woof"))).toBe(
      "4401 INVALID_MESSAGING_TARGET",
    );
    expect(called("_messageReceived")).toEqual([]);
  });
});

describe("[H-04] the hook before an edit or recall", () => {
  test("[H-04] an edit is refused with the app's own code and text", async () => {
    const { toms, cid } = await settledChat();
    const message = namedBy(cid, await say(toms, cid, "cheese"));
    hooks._messageUpdate = ({ recall: recalls }) =>
      recalls ? { drop: true, code: 3, detail: "said is said" } : {};
    const refused = await recall(toms, message);
    expect(refused.errorMessage).toMatchObject({ code: 4405, appCode: 3, appMsg: "said is said" });
    expect(refusal(await edit(toms, message, "gouda"))).toBe("");
    expect(await history(toms, cid)).toEqual(["gouda"]);
    expect(called("_messageUpdate")).toMatchObject([
      { msgId: message.mid, recall: true },
      { msgId: message.mid, recall: false, content: "gouda" },
    ]);
  });

  test("[H-04] an edit that a hook rewrites reaches everybody so, and its sender is notified", async () => {
    const { toms, jerrys, cid } = await settledChat();
    const message = namedBy(cid, await say(toms, cid, "cheese"));
    hooks._messageUpdate = () => ({ content: "camembert", code: 4, detail: "finer" });
    await edit(toms, message, "gouda");
    await settle(cid, toms, jerrys);
    const texts = (device: WorkerdDevice) =>
      pushesOf(device, "patch").flatMap(({ patchMessage }) =>
        (patchMessage?.patches ?? []).map((patch) => [new TextDecoder().decode(patch.data), patch.patchCode]),
      );
    expect(texts(jerrys)).toEqual([["camembert", 0n]]);
    expect(texts(toms)).toEqual([["camembert", 4n]]);
  });
});
