import { describe, expect, test } from "vitest";
import { bindDevice, deviceState, unbindDevice } from "../../../src/database/installations/device-clients.ts";
import { registerBrowser } from "../../../src/database/installations/installations.ts";
import { channelsByDevice, DAY, meanwhile, NOW, save, tablet, useTables } from "./tables.ts";

const db = useTables();

const subscription = {
  endpoint: "https://push.example.com/send/xyz",
  keys: {
    p256dh: "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM",
    auth: "tBHItJI5svbpez7KI4CCXg",
  },
};

const register = (clientId: string, device: string, now = NOW, on = db()) =>
  registerBrowser(on, { clientId, device, subscription, now });

describe("[P-12] a browser", () => {
  test("[P-12] a browser belongs to the client that registered it, until that client logs out", async () => {
    const made = await register("Tom", "browser-1");
    expect(made).toMatchObject({
      deviceType: "web",
      deviceToken: subscription.endpoint,
      installationId: "browser-1",
      channels: ["Tom"],
      valid: true,
      subscription,
    });
    expect(await deviceState(db(), "browser-1")).toMatchObject({
      clients: [{ clientId: "Tom" }],
      installed: true,
    });
    await unbindDevice(db(), { device: "browser-1", clientId: "Tom" });
    expect(await channelsByDevice(db())).toEqual({ "browser-1": [] });
  });

  test("[P-12] a browser moves to another client that registers it, and keeps its other channels", async () => {
    const { id } = await register("Tom", "browser-1");
    await save(db(), { installationId: "browser-1", channels: ["news"] });
    expect(await channelsByDevice(db())).toEqual({ "browser-1": ["Tom", "news"] });
    expect((await register("Jerry", "browser-2")).id).toBe(id);
    expect(await channelsByDevice(db())).toEqual({ "browser-2": ["Jerry", "news"] });
    expect(await deviceState(db(), "browser-1")).toEqual({ clients: [], installed: false });
    // Tom's session ends where it had been.
    await unbindDevice(db(), { device: "browser-1", clientId: "Tom" });
    expect(await channelsByDevice(db())).toEqual({ "browser-2": ["Jerry", "news"] });
  });

  test("[P-12] a browser belongs only to the client that registers it, even if others are logged in there", async () => {
    await bindDevice(db(), { device: "browser-1", clientId: "Tom", leaving: [], known: [], now: NOW });
    await register("Jerry", "browser-1");
    expect(await channelsByDevice(db())).toEqual({ "browser-1": ["Jerry"] });
    await register("Spike", "browser-1");
    expect(await channelsByDevice(db())).toEqual({ "browser-1": ["Spike"] });
    expect(await deviceState(db(), "browser-1")).toMatchObject({
      clients: [{ clientId: "Spike" }],
      installed: true,
    });
  });

  test("[P-12] a browser with a new subscription is the same installation", async () => {
    const { id } = await register("Tom", "browser-1");
    const renewed = { ...subscription, endpoint: "https://push.example.com/send/abc" };
    const again = await registerBrowser(db(), {
      clientId: "Tom",
      device: "browser-1",
      subscription: renewed,
      now: NOW,
    });
    expect(again).toMatchObject({ id, deviceToken: renewed.endpoint, subscription: renewed });
  });

  test("[P-12] two installations that turn out to be one browser become one, with the channels of both", async () => {
    await register("Tom", "browser-1");
    await save(db(), { installationId: "browser-1", channels: ["news"] });
    await save(db(), { ...tablet, channels: ["sports"] });
    await register("Jerry", "tablet-1");
    expect(await channelsByDevice(db())).toEqual({ "tablet-1": ["Jerry", "news", "sports"] });
  });

  test("[P-12] a browser that is registered again without changes is written once a day", async () => {
    const made = await register("Tom", "browser-1");
    expect(await register("Tom", "browser-1", NOW + DAY - 1)).toEqual(made);
    expect(await register("Tom", "browser-1", NOW + DAY)).toEqual({ ...made, updatedAt: NOW + DAY });
  });

  test("[P-12] a browser that two clients register at once belongs to one of them", async () => {
    await Promise.all([
      register("Tom", "browser-1"),
      register("Jerry", "browser-2"),
      register("Spike", "browser-3"),
    ]);
    const [channels, ...others] = Object.values(await channelsByDevice(db()));
    expect([channels?.length, others]).toEqual([1, []]);
    await register(
      "Spike",
      "browser-1",
      NOW,
      meanwhile(db(), () => register("Tom", "browser-1")),
    );
    expect(await channelsByDevice(db())).toEqual({ "browser-1": ["Spike"] });
  });

  test("[P-12] saving an installation neither replaces a browser nor merges with it", async () => {
    await register("Tom", "browser-1");
    const stolen = { deviceType: "ios", deviceToken: "a1b2", installationId: "browser-1" };
    expect(await save(db(), stolen)).toMatchObject({ outcome: "refused" });
    const saved = await save(db(), tablet);
    const id = "installation" in saved ? saved.installation.id : "";
    expect(await save(db(), { installationId: "browser-1" }, { id })).toMatchObject({ outcome: "refused" });
    expect(await save(db(), { installationId: "browser-1", subscription })).toMatchObject({
      outcome: "refused",
    });
    expect(await channelsByDevice(db())).toEqual({ "browser-1": ["Tom"], "tablet-1": [] });
  });
});
