import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ConversationObject } from "../../../src/conversation/conversation-object.ts";
import { heard, history, named, say, settle } from "../../support/chat.ts";
import { has } from "../../support/frames.ts";
import { caughtUp, loggedIn, pushesOf } from "../support/commands.ts";
import { serverChat } from "../support/pair-chat.ts";
import {
  CONVERSATIONS,
  conversationOf,
  done,
  messagesOf,
  outcome,
  rest,
  type Sent,
  saidBy,
  textsIn,
  unreadOf,
} from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { openWorld } from "../support/world.ts";
import { sent } from "./server-messages.ts";

/** What the app's server sends, and whom it reaches. */

beforeAll(() => openWorld());
afterEach(() => {
  vi.restoreAllMocks();
});

describe("[A-02] [http-api §2.2] sending", () => {
  test.each(["subscribed", "not subscribed"] as const)(
    "[A-02] [B-09] [D-08] a message reaches the devices of all members that are %s, the sender's own too",
    async (how) => {
      const { tom, jerry, id, toms, jerrys } = await serverChat(how);
      const devices = [toms, jerrys, await WorkerdDevice.of(tom), await WorkerdDevice.of(jerry)];
      const message = await saidBy(tom, id, "hello");
      for (const device of devices) {
        const { directMessage } = await device.message("hello");
        expect(directMessage).toMatchObject({ cid: id, fromPeerId: tom, convType: 1 });
        expect(sent(directMessage?.id, directMessage?.timestamp)).toEqual(message);
        expect(has(directMessage, "transient")).toBe(false);
      }
      expect(await history(jerrys, id)).toEqual(["hello"]);
      await settle(id, toms, ...devices.slice(1));
      for (const device of devices) expect(heard(device, id)).toEqual(["hello"]);
    },
  );

  test.each(["subscribed", "not subscribed"] as const)(
    "[A-02] [D-08] `no_sync` leaves out the sender's own devices that are %s, and the message is in history",
    async (how) => {
      const { tom, id, toms, jerrys } = await serverChat(how);
      await saidBy(tom, id, "not for me", { no_sync: true });
      await saidBy(tom, id, "for all");
      await toms.message("for all");
      await jerrys.message("for all");
      await settle(id, jerrys, toms);
      expect(heard(jerrys, id)).toEqual(["not for me", "for all"]);
      expect(heard(toms, id)).toEqual(["for all"]);
      expect(await history(toms, id)).toEqual(["not for me", "for all"]);
    },
  );

  test("[A-02] [D-08] a message with `no_sync` is not sent to the sender's devices when they reconnect", async () => {
    const { tom, id, toms, jerrys } = await serverChat();
    toms.close();
    await saidBy(tom, id, "not for me", { no_sync: true });
    const back = await WorkerdDevice.of(tom);
    await caughtUp(id, back);
    await settle(id, jerrys, back);
    expect(heard(back, id)).toEqual([]);
    expect(pushesOf(back, "unread")).toEqual([]);
  });

  test("[A-02] [I4] [Y-07] a message is unread at the next login of offline members, and not of its sender", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const id = await conversationOf([tom, jerry]);
    await saidBy(tom, id, "one");
    const last = await saidBy(tom, id, "two");
    const jerrys = await WorkerdDevice.of(jerry);
    const [unread] = (await jerrys.push("unread")).unreadMessage?.convs ?? [];
    expect(unread).toMatchObject({ cid: id, unread: 2, data: "two", from: tom, mid: last["msg-id"] });
    expect([await unreadOf(jerry, id), await unreadOf(tom, id)]).toEqual([2, 0]);
    expect(await history(jerrys, id)).toEqual(["one", "two"]);
  });

  test("[A-02] [Y-02] a message is replayed to a `.1` device that was offline", async () => {
    const { tom, jerry, id, jerrys } = await serverChat();
    jerrys.close();
    await saidBy(tom, id, "missed");
    const phone = await loggedIn(jerry, {}, "lc.protobuf2.1");
    await phone.message("missed");
  });

  test("[A-02] [I8] a message with `transient` reaches online devices marked so, and is not kept", async () => {
    const [spike] = named("spike");
    const { tom, jerry, id, toms, jerrys } = await serverChat();
    await done("POST", `${CONVERSATIONS}/${id}/members`, { client_ids: [spike] });
    await saidBy(tom, id, "typing", { transient: true, priority: "HIGH" });
    for (const device of [toms, jerrys]) {
      expect((await device.message("typing")).directMessage?.transient).toBe(true);
    }
    expect(await textsIn(id)).toEqual([]);
    expect([await unreadOf(spike), await unreadOf(jerry)]).toEqual([0, 0]);
    const spikes = await WorkerdDevice.of(spike);
    await caughtUp(id, spikes);
    await saidBy(tom, id, "staying");
    await spikes.message("staying");
    expect(spikes.texts(id)).toEqual(["staying"]);
  });

  test("[A-02] fields of a message that are null count as not sent", async () => {
    const { tom, id } = await serverChat();
    const nothing = { transient: null, no_sync: null, priority: null, push_data: null, to_clients: null };
    await saidBy(tom, id, "hello", { ...nothing, mention_all: null, mention_client_ids: null });
    expect(await textsIn(id)).toEqual(["hello"]);
  });

  test("[A-02] [M-01] [M-09] a message carries mentions, live and in unread counts", async () => {
    const [spike] = named("spike");
    const { tom, jerry, id, jerrys } = await serverChat();
    await done("POST", `${CONVERSATIONS}/${id}/members`, { client_ids: [spike] });
    await saidBy(tom, id, "Spike", { mention_client_ids: [spike] });
    expect((await jerrys.message("Spike")).directMessage?.mentionPids).toEqual([spike]);
    const [unread] = (await (await WorkerdDevice.of(spike)).push("unread")).unreadMessage?.convs ?? [];
    expect(unread).toMatchObject({ cid: id, mentioned: true });
    await saidBy(tom, id, "all", { mention_all: true });
    expect((await jerrys.message("all")).directMessage?.mentionAll).toBe(true);
    expect(await unreadOf(jerry, id)).toBe(2);
  });

  test.each([
    [{ alert: "Hi" }, '{"alert":"Hi"}'],
    ['{"alert":"Hi"}', '{"alert":"Hi"}'],
    ["Hi", '"Hi"'],
    [undefined, undefined],
  ])(
    "[A-02] [P-03] push data may be an object, its JSON or a text: %j is passed on as %j",
    async (given, handed) => {
      const { tom, id, jerrys } = await serverChat();
      const say = vi.spyOn(ConversationObject.prototype, "sendAsServer");
      await saidBy(tom, id, "hello", given === undefined ? {} : { push_data: given });
      expect(say.mock.calls).toMatchObject([[{ content: "hello", pushData: handed }]]);
      await jerrys.message("hello");
      expect(await textsIn(id)).toEqual(["hello"]);
    },
  );

  test("[A-02] a typed message that is an object becomes text", async () => {
    const { tom, id, jerrys } = await serverChat();
    const path = messagesOf(id);
    await done("POST", path, { from_client: tom, message: { _lctype: -1, _lctext: "hello" } });
    await jerrys.message('{"_lctype":-1,"_lctext":"hello"}');
  });

  test("[A-02] the sender of a message need not be a member, and becomes none", async () => {
    const [spike] = named("spike");
    const { tom, jerry, id, jerrys } = await serverChat();
    const spikes = await WorkerdDevice.of(spike);
    await saidBy(spike, id, "woof");
    expect((await jerrys.message("woof")).directMessage?.fromPeerId).toBe(spike);
    expect(await done("GET", `${CONVERSATIONS}/${id}/members`)).toEqual({ result: [jerry, tom] });
    await settle(id, jerrys);
    expect(heard(spikes, id)).toEqual([]);
  });

  test("[A-02] [I2] messages of the app's server and of devices have one order", async () => {
    const { tom, id, toms, jerrys } = await serverChat();
    await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        at % 2 === 0 ? saidBy(tom, id, `server ${at}`) : say(toms, id, `device ${at}`),
      ),
    );
    await settle(id, toms, jerrys);
    const order = await history(jerrys, id);
    expect(order).toHaveLength(20);
    expect(heard(jerrys, id)).toEqual(order);
  });
});

