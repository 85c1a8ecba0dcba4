import AV from "leancloud-storage";
import { beforeAll, describe, expect, test } from "vitest";
import { useTestApp } from "../sdk/test-app.ts";

/* The storage SDK, which keeps installations as rows of a class. */

const app = useTestApp();
const asOwner = { useMasterKey: true };

beforeAll(() => {
  AV.init({ ...app().keys, masterKey: app().masterKey, serverURL: app().url });
});

const phone = () => ({ deviceType: "ios", deviceToken: app().named("token") });

/** Its types take no fields here; the SDK does. */
function installation(fields: Record<string, unknown>): AV.Object {
  const made = new AV.Object("_Installation");
  made.set(fields);
  return made;
}

describe("installations of the JavaScript storage SDK", () => {
  test("[N-01] the JavaScript storage SDK saves an installation, changes it and reads it", async () => {
    const { deviceType, deviceToken } = phone();
    const saved = await installation({ deviceType, deviceToken, channels: ["news"] }).save();
    expect(saved.id).toMatch(/^[0-9a-f]{24}$/);
    expect(saved.createdAt).toBeInstanceOf(Date);

    saved.set("badge", 2);
    saved.increment("lives", 9);
    saved.addUnique("channels", ["sports"]);
    await saved.save();
    saved.remove("channels", "news");
    await saved.save(null, { fetchWhenSave: true });
    expect(saved.get("channels")).toEqual(["sports"]);

    const known = AV.Object.createWithoutData("_Installation", saved.id ?? "");
    await known.fetch();
    expect(known.toJSON()).toMatchObject({
      objectId: saved.id,
      deviceType,
      deviceToken,
      badge: 2,
      lives: 9,
      channels: ["sports"],
      valid: true,
    });
    known.unset("lives");
    await known.save();
    expect((await known.fetch()).get("lives")).toBeUndefined();
  });

  test("[N-01] the JavaScript storage SDK gets the same installation for a known device", async () => {
    const device = phone();
    const first = await installation(device).save();
    const again = await installation({ ...device, badge: 1 }).save();
    expect(again.id).toBe(first.id);
  });

  test("[N-01] the JavaScript storage SDK saves and reads several installations at once", async () => {
    const several = [installation(phone()), installation(phone())];
    await AV.Object.saveAll(several);
    const ids = several.map(({ id }) => id ?? "");
    expect(new Set(ids).size).toBe(2);
    for (const each of several) each.set("badge", 5);
    await AV.Object.saveAll(several);
    const known = ids.map((id) => AV.Object.createWithoutData("_Installation", id));
    const read = await AV.Object.fetchAll(known);
    expect(read.map((each) => (each instanceof AV.Object ? each.get("badge") : each))).toEqual([5, 5]);
  });

  test("[N-01] the JavaScript storage SDK gets the error of an invalid installation", async () => {
    await expect(installation({ deviceType: "ios" }).save()).rejects.toMatchObject({ code: 105 });
    await expect(new AV.Object("Todo").save()).rejects.toMatchObject({ code: 404 });
  });

  test("[N-01] the JavaScript storage SDK finds, counts and deletes installations with the master key alone", async () => {
    const channel = app().named("channel");
    const made = await installation({ ...phone(), channels: [channel] }).save();
    await installation({ ...phone(), channels: [channel], valid: false }).save();
    const query = () => new AV.Query("_Installation").equalTo("channels", channel);
    await expect(query().find()).rejects.toMatchObject({ code: 401 });
    const found = await query().equalTo("valid", true).descending("createdAt").find(asOwner);
    expect(found.map(({ id }) => id)).toEqual([made.id]);
    expect(await query().count(asOwner)).toBe(2);
    // So long that it goes by way of a batch.
    const long = query().notContainedIn(
      "vendor",
      Array.from({ length: 200 }, (_, at) => `vendor-${at}`),
    );
    expect(await long.find(asOwner)).toHaveLength(2);
    await made.destroy(asOwner);
    expect(await query().count(asOwner)).toBe(1);
  });
});
