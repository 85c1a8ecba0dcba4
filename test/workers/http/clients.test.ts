import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { heard, named, refusal, say, settle, start } from "../../support/chat.ts";
import { hmac } from "../../support/sign.ts";
import { caughtUp, loggedIn, read } from "../support/commands.ts";
import { engineWith } from "../support/engine.ts";
import { onlineClients, pairChat, tomsChat } from "../support/pair-chat.ts";
import { conversationOf, done, outcome, rest, saidBy, unreadOf } from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { appKeys, configure, http, masterKeys, openWorld, world } from "../support/world.ts";
import { ask, instead } from "./ask.ts";

/** What the app's server asks about clients, and does to them. */

beforeAll(() => openWorld());
afterEach(() => {
  vi.restoreAllMocks();
});

describe("[A-05] the online clients", () => {
  test.each([
    ["/1.2/rtm/clients/check-online", "client_ids"],
    ["/1.1/rtm/online", "peers"],
  ])("[A-05] %s returns the online clients of at most 20, each once", async (path, field) => {
    const [tom, jerry, spike] = named("tom", "jerry", "spike");
    const online = (...ids: string[]) => done("POST", path, { [field]: ids });
    const [toms] = [await WorkerdDevice.of(tom), await WorkerdDevice.of(jerry)];
    expect(await online(tom, jerry, tom, spike)).toEqual({ results: [tom, jerry] });
    await toms.ask({ cmd: "session", op: "close" });
    expect(await online(tom, jerry, spike)).toEqual({ results: [jerry] });
    const twenty = Array.from({ length: 19 }, (_, at) => `c${at}`);
    expect(await online(jerry, ...twenty)).toEqual({ results: [jerry] });
    expect(await outcome(rest("POST", path, { [field]: [jerry, "x", ...twenty] }))).toBe("400 105");
  });

  test.each([{}, { client_ids: [] }, { client_ids: "Tom" }, { client_ids: ["\u0000"] }])(
    "[A-05] a request for online clients with %j is refused",
    async (body) => {
      expect(await outcome(rest("POST", "/1.2/rtm/clients/check-online", body))).toBe("400 105");
    },
  );

  test("[A-05] [I11] an object that fails is answered with 503 and logged once, without details for the caller", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const failing = instead(world.APP, () => Promise.reject(new Error("secret of the object")));
    const response = await ask("http://parley.test/1.2/rtm/clients/check-online", {
      method: "POST",
      headers: masterKeys,
      body: '{"client_ids":["Tom"]}',
      env: { APP: failing },
    });
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ code: 503, error: expect.not.stringContaining("secret") });
    expect(log).toHaveBeenCalledTimes(1);
  });

  test("[A-06] stats count the online clients and those of the day", async () => {
    const stats = async () => {
      const { result } = await done<{ result: { online_user_count: number; user_count_today: number } }>(
        "GET",
        "/1.2/rtm/stats",
      );
      return [result.online_user_count, result.user_count_today];
    };
    const settled = async () => {
      const [online = 0, today = 0] = await stats();
      return { online, today };
    };
    const before = await settled();
    const [tom, jerry] = named("tom", "jerry");
    const [toms, phone] = [await WorkerdDevice.of(tom), await WorkerdDevice.of(jerry)];
    const tablet = await WorkerdDevice.of(jerry);
    await expect.poll(stats).toEqual([before.online + 2, before.today + 2]);
    await toms.ask({ cmd: "session", op: "close" });
    await expect.poll(stats).toEqual([before.online + 1, before.today + 2]);
    for (const device of [phone, tablet]) await device.ask({ cmd: "session", op: "close" });
    await expect.poll(stats).toEqual([before.online, before.today + 2]);
  });
});