describe("[I3] an Idempotency-Key", () => {
  const key = { "Idempotency-Key": "order-4711" };

  test("[I3] requests with one Idempotency-Key are one message, answered alike, received and kept once", async () => {
    const { tom, id, jerrys, toms } = await serverChat();
    const path = messagesOf(id);
    const body = { from_client: tom, message: "once" };
    const answers: Sent[] = [];
    for (const again of [1, 2, 3]) {
      answers.push(await (await rest("POST", path, { ...body, message: `once ${again}` }, key)).json());
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    await settle(id, toms, jerrys);
    expect(heard(jerrys, id)).toEqual(["once 1"]);
    expect(await textsIn(id)).toEqual(["once 1"]);
  });

  test("[I3] an Idempotency-Key belongs to its sender, separate from the tokens of devices", async () => {
    const { tom, jerry, id, toms } = await serverChat();
    const path = messagesOf(id);
    await say(toms, id, "from a device", { dt: "order-4711" });
    await rest("POST", path, { from_client: tom, message: "Tom's" }, key);
    await rest("POST", path, { from_client: jerry, message: "Jerry's" }, key);
    await saidBy(tom, id, "without");
    expect(await textsIn(id)).toEqual(["from a device", "Tom's", "Jerry's", "without"]);
  });

  test.each(["", "x".repeat(129), "a b"])("[I3] the Idempotency-Key %j is refused", async (given) => {
    const { tom, id } = await serverChat();
    const path = messagesOf(id);
    const response = rest("POST", path, { from_client: tom, message: "x" }, { "Idempotency-Key": given });
    expect(await outcome(response)).toBe("400 1");
    expect(await textsIn(id)).toEqual([]);
  });
});
