import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Env } from "../../../src/bindings.ts";
import { installationsWithChannels } from "../../../src/database/installations/installations.ts";
import * as example from "../../../src/http/examples.ts";
import { named } from "../../support/chat.ts";
import { VAPID } from "../../support/vapid.ts";
import { ask as alone } from "../http/ask.ts";
import { loggedIn } from "../support/commands.ts";
import { outcome, rest } from "../support/rest.ts";
import { appKeys, configure, http, openWorld, world } from "../support/world.ts";

/** Browsers that are pushed to: `PUT` and `DELETE /1.2/rtm/clients/{id}/web-push`, and the key they subscribe with. */

beforeAll(() => openWorld());
beforeEach(() => configure({ push: null, hooks: null }));

const { keys } = example.SUBSCRIPTION;

/** What a browser says of a subscription; no two tests share one. */
const subscription = () => ({
  endpoint: `https://push.example.net/push/${crypto.randomUUID()}`,
  expirationTime: null,
  keys,
});

const pathOf = (clientId: string) => `/1.2/rtm/clients/${encodeURIComponent(clientId)}/web-push`;

/** The keys of a world that differs from the real one. */
const lcKeys = ({ APP_ID, APP_KEY }: Partial<Env>) =>
  APP_ID === undefined || APP_KEY === undefined ? {} : { "X-LC-Id": APP_ID, "X-LC-Key": APP_KEY };

/** As a page asks, with the app key and a session token. */
function ask(method: "PUT" | "DELETE", clientId: string, token: string, body: object): Promise<Response> {
  const headers = { ...appKeys, "x-lc-im-session-token": token };
  return rest(method, pathOf(clientId), body, headers);
}

const register = (clientId: string, token: string, body: object = subscription()) =>
  ask("PUT", clientId, token, body);

/** The endpoints at which a client is pushed to. */
async function endpointsOf(clientId: string): Promise<(string | undefined)[]> {
  const found = await installationsWithChannels(world.DB, [clientId]);
  return found.map(({ installation }) => installation.subscription?.endpoint);
}

describe("the key to subscribe with", () => {
  test("[P-02] the key to subscribe with is returned to callers with the app key", async () => {
    await configure({ push: { webPush: VAPID } });
    const response = await http("/1.2/push/web", { headers: appKeys });
    expect(await response.json()).toEqual({ publicKey: VAPID.publicKey });
    expect(await outcome(http("/1.2/push/web"))).toBe("401 401");
  });

  test("[P-02] there is no key to subscribe with while Web Push is not set up", async () => {
    expect(await outcome(http("/1.2/push/web", { headers: appKeys }))).toBe("404 404");
  });
});

describe("a browser", () => {
  test("[P-02] [C-12] a browser receives pushes once its client registered it, and is the same one each time", async () => {
    const [jerry] = named("jerry");
    const browser = subscription();
    const first = await loggedIn(jerry, { deviceId: "first page" });
    const registered = await register(jerry, first.token, browser);
    expect(registered.status).toBe(200);
    const { objectId } = await registered.json<{ objectId: string }>();
    const [found] = await installationsWithChannels(world.DB, [jerry]);
    expect(found).toMatchObject({
      channels: [jerry],
      installation: {
        id: objectId,
        deviceType: "web",
        deviceToken: browser.endpoint,
        valid: true,
        subscription: { endpoint: browser.endpoint, keys },
      },
    });

    const second = await loggedIn(jerry, { deviceId: "the page, loaded again" });
    expect(await (await register(jerry, second.token, browser)).json()).toEqual({ objectId });
    expect(await endpointsOf(jerry)).toEqual([browser.endpoint]);
  });

  test("[P-02] a browser belongs to the next client that registers it", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const browser = subscription();
    await register(tom, (await loggedIn(tom)).token, browser);
    await register(jerry, (await loggedIn(jerry)).token, browser);
    expect(await endpointsOf(tom)).toEqual([]);
    expect(await endpointsOf(jerry)).toEqual([browser.endpoint]);
  });

  test("[P-13] a client may have several browsers", async () => {
    const [jerry] = named("jerry");
    const [laptop, phone] = [subscription(), subscription()];
    for (const browser of [laptop, phone]) await register(jerry, (await loggedIn(jerry)).token, browser);
    const both = [laptop.endpoint, phone.endpoint].toSorted();
    expect((await endpointsOf(jerry)).toSorted()).toEqual(both);
  });

  test("[P-02] a browser that its client removes receives no pushes, and those of others do", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const [toms, jerrys] = [subscription(), subscription()];
    const { token } = await loggedIn(jerry);
    await register(tom, (await loggedIn(tom)).token, toms);
    await register(jerry, token, jerrys);

    expect((await ask("DELETE", jerry, token, { endpoint: toms.endpoint })).status).toBe(200);
    expect(await endpointsOf(tom)).toEqual([toms.endpoint]);
    expect(await endpointsOf(jerry)).toEqual([jerrys.endpoint]);

    expect((await ask("DELETE", jerry, token, { endpoint: jerrys.endpoint })).status).toBe(200);
    expect(await endpointsOf(jerry)).toEqual([]);
    expect((await ask("DELETE", jerry, token, { endpoint: jerrys.endpoint })).status).toBe(200);
  });
});

