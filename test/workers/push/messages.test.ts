import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { ClientStub } from "../../../src/client/client-stub.ts";
import type { Objects } from "../../../src/model/objects.ts";
import { named, say, start } from "../../support/chat.ts";
import { caughtUp } from "../support/commands.ts";
import { pairChat, tomsChat } from "../support/pair-chat.ts";
import { done, saidBy } from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { appKeys, configure, http, masterKeys, openWorld, stayAwake, world } from "../support/world.ts";
import { RECEIVER, type Received, receivePushes } from "./receiver.ts";

/*
 * From a message to somebody who is offline to the last call, by the webhook for pushes: what the other ways send
 * is proved beside them.
 */

beforeAll(() => openWorld());
beforeEach(async () => {
  await configure({ push: { webhook: { url: RECEIVER }, static: null } });
});
afterEach(() => {
  vi.restoreAllMocks();
});

const PATIENCE = { timeout: 20_000 }; // ms

/** Registers a phone as its SDK does. */
async function install(more: object): Promise<string> {
  const response = await http("/1.1/installations", {
    method: "POST",
    headers: { ...appKeys, "content-type": "application/json" },
    body: JSON.stringify({ deviceType: "ios", ...more }),
  });
  const { objectId } = await response.json<{ objectId: string }>();
  return objectId;
}

async function channelsOf(installation: string): Promise<string[]> {
  const response = await http(`/1.1/installations/${installation}`, { headers: masterKeys });
  return (await response.json<{ channels?: string[] }>()).channels ?? [];
}

/** Somebody who is logged in on a phone, as Swift does it. */
async function onPhone(clientId: string) {
  const deviceToken = `token of ${clientId}`;
  const installation = await install({ deviceToken });
  const device = await WorkerdDevice.connect();
  await device.login(clientId, { deviceToken });
  await expect.poll(() => channelsOf(installation), PATIENCE).toEqual([clientId]);
  return { device, installation, deviceToken };
}

/** A person's phone that was logged in and is not connected any more. */
async function awayWithPhone(clientId: string): Promise<string> {
  const { device, installation } = await onPhone(clientId);
  await lose(device, clientId);
  return installation;
}

async function lose(device: WorkerdDevice, clientId: string): Promise<void> {
  device.close();
  const clients: Objects<ClientStub> = world.CLIENTS;
  await expect.poll(() => clients.getByName(clientId).isOnline(), PATIENCE).toBe(false);
}

const arrived = (received: Received[], count = 1) => expect.poll(() => received.length, PATIENCE).toBe(count);

describe("[P-01] a message to an offline member", () => {
  test("[P-01] [P-08, P-13] a message to an offline member is pushed to their phone with its own content, once", async () => {
    const received = receivePushes();
    const [tom, jerry] = named("tom", "jerry");
    const installation = await awayWithPhone(jerry);
    const toms = await WorkerdDevice.of(tom);
    const conversation = await start(toms, [tom, jerry]);
    const ack = await say(toms, conversation, "hello", { pushData: '{"alert":"Tom: hello","badge":3}' });
    await arrived(received);
    expect(received[0]).toMatchObject({
      conversationId: conversation,
      messageId: ack.ackMessage?.uid,
      payload: { alert: "Tom: hello", badge: 3 },
      recipients: [{ clientId: jerry, installation: { objectId: installation, deviceType: "ios" } }],
    });
    const sentAt = Number(ack.ackMessage?.t);
    expect(received[0]?.expiresAt).toBe(sentAt + 7 * 24 * 60 * 60 * 1_000); // P-15
    await say(toms, conversation, "still there?", { pushData: '{"alert":"again"}' });
    await arrived(received, 2);
  });

  test("[P-01] [I11] a message to an offline member is pushed even if their client's object does not respond", async () => {
    const received = receivePushes();
    const [tom, jerry] = named("tom", "jerry");
    await awayWithPhone(jerry);
    const toms = await WorkerdDevice.of(tom);
    const conversation = await start(toms, [tom, jerry]);
    const jerrys = await WorkerdDevice.of(jerry);
    await caughtUp(conversation, jerrys);
    const clients = { getByName: () => ({ deliver: () => Promise.reject(new Error("reset")) }) };
    const object = world.CONVERSATIONS.getByName(conversation);
    const release = stayAwake(); // another one would have its own way to the client
    await runInDurableObject(object, (instance) => {
      Object.defineProperty(instance, "env", { value: { ...world, CLIENTS: clients } });
    });
    await lose(jerrys, jerry);
    await say(toms, conversation, "hello", { pushData: '{"alert":"Tom: hello"}' });
    await arrived(received);
    release();
  });

  test("[P-01] [P-05, P-21] a message without push content is pushed with the static text", async () => {
    const received = receivePushes();
    const variable = (name: string) => ["$", "{", name, "}"].join("");
    await configure({ push: { static: { alert: `news from ${variable("fromClientId")}` } } });
    const [tom, jerry] = named("tom", "jerry");
    await awayWithPhone(jerry);
    const toms = await WorkerdDevice.of(tom);
    await say(toms, await start(toms, [tom, jerry]), "hello");
    await arrived(received);
    expect(received[0]?.payload).toEqual({ alert: `news from ${tom}` });
  });

  test("[P-01, A-02] a message of the app's server to an offline member is pushed", async () => {
    const received = receivePushes();
    const [tom, jerry] = named("tom", "jerry");
    await awayWithPhone(jerry);
    const conversation = await start(await WorkerdDevice.of(tom), [tom, jerry]);
    await saidBy(tom, conversation, "hello", { push_data: { alert: "from the server" } });
    await arrived(received);
    expect(received[0]?.payload).toEqual({ alert: "from the server" });
  });

  test("[P-01] [P-06] a pushed message counts the badge of each installation", async () => {
    const received = receivePushes();
    const [tom, jerry] = named("tom", "jerry");
    await awayWithPhone(jerry);
    const toms = await WorkerdDevice.of(tom);
    const conversation = await start(toms, [tom, jerry]);
    await say(toms, conversation, "hello", { pushData: '{"badge":"Increment","alert":"hello"}' });
    await arrived(received);
    await say(toms, conversation, "again", { pushData: '{"badge":"Increment","alert":"again"}' });
    await arrived(received, 2);
    // What the icon is to show, whoever sends it there.
    const badges = received.flatMap(({ recipients }) =>
      recipients.map(({ installation }) => installation.badge),
    );
    expect(badges).toEqual([1, 2]);
  });
});

