import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { change, named, refusal, say, start } from "../../support/chat.ts";
import { giveRole, listed, result, shutUp } from "../../support/permissions.ts";
import { loggedIn } from "../support/commands.ts";
import { onlineClients, trioChat } from "../support/pair-chat.ts";
import { CONVERSATIONS, conversationOf, done, outcome, rest, saidBy } from "../support/rest.ts";
import { appKeys, configure, http, openWorld } from "../support/world.ts";

/** Roles, silences and blacklists over HTTP (http-api §2.7, A-07), and the class `_ConversationMemberInfo`. */

const on = { memberRoles: true, blacklists: true };
beforeAll(() => openWorld({ security: on }));
afterEach(() => configure({ security: on }));

const everybody: ("tom" | "jerry" | "mary")[] = ["tom", "jerry", "mary"];
const pathOf = (id: string, what: string) => `${CONVERSATIONS}/${id}/${what}`;

interface Page {
  client_ids: string[];
  next?: string;
}

describe("[A-07] silences", () => {
  test("[X-16] [X-18] a silence by the app's server is announced, holds, and is taken back", async () => {
    const { jerry, jerrys, marys, chat } = await trioChat(everybody);
    expect(await done("POST", pathOf(chat, "permanent-silenceds"), { client_ids: [jerry] })).toEqual({});
    expect((await jerrys.push("conv", "shutuped")).convMessage?.initBy).toBe("");
    expect((await marys.push("conv", "members_shutuped")).convMessage?.m).toEqual([jerry]);
    expect(refusal(await say(jerrys, chat, "hello"))).toBe("4563 SILIENCED");
    // The app's server may speak in the name of whom it silenced.
    await saidBy(jerry, chat, "hello");
    expect(await done("GET", pathOf(chat, "permanent-silenceds"))).toEqual({ client_ids: [jerry] });
    expect(await done("DELETE", pathOf(chat, "permanent-silenceds"), { client_ids: [jerry] })).toEqual({});
    await marys.push("conv", "members_unshutuped");
    expect(refusal(await say(jerrys, chat, "hello"))).toBe("");
  });

  test("[X-17] a silence for a time needs no switch, is answered with 4315, and ends by itself or by the app's server", async () => {
    await configure({ security: { memberRoles: false } });
    const { jerry, jerrys, chat } = await trioChat(everybody);
    const path = pathOf(chat, "temporary-silenceds");
    const TEMPORARY = "4315 CONVERSATION_TEMPORARY_BLACKLISTED";
    await done("POST", path, { client_id: jerry, ttl: 60 });
    for (const more of [{}, { transient: true }, { will: true }])
      expect(refusal(await say(jerrys, chat, "hello", more))).toBe(TEMPORARY);
    await done("DELETE", `${path}?client_id=${encodeURIComponent(jerry)}`);
    expect(refusal(await say(jerrys, chat, "hello"))).toBe("");
    await done("POST", path, { client_id: jerry, ttl: 60 });
    const later = Date.now() + 61_000;
    const clock = vi.spyOn(Date, "now").mockImplementation(() => later);
    expect(refusal(await say(jerrys, chat, "hello again"))).toBe("");
    clock.mockRestore();
    for (const ttl of [0, 86_401, 1.5])
      expect(await outcome(rest("POST", path, { client_id: jerry, ttl }))).toBe("400 105");
  });

  test("[http-api §4] version 1.1 calls it a blacklist", async () => {
    const { jerry, jerrys, chat } = await trioChat(everybody);
    const path = "/1.1/rtm/conversation/blacklist";
    await done("POST", path, { client_id: jerry, conv_id: chat, ttl: 60 });
    expect(refusal(await say(jerrys, chat, "hello"))).toMatch(/^4315/);
    await done("DELETE", `${path}?${new URLSearchParams({ client_id: jerry, conv_id: chat })}`);
    expect(refusal(await say(jerrys, chat, "hello"))).toBe("");
  });

  test("[X-21] the lists have pages of 10 with a decimal `next`, and a full list names what found no room", async () => {
    const id = await conversationOf(named("tom"));
    const clients = Array.from({ length: 12 }, (_, at) => `c${String(at).padStart(2, "0")}`);
    for (const list of ["permanent-silenceds", "blacklists"]) {
      const path = pathOf(id, list);
      await done("POST", path, { client_ids: clients });
      const first = await done<Page>("GET", path);
      expect(first).toEqual({ client_ids: clients.slice(0, 10), next: "10" });
      expect(await done<Page>("GET", `${path}?next=${first.next}`)).toEqual({
        client_ids: clients.slice(10),
      });
      expect(await done<Page>("GET", `${path}?limit=3&next=2`)).toEqual({
        client_ids: clients.slice(2, 5),
        next: "5",
      });
      expect(await outcome(rest("GET", `${path}?next=x`))).toBe("400 1");
      await configure({ limits: { listedClients: 13 } });
      const full = await rest("POST", path, { client_ids: ["d1", "d2"] });
      expect([full.status, await full.json()]).toEqual([
        400,
        { code: list === "blacklists" ? 4543 : 4561, error: expect.stringMatching(/: d2$/) },
      ]);
      await configure({ limits: { listedClients: null } });
      expect((await done<Page>("GET", `${path}?limit=1000`)).client_ids).toHaveLength(13);
    }
  });

  test("[X-11] [X-19] with the switches off nothing is added, and what is there is read, holds and is taken away", async () => {
    const { jerry, jerrys, chat } = await trioChat(everybody);
    const lists = { "permanent-silenceds": "400 4325", blacklists: "400 4544" };
    for (const list of Object.keys(lists)) await done("POST", pathOf(chat, list), { client_ids: [jerry] });
    await configure({ security: { memberRoles: false, blacklists: false } });
    for (const [list, off] of Object.entries(lists)) {
      expect(await outcome(rest("POST", pathOf(chat, list), { client_ids: ["x"] }))).toBe(off);
      expect((await done<Page>("GET", pathOf(chat, list))).client_ids).toEqual([jerry]);
    }
    const role = { clientId: jerry, role: "Manager" };
    expect(await outcome(rest("POST", pathOf(chat, "member-infos"), role))).toBe("400 4325");
    expect(refusal(await change(jerrys, "add", chat, [jerry]))).toMatch(/^4548/);
    await done("DELETE", pathOf(chat, "blacklists"), { client_ids: [jerry] });
    await change(jerrys, "add", chat, [jerry]);
    expect(refusal(await say(jerrys, chat, "hello"))).toMatch(/^4563/);
  });
});

