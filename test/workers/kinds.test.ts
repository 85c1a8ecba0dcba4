import { beforeAll, expect, test } from "vitest";
import { errors } from "../../src/protocol/errors.ts";
import { refusal } from "../support/chat.ts";
import type { CommandInit } from "../support/frames.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { done, outcome, rest } from "./support/rest.ts";
import type { GenericCommand, WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld } from "./support/world.ts";

/** What the kinds of conversation have in common, and that they are not taken for each other. */

beforeAll(() => openWorld());

const begin = (device: WorkerdDevice, more: object): Promise<GenericCommand> =>
  device.ask({ cmd: "conv", op: "start", convMessage: more });

async function rowsOf(device: WorkerdDevice, convMessage: object): Promise<Record<string, unknown>[]> {
  const found = await device.ask({ cmd: "conv", op: "query", convMessage });
  return JSON.parse(found.convMessage?.results?.data ?? "[]");
}

const whereId = (id: string) => ({ where: { data: JSON.stringify({ objectId: id }) } });

test("[R-01] a client creates a chat room, of which no members are kept", async () => {
  const { tom, jerry, toms } = await onlineClients("tom", "jerry");
  const { convMessage } = await begin(toms, { m: [tom, jerry], transient: true, unique: true });
  const id = convMessage?.cid ?? "";
  expect(id).toMatch(/^[0-9a-f]{24}$/);
  const [row] = await rowsOf(toms, whereId(id));
  expect(row).toMatchObject({ objectId: id, tr: true, conv_type: 2, c: tom, m: [], unique: false });
});

test("[E-01] a client begins a temporary conversation, and its answer has the id's form and the life", async () => {
  const { tom, jerry, toms } = await onlineClients("tom", "jerry");
  const { convMessage } = await begin(toms, { m: [jerry], tempConv: true, tempConvTTL: 60 });
  expect(convMessage).toMatchObject({ cid: expect.stringMatching(/^_tmp:[\w-]{48}$/), tempConvTTL: 60 });
  const [row] = await rowsOf(toms, { tempConvIds: [convMessage?.cid] });
  expect(row).toMatchObject({ temp: true, tempConv: true, conv_type: 4, m: [jerry, tom].toSorted() });
});

test("[A-03] [A-04] each kind is found, changed and deleted by the path of its kind alone", async () => {
  const kinds = ["conversations", "chatrooms", "service-conversations"];
  for (const kind of kinds) {
    const path = `/1.2/rtm/${kind}`;
    const { objectId: id } = await done<{ objectId: string }>("POST", path, { name: `a ${kind}` });
    for (const other of kinds) {
      const there = other === kind;
      const where = encodeURIComponent(JSON.stringify({ objectId: id }));
      const { results } = await done<{ results: unknown[] }>("GET", `/1.2/rtm/${other}?where=${where}`);
      expect([kind, other, results.length]).toEqual([kind, other, there ? 1 : 0]);
      if (there) continue;
      const missing = `404 ${errors.CONVERSATION_NOT_FOUND.code}`;
      expect(await outcome(rest("PUT", `/1.2/rtm/${other}/${id}`, { name: "x" }))).toBe(missing);
      expect(await outcome(rest("DELETE", `/1.2/rtm/${other}/${id}`))).toBe(missing);
    }
    await done("PUT", `${path}/${id}`, { name: "changed" });
    await done("DELETE", `${path}/${id}`);
  }
});

test("[A-02] [A-03] messages, members and mutes of each kind are read by the path of its kind alone", async () => {
  const missing = `404 ${errors.CONVERSATION_NOT_FOUND.code}`;
  const normal = await done<{ objectId: string }>("POST", "/1.2/rtm/conversations", { m: ["Tom"] });
  const room = await done<{ objectId: string }>("POST", "/1.2/rtm/chatrooms", { name: "a room" });
  const foreign = [`chatrooms/${normal.objectId}/messages`, `conversations/${room.objectId}/messages`];
  const lists = ["members", "mutes"].map((list) => `conversations/${room.objectId}/${list}`);
  for (const path of [...foreign, ...lists])
    expect([path, await outcome(rest("GET", `/1.2/rtm/${path}`))]).toEqual([path, missing]);
  expect(await done("GET", `/1.2/rtm/conversations/${normal.objectId}/messages`)).toEqual([]);
  expect(await done("GET", `/1.2/rtm/chatrooms/${room.objectId}/messages`)).toEqual([]);
});

test("[E-02] [E-03] members, mutes and columns of a temporary conversation stay as they are", async () => {
  const { tom, jerry, toms } = await onlineClients("tom", "jerry");
  const { convMessage } = await begin(toms, { m: [jerry], tempConv: true });
  const cid = convMessage?.cid ?? "";
  const changes: [NonNullable<CommandInit["op"]>, NonNullable<CommandInit["convMessage"]>][] = [
    ["add", { m: ["Spike"] }],
    ["remove", { m: [jerry] }],
    ["remove", { m: [tom] }],
    ["update", { attr: { data: '{"name":"x"}' } }],
    ["mute", {}],
    ["unmute", {}],
  ];
  for (const [op, more] of changes) {
    const refused = await toms.ask({ cmd: "conv", op, convMessage: { cid, ...more } });
    expect([op, refusal(refused)]).toEqual([op, "4314 NORMAL_CONVERSATION_REQUIRED"]);
  }
});
