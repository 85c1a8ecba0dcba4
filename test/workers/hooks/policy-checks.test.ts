import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  change,
  heard,
  history,
  named,
  notices,
  query,
  refusal,
  say,
  settle,
  start,
  update,
} from "../../support/chat.ts";
import { edit, loggedIn, namedBy, pushesOf, recall } from "../support/commands.ts";
import { onlineClients, pairChat } from "../support/pair-chat.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { configure, http, masterKeys, openWorld, stayAwake, world } from "../support/world.ts";

/*
 * The app's server has a say: an engine that these tests are, and the word list. How it is called is proved beside
 * the calling (test/server/hooks); here it is what becomes of messages and people.
 */

const ENGINE = "http://engine.test";

type Hook = (parameters: Record<string, unknown>) => unknown;

/** What the engine has for hooks at this moment, by name; `calls` are those that came. */
let hooks: Record<string, Hook> = {};
let calls: { name: string; parameters: Record<string, unknown> }[] = [];

beforeAll(async () => {
  await openWorld({ messages: { allowEdit: true, allowRecall: true } });
  await configure({ hooks: { url: ENGINE, key: "hook-key", allowPrivate: true } });
});

beforeEach(() => {
  hooks = {};
  calls = [];
});

// All the time: what a test did is told after it, and an engine that does not answer then is not asked by the next.
beforeAll(() => {
  const through = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const { url } = new Request(input, init);
    if (!url.startsWith(ENGINE)) return through(input, init);
    const name = new URL(url).pathname.split("/").at(-1) ?? "";
    // Every hook there is in a test of this file, so that none is left out by what an earlier test had.
    if (name === "metadatas") return Response.json({ result: ALL });
    const text = await new Request(input, init).text();
    const parameters: Record<string, unknown> = JSON.parse(text);
    calls.push({ name, parameters });
    const hook = hooks[name];
    if (hook === undefined) return Response.json({ result: {} });
    const result = await hook(parameters);
    return result instanceof Response ? result : Response.json({ result });
  });
});

afterAll(() => {
  vi.restoreAllMocks();
});

afterEach(async () => {
  await configure({ hooks: { onFailure: null, timeoutMs: null } });
});

const ALL = [
  ...["_messageReceived", "_messageUpdate", "_conversationStart", "_conversationAdd", "_conversationRemove"],
  ...["_conversationUpdate", "_messageSent", "_receiversOffline", "_conversationStarted"],
  ...["_conversationAdded", "_conversationRemoved", "_clientOnline", "_clientOffline"],
];

const called = (name: string) =>
  calls.filter((call) => call.name === name).map(({ parameters }) => parameters);

/** A chat of Tom and Jerry; the hook calls that led to it are forgotten. */
async function settledChat() {
  const { chat: cid, ...clients } = await pairChat();
  await settle(cid, clients.toms, clients.jerrys);
  calls = [];
  return { ...clients, cid };
}

/**
 * A hook that answers when it is told to. It looks by itself: a promise of the test's would take what follows on it
 * into the test, out of the object that asked.
 */
function held(result: unknown) {
  const state = { asked: false, released: false };
  const mayGo = stayAwake();
  const hook = async () => {
    state.asked = true;
    while (!state.released) await new Promise((resolve) => setTimeout(resolve, 5));
    return result;
  };
  return {
    hook,
    asked: () => expect.poll(() => state.asked).toBe(true),
    answer: () => {
      state.released = true;
      mayGo();
    },
  };
}

