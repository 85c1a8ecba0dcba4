import { beforeAll, describe, expect, test } from "vitest";
import { CommandType, OpType } from "../../src/protocol/generated/message_pb.js";
import { history, named, refusal, say, start } from "../support/chat.ts";
import { type CommandInit, has } from "../support/frames.ts";
import { sessionOpen } from "./support/commands.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld } from "./support/world.ts";

beforeAll(() => openWorld());

describe("one answer to each serial", () => {
  /** The commands SDKs and others might send, sensible and not. */
  const commands = (tom: string, chat: string): CommandInit[] => {
    const cid = chat;
    const nowhere = "f".repeat(24);
    const conv = (
      op: keyof typeof OpType,
      convMessage: CommandInit["convMessage"] = { cid },
    ): CommandInit => {
      return { cmd: "conv", op, convMessage };
    };
    return [
      sessionOpen(tom),
      { cmd: "session", op: "refresh" },
      { cmd: "session", op: "query", sessionMessage: { sessionPeerIds: [tom, "", "x".repeat(100)] } },
      { cmd: "session" },
      { cmd: "session", op: "opened" },
      conv("start", { m: [tom] }),
      conv("start", { m: [tom, ""] }),
      conv("start", { m: [tom], transient: true }),
      conv("start", { m: [tom], tempConv: true }),
      conv("start", { m: [tom], attr: { data: "{" } }),
      conv("add"),
      conv("add", { cid, m: [""] }),
      conv("remove"),
      conv("remove", { cid, m: ["nobody"] }),
      conv("update"),
      conv("update", { cid, attr: { data: "[]" } }),
      conv("update", { cid, attr: { data: '{"__proto__":1}' } }),
      conv("query", {}),
      conv("query", { where: { data: "nonsense" } }),
      conv("query", { tempConvIds: ["_tmp:x", "y,z"] }),
      conv("query", { sort: "$", limit: -1, skip: -1 }),
      conv("count"),
      conv("mute"),
      conv("unmute"),
      conv("members"),
      conv("is_member", {}),
      conv("is_member", { cids: ["", cid, nowhere, "../x"] }),
      conv("max_read"),
      conv("max_read", { cid, queryAllMembers: true }),
      conv("add", { cid: nowhere, m: [tom] }),
      conv("count", { cid: "no/such:id" }),
      conv("count", {}),
      conv("member_info_update"),
      conv("query_shutup"),
      conv("status"),
      conv("joined"),
      { cmd: "conv" },
      { cmd: "direct", directMessage: { cid, msg: "hi" } },
      { cmd: "direct", directMessage: { cid } },
      { cmd: "direct", directMessage: { cid: nowhere, msg: "hi" } },
      { cmd: "direct", directMessage: { msg: "hi" } },
      { cmd: "direct", directMessage: { cid, msg: "hi", will: true } },
      { cmd: "direct" },
      { cmd: "logs", logsMessage: { cid } },
      { cmd: "logs", logsMessage: { cid, l: -5, t: -1, tt: Number.MAX_SAFE_INTEGER, lctype: -127 } },
      { cmd: "logs", logsMessage: { cid: nowhere } },
      { cmd: "logs" },
      { cmd: "read", readMessage: { convs: [{ cid }] } },
      { cmd: "read", readMessage: { convs: [{ cid }, { cid: nowhere }, { cid }] } },
      { cmd: "read", readMessage: { cids: [cid, nowhere] } },
      { cmd: "read" },
      { cmd: "ack", ackMessage: { cid, mid: "x" } },
      { cmd: "ack" },
      {
        cmd: "patch",
        op: "modify",
        patchMessage: { patches: [{ cid, mid: "x", timestamp: 1, recall: true }] },
      },
      { cmd: "patch", op: "modify", patchMessage: { patches: [{ cid }] } },
      { cmd: "patch" },
      { cmd: "blacklist", op: "block", blacklistMessage: { srcCid: cid, toPids: ["x"] } },
      { cmd: "report", op: "upload" },
      { cmd: "unread" },
      { cmd: "rcp" },
      { cmd: "error" },
      { cmd: "login" },
      { cmd: "data" },
      { cmd: "room" },
      { cmd: "presence" },
      { cmd: "pubsub" },
      { cmd: "goaway" },
      { cmd: "loggedin" },
      { cmd: "logout" },
      { cmd: "echo" },
    ];
  };

  async function marked(device: WorkerdDevice, chat: string): Promise<void> {
    expect(refusal(await say(device, chat, "the end", { dt: crypto.randomUUID() }))).toBe("");
    expect((await device.ask({ cmd: "session", op: "query" })).op).toBe(OpType.query_result);
  }

  test("[I10] every command with a serial is answered once, and the session goes on", async () => {
    const { tom, toms } = await onlineClients("tom");
    const chat = await start(toms, [tom]);
    for (const [at, command] of commands(tom, chat).entries()) {
      const i = 1_000 + at;
      toms.send({ peerId: tom, ...command, i });
      const answer = await toms.answer(i).catch(() => undefined);
      expect(answer, JSON.stringify(command)).toBeDefined();
    }
    await marked(toms, chat);
    for (const [at, command] of commands(tom, chat).entries()) {
      expect(toms.answers(1_000 + at), JSON.stringify(command)).toHaveLength(1);
    }
    expect(toms.closed).toBeUndefined();
  });

  test("[I10] commands sent in one burst before the login was answered are each answered once", async () => {
    const [tom] = named("tom");
    const { jerry, jerrys } = await onlineClients("jerry");
    const chat = await start(jerrys, [tom, jerry]);
    const toms = await WorkerdDevice.connect();
    toms.clientId = tom;
    const all = [sessionOpen(tom), ...commands(tom, chat)];
    for (const [at, command] of all.entries()) toms.send({ peerId: tom, ...command, i: 1_000 + at });
    const unanswered: string[] = [];
    for (const [at, command] of all.entries()) {
      await toms.answer(1_000 + at).catch(() => unanswered.push(JSON.stringify(command)));
      if (unanswered.length > 0) break;
    }
    expect(unanswered).toEqual([]);
    await marked(toms, chat);
    for (const [at, command] of all.entries()) {
      expect(toms.answers(1_000 + at), JSON.stringify(command)).toHaveLength(1);
    }
  });

  test("[I10] no command without a serial is answered", async () => {
    const { tom, toms } = await onlineClients("tom");
    const chat = await start(toms, [tom]);
    await toms.push("conv", "members_joined");
    const silent = commands(tom, chat).filter(
      ({ cmd, op }) => !["echo", "login"].includes(cmd ?? "") && op !== "open" && op !== "start",
    );
    const before = toms.received.length;
    for (const command of silent) toms.send({ peerId: tom, ...command });
    await marked(toms, chat);
    await toms.ask({ cmd: "session", op: "close" }); // waits for whatever is under way
    const later = toms.received.slice(before).filter((frame) => !has(frame, "i"));
    expect(new Set(later.map(({ cmd }) => CommandType[cmd]))).toEqual(new Set(["unread"]));
  });

  test("[I10] a command or operation outside the schema is answered like any unknown one", async () => {
    const { toms } = await onlineClients("tom");
    // cmd 99, i 7; then cmd conv with op 999, i 8
    toms.sendBytes(new Uint8Array([0x08, 99, 0x28, 7]));
    expect(refusal(await toms.answer(7))).toBe("1 UNSUPPORTED_COMMAND");
    toms.sendBytes(new Uint8Array([0x08, 1, 0x10, 0xe7, 0x07, 0x28, 8]));
    expect(refusal(await toms.answer(8))).toBe("1 UNSUPPORTED_COMMAND");
  });

  test("[I10] commands pipelined behind a login that fails are answered, and so is the next login", async () => {
    const [tom] = named("tom");
    const toms = await WorkerdDevice.connect();
    toms.send({ ...sessionOpen(tom, 1), sessionMessage: { st: "made up", r: true } });
    toms.send({ cmd: "session", op: "query", peerId: tom, i: 2 });
    toms.send(sessionOpen(tom, 3));
    toms.send({ cmd: "session", op: "query", peerId: tom, i: 4 });
    expect(refusal(await toms.answer(1))).toBe("4112 SESSION_TOKEN_EXPIRED");
    expect(refusal(await toms.answer(2))).toBe("4105 SESSION_REQUIRED");
    expect((await toms.answer(3)).op).toBe(OpType.opened);
    expect((await toms.answer(4)).op).toBe(OpType.query_result);
  });

  test("[I10] commands pipelined before a close are done and answered", async () => {
    const [tom] = named("tom");
    const { jerry, jerrys } = await onlineClients("jerry");
    const chat = await start(jerrys, [tom, jerry]);
    const toms = await WorkerdDevice.of(tom);
    toms.send({ cmd: "direct", peerId: tom, i: 11, directMessage: { cid: chat, msg: "bye" } });
    toms.send({ cmd: "conv", op: "start", peerId: tom, i: 12, convMessage: { m: [tom] } });
    toms.send({ cmd: "conv", op: "query", peerId: tom, i: 13 });
    toms.send({ cmd: "session", op: "close", peerId: tom, i: 14 });
    expect((await toms.answer(14)).op).toBe(OpType.closed);
    expect(refusal(await toms.answer(11))).toBe("");
    expect((await toms.answer(12)).op).toBe(OpType.started);
    expect((await toms.answer(13)).op).toBe(OpType.results);
    expect(await history(jerrys, chat)).toEqual(["bye"]);
  });

  test("[I10] a close, an open and commands after them may arrive in one burst", async () => {
    const { tom, toms } = await onlineClients("tom");
    toms.send({ cmd: "session", op: "close", peerId: tom, i: 11 });
    toms.send({ cmd: "session", op: "query", peerId: tom, i: 12 });
    toms.send(sessionOpen(tom, 13));
    toms.send({ cmd: "session", op: "query", peerId: tom, i: 14 });
    expect((await toms.answer(11)).op).toBe(OpType.closed);
    expect(refusal(await toms.answer(12))).toBe("4105 SESSION_REQUIRED");
    expect((await toms.answer(13)).op).toBe(OpType.opened);
    expect((await toms.answer(14)).op).toBe(OpType.query_result);
  });
});
