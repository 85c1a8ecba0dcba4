import { beforeAll, expect, test } from "vitest";
import { CommandType } from "../../src/protocol/generated/message_pb.js";
import { named, say, start } from "../support/chat.ts";
import type { CommandInit } from "../support/frames.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld, world } from "./support/world.ts";

beforeAll(() => openWorld());

const ID = "b".repeat(32);
const ask = { appId: world.APP_ID, installationId: ID, service: 1 };

/** Logins for live queries, which SDKs send on the socket of a client. */
const forms: [string, CommandInit][] = [
  ["JavaScript", { cmd: "login", ...ask }],
  ["Java", { cmd: "login", ...ask, clientTs: 1_700_000_000_000n }],
  ["Swift", { cmd: "login", ...ask, clientTs: 1_700_000_000_000n, peerId: ID }],
];

test.each(forms)(
  "[wire §4.4] a live-query login in %s's form leaves the client on its socket be",
  async (_, login) => {
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    const chat = await start(toms, [tom, jerry]);
    toms.send({ ...login, i: 900 });
    expect(await toms.answer(900)).toMatchObject({
      cmd: CommandType.loggedin,
      service: 1,
      installationId: ID,
    });
    await say(jerrys, chat, "to Tom");
    expect((await toms.message("to Tom")).peerId).toBe(tom);
    toms.send({ cmd: "ack", ...ask, ackMessage: { ids: ["an-event"] } });
    toms.send({ cmd: "logout", ...ask, i: 901 });
    expect(await toms.answer(901)).toMatchObject({
      cmd: CommandType.loggedout,
      service: 1,
      installationId: ID,
    });
    toms.send({ cmd: "logout", ...ask });
    await say(toms, chat, "from Tom");
    expect((await jerrys.message("from Tom")).directMessage?.fromPeerId).toBe(tom);
  },
);

test("[wire §4.4] a live-query login before the client's own leaves it free to log in", async () => {
  const [tom] = named("tom");
  const device = await WorkerdDevice.connect();
  device.send({ cmd: "login", ...ask, i: 1 });
  await device.answer(1);
  await device.login(tom);
  await start(device, [tom]);
});