describe("[H-01] the hook before a message", () => {
  test("[H-01] a message is dropped with the app's own code and text", async () => {
    const { toms, jerrys, cid } = await settledChat();
    hooks._messageReceived = ({ content }) =>
      content === "casino" ? { drop: true, code: 7, detail: "no ads" } : {};
    const refused = await say(toms, cid, "casino");
    expect(refusal(refused)).toBe("4402 MESSAGE_REJECTED_BY_APP");
    expect(refused.ackMessage).toMatchObject({ appCode: 7, appMsg: "no ads" });
    expect(refused.ackMessage?.uid).not.toBe("");
    expect(refusal(await say(toms, cid, "cheese"))).toBe("");
    await settle(cid, toms, jerrys);
    expect(heard(jerrys, cid)).toEqual(["cheese"]);
    expect(await history(toms, cid)).toEqual(["cheese"]);
  });

  test("[H-01] the hook before a message receives sender, content and recipients", async () => {
    const { tom, jerry, toms, cid } = await settledChat();
    await say(toms, cid, "cheese", { r: true });
    expect(called("_messageReceived")).toMatchObject([
      {
        fromPeer: tom,
        convId: cid,
        toPeers: [jerry],
        content: "cheese",
        bin: false,
        transient: false,
        receipt: true,
      },
    ]);
  });

  test("[H-01] [M-18] a message that a hook rewrites reaches everybody so, and its sender is notified", async () => {
    const { tom, toms, jerrys, cid } = await settledChat();
    const other = await WorkerdDevice.of(tom);
    await settle(cid, toms, jerrys, other);
    hooks._messageReceived = ({ content }) =>
      content === "damn" ? { content: "d**n", code: 9, detail: "manners" } : {};
    const ack = await say(toms, cid, "damn");
    await settle(cid, toms, jerrys, other);
    expect(heard(jerrys, cid)).toEqual(["d**n"]);
    expect(heard(other, cid)).toEqual(["d**n"]);
    expect(heard(toms, cid)).toEqual([]);
    const [patch] = pushesOf(toms, "patch").flatMap((push) => push.patchMessage?.patches ?? []);
    expect(patch).toMatchObject({ cid, mid: ack.ackMessage?.uid, patchCode: 9n, patchReason: "manners" });
    expect(new TextDecoder().decode(patch?.data)).toBe("d**n");
    expect(pushesOf(jerrys, "patch")).toEqual([]);
    expect(await history(toms, cid)).toEqual(["d**n"]);
  });

  test("[H-01] a message whose recipients a hook restricts is delivered, counted and found only for them and its sender", async () => {
    const { tom, jerry, spike, toms, jerrys, spikes } = await onlineClients("tom", "jerry", "spike");
    const cid = await start(toms, [tom, jerry, spike]);
    await settle(cid, toms, jerrys, spikes);
    hooks._messageReceived = ({ content }) => (content === "psst" ? { toPeers: [jerry] } : {});
    await say(toms, cid, "psst");
    await say(toms, cid, "hello");
    await settle(cid, toms, jerrys, spikes);
    expect(heard(jerrys, cid)).toEqual(["psst", "hello"]);
    expect(heard(spikes, cid)).toEqual(["hello"]);
    expect(await history(jerrys, cid)).toEqual(["psst", "hello"]);
    expect(await history(toms, cid)).toEqual(["psst", "hello"]);
    expect(await history(spikes, cid)).toEqual(["hello"]);
    const count = await http(`/1.2/rtm/clients/${spike}/unread-count?conv_id=${cid}`, {
      headers: masterKeys,
    });
    expect(await count.json()).toEqual({ count: 1 });
  });

  test("[H-01] a restricted last message is shown only to its recipients, and all members see the time of it", async () => {
    const { tom, jerry, spike, toms, jerrys, spikes } = await onlineClients("tom", "jerry", "spike");
    const cid = await start(toms, [tom, jerry, spike], {
      attr: { data: JSON.stringify({ name: `attic ${tom}` }) },
    });
    await say(toms, cid, "hello");
    hooks._messageReceived = ({ content }) => (content === "psst" ? { toPeers: [jerry] } : {});
    const narrowed = await say(toms, cid, "psst");
    await settle(cid, toms, jerrys, spikes);
    const at = new Date(Number(narrowed.ackMessage?.t)).toISOString();
    for (const where of [
      undefined,
      { objectId: cid },
      { name: `attic ${tom}` },
      { m: spike, objectId: cid },
    ]) {
      for (const [device, text] of [
        [toms, "psst"],
        [jerrys, "psst"],
        [spikes, "hello"],
      ] as const) {
        const [found] = await query(device, where, { flag: 2, limit: 1 });
        expect([found?.objectId, found?.msg, found?.lm]).toEqual([cid, text, { __type: "Date", iso: at }]);
      }
    }
    // Who logs in later is told of one message less.
    const summary = async (clientId: string) => {
      const device = await loggedIn(clientId);
      const push = await device.push("unread");
      const mine = push.unreadMessage?.convs.find((each) => each.cid === cid);
      return [mine?.unread, mine?.data];
    };
    expect(await summary(jerry)).toEqual([2, "psst"]);
    expect(await summary(spike)).toEqual([1, "hello"]);
  });

  test("[H-01] [I3] a message sent again is answered alike, and the hook is not called again", async () => {
    const { toms, cid } = await settledChat();
    const first = await say(toms, cid, "cheese", { dt: "token" });
    const again = await say(toms, cid, "cheese", { dt: "token" });
    expect(again.ackMessage?.uid).toBe(first.ackMessage?.uid);
    expect(called("_messageReceived")).toHaveLength(1);
  });

  test("[H-01] [I2] a slow hook delays only its sender, and keeps the sender's order", async () => {
    const { toms, jerrys, cid } = await settledChat();
    const slow = held({});
    hooks._messageReceived = ({ content }) => (content === "slow" ? slow.hook() : {});
    const answers = [say(toms, cid, "slow"), say(toms, cid, "quick"), history(toms, cid)];
    await slow.asked();
    await say(jerrys, cid, "meanwhile");
    expect(await history(jerrys, cid)).toEqual(["meanwhile"]);
    slow.answer();
    await Promise.all(answers);
    expect(await answers[2]).toEqual(["meanwhile", "slow", "quick"]);
    await settle(cid, toms, jerrys);
    expect(heard(jerrys, cid)).toEqual(["slow", "quick"]);
  });

  test("[H-01] [I2] a slow hook does not delay other conversations of the same clients", async () => {
    const { tom, jerry, toms, cid } = await settledChat();
    const other = await start(toms, [tom, jerry], { unique: false });
    const slow = held({});
    hooks._messageReceived = ({ convId }) => (convId === cid ? slow.hook() : {});
    const waiting = say(toms, cid, "slow");
    await slow.asked();
    expect(refusal(await say(toms, other, "quick"))).toBe("");
    slow.answer();
    expect(refusal(await waiting)).toBe("");
  });

  test("[H-01] [H-11] a hook that fails changes nothing, unless the app wants a refusal", async () => {
    const { toms, cid } = await settledChat();
    hooks._messageReceived = () => new Response("broken", { status: 500 });
    expect(refusal(await say(toms, cid, "one"))).toBe("");
    await configure({ hooks: { onFailure: "refuse" } });
    expect(refusal(await say(toms, cid, "two"))).toBe("4402 MESSAGE_REJECTED_BY_APP");
    expect(await history(toms, cid)).toEqual(["one"]);
  });

  test("[H-01] the hook is called for a transient message, which stays transient", async () => {
    const { toms, jerrys, cid } = await settledChat();
    hooks._messageReceived = ({ content }) => (content === "typing" ? { content: "typing..." } : {});
    await say(toms, cid, "typing", { transient: true });
    expect((await jerrys.message("typing...")).directMessage?.transient).toBe(true);
    expect(called("_messageReceived")).toMatchObject([{ transient: true }]);
    expect(await history(toms, cid)).toEqual([]);
  });

  test("[H-01] a message of a client that is not a member is refused without calling the hook", async () => {
    const { cid } = await settledChat();
    const [spike] = named("spike");
    expect(refusal(await say(await WorkerdDevice.of(spike), cid, "woof"))).toBe(
      "4401 INVALID_MESSAGING_TARGET",
    );
    expect(called("_messageReceived")).toEqual([]);
  });
});

