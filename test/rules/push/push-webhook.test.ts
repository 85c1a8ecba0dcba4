import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Outbound } from "../../../src/outbound/http-client.ts";
import { PushWebhook } from "../../../src/push/push-webhook.ts";
import { type Answer, broken, tooMany } from "../../support/push/provider-server.ts";
import { PushReceiver } from "../../support/push/push-receiver.ts";
import { device, push, target } from "../../support/push/pushes.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const receiver = new PushReceiver(secret);

const webhook = (now: () => number = Date.now) =>
  new PushWebhook(
    { url: receiver.url, secret },
    {
      outbound: new Outbound("trial", { open: fetch, all: fetch }),
      now,
      installationJson: ({ id, vendor = "none" }) => ({ objectId: id, vendor }),
    },
  );

const huawei = device({ id: "d1", vendor: "HMS" });
const xiaomi = device({ id: "d2", vendor: "mi" });
const both = [target(huawei), target(xiaomi, "Tom")];
const cheese = push({ alert: "Cheese!", hms: { importance: "HIGH" } }, { expiresAt: 1_700_000_000_000 });

beforeAll(() => receiver.open());
beforeEach(() => {
  receiver.received.length = 0;
  receiver.refused.length = 0;
  receiver.answer = { status: 204 };
});
afterEach(() => vi.useRealTimers());
afterAll(() => receiver.close());

describe("[P-04] the webhook", () => {
  test("[P-04] the webhook serves every device", () => {
    expect(webhook().serves()).toBe(true);
  });

  test("[P-04] the webhook receives a push for all devices in one signed call, with the parts for each platform", async () => {
    expect(await webhook().send(cheese, both)).toEqual([{ outcome: "sent" }, { outcome: "sent" }]);
    expect(receiver.received).toEqual([
      {
        id: expect.stringMatching(/^[\w-]{1,64}$/),
        body: {
          conversationId: "65537a0e0000000000000001",
          messageId: "AYvOVgAAq3-NXrXVMZ0gVQ",
          payload: { alert: "Cheese!", hms: { importance: "HIGH" } },
          expiresAt: 1_700_000_000_000,
          recipients: [
            { clientId: "Jerry", installation: { objectId: "d1", vendor: "HMS" } },
            { clientId: "Tom", installation: { objectId: "d2", vendor: "mi" } },
          ],
        },
      },
    ]);
    expect(receiver.refused).toEqual([]);
  });

  test("[P-04] a call for a notification of the app's server names neither message nor client", async () => {
    const asked = { ...cheese, cause: { type: "notification" as const, notificationId: "n" } };
    await webhook().send(asked, [{ installation: huawei, clientId: undefined }]);
    expect(receiver.received[0]?.body).toMatchObject({
      conversationId: null,
      messageId: null,
      recipients: [{ clientId: null }],
    });
  });

  test("[P-04] a repeated call has the same id, which no other push or devices have", async () => {
    const { length } = both;
    await webhook().send(cheese, both);
    await webhook(() => Date.now() + 60_000).send(cheese, both);
    await webhook().send(cheese, both.slice(1));
    await webhook().send({ ...cheese, id: "another" }, both);
    await webhook().send(cheese, [target(huawei, "Spike"), target(xiaomi, "Tom")]);
    const ids = receiver.received.map(({ id }) => id);
    expect(ids).toHaveLength(5);
    expect(ids[0]).toBe(ids[1]);
    expect(new Set(ids).size).toBe(4);
    expect(both).toHaveLength(length);
  });

  test.each<[Answer, object]>([
    [{ status: 200, body: "ok" }, { outcome: "sent" }],
    [{ status: 202 }, { outcome: "sent" }],
    [
      { status: 400, body: "what?" },
      { outcome: "failed", why: "status 400: what?" },
    ],
    [{ status: 410 }, { outcome: "failed" }],
    [{ status: 408 }, { outcome: "later" }],
    [{ status: 425 }, { outcome: "later" }],
    [tooMany(5), { outcome: "later", retryAfter: 5_000 }],
    [broken, { outcome: "later", retryAfter: undefined }],
  ])("[P-04] the answer %j of the webhook applies to all devices: %j", async (answer, outcome) => {
    receiver.answer = answer;
    expect(await webhook().send(cheese, both)).toMatchObject([outcome, outcome]);
  });

  test("[P-04] without a secret, calls to the webhook are not signed", async () => {
    const outbound = new Outbound("trial", { open: fetch, all: fetch });
    const host = { outbound, now: Date.now, installationJson: () => ({}) };
    const plain = new PushWebhook({ url: receiver.url, secret: null }, host);
    expect(await plain.send(cheese, both)).toMatchObject([{ outcome: "failed" }, { outcome: "failed" }]);
    expect(receiver.refused).toHaveLength(1);
  });

  test("[P-04] [I12] a webhook at a forbidden address is not called", async () => {
    const outbound = new Outbound("public", { open: fetch, all: fetch });
    const host = { outbound, now: Date.now, installationJson: () => ({}) };
    const closed = new PushWebhook({ url: receiver.url, secret }, host);
    expect(await closed.send(cheese, both)).toMatchObject([{ outcome: "later" }, { outcome: "later" }]);
    expect(receiver.received).toEqual([]);
  });

  test("[P-04] [I11] a push while the webhook is down is tried later and then sent", async () => {
    await receiver.close();
    expect(await webhook().send(cheese, both)).toMatchObject([{ outcome: "later" }, { outcome: "later" }]);
    await receiver.open();
    expect(await webhook().send(cheese, both)).toMatchObject([{ outcome: "sent" }, { outcome: "sent" }]);
  });

  test("[P-04] [I11] a push that the webhook never answers is tried later", async () => {
    receiver.answer = "hang";
    const before = receiver.calls;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const sending = webhook().send(cheese, both);
    await receiver.called(before + 1);
    await vi.advanceTimersByTimeAsync(30_000);
    const outcome = { outcome: "later", why: expect.stringContaining("no answer") };
    expect(await sending).toMatchObject([outcome, outcome]);
  });
});
