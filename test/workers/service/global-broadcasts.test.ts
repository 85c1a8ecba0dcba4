import { afterEach, beforeAll, expect, test } from "vitest";
import { change, heard, history, named } from "../../support/chat.ts";
import { caughtUp, read } from "../support/commands.ts";
import { inboxOf } from "../support/objects.ts";
import { onlineClients } from "../support/pair-chat.ts";
import { done, type Logged, outcome, rest, type Sent } from "../support/rest.ts";
import { broadcast, dialogue, newService, SERVICES, subscribe } from "../support/services.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { configure, openWorld, world } from "../support/world.ts";

/** Broadcasts to everybody, subscribed or not. */

const UNLIMITED = { globalBroadcastsPerMinute: 0, globalBroadcastsPerDay: 0 };

beforeAll(() => openWorld({ limits: UNLIMITED }));

const PATH = "/1.2/rtm/broadcasts";

/** The ids of broadcasts that everybody who logs in is told of. */
const valid = new Set<string>();

async function toAll(id: string, message: string, more: object = {}): Promise<Sent> {
  const sent = await done<Sent>("POST", PATH, { from_client: "news", conv_id: id, message, ...more });
  valid.add(sent["msg-id"]);
  return sent;
}

const pathOf = (messageId: string) => `${PATH}/${encodeURIComponent(messageId)}`;

const remove = (sent: Sent) => {
  valid.delete(sent["msg-id"]);
  return done("DELETE", pathOf(sent["msg-id"]));
};

// Whatever a failed test leaves would be told to the people of the next one.
afterEach(async () => {
  for (const messageId of valid) await rest("DELETE", pathOf(messageId));
  valid.clear();
});

/** The unread count of a conversation that a login is told; undefined if it is told of none before another one's. */
async function toldAtLogin(clientId: string, id: string): Promise<string | undefined> {
  const device = await WorkerdDevice.of(clientId);
  await caughtUp(id, device);
  // The gateway holds events back for a moment after a login.
  await new Promise((resolve) => setTimeout(resolve, 250));
  const tuple = device
    .pushes()
    .flatMap(({ unreadMessage }) => unreadMessage?.convs ?? [])
    .find(({ cid }) => cid === id);
  device.close();
  return tuple && `${tuple.unread} ${tuple.data}`;
}

test("[V-04] a broadcast to everybody reaches those online at once, subscribed or not, and leaves no row with them", async () => {
  const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const id = await newService();
  await change(toms, "add", id, [tom]);
  const sent = await toAll(id, "to all");
  const message = await toms.message("to all");
  expect(message.directMessage).toMatchObject({
    id: sent["msg-id"],
    cid: id,
    fromPeerId: "news",
    convType: 3,
  });
  await jerrys.message("to all");
  expect(heard(toms, id)).toEqual(["to all"]);
  expect(await inboxOf(jerry)).toEqual([]);
  expect(await history(jerrys, id)).toEqual(["to all"]);
  expect(await dialogue(id, jerry)).toEqual([]);
  await remove(sent);
});

test("[V-04] a client that was away gets it at its login, until it has read it", async () => {
  const { jerry, jerrys } = await onlineClients("jerry");
  jerrys.close();
  const id = await newService();
  const sent = await toAll(id, "to all");
  expect(await toldAtLogin(jerry, id)).toBe("1 to all");
  expect(await toldAtLogin(jerry, id)).toBe("1 to all");
  const again = await WorkerdDevice.of(jerry);
  read(again, id);
  await again.push("unread");
  await caughtUp(id, again);
  again.close();
  expect(await toldAtLogin(jerry, id)).toBeUndefined();
  await remove(sent);
});

test("[V-04] a brand-new client gets the newest one that is valid, at its first login, and no older one", async () => {
  const [mary, spike] = named("mary", "spike");
  const id = await newService();
  const sent = [await toAll(id, "older"), await toAll(id, "newer")];
  expect(await toldAtLogin(mary, id)).toBe("1 newer");
  sent.push(await toAll(id, "newest"));
  expect(await toldAtLogin(mary, id)).toBe("2 newest");
  for (const one of sent) await remove(one);
  expect(await toldAtLogin(spike, id)).toBeUndefined();
});

test("[V-04] of two broadcasts to everybody, one right after the other, both reach those online", async () => {
  const { toms } = await onlineClients("tom");
  const id = await newService();
  const sent = [await toAll(id, "first")];
  await toms.message("first");
  sent.push(await toAll(id, "second"));
  await toms.message("second");
  for (const one of sent) await remove(one);
});

