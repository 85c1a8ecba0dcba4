import { describe, expect, test, vi } from "vitest";
import type { Installation } from "../../../src/model/installation.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { type OfflineAnswer, type OfflineEvent, pushToOffline } from "../../../src/push/offline-push.ts";
import type { PushDelivery } from "../../../src/push/push-work.ts";
import { unseen } from "../../support/hook-examples.ts";
import { DAY, NOON, phoneOf, RecordingProvider } from "./recipients.ts";

interface World {
  phones?: Installation[];
  template?: JsonObject | null;
  /** What the app's hook says. */
  hook?: Partial<Extract<OfflineAnswer, { skip: false }>> | { skip: true };
  providers?: RecordingProvider[];
  now?: number;
}

const apple = () => new RecordingProvider("apns", "ios");
const google = () => new RecordingProvider("fcm", "android");

/** Tom says something to Jerry and Spike, who are offline; what is queued for it, and whom was looked for. */
async function pushed(world: World, more: Partial<OfflineEvent> = {}) {
  const queued: PushDelivery[] = [];
  const lookedFor: string[][] = [];
  const badges: string[][] = [];
  const phones = world.phones ?? [phoneOf("Jerry"), phoneOf("Spike")];
  await pushToOffline(unseen("hello", { pushData: '{"alert":"Tom: hello"}', muted: [], ...more }), {
    callHook: async (event) => ({
      skip: false,
      offline: event.offline,
      pushMessage: undefined,
      force: false,
      ...world.hook,
    }),
    providers: world.providers ?? [apple(), google()],
    template: world.template ?? null,
    installationsOf: async (clientIds) => {
      lookedFor.push([...clientIds]);
      return phones.flatMap((installation) => {
        const channels = installation.channels.filter((channel) => clientIds.includes(channel));
        return channels.length === 0 ? [] : [{ installation, channels }];
      });
    },
    incrementBadges: async (ids) => {
      badges.push([...ids]);
    },
    queue: async (deliveries) => {
      queued.push(...deliveries);
    },
    now: () => world.now ?? NOON,
  });
  const to = queued.flatMap(({ recipients }) => recipients.map(({ installation }) => installation));
  return { queued, to, lookedFor, badges };
}

test("[P-01, P-13] [P-15] a message is pushed to every device of its offline recipients, for seven days", async () => {
  const tablet = phoneOf("Jerry", { id: "Jerry's tablet" });
  const { queued, to } = await pushed({ phones: [phoneOf("Jerry"), tablet, phoneOf("Tom")] });
  expect(to).toEqual(["Jerry's phone", "Jerry's tablet"]);
  expect(queued[0]?.push).toMatchObject({
    id: "message-1",
    content: { alert: "Tom: hello" },
    environment: "prod",
    expiresAt: NOON + 7 * DAY,
    cause: { type: "message", messageId: "message-1" },
  });
});

test("[P-09] content too large for the queue is not pushed, and no device is looked up", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const { queued, lookedFor } = await pushed({
    hook: { pushMessage: JSON.stringify({ alert: "x".repeat(40_000) }) },
  });
  expect([queued, lookedFor]).toEqual([[], []]);
  expect(warn).toHaveBeenCalledOnce();
  warn.mockRestore();
});

test("[P-01, M-46] [P-22] a member that muted the conversation receives no push, unless the hook forces it", async () => {
  const muted = { muted: ["Jerry"] };
  expect((await pushed({}, muted)).to).toEqual(["Spike's phone"]);
  expect((await pushed({ hook: { force: true } }, muted)).to).toEqual(["Jerry's phone", "Spike's phone"]);
});

test("[P-03] Android devices without a vendor, invalid devices and unused ones receive no push", async () => {
  const phones = [
    phoneOf("Jerry", { id: "plain", deviceType: "android", installationId: "one" }),
    phoneOf("Jerry", { id: "vendor", deviceType: "android", vendor: "fcm", registrationId: "two" }),
    phoneOf("Jerry", { id: "invalid", valid: false }),
    phoneOf("Jerry", { id: "idle", updatedAt: NOON - 91 * DAY }),
  ];
  expect((await pushed({ phones })).to).toEqual(["vendor"]);
});

