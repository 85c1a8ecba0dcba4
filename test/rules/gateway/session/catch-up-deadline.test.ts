import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ClientSession } from "../../../../src/gateway/session/client-session.ts";
import type { LinkEvents } from "../../../../src/gateway/session/link-socket.ts";
import type { SessionOwner, SessionRegistry } from "../../../../src/gateway/session/session-owner.ts";
import { decodeCommand } from "../../../../src/protocol/decode.ts";
import type { SessionControl } from "../../../../src/protocol/link-controls.ts";
import { catchUpModes } from "../../../../src/protocol/link-controls.ts";
import { controlRecord } from "../../../../src/protocol/link-records.ts";
import { refusal } from "../../../support/chat.ts";
import { type CommandInit, decodeFrame, encodeCommand } from "../../../support/frames.ts";
import { unreadMeter } from "../../../support/meter.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const CHAT = "0123456789abcdef01234567";
const OTHERS = ["1123456789abcdef01234567", "2123456789abcdef01234567"];

/** Tom's session, which has just been let in and is being caught up on conversations. */
async function catchUp() {
  const answers: string[] = [];
  let events: LinkEvents | undefined;
  const owner: SessionOwner = {
    now: () => Date.now(),
    meter: unreadMeter(),
    backlog: undefined,
    subscriptionLimit: () => 20,
    subscriptionsChanged: () => {},
    kindOf: async () => "normal",
    dialSession: async (_, heard) => {
      events = heard;
      return { send: () => {}, close: () => {} };
    },
    dialConversation: () => new Promise(() => {}),
    send: (frame) => {
      const answer = decodeFrame(frame);
      answers.push(`${answer.i}: ${refusal(answer)}`);
    },
    timer: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
    broken() {},
    goingAway() {},
    sendingMessage() {},
  };
  const registry: SessionRegistry = { loginRefused() {}, opened() {}, ended() {}, resume() {} };
  const session = new ClientSession(owner, registry, {
    clientId: "tom",
    sessionId: "session",
    connectionId: "socket",
    mode: catchUpModes.COUNTS,
    address: undefined,
    broadcasts: {},
  });
  const give = (init: CommandInit) => {
    const frame = encodeCommand({ peerId: "tom", ...init });
    const command = decodeCommand(frame);
    if (command === undefined) throw new Error("no command");
    const proof = { claims: undefined, madeAt: undefined, proven: false };
    if (command.name === "session.open") return session.open(command, frame, Promise.resolve(proof));
    session.handle(command, frame);
  };
  await give({ cmd: "session", op: "open", i: 1 });
  const tell = (control: SessionControl) => events?.frame(controlRecord(control));
  tell({ type: "opened", asking: [CHAT, ...OTHERS], capabilities: 0, at: Date.now() });
  const askForHistory = (i: number) => void give({ cmd: "logs", i, logsMessage: { cid: CHAT } });
  return { answers, tell, askForHistory };
}

const REFUSED = "4200 INTERNAL_ERROR";

test("a command waits 8 s for a conversation that does not answer the catch-up, then it is refused", async () => {
  const { answers, askForHistory } = await catchUp();
  askForHistory(2);
  await vi.advanceTimersByTimeAsync(7_900);
  expect(answers).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(answers).toEqual([`2: ${REFUSED}`]);
});

test("a command waits for its conversation as long as other conversations answer", async () => {
  const { answers, tell, askForHistory } = await catchUp();
  askForHistory(2);
  await vi.advanceTimersByTimeAsync(6_000);
  tell({ type: "catchingUp" });
  await vi.advanceTimersByTimeAsync(7_900);
  expect(answers).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(answers).toEqual([`2: ${REFUSED}`]);
});

test("a command that came in the middle of a catch-up waits as long as any other", async () => {
  const { answers, tell, askForHistory } = await catchUp();
  tell({ type: "catchingUp" });
  await vi.advanceTimersByTimeAsync(7_000);
  askForHistory(2);
  await vi.advanceTimersByTimeAsync(7_900);
  expect(answers).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(answers).toEqual([`2: ${REFUSED}`]);
});

test("a command that every SDK has given up is refused, however long the catch-up takes", async () => {
  const { answers, tell, askForHistory } = await catchUp();
  askForHistory(2);
  for (let second = 1; second < 20; second += 1) {
    await vi.advanceTimersByTimeAsync(1_000);
    tell({ type: "catchingUp" });
  }
  expect(answers).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_100);
  expect(answers).toEqual([`2: ${REFUSED}`]);
});