test("[V-04] what a deleted service sent to everybody is off the list, and a brand-new client gets the newest of another", async () => {
  const [mary] = named("mary");
  const [kept, gone] = [await newService(), await newService()];
  const sent = await toAll(kept, "still valid");
  await toAll(gone, "deleted with its service");
  await done("DELETE", `${SERVICES}/${gone}`);
  expect(await toldAtLogin(mary, kept)).toBe("1 still valid");
  await remove(sent);
});

test("[V-01] [A-04] subscriptions of clients that never logged in are deleted with their service", async () => {
  const [mary, spike] = named("mary", "spike");
  const [kept, gone] = [await newService(), await newService()];
  for (const id of [kept, gone]) for (const clientId of [mary, spike]) await subscribe(id, clientId);
  await done("DELETE", `${SERVICES}/${gone}`);
  const { results } = await world.DB.prepare(
    "SELECT conversation_id AS id FROM early_subscriptions WHERE client_id IN (?, ?)",
  )
    .bind(mary, spike)
    .all<{ id: string }>();
  expect(results.map(({ id }) => id)).toEqual([kept, kept]);
});

test("[V-04] [A-06] lists of the app's history have no broadcast to everybody, edited or not, and have the others", async () => {
  const { toms } = await onlineClients("tom");
  const id = await newService();
  const sent = await toAll(id, "to all");
  await broadcast(id, "to subscribers");
  const path = `${SERVICES}/${id}/messages/${encodeURIComponent(sent["msg-id"])}`;
  await done("PUT", path, { from_client: "news", timestamp: sent.timestamp, message: "to all of you" });
  const listed = async (from: string) =>
    (await done<Logged[]>("GET", from)).filter(({ to }) => to === id).map(({ data }) => data);
  for (const from of [
    "/1.2/rtm/messages",
    "/1.2/rtm/clients/news/messages",
    "/1.1/rtm/messages/history",
    "/1.1/rtm/messages/history?from=news",
  ])
    await expect.poll(() => listed(from)).toEqual(["to subscribers"]);
  expect(await listed(`/1.1/rtm/messages/history?convid=${id}`)).toEqual(["to subscribers", "to all of you"]);
  expect(await history(toms, id)).toEqual(["to all of you"]);
  await remove(sent);
});

test("[V-04] [Y-22] over HTTP, a client's unread messages include broadcasts to everybody since its first login, and its first one", async () => {
  const { jerry, jerrys } = await onlineClients("jerry");
  const id = await newService();
  const unread = (clientId: string, query = "") =>
    done("GET", `/1.2/rtm/clients/${clientId}/unread-count${query}`);
  const sent = [await toAll(id, "older")];
  await jerrys.message("older");
  const [mary] = named("mary");
  sent.push(await toAll(id, "newer"));
  const marys = await WorkerdDevice.of(mary);
  await marys.push("unread");
  for (const query of ["", `?conv_id=${id}`]) {
    expect(await unread(jerry, query)).toEqual({ count: 2 });
    expect(await unread(mary, query)).toEqual({ count: 1 });
  }
  read(jerrys, id);
  await jerrys.push("unread");
  for (const query of ["", `?conv_id=${id}`]) expect(await unread(jerry, query)).toEqual({ count: 0 });
  for (const one of sent) await remove(one);
  expect(await unread(mary)).toEqual({ count: 0 });
});

test("[V-04] a `.1` device gets a broadcast to everybody that it missed", async () => {
  const [mary] = named("mary");
  const id = await newService();
  const sent = await toAll(id, "to all");
  const marys = await WorkerdDevice.connect({ protocol: "lc.protobuf2.1" });
  await marys.login(mary);
  await marys.message("to all");
  await remove(sent);
});

test("[V-04] one that has ended comes to nobody, and stays in history", async () => {
  const [mary] = named("mary");
  const id = await newService();
  await toAll(id, "soon over", { valid_till: Date.now() + 1_500 });
  await new Promise((resolve) => setTimeout(resolve, 1_600));
  expect(await toldAtLogin(mary, id)).toBeUndefined();
  const marys = await WorkerdDevice.of(mary);
  expect(await history(marys, id)).toEqual(["soon over"]);
  expect(await done("GET", `${PATH}?conv_id=${id}`)).toEqual([]);
  const body = { from_client: "news", conv_id: id, message: "x" };
  for (const valid_till of [Date.now() - 1, Date.now() + 32 * 86_400_000])
    expect(await outcome(rest("POST", PATH, { ...body, valid_till }))).toBe("400 105");
});

