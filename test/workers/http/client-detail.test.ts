import { beforeAll, expect, test } from "vitest";
import { named } from "../../support/chat.ts";
import { loggedIn } from "../support/commands.ts";
import { conversationOf, done, outcome, rest, saidBy } from "../support/rest.ts";
import { newService, subscribe } from "../support/services.ts";
import { openWorld, world } from "../support/world.ts";

/** Clients as an owner finds them (G-02). */

beforeAll(() => openWorld());

interface Client {
  client_id: string;
  online: boolean;
  first_login_at?: string;
  sessions: { device_id: string; tag?: string; user_agent?: string; opened_at?: string; mode?: string }[];
  kicked_at?: string;
  ban?: { reason: string };
  conversations: number;
  unread: { conv_id: string; unread: number }[];
  unread_complete: boolean;
  services: { conv_id: string }[];
  installations: Record<string, unknown>[];
}

interface Page {
  online: number;
  results: { client_id: string; online: boolean; first_login_at?: string }[];
  next?: string;
}

const clientOf = (id: string) => done<Client>("GET", `/admin/clients/${encodeURIComponent(id)}`);
const list = (query: string) => done<Page>("GET", `/admin/clients?${query}`);

test("[G-02] a client's sessions have their device, tag, SDK and mode", async () => {
  const [tom] = named("tom");
  const session = { tag: "Mobile", deviceId: "phone", ua: "js/4.3.1" };
  const device = await loggedIn(tom, session);
  const { online, first_login_at, sessions } = await clientOf(tom);
  expect({ online, sessions }).toMatchObject({
    online: true,
    sessions: [{ device_id: "phone", tag: "Mobile", user_agent: "js/4.3.1", mode: "counts" }],
  });
  expect(first_login_at).toBeDefined();
  device.close();
});

test("[G-02] unread messages are told by conversation", async () => {
  const [tom, jerry] = named("tom", "jerry");
  const [quiet, loud] = [await conversationOf([tom, jerry]), await conversationOf([tom, jerry])];
  (await loggedIn(jerry)).close();
  await saidBy(tom, loud, "one");
  await saidBy(tom, loud, "two");
  await expect.poll(async () => (await clientOf(jerry)).unread).toEqual([{ conv_id: loud, unread: 2 }]);
  expect(await clientOf(jerry)).toMatchObject({ conversations: 2, unread_complete: true });
  expect(quiet).not.toBe(loud);
});

test("[G-02] a member that never logged in is known, and gets no object", async () => {
  const [tom, jerry] = named("tom", "jerry");
  const id = await conversationOf([tom, jerry]);
  await saidBy(tom, id, "hello");
  const before = await world.DB.prepare("SELECT count(*) AS n FROM clients").first();
  expect(await clientOf(jerry)).toMatchObject({
    online: false,
    sessions: [],
    conversations: 1,
    unread: [{ conv_id: id, unread: 1 }],
  });
  expect(await world.DB.prepare("SELECT count(*) AS n FROM clients").first()).toEqual(before);
});

test("[I13] an id that nothing names is refused with 404", async () => {
  expect(await outcome(rest("GET", "/admin/clients/nobody-at-all"))).toBe("404 404");
});

test("[G-02] a kick and a ban are told, and their sessions are gone", async () => {
  const [tom] = named("tom");
  await loggedIn(tom);
  await done("POST", "/admin/bans", { client_ids: [tom], reason: "Spam" });
  const client = await clientOf(tom);
  expect(client).toMatchObject({ online: false, sessions: [], ban: { reason: "Spam" } });
  expect(client.kicked_at).toBeDefined();
});

test("[G-02] services that a client subscribed to are listed", async () => {
  const [tom] = named("tom");
  (await loggedIn(tom)).close();
  const id = await newService();
  await subscribe(id, tom);
  expect((await clientOf(tom)).services).toMatchObject([{ conv_id: id }]);
});

test("[G-02] devices are shown without their tokens", async () => {
  const [tom] = named("tom");
  const deviceToken = crypto.randomUUID();
  await done("POST", "/1.1/installations", { deviceType: "ios", deviceToken, channels: [tom] });
  const { installations } = await clientOf(tom);
  expect(installations).toMatchObject([{ device_type: "ios", valid: true }]);
  expect(JSON.stringify(installations)).not.toContain(deviceToken);
});

test("[G-02] clients are found by the beginning of their ids, in pages, online or not", async () => {
  const mark = crypto.randomUUID();
  const people = ["a", "b", "c"].map((name) => `${mark}-${name}`);
  const devices = [];
  for (const id of people) devices.push(await loggedIn(id));
  devices[1]?.close();
  await expect
    .poll(async () => (await list(`which=online&prefix=${mark}`)).results.map(({ client_id }) => client_id))
    .toEqual([people[0], people[2]]);
  const today = await list(`which=today&prefix=${mark}`);
  expect(today.results.map(({ client_id }) => client_id)).toEqual(people);
  const first = await list(`prefix=${mark}&limit=2`);
  expect(first.results.map(({ client_id }) => client_id)).toEqual(people.slice(0, 2));
  const second = await list(`prefix=${mark}&limit=2&after=${first.next}`);
  expect(second).toMatchObject({ results: [{ client_id: people[2], online: true }] });
  expect(second.next).toBeUndefined();
});
