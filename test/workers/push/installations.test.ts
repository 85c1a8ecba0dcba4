import { describe, expect, test } from "vitest";
import { bindDevice, deviceState } from "../../../src/database/installations/device-clients.ts";
import {
  dropIdleInstallations,
  incrementBadges,
  installationsById,
  installationsWithChannels,
  removeInstallations,
} from "../../../src/database/installations/installations.ts";
import type { Installation } from "../../../src/model/installation.ts";
import { channelsByDevice, DAY, kept, meanwhile, NOW, phone, save, tablet, useTables } from "./tables.ts";

const db = useTables();

const all = async (): Promise<Installation[]> => {
  const ids = await db().prepare("SELECT id FROM installations ORDER BY id").all<{ id: string }>();
  return installationsById(
    db(),
    ids.results.map(({ id }) => id),
  );
};

describe("[N-01] a device is saved", () => {
  test("[N-01] a device is saved as an installation with all its fields", async () => {
    const saved = await save(db(), {
      ...phone,
      channels: ["news", "news"],
      timeZone: "Asia/Shanghai",
      age: { days: 3 },
    });
    expect(saved).toMatchObject({ outcome: "created", clientIds: [] });
    expect(await all()).toEqual([
      {
        id: kept(saved).id,
        deviceType: "ios",
        deviceToken: "a1b2",
        channels: ["news"],
        installationId: undefined,
        registrationId: undefined,
        vendor: undefined,
        subscription: undefined,
        valid: true,
        badge: 0,
        createdAt: NOW,
        updatedAt: NOW,
        fields: { apnsTopic: "com.example.cheese", timeZone: "Asia/Shanghai", age: { days: 3 } },
      },
    ]);
    expect(kept(saved).id).toMatch(/^[0-9a-f]{24}$/);
  });

  test.each([
    ["its token", phone],
    ["its installation id", tablet],
    [
      "a vendor's token, where it says nothing better",
      { deviceType: "android", vendor: "mi", registrationId: "r1" },
    ],
  ])("[N-01] a device that is saved again is the same installation by %s", async (_, device) => {
    const first = await save(db(), { ...device, channels: ["news"] });
    const again = await save(db(), { ...device, badge: 3 }, { now: NOW + 1_000 });
    expect(again).toMatchObject({ outcome: "updated", installation: { id: kept(first).id } });
    expect(await all()).toMatchObject([
      { channels: ["news"], badge: 3, createdAt: NOW, updatedAt: NOW + 1_000 },
    ]);
  });

  test("[N-01] two devices with the same vendor's token and different installation ids are two installations", async () => {
    const token = { vendor: "mi", registrationId: "r1" };
    const { id } = kept(await save(db(), { ...tablet, ...token, badge: 3 }));
    const other = kept(await save(db(), { ...tablet, ...token, installationId: "tablet-2" }));
    expect(other.id).not.toBe(id);
    expect(await all()).toMatchObject([{ id: other.id, badge: 0 }]);
  });

  test("[N-01] a save that names two installations merges them into that of the installation id", async () => {
    const first = kept(await save(db(), { ...phone, channels: ["news"] }));
    const second = kept(await save(db(), { ...tablet, channels: ["sports"] }));
    await save(db(), { deviceToken: "a1b2", installationId: "tablet-1", badge: 1 });
    expect(await all()).toMatchObject([
      { id: second.id, deviceToken: "a1b2", installationId: "tablet-1", badge: 1 },
    ]);
    expect(await channelsByDevice(db())).toEqual({ "tablet-1": ["news", "sports"] });
    expect(await installationsById(db(), [first.id])).toEqual([]);
  });

  test("[N-01] a save by id takes the names of other installations over", async () => {
    const { id } = kept(await save(db(), { ...phone, channels: ["news"] }));
    await save(db(), { ...tablet, channels: ["sports"] });
    await save(db(), { deviceToken: "c3d4", deviceType: "ios" });
    await save(db(), { installationId: "tablet-1", deviceToken: "c3d4" }, { id });
    expect(await all()).toMatchObject([{ id, installationId: "tablet-1", deviceToken: "c3d4" }]);
    expect(await channelsByDevice(db())).toEqual({ "tablet-1": ["news", "sports"] });
  });

  test("[N-01] a save under an unknown id succeeds if it names its device", async () => {
    const id = "51ff1808e4b074ac5c34d7fd";
    expect(await save(db(), { badge: 0 }, { id })).toEqual({ outcome: "missing" });
    expect(await save(db(), tablet, { id: "no-object-id" })).toEqual({ outcome: "missing" });
    expect(await save(db(), tablet, { id })).toMatchObject({ outcome: "created", installation: { id } });
    const other = "51ff1808e4b074ac5c34d7fe";
    expect(await save(db(), { ...tablet, badge: 1 }, { id: other })).toMatchObject({ installation: { id } });
  });

  test("[N-01] two concurrent saves of a device make one installation", async () => {
    await Promise.all([save(db(), phone), save(db(), phone), save(db(), { ...phone, channels: ["news"] })]);
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["news"] });
    const byVendor = { deviceType: "android", vendor: "mi", registrationId: "r1" };
    await save(
      meanwhile(db(), () => save(db(), byVendor)),
      byVendor,
    );
    expect(await all()).toHaveLength(2);
  });

  test("[N-01] a save during another change keeps both", async () => {
    await save(db(), phone);
    const add = (channel: string) => ({ ...phone, channels: { __op: "AddUnique", objects: [channel] } });
    await save(
      meanwhile(db(), () => save(db(), add("news"))),
      add("sports"),
    );
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["news", "sports"] });
  });

  test("[N-01] a save loses no change that is made meanwhile to the installation it merges", async () => {
    await save(db(), phone);
    await save(db(), tablet);
    const both = { deviceToken: "a1b2", installationId: "tablet-1" };
    await save(
      meanwhile(db(), () => save(db(), { ...phone, channels: ["news"] })),
      both,
    );
    expect(await channelsByDevice(db())).toEqual({ "tablet-1": ["news"] });
  });

  test("[N-01] a save does not merge an installation that is renamed meanwhile", async () => {
    const { id } = kept(await save(db(), { ...phone, channels: ["news"] }));
    await save(db(), tablet);
    const both = { deviceToken: "a1b2", installationId: "tablet-1" };
    await save(
      meanwhile(db(), () => save(db(), { deviceToken: "c3d4" }, { id })),
      both,
    );
    expect(await channelsByDevice(db())).toEqual({ c3d4: ["news"], "tablet-1": [] });
  });

  test("[N-01] a save without changes is written once a day", async () => {
    const said = { ...phone, channels: ["news", "sports"], badge: 0 };
    const first = kept(await save(db(), said));
    await bindDevice(db(), { device: "a1b2", clientId: "Tom", leaving: [], known: [], now: NOW + 1 });
    const bound = { ...first, channels: ["news", "sports", "Tom"], updatedAt: NOW + 1 };
    const shuffled = { ...said, channels: ["sports", "news"] };
    expect(kept(await save(db(), shuffled, { now: NOW + DAY }))).toEqual(bound);
    expect(await all()).toEqual([bound]);
    await save(db(), shuffled, { now: NOW + 1 + DAY });
    expect(await all()).toMatchObject([{ updatedAt: NOW + 1 + DAY }]);
  });
});

