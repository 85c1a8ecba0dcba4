import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Json } from "../../../../src/model/json.ts";
import { huawei } from "../../../../src/push/vendors/huawei.ts";
import { nextDayInChina, ProfileMemory } from "../../../../src/push/vendors/profile-memory.ts";
import type { Verdict } from "../../../../src/push/vendors/vendor.ts";
import { garbage } from "../../../support/push/provider-server.ts";
import { device, push, target } from "../../../support/push/pushes.ts";
import { HuaweiServer, huaweiAnswer } from "../../../support/push/vendors/huawei-server.ts";
import { phonesOf, VendorWorld } from "../../../support/push/vendors/vendor-providers.ts";

/* What is the same for all phone makers, seen with Huawei's server. */

const server = new HuaweiServer();
const cheese = push({ alert: "Cheese!", title: "Tom" });
const phones = (...ids: string[]) => phonesOf("HMS", ...ids);

let world: VendorWorld;
beforeAll(() => server.open());
beforeEach(() => {
  server.clear();
  world = new VendorWorld();
  world.configure({ hms: server.settings });
});
afterAll(() => server.close());

const provider = (vendor: typeof huawei = huawei) => world.provider(vendor, ({ hms }) => hms);

/** The provider of a vendor that answers so, and counts how often it is asked. */
function answering(...verdicts: Verdict["outcome"][]) {
  const send = vi.fn(async (_: unknown, ids: readonly string[]) =>
    ids.map(
      (id, at): Verdict => ({
        outcome: verdicts[at] ?? "sent",
        why: `because of ${id}`,
        since: undefined,
        retryAfter: undefined,
      }),
    ),
  );
  return { send, vendor: { ...huawei, send } };
}

describe("[P-03] a phone maker's service serves", () => {
  test.each<[string, Parameters<typeof device>[0], boolean]>([
    ["its own phones", { vendor: "HMS", registrationId: "r" }, true],
    ["its own phones whatever the case", { vendor: "hms", deviceType: "Android", registrationId: "r" }, true],
    ["no phone without a registration id", { vendor: "HMS" }, false],
    ["no phone with an empty registration id", { vendor: "HMS", registrationId: "" }, false],
    ["no phone of another maker", { vendor: "honor", registrationId: "r" }, false],
    ["no phone that gave up its registration", { vendor: "lc", registrationId: "r" }, false],
    ["no iPhone", { vendor: "HMS", deviceType: "ios", registrationId: "r" }, false],
    ["no phone without a vendor", { registrationId: "r" }, false],
  ])("[P-03] a phone maker's service serves %s", (_, fields, served) => {
    expect(provider().serves(device(fields))).toBe(served);
  });
});

describe("[N-14] a device's profile", () => {
  const second = { appId: "209", appSecret: "another" };
  const named = (id: string, deviceProfile?: Json) =>
    target(
      device({
        vendor: "HMS",
        registrationId: id,
        fields: deviceProfile === undefined ? {} : { deviceProfile },
      }),
    );

  test("[N-14] a device without a profile, or with an empty one, has the default one", async () => {
    const outcomes = await provider().send(cheese, [
      named("one"),
      named("two", ""),
      named("three", "_default"),
    ]);
    expect(outcomes).toEqual(Array(3).fill({ outcome: "sent" }));
    expect(server.sends).toBe(1);
  });

  test.each(["second", "constructor", "__proto__", "toString"])(
    "[N-14] a push to a device of the unknown profile %s fails, and the device stays",
    async (profile) => {
      expect(await provider().send(cheese, [named("one"), named("two", profile)])).toEqual([
        { outcome: "sent" },
        { outcome: "failed", why: `there is no profile "${profile}" in push.hms` },
      ]);
      expect(server.reached).toEqual(["one"]);
    },
  );

  test("[N-14] devices of two profiles are sent to by their own account", async () => {
    world.configure({ hms: { ...server.settings, second } });
    const accounts: string[] = [];
    const spy = {
      ...huawei,
      send: async (_: unknown, ids: readonly string[], { profile }: { profile: { appId: string } }) => {
        accounts.push(`${profile.appId}: ${ids.join()}`);
        return ids.map((): Verdict => ({ outcome: "sent" }));
      },
    };
    await provider(spy).send(cheese, [named("one"), named("two", "second"), named("three")]);
    expect(accounts.toSorted()).toEqual(["101234567: one,three", "209: two"]);
  });
});

describe("a registration id that several installations share", () => {
  test("a registration id that several installations share is sent to once, and all of them get its outcome", async () => {
    server.gone.add("two");
    const targets = [...phones("one", "two", "one"), ...phonesOf("hms", "two", "one")];
    await provider().send(cheese, phones("known"));
    const outcomes = await provider().send(cheese, targets);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["sent", "gone", "sent", "gone", "sent"]);
    expect(server.reached).toEqual(["known", "one"]);
  });
});

