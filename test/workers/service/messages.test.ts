import { beforeAll, expect, test } from "vitest";
import { change, heard, history, logs, named, refusal, say } from "../../support/chat.ts";
import { caughtUp, edit, namedBy, read } from "../support/commands.ts";
import { onlineClients } from "../support/pair-chat.ts";
import { done, outcome, rest, unreadOf } from "../support/rest.ts";
import {
  broadcast,
  dialogue,
  newService,
  rowsOf,
  SERVICES,
  subscribe,
  tell,
  unsubscribe,
} from "../support/services.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { configure, openWorld, stayAwake } from "../support/world.ts";

/** What a service says to its clients, and they to it. */

beforeAll(() =>
  openWorld({
    limits: { broadcastsPerMinute: 0, broadcastsPerDay: 0 },
    messages: { allowEdit: true, allowRecall: true },
  }),
);

const sessions = { deviceId: "another" };

test("[V-02] a broadcast reaches the subscribers that are online, and others at their login", async () => {
  const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const [mary] = named("mary");
  const id = await newService();
  await change(toms, "add", id, [tom]);
  await subscribe(id, mary);
  const sent = await broadcast(id, "hello, all");
  const message = await toms.message("hello, all");
  expect(message.directMessage).toMatchObject({
    id: sent["msg-id"],
    cid: id,
    fromPeerId: "news",
    convType: 3,
  });
  expect(await unreadOf(tom, id)).toBe(1);
  const marys = await WorkerdDevice.of(mary);
  const { unreadMessage } = await marys.push("unread");
  expect(unreadMessage?.convs).toMatchObject([
    { cid: id, unread: 1, mid: sent["msg-id"], data: "hello, all", convType: 3 },
  ]);
  await caughtUp(id, jerrys);
  expect(heard(jerrys, id)).toEqual([]);
  expect(await unreadOf(jerry, id)).toBe(0);
});

test("[I16] [Y-07] what a service told a client alone is unread at the next login, though the subscription ended", async () => {
  const [tom, jerry] = named("tom", "jerry");
  const id = await newService();
  for (const client of [tom, jerry]) {
    await subscribe(id, client);
    const device = await WorkerdDevice.of(client);
    await tell(id, [client], "your parcel");
    await device.message("your parcel");
    // Tom ends it himself; of Jerry, the app's server does.
    if (client === tom) await change(device, "remove", id, [tom]);
    else await unsubscribe(id, jerry);
    await device.ask({ cmd: "session", op: "close" });
    for (let login = 0; login < 2; login += 1) {
      const next = await WorkerdDevice.of(client);
      const { unreadMessage } = await next.push("unread");
      expect(unreadMessage?.convs).toMatchObject([{ cid: id, unread: 1, data: "your parcel" }]);
      await next.ask({ cmd: "session", op: "close" });
    }
  }
});

test("[V-02] a broadcast is written once, however many are subscribed", async () => {
  const id = await newService();
  for (let at = 0; at < 30; at += 1) await subscribe(id, `reader-${at}`);
  await broadcast(id, "first");
  const before = await rowsOf(id);
  await broadcast(id, "second");
  const after = await rowsOf(id);
  const grown = Object.entries(after).filter(([name, count]) => count !== before[name]);
  expect(grown.map(([name, count]) => [name, count - (before[name] ?? 0)]).sort()).toEqual([
    ["audiences", 1],
    ["messages", 1],
  ]);
});

test("[V-03] a message goes to the clients that are named, subscribed or not, and to nobody else", async () => {
  const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const [mary] = named("mary");
  const id = await newService();
  await change(jerrys, "add", id, [jerry]);
  await tell(id, [tom, mary], "your parcel");
  await toms.message("your parcel");
  await broadcast(id, "hello, all");
  await jerrys.message("hello, all");
  expect(heard(jerrys, id)).toEqual(["hello, all"]);
  expect(heard(toms, id)).toEqual(["your parcel"]);
  expect([await unreadOf(tom, id), await unreadOf(jerry, id), await unreadOf(mary, id)]).toEqual([1, 1, 1]);
  const marys = await WorkerdDevice.of(mary);
  // Her very first login finds it.
  const { unreadMessage } = await marys.push("unread");
  expect(unreadMessage?.convs).toMatchObject([{ cid: id, unread: 1, data: "your parcel" }]);
  expect(await history(marys, id)).toEqual(["your parcel"]);
  const path = `${SERVICES}/${id}/messages`;
  const many = Array.from({ length: 21 }, (_, at) => `reader-${at}`);
  expect(await outcome(rest("POST", path, { from_client: "news", message: "x" }))).toBe("400 105");
  expect(await outcome(rest("POST", path, { from_client: "news", message: "x", to_clients: many }))).toBe(
    "400 105",
  );
});

