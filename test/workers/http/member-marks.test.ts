import { beforeAll, expect, test } from "vitest";
import { named } from "../../support/chat.ts";
import { acknowledge, read } from "../support/commands.ts";
import { pairChat, serverChat } from "../support/pair-chat.ts";
import { tell } from "../support/receipts.ts";
import { conversationOf, done, outcome, rest, saidBy } from "../support/rest.ts";
import { enter, roomOf } from "../support/rooms.ts";
import { broadcast, newService, subscribe } from "../support/services.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { configure, openWorld } from "../support/world.ts";

/** Who is in a conversation, and how far each has come (G-03). */

beforeAll(() => openWorld());

interface Mark {
  up_to: number;
  message_id?: string;
  message_at?: number;
}

interface Member {
  client_id: string;
  online: boolean;
  role: string;
  muted: boolean;
  silenced: boolean;
  silenced_until?: number;
  delivered?: Mark;
  read?: Mark;
  unread?: number;
  away?: string;
}

interface Page {
  kind: string;
  total: number;
  results: Member[];
  next?: string;
}

const membersOf = (id: string, query = "") => done<Page>("GET", `/admin/conversations/${id}/members${query}`);

async function memberIn(id: string, clientId: string): Promise<Member> {
  const found = (await membersOf(id)).results.find((member) => member.client_id === clientId);
  if (found === undefined) throw new Error(`${clientId} is not there`);
  return found;
}

test("[G-03] a member's marks name the last message that arrived and the last that was read", async () => {
  const { tom, jerry, toms, jerrys, chat } = await pairChat();
  const first = await tell(toms, chat, "first", jerrys);
  const second = await tell(toms, chat, "second", jerrys);
  read(jerrys, chat, { timestamp: Number(first.timestamp) });
  acknowledge(jerrys, chat, { mid: second.mid });
  await expect
    .poll(async () => {
      const { delivered, read: seen, unread } = await memberIn(chat, jerry);
      return { delivered: delivered?.message_id, read: seen?.message_id, unread };
    })
    .toEqual({ delivered: second.mid, read: first.mid, unread: 1 });
  expect(await memberIn(chat, tom)).toMatchObject({ online: true, role: "Owner", unread: 0 });
});

test("[G-03] who has received nothing since they joined has no marks, and everything is unread", async () => {
  const [tom, jerry] = named("tom", "jerry");
  const id = await conversationOf([tom, jerry]);
  await saidBy(tom, id, "hello");
  await expect.poll(async () => (await memberIn(id, jerry)).away).toBe("away");
  const member = await memberIn(id, jerry);
  expect(member).toMatchObject({ online: false, unread: 1, muted: false, silenced: false });
  expect(member.delivered).toBeUndefined();
  expect(member.read).toBeUndefined();
});

test("[G-03] role, mute and silence of a member are told", async () => {
  await configure({ security: { memberRoles: true } });
  const { jerry, id } = await serverChat();
  const path = `/1.2/rtm/conversations/${id}`;
  await done("POST", `${path}/mutes`, { client_ids: [jerry] });
  await done("POST", `${path}/member-infos`, { clientId: jerry, role: "Manager" });
  await done("POST", `${path}/temporary-silenceds`, { client_id: jerry, ttl: 60_000 });
  const member = await memberIn(id, jerry);
  expect(member).toMatchObject({ role: "Manager", muted: true, silenced: true });
  expect(member.silenced_until).toBeGreaterThan(0);
  await configure({ security: null });
});

test("[G-03] members come in pages, in the order of their ids, each once", async () => {
  const people = named("a", "b", "c", "d", "e").toSorted();
  const id = await conversationOf(people.toReversed());
  const seen: string[] = [];
  let next: string | undefined;
  do {
    const page = await membersOf(
      id,
      `?limit=2${next === undefined ? "" : `&after=${encodeURIComponent(next)}`}`,
    );
    expect(page.total).toBe(5);
    seen.push(...page.results.map((member) => member.client_id));
    next = page.next;
  } while (next !== undefined);
  expect(seen).toEqual(people);
});

test("[G-03] of a chat room those who are there are shown", async () => {
  const [tom] = named("tom");
  const toms = await WorkerdDevice.of(tom);
  const room = await roomOf(toms);
  await enter(toms, room);
  expect(await membersOf(room)).toMatchObject({
    kind: "room",
    total: 1,
    results: [{ client_id: tom, online: true }],
  });
});

test("[G-03] of a service its subscribers are shown, with what each has not read", async () => {
  const [tom] = named("tom");
  const id = await newService();
  await subscribe(id, tom);
  await broadcast(id, "news");
  expect(await membersOf(id)).toMatchObject({
    kind: "system",
    total: 1,
    results: [{ client_id: tom, online: false, unread: 1 }],
  });
});

test("[I13] an unknown conversation is refused with 404", async () => {
  expect(await outcome(rest("GET", "/admin/conversations/65537a0e00000000000000ff/members"))).toBe(
    "404 4303",
  );
});
