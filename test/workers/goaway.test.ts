import { beforeAll, expect, test } from "vitest";
import { named } from "../support/chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { appKeys, http, masterKeys, openWorld } from "./support/world.ts";

beforeAll(() => openWorld());

const ask = (headers: Record<string, string>, clientIds: unknown) =>
  http("/admin/goaway", { method: "POST", headers, body: JSON.stringify({ client_ids: clientIds }) });

test("[wire §2.5] goaway reaches every device of the named clients, and no other", async () => {
  const [tom, jerry] = named("tom", "jerry");
  const phone = await WorkerdDevice.of(tom);
  const tablet = await WorkerdDevice.of(tom);
  const jerrys = await WorkerdDevice.of(jerry);
  const answer = await ask(masterKeys, [tom, "nobody"]);
  expect(await answer.json()).toEqual({ sessions: 2 });
  for (const device of [phone, tablet]) expect((await device.push("goaway")).peerId).toBe(tom);
  await jerrys.ask({ cmd: "session", op: "query", sessionMessage: { sessionPeerIds: [tom] } });
  expect(jerrys.pushes()).toEqual([]);
});

test("[I12] goaway needs the master key and a list of client ids", async () => {
  expect((await ask(appKeys, ["tom"])).status).toBe(401);
  for (const wrong of [undefined, "tom", [""], [1], Array.from({ length: 101 }, (_, at) => `c${at}`)]) {
    expect((await ask(masterKeys, wrong)).status).toBe(400);
  }
});
