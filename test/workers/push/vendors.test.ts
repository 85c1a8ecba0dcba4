import { exportPKCS8, generateKeyPair } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type ProvidersEnv, providersOf } from "../../../src/push/providers.ts";
import { pushesOf } from "../../../src/push/push-stub.ts";
import { settingsOf } from "../../../src/settings/store.ts";
import { device, push as pushOf, target } from "../../support/push/pushes.ts";
import { done } from "../support/rest.ts";
import { configure, openWorld, world } from "../support/world.ts";

/* From a notification to a phone maker's server, through the real queue and the object that keeps tokens. */

const HMS = "https://push-api.cloud.huawei.com/v1/101234567/messages:send";
const HMS_TOKENS = "https://oauth-login.cloud.huawei.com/oauth2/v3/token";
const FCM = "https://fcm.googleapis.com/v1/projects/cheese/messages:send";
const FCM_TOKENS = "https://oauth2.googleapis.com/token";
const PATIENCE = { timeout: 20_000 }; // ms

/** What reached phones: the address, the device and the push's tag. */
let arrived: string[] = [];
/** Calls by their address. */
let calls: string[] = [];
/** Answers in place of Huawei's own, one after another. */
let trouble: Response[] = [];
let serviceAccount: Record<string, string>;

beforeAll(async () => {
  await openWorld();
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  serviceAccount = {
    project_id: "cheese",
    client_email: "parley@cheese.example",
    private_key: await exportPKCS8(privateKey),
  };
});

beforeEach(async () => {
  [arrived, calls, trouble] = [[], [], []];
  const network = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    const answer = await answerTo(request);
    if (answer === undefined) return network(input, init);
    calls.push(request.url);
    return answer;
  });
  const hms = { _default: { appId: "101234567", appSecret: "cheese" } };
  await configure({ push: { hms, fcm: { serviceAccount } } });
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function answerTo(request: Request): Promise<Response | undefined> {
  if (request.url === HMS_TOKENS || request.url === FCM_TOKENS)
    return Response.json({ access_token: crypto.randomUUID(), expires_in: 3_600 });
  if (request.url === HMS) {
    const failure = trouble.shift();
    if (failure !== undefined) return failure;
    const { message } = await request.json<{
      message: { token: string[]; android: { notification: { tag: string } } };
    }>();
    arrived.push(...message.token.map((token) => `${token} ${message.android.notification.tag}`));
    return Response.json({ code: "80000000", msg: "Success", requestId: "1" });
  }
  if (request.url === FCM) {
    const { message } = await request.json<{
      message: { token: string; android: { notification: { tag: string } } };
    }>();
    arrived.push(`${message.token} ${message.android.notification.tag}`);
    return Response.json({ name: "projects/cheese/messages/1" });
  }
  return undefined;
}

const pushed = async (channel: string) =>
  (await done<{ objectId: string }>("POST", "/1.1/push", { data: { alert: "Cheese!" }, channels: [channel] }))
    .objectId;

const recordOf = (id: string) => done<{ status: string; devices: number }>("GET", `/1.1/notifications/${id}`);

/** A row of `_Installation` as LeanCloud exports it. */
function rowOf(more: object) {
  const now = new Date().toISOString();
  const objectId = crypto.randomUUID().replaceAll("-", "").slice(0, 24);
  const own = {
    deviceType: "android",
    installationId: crypto.randomUUID(),
    valid: true,
    ACL: { "*": { read: true } },
  };
  return { ...own, objectId, createdAt: now, updatedAt: now, ...more };
}