test("[V-05] what a client writes goes to its own devices and to nobody else", async () => {
  const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const id = await newService();
  await change(toms, "add", id, [tom]);
  await change(jerrys, "add", id, [jerry]);
  const other = await WorkerdDevice.connect();
  await other.login(tom, sessions);
  await caughtUp(id, other);
  await say(toms, id, "a secret");
  await other.message("a secret");
  await broadcast(id, "hello, all");
  await jerrys.message("hello, all");
  expect(heard(jerrys, id)).toEqual(["hello, all"]);
  expect(await history(jerrys, id)).toEqual(["hello, all"]);
  expect(await history(toms, id)).toEqual(["a secret", "hello, all"]);
  expect(await unreadOf(tom, id)).toBe(1);
});

test("[V-05] one client's dialogue with a service is one history, in order and in pages", async () => {
  const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const id = await newService();
  await change(toms, "add", id, [tom]);
  const said: string[] = [];
  for (let at = 0; at < 10; at += 1) {
    await broadcast(id, `news ${at}`);
    await tell(id, [tom], `parcel ${at}`);
    await say(toms, id, `answer ${at}`);
    await say(jerrys, id, `other ${at}`);
    await tell(id, [jerry], `not Tom's ${at}`);
    said.push(`news ${at}`, `parcel ${at}`, `answer ${at}`);
  }
  expect(await history(toms, id)).toEqual(said);
  expect(await dialogue(id, tom)).toEqual(said);
  const pages: string[] = [];
  for (let last: { mid?: string; t?: bigint } = {}; ; ) {
    const { logsMessage } = await logs(toms, id, { limit: 7, ...last });
    const page = logsMessage?.logs ?? [];
    pages.unshift(...page.map(({ data }) => data));
    const [first] = page;
    if (page.length < 7 || first === undefined) break;
    last = { mid: first.msgId, t: first.timestamp };
  }
  expect(pages).toEqual(said);
});

test("[V-07] an edit of a broadcast reaches those who have it, and those who have not got it read it changed", async () => {
  const { tom, toms } = await onlineClients("tom");
  const [mary] = named("mary");
  const id = await newService();
  await change(toms, "add", id, [tom]);
  await subscribe(id, mary);
  const sent = await broadcast(id, "helo");
  await toms.message("helo");
  const path = `${SERVICES}/${id}/messages/${encodeURIComponent(sent["msg-id"])}`;
  const about = { from_client: "news", timestamp: sent.timestamp };
  await done("PUT", path, { ...about, message: "hello" });
  const { patchMessage } = await toms.push("patch", "modify");
  expect(patchMessage?.patches).toMatchObject([
    { cid: id, mid: sent["msg-id"], data: new TextEncoder().encode("hello") },
  ]);
  const marys = await WorkerdDevice.of(mary);
  const { unreadMessage } = await marys.push("unread");
  expect(unreadMessage?.convs).toMatchObject([{ unread: 1, data: "hello" }]);
  await done("PUT", `${path}/recall`, about);
  const recalled = await toms.push("patch", "modify");
  expect(recalled.patchMessage?.patches).toMatchObject([{ recall: true }]);
  expect(await outcome(rest("PUT", path, { ...about, message: "x", to_clients: [tom] }))).toBe("404 4404");
});

test("[V-07] a message to some clients is edited and recalled for exactly these", async () => {
  const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const id = await newService();
  await change(jerrys, "add", id, [jerry]);
  const sent = await tell(id, [tom], "your parcel");
  await toms.message("your parcel");
  const path = `${SERVICES}/${id}/messages/${encodeURIComponent(sent["msg-id"])}`;
  const about = { from_client: "news", timestamp: sent.timestamp };
  expect(await outcome(rest("PUT", path, { ...about, message: "x" }))).toBe("404 4404");
  expect(await outcome(rest("PUT", path, { ...about, message: "x", to_clients: [jerry] }))).toBe("404 4404");
  await done("PUT", path, { ...about, message: "your letter", to_clients: [tom] });
  await toms.push("patch", "modify");
  expect(await history(toms, id)).toEqual(["your letter"]);
  await done("PUT", `${path}/recall`, { ...about, to_clients: [tom] });
  await toms.push("patch", "modify");
  await broadcast(id, "hello, all");
  await jerrys.message("hello, all");
  expect(jerrys.received.filter(({ patchMessage }) => patchMessage !== undefined)).toEqual([]);
});

test("[V-07] an edit reaches a device that was away, at its login", async () => {
  const { tom, toms } = await onlineClients("tom");
  const id = await newService();
  await change(toms, "add", id, [tom]);
  const sent = await broadcast(id, "helo");
  await toms.message("helo");
  toms.close();
  const path = `${SERVICES}/${id}/messages/${encodeURIComponent(sent["msg-id"])}`;
  await done("PUT", path, { from_client: "news", timestamp: sent.timestamp, message: "hello" });
  const again = await WorkerdDevice.connect();
  await again.login(tom, { lastPatchTime: BigInt(sent.timestamp) });
  const { patchMessage } = await again.push("patch", "modify");
  expect(patchMessage?.patches).toMatchObject([
    { mid: sent["msg-id"], data: new TextEncoder().encode("hello") },
  ]);
});

