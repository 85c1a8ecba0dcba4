import { beforeAll, expect, test } from "vitest";
import { change, heard, look, named, notices, refusal, say } from "../../support/chat.ts";
import { caughtUp, loggedIn, notifications } from "../support/commands.ts";
import { onlineClients } from "../support/pair-chat.ts";
import { done, outcome, rest } from "../support/rest.ts";
import {
  broadcast,
  countOf,
  newService,
  SERVICES,
  subscribe,
  tell,
  unsubscribe,
} from "../support/services.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { configure, openWorld, world } from "../support/world.ts";

/** Who is subscribed to a service conversation, over the wire and over HTTP. */

beforeAll(() => openWorld({ limits: { broadcastsPerMinute: 0, broadcastsPerDay: 0 } }));

interface Row {
  subscriber: string;
  conv_id: string;
  timestamp: number;
}

const subscribers = (id: string, query = "") => done<Row[]>("GET", `${SERVICES}/${id}/subscribers${query}`);
const servicesOf = (clientId: string, query = "") =>
  done<Row[]>("GET", `/1.2/rtm/clients/${clientId}/service-conversations${query}`);

test("[V-01] a client subscribes and unsubscribes, and sees in a query whether it is subscribed and since when", async () => {
  const { tom, toms } = await onlineClients("tom");
  const id = await newService();
  expect(await look(toms, id)).toMatchObject({ sys: true, conv_type: 3, joined: false, muted: false });
  const added = await change(toms, "add", id, [tom]);
  expect(added.convMessage).toMatchObject({ cid: id, allowedPids: [tom] });
  expect(Date.parse(added.convMessage?.udate ?? "")).toBeGreaterThan(0);
  const joined = await look(toms, id);
  expect(joined).toMatchObject({ joined: true, joinedAt: expect.any(Number) });
  expect(joined).not.toHaveProperty("m");
  expect(joined).not.toHaveProperty("lm");
  expect(await countOf(id)).toBe(1);
  const removed = await change(toms, "remove", id, [tom]);
  expect(removed.convMessage).toMatchObject({ allowedPids: [tom] });
  expect(await look(toms, id)).toMatchObject({ joined: false });
  expect(await countOf(id)).toBe(0);
});

test("[V-01] a client subscribes nobody but itself, and no client creates or changes a service", async () => {
  const { tom, jerry, toms } = await onlineClients("tom", "jerry");
  const id = await newService();
  expect(refusal(await change(toms, "add", id, [jerry]))).toMatch(/^4314/);
  expect(refusal(await change(toms, "add", id, [tom, jerry]))).toMatch(/^4314/);
  expect(refusal(await change(toms, "remove", id, [jerry]))).toMatch(/^4314/);
  const changed = {
    cmd: "conv",
    op: "update",
    convMessage: { cid: id, attr: { data: '{"name":"Mine"}' } },
  } as const;
  expect(refusal(await toms.ask(changed))).toMatch(/^4309/);
  expect(await countOf(id)).toBe(0);
});

test("[V-08] subscribers are listed and counted in pages, and a client's subscriptions too", async () => {
  const id = await newService();
  const names = Array.from({ length: 120 }, (_, at) => `reader-${String(at).padStart(3, "0")}`);
  for (const name of names) await subscribe(id, name);
  await subscribe(id, names[0] ?? "");
  expect(await countOf(id)).toBe(120);
  const listed: string[] = [];
  for (let last = ""; ; ) {
    const page = await subscribers(id, last === "" ? "" : `?client_id=${last}`);
    expect(page.length).toBeLessThanOrEqual(50);
    if (page.length === 0) break;
    listed.push(...page.map(({ subscriber }) => subscriber));
    last = listed.at(-1) ?? "";
  }
  expect(listed).toEqual(names);
  expect((await subscribers(id, "?limit=500")).length).toBe(50);
  await unsubscribe(id, names[3] ?? "");
  expect(await countOf(id)).toBe(119);
});

test("[V-08] the subscriptions of a client are listed, whether it has ever logged in or not", async () => {
  const [jerry] = named("jerry");
  const ids = [await newService(), await newService(), await newService()];
  for (const id of ids) await subscribe(id, jerry);
  const before = await servicesOf(jerry);
  expect(before.map(({ conv_id }) => conv_id)).toEqual(ids);
  const jerrys = await WorkerdDevice.of(jerry);
  expect(await servicesOf(jerry)).toEqual(before);
  const [first] = await servicesOf(jerry, "?limit=1");
  const rest = await servicesOf(jerry, `?conv_id=${first?.conv_id}&timestamp=${first?.timestamp}`);
  expect(rest.map(({ conv_id }) => conv_id)).toEqual(ids.slice(1));
  const newest = await servicesOf(jerry, "?direction=old&limit=2");
  expect(newest.map(({ conv_id }) => conv_id)).toEqual(ids.slice(1).reverse());
  await caughtUp(ids[0] ?? "", jerrys);
  await unsubscribe(ids[1] ?? "", jerry);
  expect((await servicesOf(jerry)).map(({ conv_id }) => conv_id)).toEqual([ids[0], ids[2]]);
});