describe("[N-01, C-12] a vendor's token that comes again", () => {
  const token = { vendor: "mi", registrationId: "r1" };

  test("[N-01, C-12] a vendor's token that comes again belongs to the app installed anew, without the clients of the old one", async () => {
    await save(db(), { ...tablet, ...token, channels: ["news"] });
    await bindDevice(db(), { device: "tablet-1", clientId: "Tom", leaving: [], known: [], now: NOW });
    await save(db(), { ...tablet, ...token, installationId: "tablet-2" });
    expect(await channelsByDevice(db())).toEqual({ "tablet-2": [] });
  });

  test("[N-01, C-12] the same token of another vendor is another installation", async () => {
    await save(db(), { ...tablet, ...token });
    await save(db(), { ...tablet, ...token, vendor: "oppo", installationId: "tablet-2" });
    expect(await channelsByDevice(db())).toEqual({ "tablet-1": [], "tablet-2": [] });
  });
});

describe("[P-13] by channel", () => {
  test("[P-13] all devices of a client are found by its channel, each with the channels it was found by", async () => {
    const first = kept(await save(db(), { ...phone, channels: ["Tom", "news"] }));
    const second = kept(await save(db(), { ...tablet, channels: ["Tom", "Jerry"] }));
    await save(db(), { deviceType: "ios", deviceToken: "c3d4", channels: ["Spike"] });
    const found = await installationsWithChannels(db(), ["Tom", "Jerry", "Tyke"]);
    const byId = new Map(found.map(({ installation, channels }) => [installation.id, channels.sort()]));
    expect(byId).toEqual(
      new Map([
        [first.id, ["Tom"]],
        [second.id, ["Jerry", "Tom"]],
      ]),
    );
    expect(found.map(({ installation }) => installation)).toEqual(expect.arrayContaining([first, second]));
    expect(await installationsWithChannels(db(), [])).toEqual([]);
  });
});