test("[V-04] an edit or deletion is for those who have not got it yet", async () => {
  const [mary, spike] = named("mary", "spike");
  const { toms } = await onlineClients("tom");
  const id = await newService();
  const sent = await toAll(id, "helo");
  await toms.message("helo");
  const path = `${SERVICES}/${id}/messages/${encodeURIComponent(sent["msg-id"])}`;
  const about = { from_client: "news", timestamp: sent.timestamp };
  await done("PUT", path, { ...about, message: "hello" });
  expect(await toldAtLogin(mary, id)).toBe("1 hello");
  const [listed] = await done<(Logged & { valid_till: number })[]>("GET", `${PATH}?conv_id=${id}`);
  expect(listed).toMatchObject({ data: "hello", valid_till: expect.any(Number) });
  expect(await outcome(rest("PUT", `${path}/recall`, about))).toMatch(/4320/);
  await remove(sent);
  expect(await toldAtLogin(spike, id)).toBeUndefined();
  expect(toms.received.filter(({ patchMessage }) => patchMessage !== undefined)).toEqual([]);
  expect(await outcome(rest("DELETE", `${PATH}/${encodeURIComponent(sent["msg-id"])}`))).toBe("404 4404");
});

test("[V-04] a transient one reaches those online, and is not kept", async () => {
  const [mary] = named("mary");
  const { toms } = await onlineClients("tom");
  const id = await newService();
  await toAll(id, "now or never", { transient: true });
  const { directMessage } = await toms.message("now or never");
  expect(directMessage).toMatchObject({ transient: true });
  expect(await toldAtLogin(mary, id)).toBeUndefined();
  expect(await history(toms, id)).toEqual([]);
});

test("[L-12] more than the limit of a day is refused with 429", async () => {
  const id = await newService();
  await configure({ limits: { globalBroadcastsPerMinute: 0, globalBroadcastsPerDay: 1 } });
  const one = () => rest("POST", PATH, { from_client: "news", conv_id: id, message: "x", transient: true });
  const outcomes = [(await one()).status, (await one()).status];
  await configure({ limits: UNLIMITED });
  expect(outcomes).toEqual([200, 429]);
});

test("[A-08] version 1.1 broadcasts, subscribes and tells who is subscribed", async () => {
  const [mary] = named("mary");
  const { toms } = await onlineClients("tom");
  const id = await newService();
  const said = { from_peer: "news", conv_id: id, message: "to all" };
  const sent = await done<Sent & { result: Sent }>("POST", "/1.1/rtm/broadcast", said);
  expect(sent.result["msg-id"]).toBe(sent["msg-id"]);
  await toms.message("to all");
  expect(await done<unknown[]>("GET", `/1.1/rtm/broadcast?conv_id=${id}`)).toHaveLength(1);
  await done("DELETE", `/1.1/rtm/broadcast?mid=${encodeURIComponent(sent["msg-id"])}`);
  const who = `conv_id=${id}&client_id=${mary}`;
  expect(await done("GET", `/1.1/rtm/conversation/subscribed?${who}`)).toBe(false);
  await done("POST", "/1.1/rtm/conversation/subscription", { conv_id: id, client_id: mary });
  expect(await done("GET", `/1.1/rtm/conversation/subscribed?${who}`)).toBe(true);
  expect(await done("GET", `/1.1/rtm/conversation/subscribers/count?conv_id=${id}`)).toEqual({ count: 1 });
  expect(await done("GET", `/1.1/rtm/conversation/subscribers?conv_id=${id}`)).toMatchObject([
    { subscriber: mary },
  ]);
  expect(await done("GET", `/1.1/rtm/conversation/subscription?client_id=${mary}`)).toMatchObject([
    { conv_id: id },
  ]);
  await done("POST", "/1.1/rtm/broadcast/subscriber", { ...said, message: "news" });
  const direct = { ...said, message: "your parcel", transient: false };
  const parcel = await done<Sent>("POST", "/1.1/rtm/messages", { ...direct, to_peers: [mary] });
  const edit = { from_peer: "news", conv_id: id, msg_id: parcel["msg-id"], timestamp: parcel.timestamp };
  await done("POST", "/1.1/rtm/patch/message", { ...edit, message: "your letter", to_peers: `${mary}` });
  expect(await dialogue(id, mary)).toEqual(["news", "your letter"]);
  expect(await outcome(rest("POST", "/1.1/rtm/messages", direct))).toMatch(/4314/);
  await done("DELETE", `/1.1/rtm/conversation/subscription?${who}`);
  expect(await done("GET", `/1.1/rtm/conversation/subscribed?${who}`)).toBe(false);
});
