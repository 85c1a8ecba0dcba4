import { describe, expect, test } from "vitest";
import { named, say } from "../../support/chat.ts";
import { refused } from "../support/leancloud/answer.ts";
import { parametersOf } from "../support/leancloud/live-app.ts";
import { NodeDevice } from "../support/node-device.ts";
import { callAsOwner, configure } from "../support/owner.ts";
import { callHere, conversationAt, mirrorOf, seenHere, sharedConversation, useSides } from "./sides.ts";

/** Clients here and clients at LeanCloud, in the same conversations. */

const sides = useSides();
const [tom, jerry] = named("tom", "jerry");
const textsOf = (messages: { data: string }[]) => messages.map(({ data }) => data);
const told = (device: NodeDevice) =>
  device.received.flatMap(({ directMessage }) => (directMessage ? [directMessage] : []));

describe("a message that is sent here", () => {
  test("is at LeanCloud once, and its hook call there adds nothing here", async () => {
    const { there } = sides;
    const here = await sides.startHere();
    const id = await sharedConversation(there, here, [tom, jerry]);
    const calls: Promise<{ body: object }>[] = [];
    there.hook = (parameters) => calls.push(callHere(here, parameters));
    const toms = await NodeDevice.of(here, tom);
    for (const text of ["one", "two", "three"]) await say(toms, id, text);
    await expect.poll(() => textsOf(there.seen(id)), { timeout: 10_000 }).toEqual(["one", "two", "three"]);
    await expect.poll(() => calls.length).toBe(3);
    for (const call of calls) expect((await call).body).toEqual({ outcome: "known" });
    expect(textsOf(await seenHere(here, id))).toEqual(["one", "two", "three"]);
    expect(there.posts[0]).toEqual({ from_client: tom, message: "one" });
    await expect.poll(() => mirrorOf(here)).toMatchObject({ sent: 3, received: 0, waiting: 0 });
  });

  test("waits while LeanCloud does not take it, is listed meanwhile, and goes in order afterwards", async () => {
    const { there } = sides;
    const here = await sides.startHere();
    const id = await sharedConversation(there, here, [tom, jerry]);
    await there.close();
    const toms = await NodeDevice.of(here, tom);
    for (const text of ["one", "two", "three"]) await say(toms, id, text);
    await expect
      .poll(() => mirrorOf(here), { timeout: 10_000 })
      .toMatchObject({ conversations: [{ conversationId: id, problem: expect.any(String) }] });
    await there.open();
    await expect.poll(() => textsOf(there.seen(id)), { timeout: 30_000 }).toEqual(["one", "two", "three"]);
    await expect.poll(() => mirrorOf(here)).toMatchObject({ sent: 3, waiting: 0 });
  });

  test("is left out with its reason if LeanCloud refuses it or cannot have it, and later ones go", async () => {
    const { there } = sides;
    const here = await sides.startHere();
    const id = await sharedConversation(there, here, [tom, jerry]);
    there.refusal = ({ message }) =>
      message === "too long" ? refused(400, 4109, "message is too long") : undefined;
    const toms = await NodeDevice.of(here, tom);
    await say(toms, id, "too long");
    await toms.ask({ cmd: "direct", directMessage: { cid: id, binaryMsg: new Uint8Array([1, 2, 3]) } });
    await say(toms, id, "fine");
    await expect.poll(() => textsOf(there.seen(id)), { timeout: 10_000 }).toEqual(["fine"]);
    await expect
      .poll(() => mirrorOf(here))
      .toMatchObject({
        sent: 1,
        leftOut: 2,
        conversations: [{ conversationId: id, leftOutWhy: expect.stringContaining("takes no bytes") }],
      });
  });

  test("is edited and recalled at LeanCloud too, and so is one that came from there or was imported", async () => {
    const { there } = sides;
    const here = await sides.startHere();
    const id = await sharedConversation(there, here, [tom, jerry]);
    const old = there.say(id, jerry, "old", { timestamp: Date.now() - 60_000 });
    const lm = new Date(old.timestamp).toISOString();
    const [row] = there.data.classes._Conversation ?? [];
    await callAsOwner(here, "POST", "/admin/import/conversations", { results: [{ ...row, lm }] });
    await callAsOwner(here, "POST", "/admin/import/messages", { results: [old] });
    const toms = await NodeDevice.of(here, tom);
    await say(toms, id, "sent");
    await callHere(here, parametersOf(there.say(id, jerry, "received")));
    await expect.poll(() => there.seen(id)).toHaveLength(3);
    const change = async (text: string, what: string, more: object) => {
      const message = (await seenHere(here, id)).find(({ data }) => data === text);
      const path = `/1.2/rtm/conversations/${id}/messages/${encodeURIComponent(message?.["msg-id"] ?? "")}${what}`;
      const about = { from_client: message?.from, timestamp: message?.timestamp };
      await callAsOwner(here, "PUT", path, { ...about, ...more });
    };
    await change("sent", "", { message: "sent, edited" });
    await change("received", "/recall", {});
    await change("old", "", { message: "old, edited" });
    await expect
      .poll(() => textsOf(there.seen(id)).toSorted(), { timeout: 10_000 })
      .toEqual(["old, edited", "sent, edited", '{"_lctype":-127}'].toSorted());
    await say(toms, id, "once");
    await change("once", "", { message: "twice" });
    await change("twice", "", { message: "three times" });
    await expect.poll(() => textsOf(there.seen(id)), { timeout: 10_000 }).toContain("three times");
    await expect.poll(() => mirrorOf(here)).toMatchObject({ waiting: 0, leftOut: 0, sent: 2 });
    expect(there.seen(id)).toHaveLength(4);
    const imported = await callAsOwner(here, "POST", "/admin/import/messages", {
      results: there.data.messages.toReversed(),
    });
    expect(imported).toMatchObject({ added: 0, changed: 0 });
  });

  test("waits, and is not multiplied, while the setting leads back to this server", async () => {
    const { there } = sides;
    const here = await sides.startHere();
    const id = await sharedConversation(there, here, [tom, jerry]);
    await configure(here, { mirror: { server: here.url } });
    const toms = await NodeDevice.of(here, tom);
    await say(toms, id, "hello");
    await expect
      .poll(() => mirrorOf(here), { timeout: 10_000 })
      .toMatchObject({ waiting: 1, conversations: [{ problem: expect.stringContaining("leads back") }] });
    expect(textsOf(await seenHere(here, id))).toEqual(["hello"]);
    await configure(here, { mirror: { server: there.url } });
    await expect.poll(() => textsOf(there.seen(id)), { timeout: 20_000 }).toEqual(["hello"]);
  });

  test("stays here while nothing is mirrored", async () => {
    const { there } = sides;
    const here = await sides.startHere();
    const id = await sharedConversation(there, here, [tom, jerry]);
    await configure(here, { mirror: { server: null } });
    const toms = await NodeDevice.of(here, tom);
    await say(toms, id, "here alone");
    expect(there.calls).toEqual([]);
    expect(await callHere(here, parametersOf(there.say(id, jerry, "there alone")))).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("mirror.server") },
    });
    expect(textsOf(await seenHere(here, id))).toEqual(["here alone"]);
  });
});

