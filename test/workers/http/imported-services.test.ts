import { beforeAll, describe, expect, test } from "vitest";
import { change, history, named } from "../../support/chat.ts";
import { done, unreadOf } from "../support/rest.ts";
import { broadcast, countOf, dialogue } from "../support/services.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { maybeHibernate, openWorld } from "../support/world.ts";

/** Service conversations of a LeanCloud export, with all that belongs to them. */

beforeAll(() => openWorld({ limits: { broadcastsPerMinute: 0, broadcastsPerDay: 0 } }));

interface Answer {
  added: number;
  changed: number;
  kept: number;
  refused: { row: number; error: string }[];
}

const CREATED = Date.parse("2024-01-01T00:00:00.000Z");
const SUBSCRIBED = CREATED + 10;
const DAY = 86_400_000;

const bring = (what: string, results: object[]) => done<Answer>("POST", `/admin/import/${what}`, { results });
const counts = ({ added, changed, kept, refused }: Answer) => [added, changed, kept, refused.length];

/** An exported service with subscribers Tom and Jerry: a broadcast, what Tom wrote, and what only he was told. */
function exported() {
  const [tom, jerry, spike] = named("tom", "jerry", "spike");
  const id = crypto.randomUUID().replaceAll("-", "").slice(0, 24);
  const at = new Date(CREATED).toISOString();
  const row = { objectId: id, sys: true, name: "News", m: [spike], c: "news", createdAt: at, updatedAt: at };
  const message = (msgId: string, from: string, after: number, data: string, more: object = {}) => {
    return { to: id, "msg-id": msgId, from, timestamp: CREATED + after, data, "is-conv": true, ...more };
  };
  const messages = [
    message(`sb_old${id}`, "news", 5, "before anybody subscribed"),
    message(`sb_${id}`, "news", 20, "for subscribers"),
    message(`w${id}`, tom, 30, "Tom's secret"),
    message(`d${id}`, "news", 40, "told to somebody"),
    message(`k${id}`, "news", 50, "told to Jerry", { "to-clients": [jerry] }),
    message(`n${id}`, "", 60, "from nobody"),
  ];
  const subscribers = [tom, jerry].map((subscriber) => {
    return { conv_id: id, subscriber, timestamp: SUBSCRIBED };
  });
  const written = [
    {
      objectId: `f${id}`.slice(0, 24),
      conv: { __type: "Pointer", className: "_Conversation", objectId: id },
      msgId: `w${id}`,
      from: tom,
      data: "Tom's secret",
      bin: false,
      timestamp: CREATED + 30,
    },
  ];
  const global = {
    conv_id: id,
    ...message(`g${id}`, "news", 70, "for the world"),
    valid_till: Date.now() + DAY,
  };
  return { tom, jerry, spike, id, row, messages, subscribers, written, global };
}

type Exported = ReturnType<typeof exported>;

async function bringAll({ row, messages, subscribers, written, global }: Exported): Promise<number[][]> {
  const answers = [];
  answers.push(await bring("conversations", [row]));
  answers.push(await bring("messages", messages));
  answers.push(await bring("system-messages", written));
  answers.push(await bring("broadcasts", [global]));
  answers.push(await bring("subscribers", subscribers));
  return answers.map(counts);
}

const SECRETS = ["Tom's secret"];
const ALL = ["before anybody subscribed", "for subscribers"];

describe("imported service conversations", () => {
  test("[V-01] [V-05] [I12] each client has its own dialogue and the broadcasts, and nothing is unread", async () => {
    const all = exported();
    const { tom, jerry, spike, id } = all;
    expect(await bringAll(all)).toEqual([
      [1, 0, 0, 0],
      [6, 0, 0, 0],
      [0, 1, 0, 0],
      [1, 0, 0, 0],
      [2, 0, 0, 0],
    ]);
    await maybeHibernate();
    expect(await countOf(id)).toBe(2);
    expect(await dialogue(id, tom)).toEqual([...ALL, ...SECRETS]);
    expect(await dialogue(id, jerry)).toEqual([...ALL, "told to Jerry"]);
    expect(await dialogue(id, spike)).toEqual([]);
    const [toms, jerrys, spikes] = [
      await WorkerdDevice.of(tom),
      await WorkerdDevice.of(jerry),
      await WorkerdDevice.of(spike),
    ];
    expect(await history(toms, id)).toEqual([...ALL, ...SECRETS, "for the world"]);
    expect(await history(spikes, id)).toEqual(["for the world"]);
    for (const client of [tom, jerry, spike]) expect(await unreadOf(client, id)).toBe(0);
    const where = encodeURIComponent(JSON.stringify({ conv: id }));
    const kept = await done<{ results: object[] }>("GET", `/1.1/classes/_SysMessage?where=${where}`);
    expect(kept).toMatchObject({ results: [{ objectId: all.written[0]?.objectId, data: "Tom's secret" }] });
    // The first broadcast here comes to both, as the only news.
    await broadcast(id, "new here");
    await toms.message("new here");
    await jerrys.message("new here");
    expect(await unreadOf(tom, id)).toBe(1);
    expect(await unreadOf(spike, id)).toBe(0);
  });

  test("an import in another order, and again, comes to the same", async () => {
    const all = exported();
    const { tom, jerry, spike, id, row, messages, subscribers, written, global } = all;
    await bring("conversations", [row]);
    await bring("subscribers", subscribers);
    await bring("system-messages", written);
    await bring("broadcasts", [global]);
    await bring("messages", messages);
    expect(await bringAll(all)).toEqual([
      [0, 0, 1, 0],
      [0, 0, 6, 0],
      [0, 0, 1, 0],
      [0, 0, 1, 0],
      [0, 0, 2, 0],
    ]);
    await maybeHibernate();
    expect(await dialogue(id, tom)).toEqual([...ALL, ...SECRETS]);
    expect(await dialogue(id, jerry)).toEqual([...ALL, "told to Jerry"]);
    for (const client of [tom, jerry, spike]) expect(await unreadOf(client, id)).toBe(0);
    expect(await countOf(id)).toBe(2);
  });

  test("unread counts come, and whoever unsubscribed here is not subscribed again", async () => {
    const all = exported();
    const { tom, jerry, id, subscribers } = all;
    await bringAll(all);
    const unread = [{ conversation: id, client: jerry, unread: 2 }];
    expect(counts(await bring("unread", unread))).toEqual([0, 1, 0, 0]);
    expect(await unreadOf(jerry, id)).toBe(2);
    expect(await unreadOf(tom, id)).toBe(0);
    const toms = await WorkerdDevice.of(tom);
    await change(toms, "remove", id, [tom]);
    expect(counts(await bring("subscribers", subscribers))).toEqual([0, 0, 2, 0]);
    expect(await countOf(id)).toBe(1);
    await change(toms, "add", id, [tom]);
    expect(await countOf(id)).toBe(2);
  });

  test("rows that belong to no service conversation are refused", async () => {
    const { messages, subscribers, written, global } = exported();
    for (const [what, rows] of Object.entries({
      messages,
      subscribers,
      "system-messages": written,
      broadcasts: [global],
    }))
      expect(counts(await bring(what, rows))).toEqual([0, 0, 0, rows.length]);
    const { id, row } = exported();
    await bring("conversations", [{ ...row, sys: false }]);
    expect(counts(await bring("subscribers", [{ conv_id: id, subscriber: "Tom" }]))).toEqual([0, 0, 0, 1]);
    expect(counts(await bring("system-messages", [{ ...written[0], conv: id }]))).toEqual([0, 0, 0, 1]);
  });
});