describe("[H-04] the hook before an edit or recall", () => {
  test("[H-04] an edit is refused with the app's own code and text", async () => {
    const { toms, cid } = await settledChat();
    const message = namedBy(cid, await say(toms, cid, "cheese"));
    hooks._messageUpdate = ({ recall: recalls }) =>
      recalls ? { drop: true, code: 3, detail: "said is said" } : {};
    const refused = await recall(toms, message);
    expect(refused.errorMessage).toMatchObject({ code: 4405, appCode: 3, appMsg: "said is said" });
    expect(refusal(await edit(toms, message, "gouda"))).toBe("");
    expect(await history(toms, cid)).toEqual(["gouda"]);
    expect(called("_messageUpdate")).toMatchObject([
      { msgId: message.mid, recall: true },
      { msgId: message.mid, recall: false, content: "gouda" },
    ]);
  });

  test("[H-04] an edit that a hook rewrites reaches everybody so, and its sender is notified", async () => {
    const { toms, jerrys, cid } = await settledChat();
    const message = namedBy(cid, await say(toms, cid, "cheese"));
    hooks._messageUpdate = () => ({ content: "camembert", code: 4, detail: "finer" });
    await edit(toms, message, "gouda");
    await settle(cid, toms, jerrys);
    const texts = (device: WorkerdDevice) =>
      pushesOf(device, "patch").flatMap(({ patchMessage }) =>
        (patchMessage?.patches ?? []).map((patch) => [new TextDecoder().decode(patch.data), patch.patchCode]),
      );
    expect(texts(jerrys)).toEqual([["camembert", 0n]]);
    expect(texts(toms)).toEqual([["camembert", 4n]]);
  });
});