describe("[A-07] blacklists", () => {
  test("[X-19] the app's server blocks, which removes, and adds nobody who is blocked", async () => {
    const { jerry, toms, jerrys, chat } = await trioChat(everybody);
    await done("POST", pathOf(chat, "blacklists"), { client_ids: [jerry] });
    for (const op of ["blocked", "left"] as const) await jerrys.push("conv", op);
    await toms.push("conv", "members_blocked");
    const adding = await rest("POST", pathOf(chat, "members"), { client_ids: ["spike", jerry] });
    expect([adding.status, await adding.json()]).toEqual([
      400,
      { code: 4548, error: expect.stringContaining(jerry) },
    ]);
    const { result: members } = await done<{ result: string[] }>("GET", pathOf(chat, "members"));
    expect(members).not.toContain("spike");
    await done("DELETE", pathOf(chat, "blacklists"), { client_ids: [jerry] });
    await done("POST", pathOf(chat, "members"), { client_ids: [jerry] });
  });

  test("[X-19] each kind has a list of its own under its path, and no other", async () => {
    for (const kind of ["chatrooms", "service-conversations"]) {
      const { objectId } = await done<{ objectId: string }>("POST", `/1.2/rtm/${kind}`, { name: kind });
      await done("POST", `/1.2/rtm/${kind}/${objectId}/blacklists`, { client_ids: ["tom"] });
      expect(await done("GET", `/1.2/rtm/${kind}/${objectId}/blacklists`)).toEqual({ client_ids: ["tom"] });
      expect(await outcome(rest("GET", pathOf(objectId, "blacklists")))).toBe("404 4303");
      await done("POST", `/1.2/rtm/${kind}/${objectId}/temporary-silenceds`, { client_id: "tom", ttl: 5 });
    }
  });

  test("[E-02] [X-19] nobody is blocked, silenced or given a role in a temporary conversation", async () => {
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    const chat = await start(toms, [tom, jerry], { tempConv: true });
    const listing = { client_ids: [jerry] };
    for (const list of ["permanent-silenceds", "blacklists"])
      expect(await outcome(rest("POST", pathOf(chat, list), listing))).toBe("400 4314");
    const role = { clientId: jerry, role: "Manager" };
    expect(await outcome(rest("POST", pathOf(chat, "member-infos"), role))).toBe("400 4314");
    expect(refusal(await say(jerrys, chat, "hello"))).toBe("");
  });

  test("[X-20] a client that refuses a conversation leaves it, is added by nobody, and joins by itself", async () => {
    const { jerry, toms, jerrys, chat } = await trioChat(everybody);
    const path = `/1.2/rtm/clients/${encodeURIComponent(jerry)}/blacklists`;
    expect(await done("POST", path, { conv_id: chat })).toEqual({});
    expect((await toms.push("conv", "members_left")).convMessage).toMatchObject({
      m: [jerry],
      initBy: jerry,
    });
    expect(result(await change(toms, "add", chat, [jerry]))).toBe(`, 4548: ${jerry}`);
    expect(await outcome(rest("POST", pathOf(chat, "members"), { client_ids: [jerry] }))).toBe("400 4548");
    expect(await done("GET", path)).toEqual({ conv_ids: [chat] });
    expect(refusal(await change(jerrys, "add", chat, [jerry]))).toBe("");
    await done("POST", path, { conv_id: chat });
    await done("DELETE", path, { conv_id: chat });
    expect(await done("GET", path)).toEqual({ conv_ids: [] });
    expect(result(await change(toms, "add", chat, [jerry]))).toBe(jerry);
    expect(await outcome(rest("POST", path, { conv_id: "65537a0e0000000000000fff" }))).toBe("404 4303");
  });

  test("[X-20] a client refuses and accepts conversations over the wire as well", async () => {
    const { jerry, tom, toms, jerrys, chat } = await trioChat(everybody);
    const send = (device: typeof jerrys, op: "block" | "unblock" | "query", toCids: string[] = []) =>
      device.ask({ cmd: "blacklist", op, blacklistMessage: { srcPid: device.clientId, toCids } });
    const refused = await send(jerrys, "block", [chat]);
    expect([refused.op, refused.blacklistMessage?.blockedCids]).toEqual([172, [chat]]);
    expect(result(await change(toms, "add", chat, [jerry]))).toBe(`, 4548: ${jerry}`);
    expect((await send(jerrys, "query")).blacklistMessage?.blockedCids).toEqual([chat]);
    expect((await send(jerrys, "unblock", [chat])).op).toBe(173);
    expect(result(await change(toms, "add", chat, [jerry]))).toBe(jerry);
    expect(refusal(await send(jerrys, "block", ["65537a0e0000000000000fff"]))).toMatch(/^4303/);
    // Tom is the Owner of a conversation with roles.
    await giveRole(toms, chat, jerry, "Member");
    expect(refusal(await send(toms, "block", [chat]))).toMatch(/^4324/);
    expect((await send(toms, "query")).blacklistMessage?.blockedCids).toEqual([]);
    await configure({ security: { signBlacklist: true } });
    expect(refusal(await send(jerrys, "block", [chat]))).toMatch(/^4546/);
    await configure({ security: { signBlacklist: null, blacklists: false } });
    expect(refusal(await send(jerrys, "block", [chat]))).toMatch(/^4544/);
    expect(tom).toBe(toms.clientId);
  });
});

