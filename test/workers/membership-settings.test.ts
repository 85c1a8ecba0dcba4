import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { change, history, logs, look, named, query, refusal, say, settle, start } from "../support/chat.ts";
import { edit, loggedIn, namedBy, pushesOf } from "./support/commands.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { SECRET, secretChat, secretsIn } from "./support/secret-chat.ts";
import type { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld } from "./support/world.ts";

/** What the app decides about conversations by its settings: who joins, adds, removes and reads the past. */

beforeAll(() => openWorld());

describe("the app decides who joins, adds, removes and reads the past", () => {
  const standard = { join: null, removeOthers: null, historyFrom: null };
  afterEach(() => configure({ security: standard }));

  test("[B-06] a setting decides whether any client joins by itself, members add others, or only the app's server does", async () => {
    const { spike, toms, spikes, jerry, chat } = await secretChat();
    await configure({ security: { join: "members" } });
    expect(refusal(await change(spikes, "add", chat, [spike]))).toMatch(/^4317/);
    expect(refusal(await change(toms, "add", chat, [spike]))).toBe("");
    await change(spikes, "remove", chat, [spike]);
    await configure({ security: { join: "nobody" } });
    for (const device of [spikes, toms]) {
      expect(refusal(await change(device, "add", chat, [spike]))).toMatch(/^4320/);
    }
    await configure({ security: { join: null } });
    expect(refusal(await change(spikes, "add", chat, [spike]))).toBe("");
    await configure({ security: { removeOthers: "creator" } });
    expect(refusal(await change(spikes, "remove", chat, [jerry]))).toMatch(/^4320/);
    expect(refusal(await change(toms, "remove", chat, [jerry]))).toBe("");
    await configure({ security: { removeOthers: "nobody" } });
    expect(refusal(await change(toms, "remove", chat, [spike]))).toMatch(/^4320/);
    expect(refusal(await change(spikes, "remove", chat, [spike]))).toBe("");
  });

  test("[B-24] with history from joining, a new member reads no earlier messages", async () => {
    await configure({ security: { historyFrom: "joining" } });
    const { spike, toms, spikes, chat, topic } = await secretChat();
    await change(toms, "add", chat, [spike]);
    const pages = async () => [
      await history(spikes, chat),
      await history(spikes, chat, 1),
      ((await logs(spikes, chat, { direction: 2, limit: 10 })).logsMessage?.logs ?? []).map(
        ({ data }) => data,
      ),
    ];
    expect(await pages()).toEqual([[], [], []]);
    for (const where of [{ objectId: chat }, { name: topic }]) {
      expect(
        secretsIn(await query(spikes, where, { flag: 2 })).filter((key) => !/^(lm|mu)$/.test(key)),
      ).toEqual([]);
    }
    await say(toms, chat, "welcome");
    expect(await pages()).toEqual([["welcome"], ["welcome"], ["welcome"]]);
    expect((await look(spikes, chat, 2)).msg).toBe("welcome");
    expect(await history(toms, chat)).toEqual([SECRET, "welcome"]);
  });

  /** The edits in a conversation that a device has received, in order. */
  const edits = (device: WorkerdDevice, chat: string) =>
    pushesOf(device, "patch")
      .flatMap((push) => push.patchMessage?.patches ?? [])
      .filter(({ cid }) => cid === chat)
      .map(({ data }) => new TextDecoder().decode(data));

  test("[I12] with history from joining, edits of earlier messages reach no new member in any way", async () => {
    await configure({ security: { historyFrom: "joining" }, messages: { allowEdit: true } });
    const [jerry, spike] = named("jerry", "spike");
    const { tom, toms } = await onlineClients("tom");
    const subscribed = await loggedIn(spike);
    const [other] = named("other");
    const chat = await start(toms, [tom, jerry], { unique: false });
    const old = namedBy(chat, await say(toms, chat, SECRET));
    await change(toms, "add", chat, [spike]);
    const welcome = namedBy(chat, await say(toms, chat, "welcome"));
    expect(await history(subscribed, chat)).toEqual(["welcome"]); // which opens a subscription
    // A second device hears by the relay or a subscription of its own, whichever comes first.
    const second = await loggedIn(spike);
    await edit(toms, old, `${SECRET}, by ${other}`);
    await edit(toms, welcome, "welcome, dear");
    await settle(chat, toms, subscribed, second);
    for (const device of [subscribed, second]) expect(edits(device, chat)).toEqual(["welcome, dear"]);
    // Over a subscription that is opened later, with the replay of what was said since.
    const away = await loggedIn(spike, { lastPatchTime: Number(old.timestamp) });
    await history(away, chat);
    await settle(chat, toms, away);
    expect(edits(away, chat)).toEqual(["welcome, dear"]);
    for (const device of [subscribed, second, away]) {
      expect(
        JSON.stringify(device.pushes(), (_, value) => (typeof value === "bigint" ? 0 : value)),
      ).not.toContain(SECRET);
    }
    await configure({ messages: null });
  });

  test("with full history, new members receive edits of earlier messages", async () => {
    await configure({ messages: { allowEdit: true } });
    const { spike, toms, spikes, chat } = await secretChat();
    const old = namedBy(chat, await say(toms, chat, "cheese"));
    await change(toms, "add", chat, [spike]);
    await history(spikes, chat);
    await edit(toms, old, "no cheese");
    await settle(chat, toms, spikes);
    expect(edits(spikes, chat)).toEqual(["no cheese"]);
    await configure({ messages: null });
  });
});
