import { beforeAll, expect, test } from "vitest";
import { has } from "../support/frames.ts";
import { history, named, say, start } from "./support/chat.ts";
import { Device } from "./support/device.ts";
import { openWorld } from "./support/world.ts";

beforeAll(() => openWorld());

test("[B-09] what Tom sends, Jerry gets at once and finds in history", async () => {
  const [tom, jerry] = named("tom", "jerry");
  const toms = await Device.of(tom);
  const jerrys = await Device.of(jerry);
  const chat = await start(toms, [tom, jerry]);
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