describe("[A-07] [X-11] roles", () => {
  interface Saved {
    objectId: string;
    updatedAt: string;
  }
  interface Rows {
    results: { objectId: string; cid?: string; clientId: string; role: string }[];
  }

  test("[X-11] roles are given, changed, listed and taken, and members hear of each", async () => {
    const { jerry, mary, toms, jerrys, chat } = await trioChat(everybody);
    const path = pathOf(chat, "member-infos");
    const { objectId } = await done<Saved>("POST", path, { clientId: jerry, role: "Manager" });
    expect((await toms.push("conv", "member_info_changed")).convMessage?.info).toMatchObject({
      pid: jerry,
      role: "Manager",
      infoId: objectId,
    });
    expect(result(await change(jerrys, "remove", chat, [mary]))).toBe(mary);
    const row = { clientId: jerry, objectId, role: "Manager" };
    expect(await done("GET", path)).toEqual({ results: [row] });
    expect(await done("GET", `${path}?role=Member`)).toEqual({ results: [] });
    const changed = await done<Saved>("PUT", `${path}/${objectId}`, { clientId: jerry, role: "Member" });
    expect(changed.objectId).toBe(objectId);
    expect(await done("GET", path)).toEqual({ results: [{ ...row, role: "Member" }] });
    expect(await done("DELETE", `${path}/${objectId}`)).toEqual({});
    expect(await done("GET", path)).toEqual({ results: [] });
    expect(await outcome(rest("DELETE", `${path}/${objectId}`))).toBe("404 404");
    expect(await outcome(rest("PUT", `${path}/${objectId}`, { role: "Member" }))).toBe("404 404");
  });

  test("[X-12] nobody is made Owner, the Owner keeps their role, and only members have one", async () => {
    const { tom, jerry, chat } = await trioChat(everybody);
    const path = pathOf(chat, "member-infos");
    expect(await outcome(rest("POST", path, { clientId: jerry, role: "Owner" }))).toBe("400 5130");
    expect(await outcome(rest("POST", path, { clientId: jerry, role: "King" }))).toBe("400 105");
    expect(await outcome(rest("POST", path, { clientId: tom, role: "Manager" }))).toBe("400 4324");
    expect(await outcome(rest("POST", path, { clientId: "nobody", role: "Manager" }))).toBe("403 4317");
  });

  test("[X-15] members read the roles of a conversation by their session token, as each SDK asks", async () => {
    const { tom, jerry, mary, toms, chat } = await trioChat(everybody);
    await giveRole(toms, chat, jerry, "Manager");
    const { token } = await loggedIn(mary);
    const ask = async (
      query: { where?: string; cid?: string; limit?: string; skip?: string },
      clientId = mary,
      shown = token,
    ) => {
      const parameters = new URLSearchParams(Object.entries({ client_id: clientId, ...query }));
      const headers = { ...appKeys, "X-LC-IM-Session-Token": shown };
      return http(`/1.1/classes/_ConversationMemberInfo?${parameters}`, { headers });
    };
    const row = {
      objectId: expect.stringMatching(/^[0-9a-f]{24}$/),
      cid: chat,
      clientId: jerry,
      role: "Manager",
    };
    const where = (more: object = {}) => ({ where: JSON.stringify({ cid: chat, ...more }) });
    for (const query of [
      where(),
      { ...where(), limit: "500", skip: "0" },
      { cid: chat },
      where({ peerId: jerry }),
    ])
      expect(await (await ask(query)).json()).toMatchObject({ results: [row] });
    for (const query of [where({ peerId: mary }), { ...where(), skip: "1" }])
      expect(await (await ask(query)).json()).toEqual({ results: [] });
    expect(await outcome(ask({}))).toBe("400 102");
    expect(await outcome(ask(where({ role: "Manager" })))).toBe("400 102");
    const [spike] = named("spike");
    const { token: spikes } = await loggedIn(spike);
    expect(await outcome(ask(where(), spike, spikes))).toBe("403 4317");
    expect(await outcome(ask(where(), tom, token))).toMatch(/^401/);
  });

  test("[X-11] the owner reads the class from D1's copy, which follows every change", async () => {
    const { jerry, mary, toms, chat } = await trioChat(everybody);
    await giveRole(toms, chat, jerry, "Manager");
    await giveRole(toms, chat, mary, "Manager");
    const find = (where: object, more = "") =>
      done<Rows & { count?: number }>(
        "GET",
        `/1.1/classes/_ConversationMemberInfo?where=${encodeURIComponent(JSON.stringify(where))}${more}`,
      );
    const clients = async (where: object) => (await find(where)).results.map(({ clientId }) => clientId);
    expect((await clients({ cid: chat })).toSorted()).toEqual([jerry, mary].toSorted());
    expect(await find({ cid: chat, clientId: jerry }, "&count=1&limit=0")).toEqual({ results: [], count: 1 });
    await giveRole(toms, chat, jerry, "Member");
    expect(await clients({ cid: chat, role: "Manager" })).toEqual([mary]);
    await change(toms, "remove", chat, [mary]);
    expect(await clients({ cid: chat })).toEqual([jerry]);
    await done("DELETE", `${CONVERSATIONS}/${chat}`);
    expect(await clients({ cid: chat })).toEqual([]);
    expect(await outcome(rest("GET", `/1.1/classes/_ConversationMemberInfo?where={"secret":1}`))).toBe(
      "400 102",
    );
  });

  test("[B-03] a conversation that was deleted leaves no lists to the one that its members begin next", async () => {
    const { tom, toms, jerry, jerrys } = await onlineClients("tom", "jerry");
    const begin = async () => {
      const started = await toms.ask({
        cmd: "conv",
        op: "start",
        convMessage: { m: [tom, jerry], unique: true },
      });
      return started.convMessage?.cid ?? "";
    };
    const chat = await begin();
    await giveRole(toms, chat, jerry, "Manager");
    await shutUp(toms, "add_shutup", chat, ["spike"]);
    await done("DELETE", `${CONVERSATIONS}/${chat}`);
    const next = await begin();
    expect(await listed(toms, "silenced", next)).toEqual({ ids: [], next: undefined });
    expect(refusal(await change(jerrys, "add", next, ["spike"]))).toMatch(/^4320/);
  });
});