describe("a message that is sent at LeanCloud", () => {
  test("reaches clients here live, with its id and time, once, and does not go back", async () => {
    const { there } = sides;
    const here = await sides.startHere();
    const id = await sharedConversation(there, here, [tom, jerry]);
    const jerrys = await NodeDevice.of(here, jerry);
    const message = there.say(id, tom, "hello");
    const answers = await Promise.all([1, 2, 3].map(() => callHere(here, parametersOf(message))));
    const outcomes = answers.map(({ body }) => JSON.stringify(body)).toSorted();
    expect(outcomes).toEqual(['{"outcome":"added"}', '{"outcome":"known"}', '{"outcome":"known"}']);
    await expect.poll(() => told(jerrys)).toHaveLength(1);
    expect(told(jerrys)).toMatchObject([{ id: message["msg-id"], msg: "hello", fromPeerId: tom }]);
    expect(await seenHere(here, id)).toMatchObject([
      { "msg-id": message["msg-id"], timestamp: message.timestamp, from: tom, data: "hello" },
    ]);
    expect(there.posts).toEqual([]);
    await expect.poll(() => mirrorOf(here)).toMatchObject({ sent: 0, received: 1 });
  });

  test("is unread for a member that was away here, and in a conversation that came with it", async () => {
    const { there } = sides;
    const here = await sides.startHere();
    const { objectId: id } = conversationAt(there, [tom, jerry]);
    const message = there.say(id, tom, "a new conversation");
    expect(await callHere(here, parametersOf(message))).toEqual({ status: 200, body: { outcome: "added" } });
    const counted = `/1.2/rtm/clients/${jerry}/unread-count?conv_id=${id}`;
    expect(await callAsOwner(here, "GET", counted)).toEqual({ count: 1 });
    const nowhere = { ...parametersOf(message), convId: "65537a0effffffffffffffff", msgId: "another" };
    expect((await callHere(here, nowhere)).body).toMatchObject({ outcome: "left out" });
  });

  test("keeps its id, at a place of its own, if the conversation here has gone on since", async () => {
    const { there } = sides;
    const here = await sides.startHere();
    const id = await sharedConversation(there, here, [tom, jerry]);
    const toms = await NodeDevice.of(here, tom);
    const late = there.say(id, jerry, "said first");
    const later = there.say(id, jerry, "said long before", { timestamp: Date.now() - 20_000 });
    await say(toms, id, "said second");
    for (const message of [late, later]) await callHere(here, parametersOf(message));
    for (const message of [late, later]) {
      expect((await callHere(here, parametersOf(message))).body).toEqual({ outcome: "known" });
    }
    const seen = await seenHere(here, id);
    expect(seen.map((each) => each["msg-id"])).toEqual(
      expect.arrayContaining([late["msg-id"], later["msg-id"]]),
    );
    expect(seen).toHaveLength(3);
    const imported = await callAsOwner(here, "POST", "/admin/import/messages", {
      results: there.data.messages.toReversed(),
    });
    expect(imported).toMatchObject({ added: 0, changed: 0 });
    expect(await seenHere(here, id)).toEqual(seen);
  });
});