describe("[P-05, P-10, P-11] content", () => {
  const contentOf = async (world: World, pushData: string | undefined) =>
    (await pushed(world, { pushData })).queued[0]?.push.content;
  const template = { alert: "news", badge: 1 };
  const hook = { pushMessage: '{"alert":"from the hook"}' };

  test("[P-10, P-11] push content is the hook's, else the message's, else the static text, never merged", async () => {
    expect(await contentOf({ template, hook }, '{"alert":"from Tom"}')).toEqual({ alert: "from the hook" });
    expect(await contentOf({ template }, '{"alert":"from Tom"}')).toEqual({ alert: "from Tom" });
    expect(await contentOf({ template }, undefined)).toEqual({ alert: "news", badge: 1 });
  });

  test("[P-05] without push content nothing is pushed and no device is looked up", async () => {
    const { queued, lookedFor } = await pushed({}, { pushData: undefined });
    expect(queued).toEqual([]);
    expect(lookedFor).toEqual([]);
  });

  test("[P-19] control keys alone are no push content", async () => {
    const { queued, lookedFor } = await pushed({}, { pushData: '{"_profile":"dev"}' });
    expect([queued, lookedFor]).toEqual([[], []]);
  });

  test("[P-21] the static text has the conversation, the time and the sender", async () => {
    const variable = (name: string) => ["$", "{", name, "}"].join("");
    const told = { alert: `${variable("fromClientId")} in ${variable("convId")}`, at: variable("timestamp") };
    const content = await contentOf({ template: told }, undefined);
    expect(content).toEqual({ alert: "Tom in 65537a0e0000000000000001", at: String(NOON) });
  });
});

test("[P-22] the hook can skip the push, or drop some recipients", async () => {
  expect((await pushed({ hook: { skip: true } })).queued).toEqual([]);
  expect((await pushed({ hook: { offline: ["Spike"] } })).to).toEqual(["Spike's phone"]);
});

test("[P-04] without a provider the hook is called all the same, and no device is looked up", async () => {
  const { queued, lookedFor } = await pushed({ providers: [] });
  expect(queued).toEqual([]);
  expect(lookedFor).toEqual([]);
});

test("[P-06] Increment adds one on each Apple device, and on no other", async () => {
  const android = phoneOf("Spike", { deviceType: "android", vendor: "fcm" });
  const pushData = '{"alert":"hello","badge":"Increment"}';
  const { badges } = await pushed({ phones: [phoneOf("Jerry"), android] }, { pushData });
  expect(badges).toEqual([["Jerry's phone"]]);
});

test("[P-16, P-17, P-18] [P-19] control keys choose the team and Apple's server, and are not in the content", async () => {
  const pushData = '{"alert":"hello","_profile":"dev","_apns_team_id":"CATS"}';
  const { queued } = await pushed({}, { pushData });
  expect(queued[0]?.push).toMatchObject({ content: { alert: "hello" }, environment: "dev", teamId: "CATS" });
  expect(JSON.stringify(queued)).not.toContain("_profile");
});

test("[P-13] a phone shared by several recipients receives one push for a message", async () => {
  const shared = phoneOf("Jerry", { channels: ["Jerry", "Spike"] });
  expect((await pushed({ phones: [shared] })).to).toEqual(["Jerry's phone"]);
});

test("[P-13] a hundred devices share a delivery, and each provider has its own", async () => {
  const phones = Array.from({ length: 150 }, (_, at) => phoneOf("Jerry", { id: `phone ${at}` }));
  const android = phoneOf("Spike", { deviceType: "android", vendor: "fcm" });
  const { queued } = await pushed({ phones: [...phones, android] });
  expect(queued.map(({ provider, recipients }) => [provider, recipients.length])).toEqual([
    ["apns", 100],
    ["apns", 50],
    ["fcm", 1],
  ]);
});

test("[P-15] an event older than seven days is not pushed", async () => {
  const timestamp = NOON - 7 * DAY - 1;
  expect((await pushed({}, { timestamp })).queued).toEqual([]);
});

describe("a message that is pushed to nobody", () => {
  test.each<[string, RegExp, World, Partial<OfflineEvent>]>([
    ["has no content", /no content/, {}, { pushData: undefined }],
    ["has no device", /no installation has their id/, { phones: [] }, {}],
    [
      "has devices of 90 days ago",
      /inactive/,
      { phones: [phoneOf("Jerry", { updatedAt: NOON - 91 * DAY })] },
      {},
    ],
    ["has a vendor nobody serves", /no configured provider/, { providers: [google()] }, {}],
    ["is muted by all", /muted/, {}, { muted: ["Jerry", "Spike"] }],
  ])("a message that is not pushed because it %s is logged once a minute", async (_, words, world, more) => {
    const info = vi.spyOn(console, "info").mockImplementation(() => {});
    // Other tests may have logged it in their minute.
    const now = NOON + 2 * 60_000;
    const phones = world.phones ?? [phoneOf("Jerry"), phoneOf("Spike")];
    for (let times = 0; times < 3; times++) {
      expect((await pushed({ ...world, phones, now }, more)).queued).toEqual([]);
    }
    expect(info.mock.calls).toEqual([[expect.stringMatching(words)]]);
    await pushed({ ...world, phones, now: now + 60_000 }, more);
    expect(info.mock.calls.at(-1)).toEqual([expect.stringContaining("2 more")]);
    info.mockRestore();
  });
});