test("[V-08] a client's list has no deleted service, whether it has ever logged in or not, and its pages stay full", async () => {
  const [jerry, mary] = named("jerry", "mary");
  const jerrys = await WorkerdDevice.of(jerry);
  const ids = [await newService(), await newService(), await newService(), await newService()];
  for (const clientId of [jerry, mary]) for (const id of ids) await subscribe(id, clientId);
  await caughtUp(ids[0] ?? "", jerrys);
  for (const id of ids.slice(0, 2)) await done("DELETE", `${SERVICES}/${id}`);
  for (const clientId of [jerry, mary]) {
    expect((await servicesOf(clientId)).map(({ conv_id }) => conv_id)).toEqual(ids.slice(2));
    expect((await servicesOf(clientId, "?limit=1")).map(({ conv_id }) => conv_id)).toEqual([ids[2]]);
  }
});

test("[V-03] a first login finds what a service wrote to a client that was subscribed to it for a while before", async () => {
  const [mary] = named("mary");
  const id = await newService();
  await subscribe(id, mary);
  await tell(id, [mary], "your parcel");
  await unsubscribe(id, mary);
  expect(await servicesOf(mary)).toEqual([]);
  const marys = await WorkerdDevice.of(mary);
  const { unreadMessage } = await marys.push("unread");
  expect(unreadMessage?.convs).toMatchObject([{ cid: id, unread: 1, data: "your parcel" }]);
});

test("[A-04] D1 keeps nothing for first logins of a deleted service, which subscribed clients and wrote to others", async () => {
  const names = named("mary", "spike", "butch");
  const [mary, spike, butch] = names;
  const id = await newService();
  await subscribe(id, mary);
  await tell(id, [spike, butch], "your parcel");
  const kept = async () => {
    const { results } = await world.DB.prepare(
      "SELECT client_id AS name FROM early_subscriptions WHERE conversation_id = ? ORDER BY name",
    )
      .bind(id)
      .all<{ name: string }>();
    return results.map(({ name }) => name);
  };
  // The service's own name too: it may log in one day, as any client.
  await expect.poll(kept).toEqual([...names, "news"].toSorted());
  await done("DELETE", `${SERVICES}/${id}`);
  expect(await kept()).toEqual([]);
});

test("[V-01] a client that is subscribed over HTTP while it is online hears the next broadcast", async () => {
  const { tom, toms } = await onlineClients("tom");
  const id = await newService();
  await subscribe(id, tom);
  await broadcast(id, "hello, all");
  await toms.message("hello, all");
  await unsubscribe(id, tom);
  await broadcast(id, "not for Tom");
  await subscribe(id, tom);
  await broadcast(id, "again");
  await toms.message("again");
  expect(heard(toms, id)).toEqual(["hello, all", "again"]);
});

test("[V-01] names that nobody has are refused, and other kinds of conversation have no subscribers", async () => {
  const id = await newService();
  expect(await outcome(rest("POST", `${SERVICES}/${id}/subscribers`, { client_id: "" }))).toBe("400 105");
  expect(await outcome(rest("GET", `${SERVICES}/65537a0e00000000000000ff/subscribers`))).toBe("404 4303");
  const { objectId } = await done<{ objectId: string }>("POST", "/1.2/rtm/conversations", { m: ["a", "b"] });
  expect(await outcome(rest("POST", `${SERVICES}/${objectId}/subscribers`, { client_id: "a" }))).toBe(
    "404 4303",
  );
  expect(
    await outcome(rest("POST", `${SERVICES}/${objectId}/broadcasts`, { from_client: "a", message: "x" })),
  ).toBe("404 4303");
});

test("[V-01] [X-19] whoever is blocked in a service unsubscribes and may not write, and no other subscriber hears of it", async () => {
  await configure({ security: { blacklists: true } });
  const [tom, jerry] = named("tom", "jerry");
  const [toms, jerrys] = [await WorkerdDevice.of(tom), await loggedIn(jerry)];
  const id = await newService();
  for (const device of [toms, jerrys])
    expect(refusal(await change(device, "add", id, [device.clientId]))).toBe("");
  await done("POST", `${SERVICES}/${id}/blacklists`, { client_ids: [tom] });
  await toms.push("conv", "blocked");
  expect(refusal(await say(toms, id, "hello"))).toMatch(/^4401/);
  expect(refusal(await change(toms, "add", id, [tom]))).toBe("4548 BLOCKED_BY_CONV");
  await broadcast(id, "news");
  await jerrys.message("news");
  expect(heard(toms, id)).toEqual([]);
  expect(notices(jerrys, id)).toEqual([]);
  const { body } = await notifications(jerry, jerrys.token, { notification_type: "permanent" });
  expect(body).toMatchObject({ notifications: [] });
  await configure({ security: { blacklists: false } });
});
