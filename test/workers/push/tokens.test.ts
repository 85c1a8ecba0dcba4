import { decodeJwt, exportPKCS8, generateKeyPair, jwtVerify } from "jose";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { providersOf } from "../../../src/push/providers.ts";
import { pushesOf } from "../../../src/push/push-stub.ts";
import { settingsOf } from "../../../src/settings/store.ts";
import { device, push as pushOf, target } from "../../support/push/pushes.ts";
import { configure, maybeHibernate, openWorld, world } from "../support/world.ts";

const deviceToken = "ab".repeat(32);
const push = pushOf({ alert: "the party begins" }, { environment: "dev" });
const jerrysPhone = target(device({ deviceType: "ios", deviceToken }));

const keeper = pushesOf(world);
let publicKey: CryptoKey;
let key: { teamId: string; keyId: string; topics: string[]; privateKey: string };

beforeAll(() => openWorld());
beforeEach(async () => {
  const pair = await generateKeyPair("ES256", { extractable: true });
  publicKey = pair.publicKey;
  const privateKey = await exportPKCS8(pair.privateKey);
  key = { teamId: "TEAMMOUSE1", keyId: "KEYMOUSE01", topics: ["com.example.mouse"], privateKey };
  await configure({ push: { apns: { keys: [key] } } });
});

describe("[P-20] Apple's provider token", () => {
  test("[P-20] Apple's provider token is the same for all callers, and after its object hibernated", async () => {
    const first = (await keeper.apnsToken("TEAMMOUSE1", "KEYMOUSE01")) ?? "";
    await maybeHibernate();
    expect(await keeper.apnsToken("TEAMMOUSE1", "KEYMOUSE01")).toBe(first);
    // Not even a refused one is replaced at once: Apple would refuse that as well.
    await keeper.tokenRefused(first);
    await maybeHibernate();
    expect(await keeper.apnsToken("TEAMMOUSE1", "KEYMOUSE01")).toBe(first);
    expect((await jwtVerify(first, publicKey)).payload.iss).toBe("TEAMMOUSE1");
  });

  test("[P-20] there is no provider token without its key, and none of a provider that is not set up", async () => {
    expect(await keeper.apnsToken("TEAMMOUSE1", "KEYCAT0001")).toBeUndefined();
    expect(await keeper.fcmToken()).toBeUndefined();
  });
});

describe("[N-10] Apple's devices are pushed to", () => {
  test("[N-10] Apple's devices are pushed to once there is a key", async () => {
    await configure({ push: { apns: { keys: [] } } });
    expect(providersOf(world, await settingsOf(world).get())).toEqual([]);
    await configure({ push: { apns: { keys: [key] } } });
    expect(providersOf(world, await settingsOf(world).get()).map(({ name }) => name)).toEqual(["apns"]);
  });

  test("[N-10] Apple's devices are pushed to over the bridge if there is one, with the stored token", async () => {
    const calls: Request[] = [];
    const HTTP2: Fetcher = {
      fetch: async (url: RequestInfo | URL, init?: RequestInit) => {
        calls.push(new Request(url, init));
        return new Response();
      },
      connect: () => {
        throw new Error("not used");
      },
    };
    const [apns] = providersOf({ ...world, HTTP2 }, await settingsOf(world).get());
    expect(await apns?.send(push, [jerrysPhone])).toEqual([{ outcome: "sent" }]);
    const [{ url, headers } = new Request("http://nobody")] = calls;
    expect(url).toBe(`https://api.sandbox.push.apple.com/3/device/${deviceToken}`);
    const token = headers.get("authorization")?.replace("bearer ", "") ?? "";
    expect(decodeJwt(token).iss).toBe("TEAMMOUSE1");
    expect(token).toBe(await keeper.apnsToken("TEAMMOUSE1", "KEYMOUSE01"));
  });
});
