import { beforeAll, describe, expect, test, vi } from "vitest";
import { ConversationObject } from "../../src/conversation/conversation-object.ts";
import { CommandType } from "../../src/protocol/generated/message_pb.js";
import { named, refusal, say, start } from "../support/chat.ts";
import { decodeFrame } from "../support/frames.ts";
import { edit, modify, namedBy } from "./support/commands.ts";
import { onlineClients, pairChat } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld } from "./support/world.ts";

beforeAll(() => openWorld({ messages: { allowEdit: true, allowRecall: true } }));

/** What conversations were handed while something ran: subscriptions asked for, and frames. */
async function costOf(run: () => Promise<void>): Promise<{ dials: number; frames: Uint8Array[] }> {
  const dials = vi.spyOn(ConversationObject.prototype, "fetch");
  const handed = vi.spyOn(ConversationObject.prototype, "webSocketMessage");
  await run();
  const frames = handed.mock.calls.flatMap(([, data]) =>
    typeof data === "string" ? [] : [new Uint8Array(data)],
  );
  const cost = { dials: dials.mock.calls.length, frames };
  dials.mockRestore();
  handed.mockRestore();
  return cost;
}

describe("a frame that names many conversations", () => {
  test("[I13] a frame that reads one conversation 3,000 times reads it once, up to the last time it names", async () => {
    const { toms, jerrys, chat: cid } = await pairChat();
    const sent = await say(toms, cid, "one");
    await say(toms, cid, "two");
    await jerrys.message("two");
    const timestamp = Number(sent.ackMessage?.t);
    const convs = Array.from({ length: 3_000 }, (_, at) => ({ cid, timestamp: timestamp - at }));
    const { frames } = await costOf(async () => {
      const answer = await jerrys.ask({ cmd: "read", readMessage: { convs } });
      expect(answer.cmd).toBe(CommandType.read);
    });
    const reads = frames.filter((frame) => decodeFrame(frame).cmd === CommandType.read);
    expect(reads.length).toBe(1);
    expect(reads[0]?.length).toBeLessThan(200);
    const counts = jerrys.pushes().flatMap(({ unreadMessage }) => unreadMessage?.convs ?? []);
    expect(counts.filter((conv) => conv.cid === cid).map(({ unread }) => unread)).toEqual([1]);
  });

  test("[I13] a read command that does not move the read cursor sends the count only to its own device", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const [toms, jerrys, other] = [
      await WorkerdDevice.of(tom),
      await WorkerdDevice.of(jerry),
      await WorkerdDevice.of(jerry),
    ];
    const cid = await start(toms, [tom, jerry]);
    await say(toms, cid, "one");
    await jerrys.message("one");
    await other.message("one");
    for (let at = 0; at < 5; at += 1) await jerrys.ask({ cmd: "read", readMessage: { convs: [{ cid }] } });
    await say(toms, cid, "two");
    await other.message("two");
    const counts = (device: WorkerdDevice) => {
      const told = device.pushes().flatMap(({ unreadMessage }) => unreadMessage?.convs ?? []);
      return told.filter((conv) => conv.cid === cid).map(({ unread }) => unread);
    };
    expect([counts(jerrys), counts(other)]).toEqual([[0, 0, 0, 0, 0], [0]]);
  });

  test("[I13] a frame that reads several conversations is split by conversation, and only the first one confirms it", async () => {
    const { tom, toms } = await onlineClients("tom");
    const cids: string[] = [];
    for (let at = 0; at < 5; at += 1) cids.push(await start(toms, [tom], { unique: false }));
    for (const cid of cids) await say(toms, cid, "hi");
    const invented = Array.from({ length: 100 }, (_, at) => `no conversation ${at}`);
    const convs = [...cids, ...invented].map((cid) => ({ cid }));
    const { frames } = await costOf(async () => {
      await toms.ask({ cmd: "read", i: 77, readMessage: { convs } });
      await vi.waitFor(() => expect(toms.answers(77).length).toBe(1), { timeout: 10_000 });
      await say(toms, cids[4] ?? "", "afterwards");
    });
    const reads = frames.map(decodeFrame).filter(({ cmd }) => cmd === CommandType.read);
    expect(reads.map(({ readMessage }) => readMessage?.convs.map(({ cid }) => cid))).toEqual(
      cids.map((cid) => [cid]),
    );
    expect(reads.filter((frame) => Object.hasOwn(frame, "i")).length).toBeLessThanOrEqual(1);
  });

  test("[I13] a frame that edits in several conversations is split by conversation and answered once", async () => {
    const { tom, toms } = await onlineClients("tom");
    const [one, two] = [await start(toms, [tom]), await start(toms, [tom], { unique: false })];
    const first = namedBy(one, await say(toms, one, "a"));
    const second = namedBy(two, await say(toms, two, "b"));
    const data = new TextEncoder().encode("edited");
    const { frames } = await costOf(async () => {
      expect(refusal(await modify(toms, { ...first, data }, { ...second, data }, { ...first, data }))).toBe(
        "",
      );
    });
    const patches = frames.map(decodeFrame).flatMap(({ patchMessage }) => patchMessage ?? []);
    expect(patches.map(({ patches }) => patches.map(({ cid }) => cid))).toEqual([[one, one], [two]]);
  });

  test.each([
    [
      "read",
      1_000,
      (cids: string[]) => ({ cmd: "read" as const, readMessage: { convs: cids.map((cid) => ({ cid })) } }),
    ],
    [
      "isMember",
      100,
      (cids: string[]) => ({ cmd: "conv" as const, op: "is_member" as const, convMessage: { cids } }),
    ],
    [
      "query",
      100,
      (cids: string[]) => ({
        cmd: "conv" as const,
        op: "query" as const,
        convMessage: { tempConvIds: cids },
      }),
    ],
  ])(
    "[I13] a %s of more than %i conversations is refused with 4109 and goes nowhere",
    async (_, most, frame) => {
      const { toms } = await onlineClients("tom");
      const cids = Array.from({ length: most + 1 }, (_, at) => `${at}`.padStart(24, "a"));
      const { dials, frames } = await costOf(async () => {
        expect(refusal(await toms.ask(frame(cids)))).toBe("4109 FRAME_TOO_LONG");
      });
      expect([dials, frames.length]).toEqual([0, 0]);
    },
  );

  test("[I13] [L-06] a command with more members than allowed is refused before any client is looked up", async () => {
    const { tom, toms } = await onlineClients("tom");
    const cid = await start(toms, [tom]);
    const m = Array.from({ length: 5_000 }, (_, at) => `p${at}`);
    for (const op of ["start", "add"] as const) {
      expect(refusal(await toms.ask({ cmd: "conv", op, convMessage: { cid, m } }))).toBe(
        "4304 CONVERSATION_FULL",
      );
    }
    const removal = await toms.ask({ cmd: "conv", op: "remove", convMessage: { cid, m } });
    expect(refusal(removal)).toBe("4109 FRAME_TOO_LONG");
  });

  test("[I13] the limits of a message also apply to an edit, and to many edits in one frame", async () => {
    const { tom, toms } = await onlineClients("tom");
    const cid = await start(toms, [tom]);
    await configure({ limits: { messageBytes: 5_000 } });
    const message = namedBy(cid, await say(toms, cid, "a"));
    const mentionPids = Array.from({ length: 2_000 }, (_, at) => `person ${at}`);
    expect(refusal(await edit(toms, message, "b", { mentionPids }))).toBe("4109 FRAME_TOO_LONG");
    const data = new Uint8Array(3_000).fill(97);
    expect(refusal(await modify(toms, { ...message, data }, { ...message, data }))).toBe(
      "4109 FRAME_TOO_LONG",
    );
    const recalls = Array.from({ length: 101 }, () => ({ ...message, recall: true }));
    expect(refusal(await modify(toms, ...recalls))).toBe("4109 FRAME_TOO_LONG");
    expect(refusal(await modify(toms, { ...message, data }))).toBe("");
    await configure({ limits: { messageBytes: null } });
  });
});

describe("subscriptions", () => {
  test("[I13] [L4] a frame that names 300 unsubscribed conversations opens each subscription at most once", async () => {
    const { toms } = await onlineClients("tom");
    const convs = Array.from({ length: 300 }, (_, at) => ({ cid: `${at}`.padStart(24, "b") }));
    const { dials, frames } = await costOf(async () => {
      const answer = await toms.ask({ cmd: "read", readMessage: { convs } });
      expect(refusal(answer)).toBe("4303 CONVERSATION_NOT_FOUND");
    });
    expect(dials).toBeLessThanOrEqual(300);
    expect(frames.length).toBe(0);
  });
});