test("[V-07] an edit of what was taken out of what a client reads does not bring it back at a login", async () => {
  const { tom, toms } = await onlineClients("tom");
  const id = await newService();
  await change(toms, "add", id, [tom]);
  const [kept, taken] = [await broadcast(id, "kept"), await broadcast(id, "taken")];
  await toms.message("taken");
  toms.close();
  const pathOf = (sent: { "msg-id": string }) => `messages/${encodeURIComponent(sent["msg-id"])}`;
  const about = `from_client=news&timestamp=${taken.timestamp}`;
  await done("DELETE", `${SERVICES}/${id}/subscribers/${tom}/${pathOf(taken)}?${about}`);
  for (const sent of [taken, kept])
    await done("PUT", `${SERVICES}/${id}/${pathOf(sent)}`, {
      from_client: "news",
      timestamp: sent.timestamp,
      message: "edited",
    });
  const again = await WorkerdDevice.connect();
  await again.login(tom, { lastPatchTime: BigInt(kept.timestamp) });
  await again.push("patch", "modify");
  await caughtUp(id, again);
  const patches = again.pushes().flatMap(({ patchMessage }) => patchMessage?.patches ?? []);
  expect(patches.map(({ mid }) => mid)).toEqual([kept["msg-id"]]);
});

test("[V-07] a message is taken out of what one client reads, and stays for the others", async () => {
  const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const id = await newService();
  await change(toms, "add", id, [tom]);
  await change(jerrys, "add", id, [jerry]);
  const sent = await broadcast(id, "hello, all");
  const direct = await tell(id, [tom, jerry], "your parcel");
  const about = ({ timestamp }: { timestamp: number }) => `from_client=news&timestamp=${timestamp}`;
  for (const one of [sent, direct]) {
    const mid = encodeURIComponent(one["msg-id"]);
    await done("DELETE", `${SERVICES}/${id}/subscribers/${tom}/messages/${mid}?${about(one)}`);
  }
  expect(await history(toms, id)).toEqual([]);
  expect(await unreadOf(tom, id)).toBe(0);
  expect(await history(jerrys, id)).toEqual(["hello, all", "your parcel"]);
  expect(await unreadOf(jerry, id)).toBe(2);
});

test("[Y-15] reading a service sets its count to 0 on every device, and the next broadcast counts again", async () => {
  const { tom, toms } = await onlineClients("tom");
  const id = await newService();
  await change(toms, "add", id, [tom]);
  await broadcast(id, "one");
  await broadcast(id, "two");
  await toms.message("two");
  const other = await WorkerdDevice.connect();
  await other.login(tom, sessions);
  const { unreadMessage } = await other.push("unread");
  expect(unreadMessage?.convs).toMatchObject([{ cid: id, unread: 2 }]);
  read(other, id);
  const zero = await other.push("unread");
  expect(zero.unreadMessage?.convs).toMatchObject([{ cid: id, unread: 0 }]);
  expect(await unreadOf(tom, id)).toBe(0);
  await broadcast(id, "three");
  await other.message("three");
  expect(await unreadOf(tom, id)).toBe(1);
});

test("[L-09] a `.1` device gets the twenty newest broadcasts that it missed", async () => {
  const [mary] = named("mary");
  const id = await newService();
  await subscribe(id, mary);
  for (let at = 0; at < 25; at += 1) await broadcast(id, `news ${at}`);
  const marys = await WorkerdDevice.connect({ protocol: "lc.protobuf2.1" });
  await marys.login(mary);
  await marys.message("news 24");
  expect(heard(marys, id)).toEqual(Array.from({ length: 20 }, (_, at) => `news ${at + 5}`));
  expect(await unreadOf(mary, id)).toBe(25);
});

test("[V-05] a client edits what it wrote, and never what the service sent in its name", async () => {
  const { tom, toms } = await onlineClients("tom");
  const id = await newService();
  await change(toms, "add", id, [tom]);
  const own = namedBy(id, await say(toms, id, "helo"));
  expect(refusal(await edit(toms, own, "hello"))).toBe("");
  const sent = await broadcast(id, "from Tom?", { from_client: tom });
  const services = { cid: id, mid: sent["msg-id"], timestamp: BigInt(sent.timestamp) };
  expect(refusal(await edit(toms, services, "mine"))).toMatch(/^4403/);
  expect(await history(toms, id)).toEqual(["hello", "from Tom?"]);
});

test("[L-11] broadcasts over the limit of a minute or a day are refused with 429", async () => {
  const id = await newService();
  await configure({ limits: { broadcastsPerMinute: 2, broadcastsPerDay: 0 } });
  const path = `${SERVICES}/${id}/broadcasts`;
  const one = () => rest("POST", path, { from_client: "news", message: "x" });
  // The counts of a minute are in memory.
  const mayHibernate = stayAwake();
  const outcomes = [await one(), await one(), await one()].map(({ status }) => status);
  mayHibernate();
  await configure({ limits: { broadcastsPerMinute: 0, broadcastsPerDay: 1 } });
  const first = await one();
  const second = await one();
  await configure({ limits: { broadcastsPerMinute: 0, broadcastsPerDay: 0 } });
  expect(outcomes.at(-1)).toBe(429);
  expect([first.status, second.status]).toEqual([200, 429]);
  expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(60);
});
