import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { named, say, settle } from "../../support/chat.ts";
import { hmac, signingTime, stamped } from "../../support/sign.ts";
import { caughtUp } from "../support/commands.ts";
import { engineWith } from "../support/engine.ts";
import { conversationOf, done, type Logged, messagesOf, outcome, saidBy } from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { appKeys, configure, http, openWorld, world } from "../support/world.ts";
import { read, texts } from "./history-calls.ts";

/** History of a conversation over HTTP for a client with a signature of the app's server. */

beforeAll(() => openWorld());

const HOUR = 60 * 60 * 1000;

describe("[X-01] history for a member with a signature", () => {
  beforeEach(() => configure({ security: { signHistory: true } }));
  afterEach(() => configure({ security: { signHistory: null }, hooks: null }));

  /** A chat of Tom, Jerry and Spike in which Jerry has sent a message. */
  async function chatWithMessage() {
    const [tom, jerry, spike] = named("tom", "jerry", "spike");
    const id = await conversationOf([tom, jerry, spike]);
    await saidBy(jerry, id, "hello");
    return { tom, jerry, spike, id };
  }

  interface Showing {
    at?: number;
    order?: "nonce first" | "time first";
    masterKey?: string;
  }

  /** What a client shows that its app's server signed for it. */
  function signed(clientId: string, conversationId: string, showing: Showing = {}): Record<string, string> {
    const { at = signingTime(), order = "nonce first", masterKey = world.MASTER_KEY } = showing;
    const { timestamp, nonce } = stamped(at);
    const stamp = order === "nonce first" ? `${nonce}:${timestamp}` : `${timestamp}:${nonce}`;
    const signature = hmac(masterKey, `${world.APP_ID}:${clientId}:${conversationId}:${stamp}`);
    return { nonce, signature_ts: String(timestamp), signature };
  }

  const by12 = (id: string, query: Record<string, string>) =>
    http(`${messagesOf(id)}?${new URLSearchParams(query)}`, { headers: appKeys });
  const by11 = (id: string, { client_id = "", ...query }: Record<string, string>) =>
    http(`/1.1/rtm/messages/history?${new URLSearchParams({ convid: id, peerid: client_id, ...query })}`, {
      headers: appKeys,
    });

  test.each([
    ["1.2", by12],
    ["1.1", by11],
  ])(
    "[X-01] a member reads history by version %s with a signature of either order and unit of time",
    async (_, ask) => {
      const { tom, id } = await chatWithMessage();
      const seconds = Math.floor(Date.now() / 1_000);
      for (const showing of [{}, { order: "time first" as const }, { at: seconds }]) {
        const response = await ask(id, { client_id: tom, ...signed(tom, id, showing) });
        expect(texts(await response.json<Logged[]>())).toEqual(["hello"]);
      }
    },
  );

  test.each([
    ["1.2", by12],
    ["1.1", by11],
  ])("[X-01] a signature for history is refused by version %s while the setting is off", async (_, ask) => {
    const { tom, id } = await chatWithMessage();
    await configure({ security: { signHistory: null } });
    expect(await outcome(ask(id, { client_id: tom, ...signed(tom, id) }))).toBe("401 401");
  });

  test.each(["client_id", "nonce", "signature_ts", "signature"])(
    "[X-01] a signature for history is refused without %s",
    async (name) => {
      const { tom, id } = await chatWithMessage();
      const { [name]: _, ...query }: Record<string, string> = { client_id: tom, ...signed(tom, id) };
      expect(await outcome(by12(id, query))).toBe("401 401");
    },
  );

  test("[X-01] a signature for history is refused if it is wrong, too old, another client's or of another conversation", async () => {
    const { tom, jerry, id } = await chatWithMessage();
    const other = await conversationOf([tom]);
    for (const shown of [
      { ...signed(tom, id), signature: "abc" },
      { ...signed(tom, id), nonce: "another" },
      signed(tom, id, { masterKey: world.APP_KEY }),
      signed(tom, id, { at: Date.now() - 7 * HOUR }),
      signed(jerry, id),
      signed(tom, other),
    ]) {
      expect(await outcome(by12(id, { client_id: tom, ...shown }))).toBe("401 4102");
    }
  });

  test("[X-01] [B-24] history with a signature is refused with 4312 to a client that is not a member", async () => {
    const { id } = await chatWithMessage();
    const [mary] = named("mary");
    expect(await outcome(by12(id, { client_id: mary, ...signed(mary, id) }))).toBe("403 4312");
  });

  test("[X-01] [X-22] history with a signature is refused while the client is banned", async () => {
    const { tom, id } = await chatWithMessage();
    const before = signed(tom, id);
    await done("POST", "/admin/bans", { client_ids: [tom] });
    for (const shown of [before, signed(tom, id)]) {
      expect(await outcome(by12(id, { client_id: tom, ...shown }))).toMatch(/4106$/);
    }
    await done("DELETE", "/admin/bans", { client_ids: [tom] });
    expect((await by12(id, { client_id: tom, ...signed(tom, id) })).status).toBe(200);
  });

  test("[X-01] [X-03] a signature for history from before a kick is refused", async () => {
    const { tom, id } = await chatWithMessage();
    const before = { client_id: tom, ...signed(tom, id) };
    expect((await by12(id, before)).status).toBe(200);
    await done("POST", `/1.2/rtm/clients/${tom}/kick`);
    expect(await outcome(by12(id, before))).toBe("401 4102");
    const after = { client_id: tom, ...signed(tom, id, { at: Date.now() + 1_000 }) };
    expect((await by12(id, after)).status).toBe(200);
  });

  test("[X-01] [H-01] [I12] history with a signature leaves out messages restricted to others", async () => {
    const { tom, jerry, spike, id } = await chatWithMessage();
    await engineWith({ _messageReceived: ({ content }) => (content === "psst" ? { toPeers: [jerry] } : {}) });
    const [toms, jerrys] = [await WorkerdDevice.of(tom), await WorkerdDevice.of(jerry)];
    await caughtUp(id, toms, jerrys);
    await say(toms, id, "psst");
    await say(toms, id, "aloud");
    await settle(id, toms, jerrys);
    const seenBy = async (clientId: string) => {
      const response = await by12(id, { client_id: clientId, ...signed(clientId, id) });
      return texts(await response.json<Logged[]>());
    };
    expect(await seenBy(spike)).toEqual(["aloud", "hello"]);
    expect(await seenBy(jerry)).toEqual(["aloud", "psst", "hello"]);
    expect(await seenBy(tom)).toEqual(["aloud", "psst", "hello"]);
    expect(texts(await read(messagesOf(id)))).toEqual(["aloud", "psst", "hello"]);
  });

  test("[X-01] [I12] history with a signature leaves out messages from before joining, if that is set", async () => {
    const { jerry, id } = await chatWithMessage();
    const [mary] = named("mary");
    await done("POST", `/1.2/rtm/conversations/${id}/members`, { client_ids: [mary] });
    await configure({ security: { historyFrom: "joining" } });
    await saidBy(jerry, id, "welcome");
    const seenBy = async (clientId: string, ask: typeof by12, more: Record<string, string> = {}) => {
      const response = await ask(id, { client_id: clientId, ...signed(clientId, id), ...more });
      return texts(await response.json<Logged[]>());
    };
    for (const ask of [by12, by11]) {
      expect(await seenBy(mary, ask)).toEqual(["welcome"]);
      expect(await seenBy(jerry, ask)).toEqual(["welcome", "hello"]);
    }
    expect(await seenBy(mary, by12, { reversed: "true" })).toEqual(["welcome"]);
    await configure({ security: { historyFrom: null } });
    expect(await seenBy(mary, by12)).toEqual(["welcome", "hello"]);
  });

  test("[X-01] a signature opens the history of conversations alone", async () => {
    const { tom, id } = await chatWithMessage();
    const query = new URLSearchParams({ peerid: tom, ...signed(tom, id) });
    for (const path of ["/1.1/rtm/messages/history", "/1.1/rtm/messages/logs", "/1.2/rtm/messages"]) {
      expect(await outcome(http(`${path}?${query}`, { headers: appKeys }))).toBe("401 401");
    }
  });
});
