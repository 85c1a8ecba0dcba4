import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { CommandType } from "../../src/protocol/generated/message_pb.js";
import { change, history, refusal, say } from "../support/chat.ts";
import { tomsChat } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld } from "./support/world.ts";

beforeAll(() => openWorld());

describe("rate limits", () => {
  const unlimited = { sendsPerMinute: 0, historyQueriesPerMinute: 0, otherCommandsPerMinute: 0 };
  const TOO_FAST = "4116 MESSAGE_SENT_QUOTA_EXCEEDED";
  afterEach(() => configure({ limits: unlimited }));

  test("[L-01] the 601st send of a minute is refused with 4116, in the form of a send, and not kept", async () => {
    const { toms, chat } = await tomsChat();
    await configure({ limits: { sendsPerMinute: null } });
    for (let at = 1; at <= 600; at++)
      toms.send({ cmd: "direct", i: 1_000 + at, directMessage: { cid: chat, msg: `${at}` } });
    for (let at = 1; at <= 600; at++) expect(refusal(await toms.answer(1_000 + at))).toBe("");
    for (const more of [{}, { transient: true }, { dt: "again" }, { will: true }]) {
      const { cmd, ackMessage } = await say(toms, chat, "601", more);
      expect([cmd, ackMessage?.code]).toEqual([CommandType.ack, 4116]);
      expect(ackMessage?.uid).toBeTruthy();
    }
    expect((await history(toms, chat)).at(-1)).toBe("600");
  });

  test("[L-01] a message counts once for every 5 KB of it", async () => {
    const { toms, chat } = await tomsChat();
    await configure({ limits: { sendsPerMinute: 4, messageBytes: 65_536 } });
    expect(refusal(await say(toms, chat, "x".repeat(5_120)))).toBe("");
    expect(refusal(await say(toms, chat, "x".repeat(15_361)))).toBe("4116 MESSAGE_SENT_QUOTA_EXCEEDED");
    expect(refusal(await say(toms, chat, "x".repeat(15_360)))).toBe("");
    expect(refusal(await say(toms, chat, "x"))).toBe("4116 MESSAGE_SENT_QUOTA_EXCEEDED");
    await configure({ limits: { messageBytes: null } });
  });

  test("[L-02] history queries beyond the limit are refused with 4116, large and filtered pages sooner", async () => {
    const { toms, chat } = await tomsChat();
    await configure({ limits: { historyQueriesPerMinute: 20 } });
    const asked = (logsMessage: object) =>
      toms.ask({ cmd: "logs", logsMessage: { cid: chat, ...logsMessage } });
    for (let at = 1; at <= 6; at++) expect(refusal(await asked({ limit: 100 }))).toBe("");
    expect(refusal(await asked({ limit: 1_000 }))).toBe(""); // 10
    expect(refusal(await asked({ lctype: -2 }))).toBe(""); // 4
    expect(refusal(await asked({ limit: 1 }))).toBe(TOO_FAST);
  });

  test("[L-03] other operations beyond the limit are refused with 4116, each operation counted by itself", async () => {
    const { jerry, toms, chat } = await tomsChat();
    await configure({ limits: { otherCommandsPerMinute: 30 } });
    for (let at = 1; at <= 30; at++) expect(refusal(await change(toms, "add", chat, [jerry]))).toBe("");
    const refused = await change(toms, "add", chat, [jerry]);
    expect(refusal(refused)).toBe(TOO_FAST);
    expect(refused.peerId).toBe(toms.clientId);
    expect(refusal(await change(toms, "remove", chat, [jerry]))).toBe("");
    expect(refusal(await say(toms, chat, "still here"))).toBe("");
  });

  test("[L-03] look-ups are allowed ten times as often, list queries half as often, and client ids in a command count", async () => {
    const { toms, chat } = await tomsChat();
    await configure({ limits: { otherCommandsPerMinute: 6 } });
    const find = (where: object) =>
      toms.ask({ cmd: "conv", op: "query", convMessage: { where: { data: JSON.stringify(where) } } });
    for (let at = 1; at <= 40; at++)
      expect(refusal(await toms.ask({ cmd: "conv", op: "count", convMessage: { cid: chat } }))).toBe("");
    const others = Array.from({ length: 15 }, (_, at) => `${at}`.padStart(24, "0"));
    expect(refusal(await find({ objectId: { $in: others } }))).toBe("");
    expect(refusal(await find({ objectId: { $in: others } }))).toBe(TOO_FAST);
    for (let at = 1; at <= 5; at++) expect(refusal(await find({ objectId: chat }))).toBe("");
    expect(refusal(await find({ objectId: chat }))).toBe(TOO_FAST);
    for (let at = 1; at <= 3; at++) expect(refusal(await find({ name: "x" }))).toBe("");
    expect(refusal(await find({ name: "x" }))).toBe(TOO_FAST);
  });

  test("[L-01] [L-03] a client over its rate affects no other client, not even on the same socket", async () => {
    const { tom, jerry, toms, chat } = await tomsChat();
    await toms.login(jerry);
    await configure({ limits: { sendsPerMinute: 2 } });
    toms.clientId = tom;
    for (const expected of ["", "", TOO_FAST]) expect(refusal(await say(toms, chat, "Tom"))).toBe(expected);
    toms.clientId = jerry;
    for (const expected of ["", "", TOO_FAST]) expect(refusal(await say(toms, chat, "Jerry"))).toBe(expected);
  });

  test("[L-01] a limit of 0 is none, and a session that was refused as too fast goes on", async () => {
    const { jerry, toms, chat } = await tomsChat();
    await configure({ limits: { sendsPerMinute: 1 } });
    expect(refusal(await say(toms, chat, "one"))).toBe("");
    expect(refusal(await say(toms, chat, "two"))).toBe(TOO_FAST);
    await configure({ limits: { sendsPerMinute: 0 } });
    const jerrys = await WorkerdDevice.of(jerry);
    for (let at = 1; at <= 100; at++)
      toms.send({ cmd: "direct", i: 1_000 + at, directMessage: { cid: chat, msg: `${at}` } });
    for (let at = 1; at <= 100; at++) expect(refusal(await toms.answer(1_000 + at))).toBe("");
    await jerrys.message("100");
  });

  test("[L-01] heartbeats are unlimited, and read commands and acknowledgements are refused only by the hundreds", async () => {
    const { jerry, toms, chat } = await tomsChat();
    const jerrys = await WorkerdDevice.of(jerry);
    await configure({ limits: { sendsPerMinute: 1, otherCommandsPerMinute: 6, historyQueriesPerMinute: 1 } });
    for (let i = 100; i < 150; i++) {
      jerrys.send({ cmd: "echo", i });
      jerrys.send({ cmd: "ack", peerId: jerry, ackMessage: { cid: chat, mid: "x" } });
      jerrys.send({ cmd: "read", peerId: jerry, i: 1_000 + i, readMessage: { convs: [{ cid: chat }] } });
    }
    for (let i = 100; i < 150; i++) {
      expect((await jerrys.answer(i)).cmd).toBe(CommandType.echo);
      expect((await jerrys.answer(1_000 + i)).cmd).toBe(CommandType.read);
    }
    expect(refusal(await say(toms, chat, "hi"))).toBe("");
  });
});
