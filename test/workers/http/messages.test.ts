import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ConversationObject } from "../../../src/conversation/conversation-object.ts";
import { KnownConversations } from "../../../src/conversation/creation/known-conversations.ts";
import { DeadlineExceeded } from "../../../src/deadline.ts";
import { heard, history, named, say, settle } from "../../support/chat.ts";
import { has } from "../../support/frames.ts";
import { caughtUp, loggedIn, pushesOf, read } from "../support/commands.ts";
import { archivedAs } from "../support/d1.ts";
import { serverChat } from "../support/pair-chat.ts";
import {
  CONVERSATIONS,
  conversationOf,
  done,
  type Logged,
  outcome,
  pathOf,
  rest,
  type Sent,
  saidBy,
  textsIn,
  unreadOf,
} from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { configure, masterKeys, openWorld, world } from "../support/world.ts";
import { ask, instead } from "./ask.ts";

/** What the app's server says, edits, recalls and deletes, and what of it reaches whom. */

beforeAll(() => openWorld());
afterEach(() => {
  vi.restoreAllMocks();
});

const messagesOf = (id: string) => `${CONVERSATIONS}/${id}/messages`;

/** The same, where Tom sent two messages before anybody logged in: devices that are not subscribed stay so. */
async function serverChatWithMessages(how: "subscribed" | "not subscribed") {
  const [tom, jerry] = named("tom", "jerry");
  const id = await conversationOf([tom, jerry]);
  const messages = [await saidBy(tom, id, "one"), await saidBy(tom, id, "two")] as const;
  const [toms, jerrys] = [await WorkerdDevice.of(tom), await WorkerdDevice.of(jerry)];
  await jerrys.push("unread");
  if (how === "subscribed") await caughtUp(id, toms, jerrys);
  return { tom, id, toms, jerrys, messages };
}

const RECALLED = '{"_lctype":-127}';

