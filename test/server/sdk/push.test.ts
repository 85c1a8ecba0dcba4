import AV from "leancloud-storage";
import { beforeAll, expect, test } from "vitest";
import { useTestApp } from "./test-app.ts";

/* The storage SDK as a server of the app has it, for the notifications that it asks for. */

const app = useTestApp();
const asOwner = { useMasterKey: true };

beforeAll(async () => {
  AV.init({ ...app().keys, masterKey: app().masterKey, serverURL: app().url });
  await app().configure({ push: { webhook: { url: "https://push.example.com/" } } });
});

test("[N-04] [N-06] the JavaScript storage SDK pushes a notification to a query, at a given time", async () => {
  const later = new Date(Date.now() + 60 * 60_000);
  const accepted = await AV.Push.send<{ objectId: string; createdAt: string }>(
    {
      data: { alert: "Cheese" },
      channels: ["Jerry"],
      prod: "dev",
      push_time: later,
      expiration_interval: 60,
      where: new AV.Query<AV.Installation>("_Installation").equalTo("deviceType", "ios"),
    },
    asOwner,
  );
  const push_msg = {
    id: accepted.objectId,
    msg: { alert: "Cheese" },
    prod: "dev",
    where: { $and: [{ deviceType: "ios" }, { channels: { $in: ["Jerry"] } }] },
  };
  expect(await app().ask("/1.1/scheduledPushMessages", { method: "GET" })).toMatchObject({
    results: [{ expire_time: later.getTime(), push_msg }],
  });
});

test("[N-13] the JavaScript storage SDK cannot push with the app key", async () => {
  await expect(AV.Push.send({ data: { alert: "Cheese" } })).rejects.toMatchObject({ code: 403 });
});
