import { beforeAll, expect, test } from "vitest";
import { change, history, say } from "../support/chat.ts";
import { has } from "../support/frames.ts";
import { pairChat } from "./support/pair-chat.ts";
import { openWorld } from "./support/world.ts";

beforeAll(() => openWorld());

test("[B-09] a message that Tom sends reaches Jerry at once and is in history", async () => {
  const { tom, jerry, toms, jerrys, chat } = await pairChat();
  const ack = await say(toms, chat, "hello", { dt: "d1" });
  expect(has(ack.ackMessage, "code")).toBe(false);
  expect(ack.ackMessage?.uid).toHaveLength(22);
  const push = await jerrys.message("hello");
  expect(push.peerId).toBe(jerry);
  expect(push.service).toBe(2);
  expect(push.directMessage).toMatchObject({
    cid: chat,
    fromPeerId: tom,
    id: ack.ackMessage?.uid,
    convType: 1,
  });
  await say(jerrys, chat, "hi");
  await toms.message("hi");
  expect(await history(toms, chat)).toEqual(["hello", "hi"]);
});

test("[I3] [L7.5] a message that was accepted is answered alike when it is sent again by somebody who was removed since", async () => {
  const { jerry, toms, jerrys, chat } = await pairChat();
  const first = await say(jerrys, chat, "hello", { dt: "d1" });
  await change(toms, "remove", chat, [jerry]);
  const again = await say(jerrys, chat, "hello", { dt: "d1" });
  expect([again.ackMessage?.uid, again.ackMessage?.t]).toEqual([first.ackMessage?.uid, first.ackMessage?.t]);
  expect((await say(jerrys, chat, "another", { dt: "d2" })).ackMessage?.code).toBe(4401);
  expect(await history(toms, chat)).toEqual(["hello"]);
});
