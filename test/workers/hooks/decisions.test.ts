import { afterEach, describe, expect, test } from "vitest";
import { say } from "../../support/chat.ts";
import { edit, namedBy } from "../support/commands.ts";
import { done } from "../support/rest.ts";
import { configure, http, masterKeys } from "../support/world.ts";
import { calls, hooks, settledChat, useHookEngine } from "./hook-engine.ts";

useHookEngine();
afterEach(() => configure({ events: null, keywords: { oneToOne: null } }));

interface Decision {
  event: string;
  client_id?: string;
  message_id?: string;
  detail: Record<string, unknown>;
}

const logged = async (cid: string, event: string): Promise<Decision[]> => {
  const query = new URLSearchParams({ conv_id: cid, event });
  const { results } = await done<{ results: Decision[] }>("GET", `/admin/events?${query}`);
  return results.toReversed();
};

const count = async (cid: string, event: string) => (await logged(cid, event)).length;

/** An entry is written by a queue. */
const SOON = { timeout: 20_000 };

describe("[G-05] the event log on what was decided about messages", () => {
  test("[G-05] the event log tells that a hook refused a message or an edit, and what the hook said", async () => {
    await configure({ events: { logDays: 7 } });
    const { tom, toms, cid } = await settledChat();
    const first = await say(toms, cid, "cheese");
    hooks._messageReceived = () => ({ drop: true, code: 7, detail: "no ads" });
    hooks._messageUpdate = () => ({ drop: true, code: 8, detail: "said is said" });
    await say(toms, cid, "casino");
    await edit(toms, namedBy(cid, first), "casino");
    await expect.poll(() => count(cid, "messageRefused"), SOON).toBe(2);
    expect(await logged(cid, "messageRefused")).toMatchObject([
      { client_id: tom, detail: { by: ["hook"], patch: false, code: 7, why: "no ads" } },
      {
        client_id: tom,
        message_id: first.ackMessage?.uid,
        detail: { by: ["hook"], patch: true, code: 8, why: "said is said" },
      },
    ]);
    expect(JSON.stringify(await logged(cid, "messageRefused"))).not.toContain("casino");
  });

  test("[G-05] the event log tells whether a hook, the word list or both changed a message, and the ledger shows it", async () => {
    await http("/admin/keywords", { method: "PUT", headers: masterKeys, body: "cheese\n" });
    await configure({ events: { logDays: 7 }, keywords: { oneToOne: true } });
    const { toms, cid } = await settledChat();
    await say(toms, cid, "milk");
    const words = await say(toms, cid, "cheese");
    hooks._messageReceived = () => ({ content: "mouse" });
    await say(toms, cid, "cat");
    hooks._messageReceived = () => ({ content: "mouse eats cheese" });
    await say(toms, cid, "dog");
    await edit(toms, namedBy(cid, words), "more cheese");
    await expect.poll(() => count(cid, "messageChanged"), SOON).toBe(4);
    const decisions = await logged(cid, "messageChanged");
    expect(decisions.map(({ detail: { by, patch } }) => [by, patch])).toEqual([
      [["words"], false],
      [["hook"], false],
      [["hook", "words"], false],
      [["words"], true],
    ]);
    const { events } = await done<{ events: Decision[] }>(
      "GET",
      `/admin/conversations/${cid}/messages/${encodeURIComponent(words.ackMessage?.uid ?? "")}`,
    );
    expect(
      events.filter(({ event }) => event === "messageChanged").map(({ detail }) => detail.patch),
    ).toEqual([false, true]);
    expect(calls.map(({ name }) => name)).not.toContain("_messageChanged");
    await http("/admin/keywords", { method: "DELETE", headers: masterKeys });
  });

  test("[G-05] nothing of a decision is kept while the event log is off", async () => {
    const { toms, cid } = await settledChat();
    hooks._messageReceived = () => ({ drop: true });
    await say(toms, cid, "one");
    await configure({ events: { logDays: 7 } });
    await say(toms, cid, "two");
    await expect.poll(() => count(cid, "messageRefused"), SOON).toBe(1);
  });
});