describe("[Y-22] unread, with the app key", () => {
  const count = async (path: string) => {
    const response = await http(path, { headers: appKeys });
    return response.ok ? (await response.json<{ count: number }>()).count : outcome(response);
  };

  test("[Y-22] unread counts, of one conversation or all, last until the client reads, offline or online", async () => {
    const { tom, jerry, toms, chat: first } = await tomsChat();
    const second = await start(toms, [tom, jerry], { unique: false });
    await say(toms, first, "one");
    await say(toms, first, "two");
    await saidBy(tom, second, "three");
    const counts = () =>
      Promise.all(
        [
          `/1.2/rtm/clients/${jerry}/unread-count`,
          `/1.2/rtm/clients/${jerry}/unread-count?conv_id=${first}`,
          `/1.2/rtm/clients/${jerry}/unread-count?conv_id=${second}`,
          `/1.1/rtm/messages/unread/${jerry}`,
          `/1.1/rtm/messages/unread/${jerry}/${first}`,
        ].map(count),
      );
    expect(await counts()).toEqual([3, 2, 1, 3, 2]);
    const jerrys = await WorkerdDevice.of(jerry);
    await caughtUp(first, jerrys);
    await say(toms, first, "four");
    await jerrys.message("four");
    expect(await counts()).toEqual([4, 3, 1, 4, 3]);
    read(jerrys, first);
    await expect.poll(counts).toEqual([1, 0, 1, 1, 0]);
    expect(await count(`/1.2/rtm/clients/${tom}/unread-count`)).toBe(0);
  });

  test("[Y-22] the unread count is 0 without membership or a first login, and 404 without a conversation", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const id = await conversationOf([tom]);
    await saidBy(tom, id, "hello");
    expect(await count(`/1.2/rtm/clients/${jerry}/unread-count?conv_id=${id}`)).toBe(0);
    expect(await count(`/1.2/rtm/clients/${jerry}/unread-count`)).toBe(0);
    const nowhere = "65537a0e0000000000000009";
    expect(await count(`/1.2/rtm/clients/${tom}/unread-count?conv_id=${nowhere}`)).toBe("404 4303");
    expect(await count(`/1.1/rtm/messages/unread/${tom}/${nowhere}`)).toBe("404 4303");
  });

  test("[Y-22] the unread count of a removed member is 0", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const id = await conversationOf([tom, jerry]);
    await saidBy(tom, id, "hello");
    expect(await unreadOf(jerry)).toBe(1);
    await done("DELETE", `/1.2/rtm/conversations/${id}/members`, { client_ids: [jerry] });
    expect([await unreadOf(jerry), await unreadOf(jerry, id)]).toEqual([0, 0]);
  });

  test.each(["a/b", "猫", "a b", "%41"])(
    "[Y-22] the unread count is returned for a client with the id %j",
    async (name) => {
      const id = await conversationOf([name]);
      await saidBy("Tom", id, "hello");
      expect(await count(`/1.2/rtm/clients/${encodeURIComponent(name)}/unread-count`)).toBe(1);
      expect(await count(`/1.1/rtm/messages/unread/${encodeURIComponent(name)}/${id}`)).toBe(1);
    },
  );
});

describe("[A-05] kick", () => {
  test.each([
    ["/1.2/rtm/clients/{}/kick", { reason: "Enough" }, "Enough"],
    ["/1.2/rtm/clients/{}/kick", undefined, undefined],
    ["/1.1/rtm/client/kick", { client_id: "{}", reason: "Enough" }, "Enough"],
  ])("[A-05] [C-10] %s with %j ends every session with 4115", async (path, body, detail) => {
    const [tom] = named("tom");
    const devices = [await WorkerdDevice.of(tom), await WorkerdDevice.of(tom)];
    const filled = (text: string) => text.replace("{}", tom);
    expect(await done("POST", filled(path), body && filled(JSON.stringify(body)))).toEqual({});
    for (const device of devices) {
      const { sessionMessage } = await device.push("session", "closed");
      expect(sessionMessage?.code).toBe(4115);
      if (detail !== undefined) expect(sessionMessage?.detail).toBe(detail);
    }
    expect(await done("POST", "/1.2/rtm/clients/check-online", { client_ids: [tom] })).toEqual({
      results: [],
    });
    expect(refusal(await (await WorkerdDevice.connect()).login(tom))).toBe("");
  });

  test("[A-05] [M-50] a kick discards the client's will", async () => {
    const { tom, toms, jerrys, chat: id } = await pairChat();
    await caughtUp(id, jerrys);
    expect(refusal(await say(toms, id, "I am gone", { will: true }))).toBe("");
    await done("POST", `/1.2/rtm/clients/${tom}/kick`);
    await toms.push("session", "closed");
    toms.close();
    // Who comes and is lost without one makes sure that Tom's loss was worked off.
    const again = await WorkerdDevice.of(tom);
    await settle(id, again, jerrys);
    expect(heard(jerrys, id)).toEqual([]);
  });

  test("[A-05] [C-09] a kick revokes the client's session token", async () => {
    const [tom] = named("tom");
    const { token } = await loggedIn(tom);
    await done("POST", `/1.2/rtm/clients/${tom}/kick`);
    const device = await WorkerdDevice.connect();
    expect(refusal(await device.login(tom, { st: token, r: true }))).toMatch(/^4112 /);
  });

  test("[A-05] a kick whose reason has more than 20 characters is refused", async () => {
    const { tom, toms } = await onlineClients("tom");
    const twenty = "x".repeat(20);
    for (const [path, body] of [
      [`/1.2/rtm/clients/${tom}/kick`, { reason: `${twenty}x` }],
      ["/1.1/rtm/client/kick", { client_id: tom, reason: `${twenty}x` }],
    ] as const) {
      expect(await outcome(rest("POST", path, body))).toBe("400 105");
    }
    await toms.ask({ cmd: "session", op: "query", sessionMessage: { sessionPeerIds: [tom] } });
    await done("POST", `/1.2/rtm/clients/${tom}/kick`, { reason: twenty });
    expect((await toms.push("session", "closed")).sessionMessage?.detail).toBe(twenty);
  });

  test("[A-05] a kick of a client that is offline changes nothing", async () => {
    const [tom] = named("tom");
    expect(await done("POST", `/1.2/rtm/clients/${tom}/kick`)).toEqual({});
    expect(refusal(await (await WorkerdDevice.connect()).login(tom))).toBe("");
  });
});