describe("nothing is pushed", () => {
  /** Somebody with a phone who is away, and one who is not; a last message shows that nothing came before it. */
  async function pair() {
    const received = receivePushes();
    const [tom, jerry] = named("tom", "jerry");
    await awayWithPhone(jerry);
    const toms = await WorkerdDevice.of(tom);
    const conversation = await start(toms, [tom, jerry]);
    const last = async () => {
      await say(toms, conversation, "last", { pushData: '{"alert":"last"}' });
      await expect.poll(() => received.map(({ payload }) => payload.alert), PATIENCE).toContain("last");
      return received.map(({ payload }) => payload.alert);
    };
    return { toms, jerry, conversation, last };
  }

  test("[P-01] no transient message is pushed", async () => {
    const { toms, conversation, last } = await pair();
    await say(toms, conversation, "typing", { transient: true, pushData: '{"alert":"typing"}' });
    expect(await last()).toEqual(["last"]);
  });

  test("[P-05] a message without push content from any source is not pushed", async () => {
    const { toms, conversation, last } = await pair();
    await say(toms, conversation, "hello");
    expect(await last()).toEqual(["last"]);
  });

  test("[M-46] nothing is pushed to a member that muted the conversation, until they unmute it", async () => {
    const { toms, jerry, conversation, last } = await pair();
    const mute = (op: "mute" | "unmute") =>
      ({ cmd: "conv", op, convMessage: { cid: conversation } }) as const;
    const jerrys = await WorkerdDevice.of(jerry);
    await jerrys.ask(mute("mute"));
    await lose(jerrys, jerry);
    await say(toms, conversation, "hello", { pushData: '{"alert":"muted"}' });
    const again = await WorkerdDevice.of(jerry);
    await again.ask(mute("unmute"));
    await lose(again, jerry);
    expect(await last()).toEqual(["last"]);
  });

  test("[P-01] nothing is pushed to an online member", async () => {
    const { toms, jerry, conversation, last } = await pair();
    const jerrys = await WorkerdDevice.of(jerry);
    await caughtUp(conversation, jerrys);
    await say(toms, conversation, "hello", { pushData: '{"alert":"online"}' });
    await jerrys.expect("the message", (frame) => frame.directMessage?.msg === "hello");
    await lose(jerrys, jerry);
    expect(await last()).toEqual(["last"]);
  });
});

describe("[P-01] what push costs", () => {
  /** Rows of events that the conversation's object wrote for good. */
  async function eventsKept(conversation: string): Promise<boolean> {
    const { runInDurableObject } = await import("cloudflare:test");
    return runInDurableObject(
      world.CONVERSATIONS.get(world.CONVERSATIONS.idFromName(conversation)),
      (_, { storage }) => {
        const sql = "SELECT 1 FROM sqlite_master WHERE name = 'event_outbox'";
        return storage.sql.exec(sql).toArray().length > 0;
      },
    );
  }

  test("[P-01] a message costs no event while push is not set up", async () => {
    await configure({ push: { webhook: { url: null }, static: { alert: "news" } } });
    const { toms, chat: conversation } = await tomsChat();
    await say(toms, conversation, "hello", { pushData: '{"alert":"hello"}' });
    expect(await eventsKept(conversation)).toBe(false);
  });

  test("[P-01] a repeated login of a client costs no more writes", async () => {
    await configure({ push: { webhook: { url: null } } });
    const [tom, spike] = named("tom", "spike");
    const device = await WorkerdDevice.connect();
    device.clientId = tom;
    const sessionMessage = { deviceToken: `token of ${tom}`, configBitmap: 191 };
    await device.ask({
      cmd: "session",
      op: "open",
      appId: world.APP_ID,
      peerId: tom,
      sessionMessage,
      pushes: 2,
    });
    // Whoever comes next on the same socket is noted once it is set up, and finds nobody there.
    await configure({ push: { webhook: { url: RECEIVER } } });
    await device.login(spike, sessionMessage);
    const noted = world.DB.prepare("SELECT client_id FROM device_clients WHERE device = ?");
    const clients = async () => (await noted.bind(sessionMessage.deviceToken).all()).results;
    await expect.poll(clients, PATIENCE).toEqual([{ client_id: spike }]);
  });

  test("[P-01] a message costs no event while all members are connected", async () => {
    const awake = stayAwake();
    await configure({ push: { static: { alert: "news" } } });
    const { toms, jerrys, chat: conversation } = await pairChat();
    await say(jerrys, conversation, "I am here");
    const before = await eventsKept(conversation);
    await say(toms, conversation, "hello");
    await jerrys.expect("the message", (frame) => frame.directMessage?.msg === "hello");
    expect([before, await eventsKept(conversation)]).toEqual([false, false]);
    awake();
  });
});