describe("[C-12] a browser belongs to no client after its client logged out", () => {
  test.each([[{ deviceId: "a page" }], [{}]])(
    "[C-12] a browser belongs to no client after the logout of a session with the device %j",
    async (session) => {
      await configure({ push: { webPush: VAPID } });
      const [tom] = named("tom");
      const page = await loggedIn(tom, session);
      expect((await register(tom, page.token)).status).toBe(200);
      await page.ask({ cmd: "session", op: "close" });
      expect(await endpointsOf(tom)).toEqual([]);
    },
  );
});

test("[C-12] a browser belongs to no client after its logout, also if nothing was pushed before the login", async () => {
  const [tom] = named("tom");
  const page = await loggedIn(tom, { deviceId: "a page" });
  await configure({ push: { webPush: VAPID } });
  expect((await register(tom, page.token)).status).toBe(200);
  await page.ask({ cmd: "session", op: "close" });
  expect(await endpointsOf(tom)).toEqual([]);
});

describe("who may register browsers", () => {
  test("[P-02] only the client itself, with a valid token, may register a browser", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const { token } = await loggedIn(tom);
    expect(await outcome(register(jerry, token))).toBe("401 4112");
    expect(await outcome(ask("DELETE", jerry, token, subscription()))).toBe("401 4112");
    expect(await outcome(register(tom, ""))).toBe("401 4112");
    expect(await outcome(rest("PUT", pathOf(tom), subscription()))).toBe("401 4112");

    await rest("POST", `/1.2/rtm/clients/${tom}/kick`, {});
    expect(await outcome(register(tom, token))).toBe("401 4112");
    expect(await endpointsOf(tom)).toEqual([]);
  });

  test("[P-02] any caller with the app key and that token may register a browser", async () => {
    const [tom] = named("tom");
    const { token } = await loggedIn(tom);
    const headers = { ...appKeys, "x-lc-key": "another", "x-lc-im-session-token": token };
    expect(await outcome(rest("PUT", pathOf(tom), subscription(), headers))).toBe("401 401");
  });
});

describe("an invalid subscription is refused", () => {
  const withKeys = (changed: object) => ({ ...subscription(), keys: { ...keys, ...changed } });
  const notOnTheCurve = `${keys.p256dh.slice(0, -4)}AAAA`;

  test.each([
    ["without an endpoint", { keys }],
    ["at an endpoint that is no URL", { ...subscription(), endpoint: "push.example.net" }],
    ["by http", { ...subscription(), endpoint: "http://push.example.net/" }],
    ["in a private network", { ...subscription(), endpoint: "https://192.168.1.1/push" }],
    ["on this machine", { ...subscription(), endpoint: "https://localhost/push" }],
    ...[
      ...[
        "https://127.0.0.1/",
        "https://127.1:9977/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://[::1]/",
      ],
      ...["https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://0/", "https://localhost./"],
      ...[
        "https://app.localhost/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[fe80::1]/",
      ],
      ...["https://[fd00::1]/", "https://[64:ff9b::7f00:1]/", "https://printer/", "https://nas.local/"],
    ].map((endpoint): [string, object] => [`at ${endpoint}`, { ...subscription(), endpoint }]),
    ["at a long endpoint", { ...subscription(), endpoint: `https://push.example.net/${"x".repeat(2_048)}` }],
    ["without keys", { endpoint: subscription().endpoint }],
    ["with a compressed key", withKeys({ p256dh: keys.p256dh.slice(0, 44) })],
    ["with a key of another form", withKeys({ p256dh: `A${keys.p256dh.slice(1)}` })],
    ["with a key that is not on the curve", withKeys({ p256dh: notOnTheCurve })],
    ["with a short secret", withKeys({ auth: keys.auth.slice(0, 20) })],
    ["in the other Base64", withKeys({ auth: `${keys.auth.slice(0, 21)}+` })],
  ])("[P-02] a subscription with %s is refused", async (_, body) => {
    const [jerry] = named("jerry");
    expect(await outcome(register(jerry, (await loggedIn(jerry)).token, body))).toBe("400 105");
    expect(await endpointsOf(jerry)).toEqual([]);
  });

  test.each<[string, Partial<Env>]>([
    ["a trial", { APP_ID: "parley-dev", APP_KEY: "parley-dev-key", MASTER_KEY: "parley-dev-master" }],
    ["a demo", { DEMO: "1" }],
  ])(
    "[P-02, I12] a subscription with an endpoint on this machine is refused in %s as well",
    async (_, env) => {
      const [jerry] = named("jerry");
      const { token } = await loggedIn(jerry);
      for (const endpoint of [
        "http://127.0.0.1:9977/admin/delete",
        "https://127.0.0.1:9977/",
        "http://[::1]:9977/",
      ]) {
        const response = await alone(`http://127.0.0.1:8787${pathOf(jerry)}`, {
          method: "PUT",
          headers: {
            "X-LC-Id": world.APP_ID,
            "X-LC-Key": world.APP_KEY,
            ...lcKeys(env),
            "x-lc-im-session-token": token,
          },
          body: JSON.stringify({ ...subscription(), endpoint }),
          env,
        });
        expect(response.status).toBe(400);
        expect(await response.json()).toMatchObject({
          code: 105,
          error: expect.stringMatching(/^endpoint: /),
        });
      }
    },
  );

  test("[P-02, I12] a subscription with an endpoint in the owner's network is refused, although hooks may be there", async () => {
    await configure({ hooks: { allowPrivate: true } });
    const [jerry] = named("jerry");
    const body = { ...subscription(), endpoint: `http://192.168.1.1/${crypto.randomUUID()}` };
    expect(await outcome(register(jerry, (await loggedIn(jerry)).token, body))).toBe("400 105");
  });
});