describe("[X-06] [H-10] signing logins", () => {
  afterEach(() => configure({ hooks: null, security: { signLogin: null } }));

  const calls: [string, () => Promise<Response>][] = [
    ["1.1", () => rest("POST", "/1.1/rtm/sign", { session_token: "t0ken" }, appKeys)],
    ["1.2", () => rest("GET", "/1.2/rtm/clients/sign?session_token=t0ken", undefined, appKeys)],
  ];

  interface Signed {
    signature: string;
    nonce: string;
    client_id: string;
    timestamp: number;
  }

  test.each(calls)(
    "[X-06] [H-10] version %s signs a login for the client that the hook names, differently each time",
    async (_, call) => {
      const [tom] = named("tom");
      const asked = await engineWith({ _rtmClientSign: () => ({ result: true, objectId: tom }) });
      const [first, second] = [await (await call()).json<Signed>(), await (await call()).json<Signed>()];
      const parameters = { sessionToken: "t0ken", __sign: expect.any(String) };
      expect(asked[0]).toEqual({ name: "_rtmClientSign", parameters });
      const { signature, nonce, client_id, timestamp } = first;
      expect(client_id).toBe(tom);
      expect(timestamp).toBeGreaterThan(1_600_000_000_000);
      const text = `${world.APP_ID}:${tom}::${timestamp}:${nonce}`;
      expect(signature).toBe(hmac(world.MASTER_KEY, text));
      expect(second).not.toEqual(first);
      await configure({ security: { signLogin: true } });
      const device = await WorkerdDevice.connect();
      expect(refusal(await device.login(tom))).toMatch(/^4102 /);
      expect(refusal(await device.login(tom, { s: signature, t: timestamp, n: nonce }))).toBe("");
    },
  );

  test.each(calls)(
    "[X-06] [H-10] version %s refuses to sign a login with the text of the hook",
    async (_, call) => {
      await engineWith({ _rtmClientSign: () => ({ result: false, error: "who?" }) });
      const refused = await call();
      expect([refused.status, await refused.json()]).toEqual([403, { code: 403, error: "who?" }]);
    },
  );

  test.each(calls)("[X-06] [H-10] version %s answers 404 without a hook", async (_, call) => {
    expect(await outcome(call())).toBe("404 404");
    await engineWith({});
    expect(await outcome(call())).toBe("404 404");
  });
});

describe("[http-api §5] roles of members", () => {
  const rolesOf = (clientId: string, headers: Record<string, string>) =>
    http(`/1.1/classes/_ConversationMemberInfo?client_id=${clientId}&where={"cid":"c1"}&limit=500&skip=0`, {
      headers,
    });

  test("[http-api §5] the list of roles is empty while roles are off, and is for session tokens that count", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const { token } = await loggedIn(tom);
    const shown = { "X-LC-IM-Session-Token": token };
    for (const headers of [{ ...appKeys, ...shown }, shown]) {
      expect(await (await rolesOf(tom, headers)).json()).toEqual({ results: [] });
    }
    expect(await outcome(rolesOf(tom, appKeys))).toBe("401 401");
    expect(await outcome(rolesOf(tom, { "X-LC-IM-Session-Token": "forged" }))).toMatch(/^401 /);
    expect(await outcome(rolesOf(jerry, shown))).toMatch(/^401 /);
    expect(await outcome(rolesOf(tom, {}))).toBe("401 401");
    await done("POST", `/1.2/rtm/clients/${tom}/kick`);
    expect(await outcome(rolesOf(tom, shown))).toBe("401 4112");
  });
});
