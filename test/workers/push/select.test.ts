import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { PushWork, Selection } from "../../../src/push/push-work.ts";
import { runSelection } from "../../../src/push/run-selection.ts";
import { NOTIFICATIONS, pushedLater, waiting, waitingOf } from "../support/push.ts";
import { done } from "../support/rest.ts";
import { configure, openWorld, world } from "../support/world.ts";

/** From what was asked for to what is queued for each device, with everything real but the queue. */

const DAY = 24 * 60 * 60_000;

beforeAll(async () => {
  await openWorld();
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  const key = { teamId: "TEAM", keyId: "KEY", topics: ["com.example.cheese"], privateKey: pem };
  await configure({ push: { apns: { keys: [key] } } });
});
beforeEach(() => world.DB.exec("DELETE FROM installations; DELETE FROM installation_channels"));
afterEach(() => {
  vi.restoreAllMocks();
});

interface Saved {
  objectId: string;
}

const device = (deviceToken: string, more: object = {}) =>
  done<Saved>("POST", "/1.1/installations", { deviceType: "ios", deviceToken, ...more });

/** Runs every selection of a notification as the queue would, and returns what else it queues. */
async function selected(id: string) {
  const { number } = await waiting(id);
  const queued: PushWork[] = [];
  const PUSHES: Queue<PushWork> = {
    ...world.PUSHES,
    sendBatch: async (messages) => {
      const bodies = [...messages].map(({ body }) => body);
      queued.push(...bodies);
      waitingSelections.push(...bodies.filter((work) => work.type === "select"));
      return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
    },
  };
  const waitingSelections: Selection[] = [{ type: "select", number, after: undefined }];
  for (let next = waitingSelections.shift(); next !== undefined; next = waitingSelections.shift()) {
    await runSelection(next, { ...world, PUSHES });
  }
  return queued.filter((work) => work.type === "deliver");
}

test("[N-04] a notification reaches the devices of its channel and no others, and its record counts them", async () => {
  const jerrys = await device("a1", { channels: ["Jerry"] });
  await device("a2", { channels: ["Spike"] });
  await device("a3", { channels: ["Jerry"], valid: false });
  await done("POST", "/1.1/installations", {
    deviceType: "android",
    installationId: "a4",
    channels: ["Jerry"],
  });
  const { objectId } = await pushedLater({
    data: { alert: "Cheese" },
    channels: ["Jerry"],
    topic: "com.example",
  });
  const deliveries = await selected(objectId);
  expect(deliveries).toEqual([
    {
      type: "deliver",
      provider: "apns",
      attempts: 0,
      push: {
        id: objectId,
        cause: { type: "notification", notificationId: objectId },
        content: { alert: "Cheese" },
        environment: "prod",
        topic: "com.example",
        expiresAt: expect.any(Number),
      },
      recipients: [{ installation: jerrys.objectId, clientIds: [] }],
    },
  ]);
  expect(await done("GET", `${NOTIFICATIONS}/${objectId}`)).toMatchObject({ status: "sending", devices: 1 });
  expect(await waitingOf(objectId)).toEqual([]);
});

test("[N-04] a notification is not sent to devices inactive for 90 days", async () => {
  await device("b1");
  await device("b2");
  const long = Date.now() - 90 * DAY - 60_000;
  await world.DB.prepare("UPDATE installations SET updated_at = ? WHERE device_token = 'b1'")
    .bind(long)
    .run();
  const { objectId } = await pushedLater({});
  const deliveries = await selected(objectId);
  expect(deliveries.map(({ recipients }) => recipients.length)).toEqual([1]);
});

test("[P-06] a notification counts the badge of each device up and stores it", async () => {
  const { objectId: fresh } = await device("c1");
  const { objectId: old } = await device("c2", { badge: 4 });
  const { objectId } = await pushedLater({ data: { alert: "Cheese", badge: "Increment" } });
  await selected(objectId);
  expect(await done("GET", `/1.1/installations/${fresh}`)).toMatchObject({ badge: 1 });
  expect(await done("GET", `/1.1/installations/${old}`)).toMatchObject({ badge: 5 });
});

test("[N-04] a notification selects more than a thousand devices once each", async () => {
  const rows = JSON.stringify(Array.from({ length: 1_100 }, (_, at) => `d${String(at).padStart(4, "0")}`));
  await world.DB.prepare(
    "INSERT INTO installations (id, device_type, device_token, channels, valid, badge, fields, created_at, updated_at) " +
      "SELECT value, 'ios', value, '[]', 1, 0, '{}', ?1, ?1 FROM json_each(?2)",
  )
    .bind(Date.now(), rows)
    .run();
  const { objectId } = await pushedLater({ where: { deviceType: "ios" } });
  const recipients = (await selected(objectId)).map((delivery) => delivery.recipients);
  expect(recipients.map(({ length }) => length)).toEqual(Array.from({ length: 11 }, () => 100));
  expect(new Set(recipients.flat().map(({ installation }) => installation)).size).toBe(1_100);
  expect(await done("GET", `${NOTIFICATIONS}/${objectId}`)).toMatchObject({
    status: "sending",
    devices: 1_100,
  });
});

test("a selection that is repeated after its notification was canceled finds nothing", async () => {
  await device("e1");
  const { objectId } = await pushedLater({});
  const { number } = await waiting(objectId);
  await done("DELETE", `${NOTIFICATIONS}/${objectId}`);
  const sendBatch = vi.spyOn(world.PUSHES, "sendBatch");
  await runSelection({ type: "select", number, after: undefined }, world);
  expect(sendBatch).not.toHaveBeenCalled();
});