describe("[P-06] badges", () => {
  test("[P-06] badges count up one by one, also concurrently", async () => {
    const { id } = kept(await save(db(), { ...phone, badge: 4 }));
    await Promise.all([incrementBadges(db(), [id, "gone"]), incrementBadges(db(), [id])]);
    expect(await all()).toMatchObject([{ badge: 6 }]);
    await save(
      meanwhile(db(), () => incrementBadges(db(), [id])),
      { ...phone, timeZone: "UTC" },
    );
    expect(await all()).toMatchObject([{ badge: 7 }]);
    await save(db(), { ...phone, badge: 0 });
    expect(await all()).toMatchObject([{ badge: 0 }]);
  });
});

describe("[N-02] devices are forgotten", () => {
  test("[N-02] a device that is deleted loses its channels, and its clients are kept for when it is saved again", async () => {
    const { id } = kept(await save(db(), { ...phone, channels: ["news"] }));
    await save(db(), tablet);
    await bindDevice(db(), { device: "a1b2", clientId: "Tom", leaving: [], known: [], now: NOW });
    await removeInstallations(db(), [id, "gone"]);
    expect(await channelsByDevice(db())).toEqual({ "tablet-1": [] });
    await save(db(), phone);
    expect(await channelsByDevice(db())).toEqual({ "tablet-1": [], a1b2: ["Tom"] });
  });

  test("[N-02] devices without use for long are deleted with their clients", async () => {
    await save(db(), { ...phone, channels: ["news"] }, { now: NOW - 2 * DAY });
    await bindDevice(db(), { device: "a1b2", clientId: "Tom", leaving: [], known: [], now: NOW - 2 * DAY });
    await save(db(), { ...tablet, channels: ["news"] }, { now: NOW });
    await bindDevice(db(), { device: "lost", clientId: "Tom", leaving: [], known: [], now: NOW - 2 * DAY });
    await bindDevice(db(), { device: "new", clientId: "Tom", leaving: [], known: [], now: NOW });
    await dropIdleInstallations(db(), NOW - DAY);
    expect(await channelsByDevice(db())).toEqual({ "tablet-1": ["news"] });
    const clients = async (device: string) =>
      (await deviceState(db(), device)).clients.map(({ clientId }) => clientId);
    expect([await clients("a1b2"), await clients("lost"), await clients("new")]).toEqual([[], [], ["Tom"]]);
  });

  test("[N-02] a client that logged in long ago on a device still in use stays", async () => {
    await save(db(), phone, { now: NOW - 2 * DAY });
    await bindDevice(db(), { device: "a1b2", clientId: "Tom", leaving: [], known: [], now: NOW - 2 * DAY });
    await save(db(), phone, { now: NOW });
    await dropIdleInstallations(db(), NOW - DAY);
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["Tom"] });
    expect(await deviceState(db(), "a1b2")).toMatchObject({
      clients: [{ clientId: "Tom" }],
      installed: true,
    });
  });

  test("[N-02] any number of devices is deleted", async () => {
    const many = 2_500;
    const insertion = db().prepare(`INSERT INTO installations
      (id, device_type, installation_id, channels, valid, badge, fields, created_at, updated_at)
      SELECT 'id-' || value, 'android', 'device-' || value, '["news"]', 1, 0, '{}', 0, value % 2
      FROM json_each(?)`);
    const numbers = JSON.stringify(Array.from({ length: many }, (_, at) => at));
    await insertion.bind(numbers).run();
    const sign = db().prepare("INSERT INTO installation_channels SELECT 'news', id FROM installations");
    const bind = db().prepare(
      "INSERT INTO device_clients SELECT installation_id, 'Tom', 0 FROM installations",
    );
    await db().batch([sign, bind]);
    await dropIdleInstallations(db(), 1);
    const left = async (table: string) =>
      (await db().prepare(`SELECT count(*) AS n FROM ${table}`).first<{ n: number }>())?.n;
    const tables = ["installations", "installation_channels", "device_clients"];
    expect(await Promise.all(tables.map(left))).toEqual([many / 2, many / 2, many / 2]);
  });
});