describe("[H-05] [H-06] [H-07] [H-08] hooks before changes of a conversation", () => {
  test("[H-05] a start is refused with the app's own code and text", async () => {
    const [jerry] = named("jerry");
    const { tom, toms } = await onlineClients("tom");
    hooks._conversationStart = ({ members }) =>
      Array.isArray(members) && members.includes(jerry)
        ? { reject: true, code: 5, detail: "not with him" }
        : {};
    const attr = { data: JSON.stringify({ name: "cheese" }) };
    const refused = await toms.ask({ cmd: "conv", op: "start", convMessage: { m: [tom, jerry], attr } });
    expect(refused.errorMessage).toMatchObject({ code: 4305, appCode: 5, appMsg: "not with him" });
    expect(called("_conversationStart")).toMatchObject([
      { initBy: tom, members: [tom, jerry].toSorted(), attr: { name: "cheese" } },
    ]);
  });

  test("[H-05] a start of a unique conversation that exists does not call the hook again", async () => {
    const { tom, jerry, toms } = await settledChat();
    const made = await start(toms, [tom, jerry], { unique: true });
    expect(await start(toms, [tom, jerry], { unique: true })).toBe(made);
    expect(called("_conversationStart")).toHaveLength(1);
  });

  test("[H-06] [H-07] adding and removing members call hooks, and leaving does not", async () => {
    const { tom, jerry, toms, jerrys, cid } = await settledChat();
    const [spike] = named("spike");
    hooks._conversationAdd = () => ({ reject: true, code: 1 });
    hooks._conversationRemove = () => ({ reject: true, code: 2 });
    expect((await change(toms, "add", cid, [spike])).errorMessage).toMatchObject({ code: 4305, appCode: 1 });
    expect((await change(toms, "remove", cid, [jerry])).errorMessage).toMatchObject({
      code: 4305,
      appCode: 2,
    });
    expect(refusal(await change(jerrys, "remove", cid, [jerry]))).toBe("");
    expect(called("_conversationAdd")).toMatchObject([{ initBy: tom, convId: cid, members: [spike] }]);
    expect(called("_conversationRemove")).toMatchObject([{ initBy: tom, convId: cid, members: [jerry] }]);
    await settle(cid, toms);
    expect(notices(toms, cid).filter((notice) => notice.startsWith("members_left"))).toHaveLength(1);
  });

  test("[H-08] an update of attributes is refused, or made with the hook's attributes", async () => {
    const { toms, cid } = await settledChat();
    hooks._conversationUpdate = () => ({ reject: true, code: 6, detail: "no" });
    expect((await update(toms, cid, { name: "mice" })).errorMessage).toMatchObject({
      code: 4305,
      appCode: 6,
    });
    hooks._conversationUpdate = () => ({ attr: { name: "cats" } });
    const changed = await update(toms, cid, { name: "mice" });
    expect(JSON.parse(changed.convMessage?.attr?.data ?? "")).toEqual({ name: "cats" });
  });
});