test.each(["", "a b", "a\nb", "奶酪", "x".repeat(2_049)])(
  "[I12] an id that is none of a maker's, such as %j, is not sent, and fails for its device alone",
  async (id) => {
    expect(await provider().send(cheese, phones("one", id))).toMatchObject([
      { outcome: "sent" },
      { outcome: "failed", why: expect.stringContaining("no registration id") },
    ]);
    expect(server.reached).toEqual(["one"]);
  },
);

describe("batches", () => {
  test("no call has more devices than the vendor takes, and outcomes are in the devices' order", async () => {
    const send = vi.fn(async (_: unknown, ids: readonly string[]) =>
      ids.map((id): Verdict => (id === "d" ? { outcome: "failed", why: id } : { outcome: "sent" })),
    );
    const outcomes = await provider({ ...huawei, batchMax: 2, send }).send(
      cheese,
      phones("a", "b", "c", "d", "e"),
    );
    expect(send.mock.calls.map(([, ids]) => ids)).toEqual([["a", "b"], ["c", "d"], ["e"]]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["sent", "sent", "sent", "failed", "sent"]);
  });

  test("[I11] a call that is not answered is made later, and the others count", async () => {
    const send = async (_: unknown, ids: readonly string[]) => {
      if (ids.includes("b")) throw new Error("it hangs");
      return ids.map((): Verdict => ({ outcome: "sent" }));
    };
    const outcomes = await provider({ ...huawei, batchMax: 1, send }).send(cheese, phones("a", "b", "c"));
    expect(outcomes).toEqual([
      { outcome: "sent" },
      { outcome: "later", retryAfter: undefined, why: "Error: it hangs" },
      { outcome: "sent" },
    ]);
  });
});

describe("access tokens of phone makers", () => {
  test("an access token is fetched once, and kept by the object whatever becomes of an isolate", async () => {
    const before = server.issued;
    await Promise.all([provider().send(cheese, phones("one")), provider().send(cheese, phones("two"))]);
    world.memory = new ProfileMemory();
    await provider().send(cheese, phones("three"));
    expect(server.issued - before).toBe(1);
  });

  test("a refused access token is replaced once, and the call repeated", async () => {
    await provider().send(cheese, phones("one"));
    const before = server.issued;
    server.expireTokens();
    world.now = () => Date.now() + 2 * 60_000;
    expect(await provider().send(cheese, phones("two"))).toEqual([{ outcome: "sent" }]);
    expect([server.issued - before, server.reached]).toEqual([1, ["one", "two"]]);
  });

  test("a new access token that is refused is not replaced again at once", async () => {
    const refused = huaweiAnswer("80200001", "OAuth authentication error");
    server.trouble.push(refused, refused, refused, refused);
    const before = server.issued;
    expect(await provider().send(cheese, phones("one"))).toMatchObject([{ outcome: "later" }]);
    expect(await provider().send(cheese, phones("one"))).toMatchObject([{ outcome: "later" }]);
    expect([server.issued - before, server.sends]).toEqual([1, 4]);
  });

  test("an access token of other keys is not used", async () => {
    await provider().send(cheese, phones("one"));
    world.configure({ hms: { _default: { ...server.settings._default, appSecret: "replaced" } } });
    expect(await provider().send(cheese, phones("two"))).toMatchObject([
      { outcome: "later", why: expect.stringContaining("no Huawei token: 127.0.0.1") },
    ]);
    expect(server.reached).toEqual(["one"]);
  });

  test.each([
    ["down", { status: 503, body: "<html>busy</html>" } as const, "answers with status 503"],
    ["out of its mind", garbage, "an answer that is none of Huawei's"],
  ])("[I11] no device is called while the server of access tokens is %s", async (_, answer, why) => {
    server.tokenTrouble = answer;
    const outcomes = await provider().send(cheese, phones("one", "two"));
    server.tokenTrouble = undefined;
    expect(outcomes).toEqual(
      Array(2).fill({ outcome: "later", retryAfter: undefined, why: expect.stringContaining(why) }),
    );
    expect(server.sends).toBe(0);
  });
});

test("the secret and the access token are in no reason, although the maker quotes what it was sent", async () => {
  const { appSecret } = server.settings._default;
  server.tokenTrouble = { status: 400, body: `you sent client_secret=${appSecret}` };
  const [without] = await provider().send(cheese, phones("one"));
  server.tokenTrouble = undefined;
  world.now = () => Date.now() + 5_000;
  server.trouble.push(
    huaweiAnswer("80100003", `you sent Bearer HuaweiServer-${server.issued + 1}, ${appSecret}`),
  );
  const [refused] = await provider().send(cheese, phones("one"));
  expect(without).toMatchObject({ outcome: "later", why: expect.stringContaining("client_secret=***") });
  expect(refused).toEqual({ outcome: "failed", why: "code 80100003: you sent Bearer ***, ***" });
});