describe("pushes by a phone maker's service", () => {
  test("[I11] a push to a maker that is down, out of its mind and too busy arrives once it is back, at each phone once", async () => {
    const phones = ["HMS", "hms"].map((vendor, at) =>
      rowOf({ vendor, registrationId: `phone-${at}`, channels: ["down"] }),
    );
    await done("POST", "/admin/import/installations", { results: phones });
    trouble = [
      new Response("<html>502</html>", { status: 502 }),
      new Response("<html>Welcome to this hotel</html>"),
    ];
    const id = await pushed("down");
    await expect
      .poll(() => recordOf(id), { timeout: 40_000 })
      .toMatchObject({ status: "done", hmsSuccesses: 2, errors: 0 });
    expect(arrived.map((each) => each.split(" ")[0]).toSorted()).toEqual(["phone-0", "phone-1"]);
    expect(calls.filter((url) => url === HMS)).toHaveLength(3);
  }, 60_000);

  test("a push reaches imported installations as LeanCloud had them, but not one that gave up its registration", async () => {
    const rows = [
      rowOf({ vendor: "HMS", registrationId: "huawei", deviceProfile: "" }),
      rowOf({ vendor: "fcm", registrationId: "google" }),
      rowOf({ vendor: "lc", registrationId: "nobody" }),
      rowOf({ vendor: "HMS", registrationId: "stranger", deviceProfile: "unknown" }),
    ].map((row) => ({ ...row, channels: ["moved"] }));
    const imported = await done("POST", "/admin/import/installations", { results: rows });
    expect(imported).toMatchObject({ added: 4 });
    const id = await pushed("moved");
    await expect
      .poll(() => recordOf(id), PATIENCE)
      .toMatchObject({
        status: "done",
        devices: 3,
        hmsSuccesses: 1,
        fcmSuccesses: 1,
        errors: 1,
        invalidTokens: 0,
        errorMessage: 'there is no profile "unknown" in push.hms',
      });
    expect(arrived.map((each) => each.split(" ")[0]).toSorted()).toEqual(["google", "huawei"]);
    expect(await done("GET", `/1.1/installations/${rows[3]?.objectId}`)).toMatchObject({ valid: true });
  });
});

describe("the cost of a push by a phone maker's service", () => {
  const phones = (vendor: string) =>
    ["one", "two", "three"].map((id) => target(device({ id, vendor, registrationId: `${vendor}-${id}` })));

  /** The calls to the object and to servers, for one more push to three phones. */
  async function costOf(name: "fcm" | "hms") {
    const keeper = pushesOf(world);
    const asked: string[] = [];
    const counted = new Proxy(keeper, {
      get: (_, method) => {
        asked.push(String(method));
        return Reflect.get(keeper, method);
      },
    });
    const env: ProvidersEnv = { ...world, PUSH: { ...world.PUSH, getByName: () => counted } };
    const provider = providersOf(env, await settingsOf(world).get()).find((each) => each.name === name);
    const send = () => provider?.send(pushOf({ alert: "x" }), phones(name));
    await send(); // the first one fetches a token
    try {
      // Its keys are not new any more, so the next token is kept.
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 11_000 });
      await send();
      [asked.length, calls.length] = [0, 0];
      expect(await send()).toEqual(Array(3).fill({ outcome: "sent" }));
    } finally {
      vi.useRealTimers();
    }
    return { asked, calls: calls.length };
  }

  test("each provider that gives tokens over the network has an object of its own for them", async () => {
    const names: string[] = [];
    const objects: ProvidersEnv["PUSH"] = world.PUSH;
    const getByName = (name: string) => {
      names.push(name);
      return objects.getByName(name);
    };
    const env: ProvidersEnv = { ...world, PUSH: { ...world.PUSH, getByName } };
    const providers = providersOf(env, await settingsOf(world).get());
    for (const { name } of providers.filter(({ name }) => name === "fcm" || name === "hms"))
      expect(names.filter((each) => each === `tokens of ${name}`)).toHaveLength(1);
    names.length = 0;
    providersOf({ ...env, SINGLE_MACHINE: "1" }, await settingsOf(world).get());
    expect([...new Set(names)]).toEqual(["push"]);
  });

  test("a further push within a minute asks no object, and by a phone maker's service it calls the server less often than by FCM", async () => {
    expect(await costOf("fcm")).toEqual({ asked: [], calls: 3 });
    expect(await costOf("hms")).toEqual({ asked: [], calls: 1 });
  });
});