describe("[M-51] the word list", () => {
  const upload = (words: string) =>
    http("/admin/keywords", { method: "PUT", headers: masterKeys, body: words });

  beforeAll(async () => {
    expect((await upload("cheese\n猫\n")).ok).toBe(true);
    return async () => {
      await http("/admin/keywords", { method: "DELETE", headers: masterKeys });
    };
  });

  async function three() {
    const [spike] = named("spike");
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    const cid = await start(toms, [tom, jerry, spike]);
    await settle(cid, toms, jerrys);
    return { toms, jerrys, cid };
  }

  test("[X-31] [X-34] the word list filters groups, and the sender is notified with -4408", async () => {
    const { toms, jerrys, cid } = await three();
    await say(toms, cid, "CHEESE and 猫!");
    await settle(cid, toms, jerrys);
    expect(heard(jerrys, cid)).toEqual(["*** and ***!"]);
    const [patch] = pushesOf(toms, "patch").flatMap((push) => push.patchMessage?.patches ?? []);
    expect(patch?.patchCode).toBe(-4408n);
    expect(await history(toms, cid)).toEqual(["*** and ***!"]);
  });

  test("[X-32] the word list filters only the text of typed messages", async () => {
    const { toms, jerrys, cid } = await three();
    await say(toms, cid, '{"_lctype":-1,"_lctext":"cheese","_lcattrs":{"kind":"cheese"}}');
    await settle(cid, toms, jerrys);
    expect(heard(jerrys, cid)).toEqual(['{"_lctype":-1,"_lctext":"***","_lcattrs":{"kind":"cheese"}}']);
  });

  test("[X-31] the word list filters conversations of two only if the owner enables that", async () => {
    const { toms, jerrys, cid } = await settledChat();
    await say(toms, cid, "cheese");
    await configure({ keywords: { oneToOne: true } });
    await say(toms, cid, "cheese");
    await settle(cid, toms, jerrys);
    expect(heard(jerrys, cid)).toEqual(["cheese", "***"]);
    await configure({ keywords: { oneToOne: null } });
  });

  test("[M-51] the word list filters content that a hook wrote, and edits", async () => {
    const { toms, cid } = await three();
    hooks._messageReceived = ({ content }) => (content === "mouse" ? { content: "mouse eats cheese" } : {});
    const message = namedBy(cid, await say(toms, cid, "mouse"));
    expect(await history(toms, cid)).toEqual(["mouse eats ***"]);
    await edit(toms, message, "no cheese left");
    expect(await history(toms, cid)).toEqual(["no *** left"]);
  });
});

describe("hooks after an event", () => {
  const told = async (name: string, match: object) =>
    expect.poll(() => called(name), { timeout: 20_000 }).toContainEqual(expect.objectContaining(match));

  test("[H-02] [H-03] the hooks after a message receive its online and offline recipients", async () => {
    const [spike] = named("spike");
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    const cid = await start(toms, [tom, jerry, spike]);
    await settle(cid, toms, jerrys);
    const ack = await say(toms, cid, "cheese", { mentionPids: [spike] });
    const msgId = ack.ackMessage?.uid;
    await told("_messageSent", {
      fromPeer: tom,
      convId: cid,
      msgId,
      onlinePeers: [jerry],
      offlinePeers: [spike],
    });
    await told("_receiversOffline", {
      fromPeer: tom,
      convId: cid,
      offlinePeers: [spike],
      mentionOfflinePeers: [spike],
    });
  });

  test("[H-05] [H-06] [H-07] hooks receive starts of conversations, and added and removed members", async () => {
    const [jerry, spike] = named("jerry", "spike");
    const { tom, toms } = await onlineClients("tom");
    const cid = await start(toms, [tom, jerry]);
    await change(toms, "add", cid, [spike]);
    await change(toms, "remove", cid, [jerry]);
    await told("_conversationStarted", { convId: cid });
    await told("_conversationAdded", { convId: cid, initBy: tom, members: [spike] });
    await told("_conversationRemoved", { convId: cid, initBy: tom, members: [jerry] });
  });

  test("[H-09] hooks receive logins and logouts", async () => {
    const { tom, toms } = await onlineClients("tom");
    await told("_clientOnline", { peerId: tom });
    await toms.ask({ cmd: "session", op: "close" });
    await told("_clientOffline", { peerId: tom, closeCode: 1 });
  });

  test("[H-01] [H-02] a message of the app's own server calls no hook before it, and the one after it", async () => {
    const { tom, jerry, cid } = await settledChat();
    hooks._messageReceived = () => ({ drop: true });
    const sent = await http(`/1.2/rtm/conversations/${cid}/messages`, {
      method: "POST",
      headers: { ...masterKeys, "content-type": "application/json" },
      body: JSON.stringify({ from_client: tom, message: "from the server" }),
    });
    expect(sent.status).toBe(200);
    expect(called("_messageReceived")).toEqual([]);
    await told("_messageSent", {
      fromPeer: tom,
      convId: cid,
      onlinePeers: [jerry],
      content: "from the server",
    });
  });
});

test("no event is kept for an app without hooks", async () => {
  await configure({ hooks: { url: null } });
  const { toms, cid } = await settledChat();
  await say(toms, cid, "cheese");
  expect(calls).toEqual([]);
  expect(world.APP_ID).toBe("parley-test");
  await configure({ hooks: { url: ENGINE } });
});
