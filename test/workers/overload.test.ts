import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { BACKLOG } from "../../src/bounds.ts";
import { ConversationObject } from "../../src/conversation/conversation-object.ts";
import { history, named, refusal, say, start } from "../support/chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld, stayAwake } from "./support/world.ts";

beforeAll(() => openWorld());
afterEach(() => vi.restoreAllMocks());

const BUSY = "4116 MESSAGE_SENT_QUOTA_EXCEEDED";

/** No conversation gets round to anything until what this returns is called. */
function stalled(): () => void {
  let goOn = () => {};
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const { webSocketMessage } = ConversationObject.prototype;
  vi.spyOn(ConversationObject.prototype, "webSocketMessage").mockImplementation(async function (
    this: ConversationObject,
    ...message
  ) {
    await gate;
    return Reflect.apply(webSocketMessage, this, message);
  });
  return goOn;
}

test("[I13] under overload, new sends are refused with an error, sockets stay open, and accepted sends are completed", async () => {
  const names = named("tom", "spike");
  const [tom = "", spike = ""] = names;
  const toms = await WorkerdDevice.of(tom);
  const spikes = await WorkerdDevice.of(spike);
  const chats: string[] = [];
  // One more than makes it everybody's matter: in the last of them, nothing waits.
  while (chats.length < BACKLOG.conversations + 1) chats.push(await start(toms, [spike], { unique: false }));
  const [quiet = "", ...busy] = chats;
  for (const chat of chats) await say(toms, chat, "before");

  const letSleep = stayAwake();
  const goOn = stalled();
  for (const [at, cid] of busy.entries()) {
    for (const n of [0, 1]) {
      toms.send({
        cmd: "direct",
        i: 1_000 + 2 * at + n,
        peerId: tom,
        directMessage: { cid, msg: `accepted ${n}` },
      });
    }
  }
  await new Promise((resolve) => setTimeout(resolve, BACKLOG.wait + 200));

  // From whomever, in whichever conversation; and what only asks is put off as well.
  const refused = await Promise.all([
    say(toms, busy[0] ?? "", "too much"),
    say(spikes, quiet, "too much"),
    spikes.ask({ cmd: "logs", logsMessage: { cid: quiet, limit: 20 } }),
    spikes.ask({ cmd: "conv", op: "query", convMessage: { where: { data: "{}" } } }),
  ]);
  expect(refused.map(refusal)).toEqual(refused.map(() => BUSY));
  // Logouts, cursors and heartbeats are not.
  expect((await spikes.ask({ cmd: "echo" })).errorMessage).toBeUndefined();

  goOn();
  for (const at of [...busy, ...busy].keys()) expect(refusal(await toms.answer(1_000 + at))).toBe("");
  letSleep();
  expect([toms.closed, spikes.closed]).toEqual([undefined, undefined]);
  for (const chat of busy) {
    expect(await history(spikes, chat)).toEqual(["before", "accepted 0", "accepted 1"]);
  }
  expect(await history(spikes, quiet)).toEqual(["before"]);
  expect(refusal(await say(spikes, quiet, "after"))).toBe("");
});