/** An id and time that devices were given, as the API names them. */
const sent = (messageId: string | undefined, timestamp: bigint | undefined): Sent => ({
  "msg-id": messageId ?? "",
  timestamp: Number(timestamp),
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

describe("[A-02] [I10] messages that are refused", () => {
  const plain = { from_client: "Tom", message: "Hello" };

  test.each([
    ["nothing", {}, "400 105", /from_client/],
    ["no message", { from_client: "Tom" }, "400 105", /message/],
    ["nobody's message", { ...plain, from_client: "" }, "400 105", /from_client/],
    ["a number", { ...plain, message: 7 }, "400 105", /message/],
    ["a flag that is none", { ...plain, transient: "yes" }, "400 105", /transient/],
    ["a priority there is none of", { ...plain, priority: "urgent" }, "400 105", /priority/],
    ["21 mentions", { ...plain, mention_client_ids: Array(21).fill("Jerry") }, "400 105", /mention/],
    ["to some only", { ...plain, to_clients: ["Jerry"] }, "400 105", /to_clients/],
    ["no body", "", "400 105", /from_client/],
    ["no JSON", "{", "400 107", /Malformed JSON/],
    ["a forbidden name", '{"constructor":1}', "400 107", /constructor/],
    ["32769 bytes", { ...plain, message: "x".repeat(32_769) }, "413 4109", /32768 bytes/],
    ["70,000 bytes", { ...plain, message: "x".repeat(70_000) }, "413 413", /65536 bytes/],
  ])(
    "[A-02] [I10] a message with %s is refused, not sent and not counted",
    async (_, body, expected, error) => {
      const id = await conversationOf(["Tom", "Jerry"]);
      const spent = vi.fn(async () => undefined);
      const response = await ask(`http://parley.test${messagesOf(id)}`, {
        method: "POST",
        headers: masterKeys,
        env: { APP: instead(world.APP, spent) },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      expect(await response.clone().text()).toMatch(error);
      expect(await outcome(response)).toBe(expected);
      expect(await textsIn(id)).toEqual([]);
      expect(spent).not.toHaveBeenCalled();
    },
  );

  test("[A-02] [B-09] [L-05] content and push data together have the limit of the settings", async () => {
    await configure({ limits: { messageBytes: 5_120 } });
    const { tom, id } = await serverChat();
    const path = messagesOf(id);
    const message = "é".repeat(2_000);
    await saidBy(tom, id, message, { push_data: "x".repeat(1_118) });
    const body = { from_client: tom, message, push_data: "x".repeat(1_119) };
    expect(await outcome(rest("POST", path, body))).toBe("413 4109");
    await configure({ limits: { messageBytes: 6_000 } });
    expect(await outcome(rest("POST", path, body))).toBe("200");
    await configure({ limits: { messageBytes: null } });
  });

  test("[A-02] an endless body is refused before its end", async () => {
    const { id } = await serverChat();
    const path = messagesOf(id);
    let chunks = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        chunks += 1;
        controller.enqueue(new Uint8Array(16_384).fill(32));
      },
    });
    const response = await ask(`http://parley.test${path}`, {
      method: "POST",
      headers: masterKeys,
      body: endless,
    });
    expect(response.status).toBe(413);
    expect(chunks).toBeLessThan(10);
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

describe("[A-02] [M-11] [M-20] editing and recalling, whatever the settings allow clients", () => {
  const textsOf = (device: WorkerdDevice) =>
    pushesOf(device, "patch").flatMap(({ patchMessage }) =>
      (patchMessage?.patches ?? []).map(({ data, mid }) => [mid, new TextDecoder().decode(data)]),
    );

  test.each(["subscribed", "not subscribed"] as const)(
    "[A-02] [M-16] edits and recalls reach all devices that are %s, the sender's too",
    async (how) => {
      await configure({ messages: { allowEdit: false, allowRecall: false } });
      const { tom, id, toms, jerrys, messages } = await serverChatWithMessages(how);
      const [one, two] = messages;
      const by = ({ timestamp }: Sent) => ({ from_client: tom, timestamp });
      expect(await done("PUT", pathOf(id, one), { ...by(one), message: "Hello" })).toEqual({});
      for (const device of [toms, jerrys]) {
        await device.push("patch");
        expect(textsOf(device)).toEqual([[one["msg-id"], "Hello"]]);
      }
      expect(await done("PUT", `${pathOf(id, two)}/recall`, by(two))).toEqual({});
      for (const device of [toms, jerrys]) {
        await device.push("patch");
        expect(textsOf(device).at(-1)).toEqual([two["msg-id"], RECALLED]);
      }
      expect(await textsIn(id)).toEqual(["Hello", RECALLED]);
      await archivedAs(id, ["Hello", RECALLED]);
    },
  );

  test("[A-02] [M-19] edits and recalls reach devices that were offline at their login", async () => {
    const { tom, jerry, id, jerrys } = await serverChat();
    const [first, second] = [await saidBy(tom, id, "Helo"), await saidBy(tom, id, "Oops")];
    await jerrys.message("Oops");
    jerrys.close();
    await done("PUT", pathOf(id, first), { from_client: tom, timestamp: first.timestamp, message: "Hello" });
    await done("PUT", `${pathOf(id, second)}/recall`, { from_client: tom, timestamp: second.timestamp });
    const back = await loggedIn(jerry, { lastPatchTime: second.timestamp });
    await back.until("both patches", () => (textsOf(back).length === 2 ? true : undefined));
    expect(textsOf(back)).toEqual([
      [first["msg-id"], "Hello"],
      [second["msg-id"], RECALLED],
    ]);
  });

  test("[A-02] [M-01] an edit keeps the mentions", async () => {
    const { tom, jerry, id, jerrys } = await serverChat();
    const message = await saidBy(tom, id, "Jery", { mention_client_ids: [jerry] });
    const by = { from_client: tom, timestamp: message.timestamp };
    await done("PUT", pathOf(id, message), { ...by, message: "Jerry" });
    const [patch] = (await jerrys.push("patch")).patchMessage?.patches ?? [];
    expect(patch?.mentionPids).toEqual([jerry]);
  });

  test("[A-02] [M-21] a recalled message may be recalled again, and an edit of it is answered with 404", async () => {
    const { tom, id } = await serverChat();
    const message = await saidBy(tom, id, "Oops");
    const by = { from_client: tom, timestamp: message.timestamp };
    await done("PUT", `${pathOf(id, message)}/recall`, by);
    await done("PUT", `${pathOf(id, message)}/recall`, by);
    expect(await outcome(rest("PUT", pathOf(id, message), { ...by, message: "x" }))).toBe("404 4404");
    expect(await textsIn(id)).toEqual([RECALLED]);
  });

  test("[http-api §1.1] a message id with a plus is accepted in every encoding", async () => {
    const { tom, id } = await serverChat();
    const path = messagesOf(id);
    const { timestamp } = await saidBy(tom, id, "hello");
    await runInDurableObject(world.CONVERSATIONS.getByName(id), (_, { storage }) => {
      storage.sql.exec("UPDATE messages SET id = 'a+b_c'");
    });
    const written = ["a+b_c", "a%2Bb_c", "a%20b_c"];
    for (const messageId of written) {
      const text = `by ${messageId}`;
      await done("PUT", `${path}/${messageId}`, { from_client: tom, timestamp, message: text });
      expect(await textsIn(id)).toEqual([text]);
    }
    for (const messageId of written) {
      await done("PUT", `${path}/${messageId}/recall`, { from_client: tom, timestamp });
      const after = `${path}?timestamp=${timestamp}&msgid=${messageId}&include_start=true`;
      expect(await done<Logged[]>("GET", after)).toMatchObject([{ "msg-id": "a+b_c" }]);
    }
    await done("DELETE", `${path}/a+b_c?from_client=${tom}&timestamp=${timestamp}`);
    expect(await textsIn(id)).toEqual([]);
  });
});

describe("[A-02] deleting", () => {
  const remove = (id: string, message: Sent, from: string) =>
    done("DELETE", `${pathOf(id, message)}?from_client=${from}&timestamp=${message.timestamp}`);

  test("[A-02] a deleted message is gone from history, and no device is notified", async () => {
    const { tom, id, toms, jerrys } = await serverChat();
    const [one, two] = [await saidBy(tom, id, "one"), await saidBy(tom, id, "two")];
    await archivedAs(id, ["one", "two"]);
    expect(await remove(id, one, tom)).toEqual({});
    expect(await textsIn(id)).toEqual(["two"]);
    expect(await history(jerrys, id)).toEqual(["two"]);
    await archivedAs(id, ["two"]);
    const everything = await done<Logged[]>("GET", "/1.2/rtm/messages?limit=1000");
    expect(everything.map((message) => message["msg-id"])).not.toContain(one["msg-id"]);
    const toms1 = await done<Logged[]>("GET", `/1.2/rtm/clients/${tom}/messages`);
    expect(toms1.map((message) => message["msg-id"])).toEqual([two["msg-id"]]);
    await settle(id, toms, jerrys);
    expect(heard(jerrys, id)).toEqual(["one", "two"]);
    expect(pushesOf(jerrys, "patch")).toEqual([]);
  });

  test("[A-02] a message that is deleted before D1 has it never reaches D1", async () => {
    const { tom, id } = await serverChat();
    const message = await saidBy(tom, id, "oops");
    await remove(id, message, tom);
    await saidBy(tom, id, "two");
    await archivedAs(id, ["two"]);
  });

  test("[A-02] [Y-22] [I5] a deleted message is neither unread nor the last message", async () => {
    const { tom, jerry, id, jerrys } = await serverChat();
    jerrys.close();
    const one = await saidBy(tom, id, "one");
    const two = await saidBy(tom, id, "two");
    expect(await unreadOf(jerry, id)).toBe(2);
    await remove(id, two, tom);
    expect([await unreadOf(jerry, id), await unreadOf(jerry)]).toEqual([1, 1]);
    const back = await WorkerdDevice.of(jerry);
    const [unread] = (await back.push("unread")).unreadMessage?.convs ?? [];
    expect(unread).toMatchObject({ cid: id, unread: 1, data: "one", mid: one["msg-id"] });
    read(back, id);
    await expect.poll(() => unreadOf(jerry)).toBe(0);
  });

  test.each(["subscribed", "not subscribed"] as const)(
    "[L6] messages after a deleted one reach devices that are %s once, and the gap reopens no subscription",
    async (how) => {
      const { tom, id, toms, jerrys, messages } = await serverChatWithMessages(how);
      for (const message of messages) await remove(id, message, tom);
      await saidBy(tom, id, "three");
      for (const device of [toms, jerrys]) await device.message("three");
      await settle(id, toms, jerrys);
      const opened = vi.spyOn(ConversationObject.prototype, "fetch");
      for (const text of ["four", "five", "six"]) {
        const message = await saidBy(tom, id, text);
        for (const device of [toms, jerrys]) await device.message(text);
        if (text === "five") await remove(id, message, tom);
      }
      await settle(id, toms, jerrys);
      expect(opened).not.toHaveBeenCalled();
      for (const device of [toms, jerrys]) {
        expect(heard(device, id)).toEqual(["three", "four", "five", "six"]);
        expect(device.closed).toBeUndefined();
      }
      expect(await history(jerrys, id)).toEqual(["three", "four", "six"]);
    },
  );

  test("[L6] a message that is deleted in flight to devices that are not subscribed may be missed, and later ones are not", async () => {
    const { tom, id, toms, jerrys } = await serverChat("not subscribed");
    const message = await saidBy(tom, id, "oops");
    await remove(id, message, tom);
    await saidBy(tom, id, "two");
    for (const device of [toms, jerrys]) await device.message("two");
    await settle(id, toms, jerrys);
    for (const device of [toms, jerrys]) {
      expect(heard(device, id).filter((text) => text !== "oops")).toEqual(["two"]);
    }
  });

  test("[I3] a deleted message sent again with its Idempotency-Key is answered as before and stays deleted", async () => {
    const { tom, id } = await serverChat();
    const path = messagesOf(id);
    const key = { "Idempotency-Key": "order-4712" };
    const send = async (): Promise<Sent> =>
      (await rest("POST", path, { from_client: tom, message: "once" }, key)).json();
    const message = await send();
    await remove(id, message, tom);
    expect(await send()).toEqual(message);
    expect(await textsIn(id)).toEqual([]);
  });
});

describe("[I10] requests that name no message", () => {
  const BY = { from_client: "Tom", timestamp: 5 };

  test.each([
    ["PUT", "", BY, "400 105"],
    ["PUT", "", { from_client: "Tom", message: "x" }, "400 105"],
    ["PUT", "", { ...BY, message: "x", timestamp: -1 }, "400 105"],
    ["PUT", "", { ...BY, message: "x" }, "404 4404"],
    ["PUT", "/recall", { timestamp: 5 }, "400 105"],
    ["PUT", "/recall", BY, "404 4404"],
    ["DELETE", "?from_client=Tom", undefined, "400 1"],
    ["DELETE", "?from_client=Tom&timestamp=x", undefined, "400 1"],
    ["DELETE", "?from_client=Tom&timestamp=5&timestamp=6", undefined, "400 1"],
    ["DELETE", "?from_client=Tom&timestamp=5", undefined, "404 4404"],
  ])("[I10] a message request %s …%s with %j is refused with %s", async (method, sub, body, expected) => {
    const id = await conversationOf(["Tom", "Jerry"]);
    const message = await saidBy("Tom", id, "hello");
    expect(await outcome(rest(method, pathOf(id, message) + sub, body))).toBe(expected);
    expect(await textsIn(id)).toEqual(["hello"]);
  });

  test("[M-13] a request for another sender's message is answered with 403 and 4403, and for another conversation's with 404", async () => {
    const { tom, jerry, id } = await serverChat();
    const other = await conversationOf([tom, jerry]);
    const message = await saidBy(tom, id, "hello");
    const { timestamp } = message;
    const wrong = { from_client: jerry, timestamp };
    expect(await outcome(rest("PUT", pathOf(id, message), { ...wrong, message: "x" }))).toBe("403 4403");
    expect(await outcome(rest("PUT", `${pathOf(id, message)}/recall`, wrong))).toBe("403 4403");
    const query = `?from_client=${jerry}&timestamp=${timestamp}`;
    expect(await outcome(rest("DELETE", pathOf(id, message) + query))).toBe("403 4403");
    const right = { from_client: tom, timestamp };
    expect(await outcome(rest("PUT", `${pathOf(other, message)}/recall`, right))).toBe("404 4404");
    expect(await textsIn(id)).toEqual(["hello"]);
  });
});

describe("[I10] sends that a conversation refuses or does not answer", () => {
  beforeEach(() => {
    vi.spyOn(KnownConversations.prototype, "has").mockResolvedValue(true);
  });

  const send = (answer: () => Promise<unknown>) =>
    ask(`http://parley.test${messagesOf("c1")}`, {
      method: "POST",
      headers: masterKeys,
      body: '{"from_client":"Tom","message":"Hello"}',
      env: { CONVERSATIONS: instead(world.CONVERSATIONS, answer) },
    });

  test.each([
    ["MESSAGE_REJECTED_BY_APP", 403, 4402],
    ["UNSUPPORTED_COMMAND", 400, 1],
    ["INTERNAL_ERROR", 500, 4200],
  ])(
    "[I10] a send that the conversation refuses with %s is answered with %i and %i and a sentence",
    async (refused, status, code) => {
      const response = await send(async () => ({ refused, detail: "because" }));
      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({ code, error: expect.stringMatching(/: because$/) });
    },
  );

  test.each([
    [new DeadlineExceeded("late"), 504, 4201],
    [new Error("secret of the object"), 503, 503],
  ])(
    "[I10] a send that fails with %s is answered with %i and %i and logged once, without details for the caller",
    async (error, status, code) => {
      const log = vi.spyOn(console, "error").mockImplementation(() => {});
      const response = await send(() => Promise.reject(error));
      expect([response.status, await response.json()]).toEqual([
        status,
        { code, error: expect.not.stringContaining("secret") },
      ]);
      expect(log).toHaveBeenCalledTimes(1);
    },
  );
});
