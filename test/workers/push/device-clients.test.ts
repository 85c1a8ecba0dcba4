import { describe, expect, test } from "vitest";
import {
  bindDevice,
  type DeviceBinding,
  deviceState,
  unbindDevice,
  unbindEverywhere,
} from "../../../src/database/installations/device-clients.ts";
import { channelsByDevice, DAY, kept, meanwhile, NOW, phone, save, tablet, useTables } from "./tables.ts";

const db = useTables();

const logIn = (
  clientId: string,
  device: string,
  { leaving = [], now = NOW }: { leaving?: string[]; now?: number } = {},
) => bind({ device, clientId, leaving, now });

/** As one who knows everybody that is there. */
async function bind(login: Omit<DeviceBinding, "known">): Promise<void> {
  for (;;) {
    const { clients } = await deviceState(db(), login.device);
    if (await bindDevice(db(), { ...login, known: clients.map(({ clientId }) => clientId) })) return;
  }
}

const logOut = (clientId: string, device: string) => unbindDevice(db(), { device, clientId });

describe("[C-12] [P-12] clients that are logged in on a device are among its channels", () => {
  test("[C-12] [P-12] clients logged in on a device, by its token or installation id, are among its channels until they log out", async () => {
    await save(db(), { ...phone, channels: ["news"] });
    await save(db(), tablet);
    await logIn("Tom", "a1b2");
    await logIn("Tom", "tablet-1");
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["Tom", "news"], "tablet-1": ["Tom"] });
    await logOut("Tom", "a1b2");
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["news"], "tablet-1": ["Tom"] });
  });

  test("[C-12] [P-12] a client is among the channels of an installation that is saved after its login", async () => {
    await logIn("Tom", "a1b2");
    expect(await deviceState(db(), "a1b2")).toMatchObject({
      clients: [{ clientId: "Tom" }],
      installed: false,
    });
    await save(db(), { ...phone, channels: ["news"] });
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["Tom", "news"] });
    expect(await deviceState(db(), "a1b2")).toMatchObject({
      clients: [{ clientId: "Tom" }],
      installed: true,
    });
  });

  test("[C-12] [P-12] a client is among the channels of an installation whose token becomes known after its login", async () => {
    await save(db(), tablet);
    await logIn("Tom", "c3d4");
    await save(db(), { ...tablet, deviceToken: "c3d4" });
    expect(await channelsByDevice(db())).toEqual({ "tablet-1": ["Tom"] });
  });

  test("[C-12] [P-12] a client stays among the channels of an installation whose token changes", async () => {
    const { id } = kept(await save(db(), { ...phone, channels: ["news"] }));
    await logIn("Tom", "a1b2");
    await save(db(), { deviceToken: "c3d4" }, { id });
    expect(await channelsByDevice(db())).toEqual({ c3d4: ["Tom", "news"] });
    // So whoever logs in there next hears that he takes Tom's place.
    expect(await deviceState(db(), "c3d4")).toMatchObject({ clients: [{ clientId: "Tom" }] });
    await logIn("Jerry", "c3d4", { leaving: ["Tom"] });
    expect(await channelsByDevice(db())).toEqual({ c3d4: ["Jerry", "news"] });
  });

  test("[C-12] [P-12] a client that logged in with the new token of a device first replaces the clients of the old one", async () => {
    const { id } = kept(await save(db(), { ...phone, channels: ["news"] }));
    await logIn("Tom", "a1b2");
    await logIn("Jerry", "c3d4");
    await save(db(), { deviceToken: "c3d4" }, { id });
    expect(await channelsByDevice(db())).toEqual({ c3d4: ["Jerry", "news"] });
  });

  test("[C-12] [P-12] neither a saved list of channels nor a Remove operation removes a client that is logged in", async () => {
    await save(db(), phone);
    await logIn("Tom", "a1b2");
    await save(db(), { ...phone, channels: ["news"] });
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["Tom", "news"] });
    await save(db(), { ...phone, channels: { __op: "Remove", objects: ["Tom", "news"] } });
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["Tom"] });
    await save(db(), { ...phone, channels: { __op: "Delete" } });
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["Tom"] });
  });

  test("[C-12] [P-12] several clients are among the channels of one device, until the others are reported gone", async () => {
    await save(db(), { ...phone, channels: ["news"] });
    await logIn("Tom", "a1b2");
    await logIn("Jerry", "a1b2");
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["Jerry", "Tom", "news"] });
    await logIn("Spike", "a1b2", { leaving: ["Tom", "Jerry", "Spike"] });
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["Spike", "news"] });
    expect(await deviceState(db(), "a1b2")).toMatchObject({ clients: [{ clientId: "Spike" }] });
  });

  test("[C-12] [P-12] a client that is logged in with both names of a device stays until it has logged out with both", async () => {
    await save(db(), { ...tablet, deviceToken: "c3d4" });
    await logIn("Tom", "c3d4");
    await logIn("Tom", "tablet-1");
    await logOut("Tom", "c3d4");
    expect(await channelsByDevice(db())).toEqual({ "tablet-1": ["Tom"] });
    await logOut("Tom", "tablet-1");
    expect(await channelsByDevice(db())).toEqual({ "tablet-1": [] });
  });

  test("[C-12] [P-12] a logout on a device without that login changes nothing", async () => {
    await save(db(), { ...phone, channels: ["news"] });
    await logOut("Tom", "a1b2");
    await logOut("Tom", "nowhere");
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["news"] });
  });
});