describe("[C-12, P-12] a device", () => {
  test("[C-12, P-12] a device belongs to a client from its login on, even if the installation is saved later", async () => {
    const [tom] = named("tom");
    const device = await WorkerdDevice.connect();
    await device.login(tom, { deviceToken: `token of ${tom}` });
    await expect
      .poll(async () => channelsOf(await install({ deviceToken: `token of ${tom}` })), PATIENCE)
      .toEqual([tom]);
  });

  test("[C-12, P-12] a device belongs to the client by capability bit 2, as in Java", async () => {
    const [tom] = named("tom");
    const installation = await install({ deviceType: "android", installationId: `phone of ${tom}` });
    const device = await WorkerdDevice.connect();
    await device.login(tom, { deviceId: `phone of ${tom}`, configBitmap: 191 });
    await expect.poll(() => channelsOf(installation), PATIENCE).toEqual([tom]);
  });

  test("[C-12, P-12] [wire §4.3] a device belongs to the client by the token that Swift and Objective-C report later, and by no former one", async () => {
    const [tom] = named("tom");
    const [former, now] = [`former token of ${tom}`, `token of ${tom}`];
    const [before, after] = [await install({ deviceToken: former }), await install({ deviceToken: now })];
    const device = await WorkerdDevice.connect();
    await device.login(tom, { deviceToken: former });
    await expect.poll(() => channelsOf(before), PATIENCE).toEqual([tom]);
    const reportMessage = { initiative: true, type: "token", data: now };
    await device.ask({ cmd: "report", op: "upload", reportMessage });
    await expect.poll(() => channelsOf(after), PATIENCE).toEqual([tom]);
    expect(await channelsOf(before)).toEqual([]);
    await device.ask({ cmd: "session", op: "close" });
    expect(await channelsOf(after)).toEqual([]);
  });

  test("[C-12, P-12] a device no longer belongs to a client that has logged out", async () => {
    const [tom] = named("tom");
    const { device, installation } = await onPhone(tom);
    await device.ask({ cmd: "session", op: "close" });
    expect(await channelsOf(installation)).toEqual([]);
  });

  test("[C-12, P-12] [X-03] a device no longer belongs to a client that was kicked, connected or not", async () => {
    const [tom] = named("tom");
    const installation = await awayWithPhone(tom);
    await done("POST", `/1.2/rtm/clients/${tom}/kick`, { reason: "enough" });
    await expect.poll(() => channelsOf(installation), PATIENCE).toEqual([]);
  });

  test("[C-12, P-12] a device of two clients in turn belongs only to the second one, whether or not the first logged out", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const { device, installation, deviceToken } = await onPhone(tom);
    await lose(device, tom);
    const again = await WorkerdDevice.connect();
    await again.login(jerry, { deviceToken });
    await expect.poll(() => channelsOf(installation), PATIENCE).toEqual([jerry]);
  });

  test("[C-12, P-12] a device with two clients logged in belongs to both", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const { device, installation, deviceToken } = await onPhone(tom);
    await device.login(jerry, { deviceToken });
    await expect
      .poll(async () => new Set(await channelsOf(installation)), PATIENCE)
      .toEqual(new Set([tom, jerry]));
  });

  test("[C-12, P-12] [D-03] a device no longer belongs to the client once another device took its tag", async () => {
    const [tom] = named("tom");
    const old = await install({ deviceToken: `old phone of ${tom}` });
    const device = await WorkerdDevice.connect();
    await device.login(tom, { deviceToken: `old phone of ${tom}`, tag: "phone" });
    await expect.poll(() => channelsOf(old), PATIENCE).toEqual([tom]);
    const other = await WorkerdDevice.connect();
    await other.login(tom, { deviceToken: `new phone of ${tom}`, tag: "phone" });
    await expect.poll(() => channelsOf(old), PATIENCE).toEqual([]);
  });
});
