import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { CommandType } from "../../src/protocol/generated/message_pb.js";
import { heard, history, refusal, say, settle, start } from "../support/chat.ts";
import { type CommandInit, has } from "../support/frames.ts";
import { onlineClients, pairChat } from "./support/pair-chat.ts";
import { configure, openWorld } from "./support/world.ts";

beforeAll(() => openWorld());

describe("message sizes", () => {
  afterEach(() => configure({ limits: { messageBytes: null } }));

  test("[B-09] a WebRTC offer of 30 KB is a message like any other by default", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const offer = JSON.stringify({ _lctype: 1, _lctext: "a=candidate:1 1 udp 2130706431\r\n".repeat(850) });
    expect(offer.length).toBeGreaterThan(28_000);
    expect(refusal(await say(toms, chat, offer, { transient: true }))).toBe("");
    expect(refusal(await say(toms, chat, offer))).toBe("");
    await jerrys.message(offer);
    expect(await history(toms, chat)).toEqual([offer]);
    expect(refusal(await say(toms, chat, "x".repeat(32_769)))).toBe("4109 FRAME_TOO_LONG");
  });

  test("[B-09] with a limit of 5,120 bytes, content and push data of that size are accepted, and one byte more is refused with 4109", async () => {
    await configure({ limits: { messageBytes: 5_120 } });
    const { toms, jerrys, chat } = await pairChat();
    const send = (directMessage: CommandInit["directMessage"]) => {
      return toms.ask({ cmd: "direct", directMessage: { cid: chat, ...directMessage } });
    };
    const pushData = `{"alert":"${"奶".repeat(10)}"}`; // 12 + 30 bytes
    expect(refusal(await send({ msg: "x".repeat(5_120) }))).toBe("");
    expect(refusal(await send({ msg: "奶".repeat(1_706) }))).toBe(""); // 5,118 bytes
    expect(refusal(await send({ msg: "🧀".repeat(1_280) }))).toBe("");
    expect(refusal(await send({ binaryMsg: new Uint8Array(5_120).fill(1) }))).toBe("");
    expect(refusal(await send({ msg: "x".repeat(5_120 - 42), pushData }))).toBe("");
    for (const tooLong of [
      { msg: "x".repeat(5_121) },
      { msg: "奶".repeat(1_707) },
      { msg: "🧀".repeat(1_281) },
      { binaryMsg: new Uint8Array(5_121).fill(1) },
      { msg: "x".repeat(5_120 - 41), pushData },
      { msg: "x".repeat(5_121), transient: true },
    ]) {
      const { cmd, ackMessage } = await send(tooLong);
      expect([cmd, ackMessage?.code, ackMessage?.reason]).toEqual([CommandType.ack, 4109, "FRAME_TOO_LONG"]);
      expect(ackMessage?.uid).toBeTruthy();
      expect(has(ackMessage, "t")).toBe(true);
    }
    await settle(chat, toms, jerrys);
    expect(await history(jerrys, chat)).toHaveLength(5);
    expect(heard(jerrys, chat)).toHaveLength(5);
  });

  test("[B-09] a new limit on message bytes applies from the next message on", async () => {
    const { tom, toms } = await onlineClients("tom");
    const chat = await start(toms, [tom]);
    await configure({ limits: { messageBytes: 5 } });
    expect(refusal(await say(toms, chat, "12345"))).toBe("");
    expect(refusal(await say(toms, chat, "123456"))).toBe("4109 FRAME_TOO_LONG");
    await configure({ limits: { messageBytes: 65_536 } });
    const long = "x".repeat(65_536);
    expect(refusal(await say(toms, chat, long))).toBe("");
    expect(await history(toms, chat)).toEqual(["12345", long]);
  });

  test("[B-09] the token and the mentions of a message are limited too", async () => {
    const { tom, toms } = await onlineClients("tom");
    const chat = await start(toms, [tom]);
    const heavy = "x".repeat(100_000);
    expect(refusal(await say(toms, chat, "hi", { dt: heavy }))).toBe("4109 FRAME_TOO_LONG");
    expect(refusal(await say(toms, chat, "hi", { mentionPids: [heavy] }))).toBe("4109 FRAME_TOO_LONG");
    expect(await history(toms, chat)).toEqual([]);
  });
});