describe("[C-12] a client whose sessions were ended everywhere", () => {
  test("[C-12] a client whose sessions all ended is removed from all devices that received its pushes, and other clients stay", async () => {
    await save(db(), { ...phone, channels: ["news"] });
    await save(db(), tablet);
    for (const device of ["a1b2", "tablet-1"]) await logIn("Tom", device);
    await logIn("Jerry", "a1b2");
    await unbindEverywhere(db(), { clientId: "Tom", at: NOW });
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["Jerry", "news"], "tablet-1": [] });
    expect((await deviceState(db(), "tablet-1")).clients).toEqual([]);
    await save(db(), { ...phone, timeZone: "UTC" });
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["Jerry", "news"], "tablet-1": [] });
  });

  test("[C-12] a client whose sessions all ended stays on devices where it logged in after that", async () => {
    await save(db(), phone);
    await save(db(), tablet);
    await logIn("Tom", "a1b2");
    await logIn("Tom", "tablet-1", { now: NOW + 2 });
    await unbindEverywhere(db(), { clientId: "Tom", at: NOW + 1 });
    expect(await channelsByDevice(db())).toEqual({ a1b2: [], "tablet-1": ["Tom"] });
  });
});

describe("[N-02] a login shows that the device is in use", () => {
  test("[N-02] a login shows that its device is in use, which is written once a day", async () => {
    const first = kept(await save(db(), phone));
    await logIn("Tom", "a1b2", { now: NOW + 1_000 });
    const updatedAt = async () =>
      (await db().prepare("SELECT updated_at AS at FROM installations").first<{ at: number }>())?.at;
    const bound = NOW + 1_000;
    expect([first.updatedAt, await updatedAt()]).toEqual([NOW, bound]);
    await logIn("Tom", "a1b2", { now: bound + DAY - 1 });
    expect(await updatedAt()).toBe(bound);
    await logIn("Tom", "a1b2", { now: bound + DAY });
    expect(await updatedAt()).toBe(bound + DAY);
  });
});

describe("[C-12] at the same moment", () => {
  test("[C-12] concurrent logins, logouts and saves lose no client and no channel", async () => {
    await save(db(), { ...phone, channels: ["news"] });
    const people = Array.from({ length: 4 }, (_, at) => `cat-${at}`);
    const added = ["channel-0", "channel-1", "channel-2"];
    await Promise.all([
      ...people.map((clientId) => logIn(clientId, "a1b2")),
      ...added.map((each) => save(db(), { ...phone, channels: { __op: "AddUnique", objects: [each] } })),
    ]);
    expect(await channelsByDevice(db())).toEqual({ a1b2: [...people, ...added, "news"].sort() });
    const [first = "", second = "", ...staying] = people;
    await Promise.all([
      logOut(first, "a1b2"),
      save(db(), { ...phone, channels: ["sports"] }),
      logOut(second, "a1b2"),
      logIn("Tom", "a1b2"),
    ]);
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["Tom", ...staying, "sports"].sort() });
  });

  test("[C-12] a login that was decided before another client arrived changes nothing", async () => {
    await save(db(), { ...phone, channels: ["news"] });
    await logIn("Spike", "a1b2");
    await logIn("Jerry", "a1b2", { leaving: ["Spike"] });
    const late = { device: "a1b2", clientId: "Tom", leaving: ["Spike"], known: ["Spike"], now: NOW + DAY };
    expect(await bindDevice(db(), late)).toBe(false);
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["Jerry", "news"] });
    expect(await deviceState(db(), "a1b2")).toMatchObject({ clients: [{ clientId: "Jerry" }] });
  });

  test("[C-12] a login between what a save reads and writes is not lost", async () => {
    await save(db(), phone);
    await save(
      meanwhile(db(), () => logIn("Tom", "a1b2")),
      { ...phone, channels: ["news"] },
    );
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["Tom", "news"] });
  });

  test("[C-12] a login before a device is first saved is not lost", async () => {
    await save(
      meanwhile(db(), () => logIn("Tom", "a1b2")),
      { ...phone, channels: ["news"] },
    );
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["Tom", "news"] });
  });

  test("[C-12] a logout between what a save reads and writes is not lost", async () => {
    await save(db(), phone);
    await logIn("Tom", "a1b2");
    const addition = { ...phone, channels: { __op: "AddUnique", objects: ["news"] } };
    await save(
      meanwhile(db(), () => logOut("Tom", "a1b2")),
      addition,
    );
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["news"] });
  });
});
