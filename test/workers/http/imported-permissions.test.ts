import { beforeAll, describe, expect, test } from "vitest";
import { named, refusal, say } from "../../support/chat.ts";
import { shutUp } from "../../support/permissions.ts";
import { conversationOf, done } from "../support/rest.ts";
import { enter, roomOf } from "../support/rooms.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { openWorld } from "../support/world.ts";

/** Roles, silences and blacklists of a LeanCloud export come into conversations that are here. */

beforeAll(() => openWorld({ security: { memberRoles: true, blacklists: true } }));

interface Answer {
  added: number;
  changed: number;
  kept: number;
  refused: { row: number; error: string }[];
}

const bring = (what: string, results: object[]) => done<Answer>("POST", `/admin/import/${what}`, { results });
const counts = ({ added, changed, kept, refused }: Answer) => [added, changed, kept, refused.length];

/** A conversation of Tom's with Jerry. */
async function chatOf() {
  const [tom, jerry, spike] = named("tom", "jerry", "spike");
  const chat = await conversationOf([tom, jerry], { c: tom });
  return { tom, jerry, spike, chat };
}

test("[X-16] [X-19] silences, blacklists and roles come into chat rooms, where nobody is a member", async () => {
  const [tom, jerry, spike] = named("tom", "jerry", "spike");
  const [toms, jerrys, spikes] = [
    await WorkerdDevice.of(tom),
    await WorkerdDevice.of(jerry),
    await WorkerdDevice.of(spike),
  ];
  const room = await roomOf(toms);
  const [createdAt, updatedAt] = ["2024-01-01T00:00:00.000Z", "2024-02-01T00:00:00.000Z"];
  const role = { objectId: room, cid: room, clientId: jerry, role: "Manager", createdAt, updatedAt };
  expect(counts(await bring("member-infos", [role]))).toEqual([1, 0, 0, 0]);
  expect(counts(await bring("silences", [{ conv_id: room, client_id: jerry }]))).toEqual([1, 0, 0, 0]);
  expect(counts(await bring("blacklists", [{ conv_id: room, client_id: spike }]))).toEqual([1, 0, 0, 0]);
  await enter(jerrys, room);
  expect(refusal(await say(jerrys, room, "hello"))).toBe("4563 SILIENCED");
  expect(refusal(await enter(spikes, room))).toBe("4548 BLOCKED_BY_CONV");
  expect(await done("GET", `/1.2/rtm/chatrooms/${room}/blacklists`)).toEqual({ client_ids: [spike] });
});

describe("imported roles, silences and blacklists", () => {
  test("[X-11] roles come with their ids and times, the later one wins, and the class has them", async () => {
    const { tom, jerry, spike, chat } = await chatOf();
    const row = (clientId: string, role: string, at: string, objectId = `r${clientId}`.slice(0, 24)) => {
      return { objectId, cid: chat, clientId, role, createdAt: "2024-01-01T00:00:00.000Z", updatedAt: at };
    };
    const first = "2024-02-01T00:00:00.000Z";
    const rows = [row(jerry, "Manager", first), row(tom, "Owner", first), row(spike, "Manager", first)];
    const answer = await bring("member-infos", [...rows, { cid: chat }, row(jerry, "King", first)]);
    expect(counts(answer)).toEqual([1, 0, 1, 3]);
    expect(answer.refused.map(({ row: at }) => at)).toEqual([2, 3, 4]);
    expect(counts(await bring("member-infos", rows.slice(0, 1)))).toEqual([0, 0, 1, 0]);
    const where = encodeURIComponent(JSON.stringify({ cid: chat }));
    const find = () =>
      done<{ results: object[] }>("GET", `/1.1/classes/_ConversationMemberInfo?where=${where}`);
    expect(await find()).toMatchObject({ results: [{ clientId: jerry, role: "Manager", updatedAt: first }] });
    const later = row(jerry, "Member", "2024-03-01T00:00:00.000Z");
    expect(counts(await bring("member-infos", [later]))).toEqual([0, 1, 0, 0]);
    expect(await find()).toMatchObject({ results: [{ clientId: jerry, role: "Member" }] });
    const elsewhere = { ...later, cid: "65537a0e0000000000000fff" };
    expect(counts(await bring("member-infos", [elsewhere]))).toEqual([0, 0, 0, 1]);
  });

  test("[X-16] [X-19] silences and blacklists come once, hold, and do not undo what was lifted here", async () => {
    const { tom, jerry, spike, chat } = await chatOf();
    const jerrys = await WorkerdDevice.of(jerry);
    const toms = await WorkerdDevice.of(tom);
    const silences = [{ conv_id: chat, client_id: jerry }];
    expect(counts(await bring("silences", silences))).toEqual([1, 0, 0, 0]);
    expect(counts(await bring("silences", silences))).toEqual([0, 0, 1, 0]);
    expect(refusal(await say(jerrys, chat, "hello"))).toBe("4563 SILIENCED");
    await shutUp(toms, "remove_shutup", chat, [jerry]);
    expect(counts(await bring("silences", silences))).toEqual([0, 0, 1, 0]);
    expect(refusal(await say(jerrys, chat, "hello"))).toBe("");
    const blacklist = [spike, jerry].map((client_id) => ({ conv_id: chat, client_id }));
    // Jerry is a member here.
    expect(counts(await bring("blacklists", blacklist))).toEqual([1, 0, 1, 0]);
    expect(await done("GET", `/1.2/rtm/conversations/${chat}/blacklists`)).toEqual({ client_ids: [spike] });
    expect(counts(await bring("blacklists", [{ conv_id: chat }]))).toEqual([0, 0, 0, 1]);
  });
});
