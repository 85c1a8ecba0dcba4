import { beforeAll, expect, test, vi } from "vitest";
import { change, heard, history, named, refusal, say } from "../../support/chat.ts";
import { caughtUp, pushesOf, read } from "../support/commands.ts";
import { onlineClients } from "../support/pair-chat.ts";
import { unreadOf } from "../support/rest.ts";
import { broadcast, newService, subscribe, tell, unsubscribe } from "../support/services.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { openWorld } from "../support/world.ts";

/** A large service conversation: its object serves one session here, each relay one more (docs/rules.md, T1-T6). */

beforeAll(() =>
  openWorld({
    rooms: { socketsPerRelay: 1 },
    limits: { broadcastsPerMinute: 0, broadcastsPerDay: 0 },
    messages: { allowEdit: true, allowRecall: true },
  }),
);

/** Spike has the one place at the service itself; whoever comes later is at a relay. */
async function largeService() {
  const { spike, spikes } = await onlineClients("spike");
  const id = await newService();
  expect(refusal(await change(spikes, "add", id, [spike]))).toBe("");
  return { id, spike, spikes };
}

test("[V-03] a message to one client reaches its session at a relay, between broadcasts and in order", async () => {
  const { id, spikes } = await largeService();
  const { tom, toms, jerry, jerrys } = await onlineClients("tom", "jerry");
  await change(toms, "add", id, [tom]);
  await change(jerrys, "add", id, [jerry]);
  const said: string[] = [];
  for (let at = 0; at < 4; at += 1) {
    await broadcast(id, `news ${at}`);
    await tell(id, [tom], `parcel ${at}`);
    said.push(`news ${at}`, `parcel ${at}`);
  }
  await broadcast(id, "last");
  said.push("last");
  for (const text of said) await toms.message(text);
  await jerrys.message("last");
  await spikes.message("last");
  expect([...heard(toms, id)].sort()).toEqual([...said].sort());
  const news = said.filter((text) => !text.startsWith("parcel"));
  expect(heard(jerrys, id)).toEqual(news);
  expect(heard(spikes, id)).toEqual(news);
});

test("[V-03] a message reaches a client at a relay that only writes to the service", async () => {
  const { id } = await largeService();
  const { tom, toms, jerrys } = await onlineClients("tom", "jerry");
  await say(toms, id, "a question");
  await say(jerrys, id, "another question");
  await tell(id, [tom], "an answer");
  await toms.message("an answer");
  expect(heard(jerrys, id)).toEqual([]);
});

test("[V-02] whoever is not subscribed hears no broadcast at a relay, also after being woken", async () => {
  const { id, spikes } = await largeService();
  const { tom, toms, jerry, jerrys } = await onlineClients("tom", "jerry");
  await change(jerrys, "add", id, [jerry]);
  await say(toms, id, "a question");
  await broadcast(id, "for subscribers");
  await tell(id, [tom], "an answer");
  await toms.message("an answer");
  await broadcast(id, "for subscribers again");
  await tell(id, [tom], "another answer");
  await toms.message("another answer");
  await jerrys.message("for subscribers again");
  await spikes.message("for subscribers again");
  expect(heard(toms, id)).toEqual(["an answer", "another answer"]);
});

test("[V-01] whoever subscribes or unsubscribes at a relay hears from then on, or no longer", async () => {
  const { id, spikes } = await largeService();
  const { tom, toms } = await onlineClients("tom");
  await caughtUp(id, toms);
  await broadcast(id, "before");
  expect(refusal(await change(toms, "add", id, [tom]))).toBe("");
  await broadcast(id, "one");
  await toms.message("one");
  await change(toms, "remove", id, [tom]);
  await broadcast(id, "between");
  await spikes.message("between");
  await change(toms, "add", id, [tom]);
  await broadcast(id, "two");
  await toms.message("two");
  await unsubscribe(id, tom);
  await broadcast(id, "between again");
  await spikes.message("between again");
  await subscribe(id, tom);
  await broadcast(id, "three");
  await toms.message("three");
  expect(heard(toms, id)).toEqual(["one", "two", "three"]);
});

test("[V-05] what a client writes at a relay reaches its own other device and nobody else", async () => {
  const { id, spikes } = await largeService();
  const { tom, toms, jerry, jerrys } = await onlineClients("tom", "jerry");
  await change(toms, "add", id, [tom]);
  await change(jerrys, "add", id, [jerry]);
  const other = await WorkerdDevice.connect();
  await other.login(tom, { deviceId: "another" });
  await caughtUp(id, other);
  await say(toms, id, "a secret");
  await other.message("a secret");
  await broadcast(id, "hello, all");
  await jerrys.message("hello, all");
  await spikes.message("hello, all");
  expect(heard(jerrys, id)).toEqual(["hello, all"]);
  expect(heard(spikes, id)).toEqual(["hello, all"]);
  expect(await history(jerrys, id)).toEqual(["hello, all"]);
  expect(await unreadOf(tom, id)).toBe(1);
});

test("[V-02] a client that was subscribed by the app's server while it is online at a relay hears broadcasts", async () => {
  const { id } = await largeService();
  const { tom, toms } = await onlineClients("tom");
  const [mary] = named("mary");
  await subscribe(id, tom);
  await subscribe(id, mary);
  await broadcast(id, "hello");
  await toms.message("hello");
  expect(heard(toms, id)).toEqual(["hello"]);
});

test("[Y-22] what one device reads at a relay is read on the client's other device there", async () => {
  const { id } = await largeService();
  const { tom, toms } = await onlineClients("tom");
  await change(toms, "add", id, [tom]);
  const other = await WorkerdDevice.connect();
  await other.login(tom, { deviceId: "another" });
  await caughtUp(id, other);
  await broadcast(id, "news");
  await toms.message("news");
  await other.message("news");
  read(toms, id);
  const isRead = (device: WorkerdDevice) =>
    expect(countsOf(device, id).at(-1), `counts of ${device.clientId}`).toBe(0);
  await vi.waitFor(() => [toms, other].forEach(isRead), { timeout: 5_000 });
});

/** The unread counts of a conversation that a device was sent, in order. */
function countsOf(device: WorkerdDevice, id: string): (number | undefined)[] {
  return pushesOf(device, "unread")
    .flatMap(({ unreadMessage }) => unreadMessage?.convs ?? [])
    .filter(({ cid }) => cid === id)
    .map(({ unread }) => unread);
}