test("a maker that gave no access token is not asked again for each of many pushes", async () => {
  server.tokenTrouble = garbage;
  const before = server.calls;
  for (const id of ["one", "two", "three"])
    expect(await provider().send(cheese, phones(id))).toMatchObject([
      { outcome: "later", why: expect.stringContaining("none of Huawei's") },
    ]);
  server.tokenTrouble = undefined;
  expect(server.calls - before).toBe(1);
  world.now = () => Date.now() + 5_000;
  expect(await provider().send(cheese, phones("one"))).toEqual([{ outcome: "sent" }]);
});

test("other keys are tried at once, although the maker just gave no access token for the former", async () => {
  world.configure({ hms: { _default: { ...server.settings._default, appSecret: "mistyped" } } });
  expect(await provider().send(cheese, phones("one"))).toMatchObject([{ outcome: "later" }]);
  world.configure({ hms: server.settings });
  expect(await provider().send(cheese, phones("one"))).toEqual([{ outcome: "sent" }]);
});

describe("the guard against removing devices by mistake", () => {
  test("an answer that no device is known removes none before the keys have ever worked", async () => {
    const outcomes = await provider(answering("unknown", "unknown").vendor).send(
      cheese,
      phones("one", "two"),
    );
    expect(outcomes).toMatchObject(
      Array(2).fill({ outcome: "failed", why: expect.stringContaining("looks like keys of another app") }),
    );
  });

  test("an answer that no device is known removes them once the keys have worked, whatever became of the isolate", async () => {
    await provider().send(cheese, phones("one"));
    world.memory = new ProfileMemory();
    const outcomes = await provider(answering("unknown").vendor).send(cheese, phones("two"));
    expect(outcomes).toEqual([{ outcome: "gone", since: undefined, why: "because of two" }]);
  });

  test("an answer that no device is known removes none after the keys were changed", async () => {
    await provider().send(cheese, phones("one"));
    world.configure({ hms: { _default: { ...server.settings._default, appId: "555" } } });
    const outcomes = await provider(answering("unknown").vendor).send(cheese, phones("one"));
    expect(outcomes).toMatchObject([{ outcome: "failed" }]);
  });

  test("[I11] devices that were sent to are not sent to again while the object does not answer", async () => {
    world.isObjectDown = true;
    const { vendor } = answering("sent", "unknown");
    expect(await provider(vendor).send(cheese, phones("one", "two"))).toMatchObject([
      { outcome: "sent" },
      { outcome: "later", why: "because of two" },
    ]);
  });

  test("that a profile's keys work is written once, and asked for with the token alone", async () => {
    for (const id of ["one", "two", "three"]) await provider().send(cheese, phones(id));
    expect(world.asked).toEqual(["vendorToken", "profileWorked", "vendorToken", "vendorToken"]);
    world.memory = new ProfileMemory();
    await provider().send(cheese, phones("four"));
    expect(world.asked.slice(4)).toEqual(["vendorToken"]);
    expect(world.sql.exec("SELECT name FROM working_profiles").toArray()).toEqual([
      { name: 'hms "_default"' },
    ]);
  });
});

describe("a day's quota that is used up", () => {
  test("pushes after a used up quota fail without a call until the next day in China", async () => {
    const morning = Date.parse("2026-11-28T09:00:00+08:00");
    world.now = () => morning;
    const { vendor, send } = answering("quota");
    const within = push({ alert: "x" }, { expiresAt: morning + 7 * 86_400_000 });
    expect(await provider(vendor).send(within, phones("one"))).toEqual([
      { outcome: "failed", why: "the day's quota is used up, until 00:00 in China: because of one" },
    ]);
    world.now = () => Date.parse("2026-11-28T23:59:59+08:00");
    expect(await provider(vendor).send(within, phones("two"))).toMatchObject([{ outcome: "failed" }]);
    expect(send).toHaveBeenCalledOnce();
    world.now = () => Date.parse("2026-11-29T00:00:00+08:00");
    await provider(vendor).send(within, phones("three"));
    expect(send).toHaveBeenCalledTimes(2);
  });

  test("a used up quota of one class of message stops no other class, and no other account", async () => {
    await provider(answering("quota").vendor).send(cheese, phones("one"));
    const marketing = push({ alert: "Cheese!", hms: { category: "MARKETING" } });
    expect(await provider().send(marketing, phones("two"))).toEqual([{ outcome: "sent" }]);
    expect(await provider().send(cheese, phones("two"))).toMatchObject([{ outcome: "failed" }]);
  });

  test.each([
    ["2026-11-28T00:00:00+08:00", "2026-11-29T00:00:00+08:00"],
    ["2026-11-28T23:59:59.999+08:00", "2026-11-29T00:00:00+08:00"],
    ["2026-11-28T17:00:00Z", "2026-11-30T00:00:00+08:00"],
  ])("the day in China after %s begins at %s", (now, next) => {
    expect(nextDayInChina(Date.parse(now))).toBe(Date.parse(next));
  });
});
