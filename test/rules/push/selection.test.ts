import { serialize } from "node:v8";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { NotificationCounts } from "../../../src/database/notifications.ts";
import type { Installation } from "../../../src/model/installation.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import type { ProviderName } from "../../../src/model/provider-name.ts";
import type { PushDelivery, PushWork, Selection } from "../../../src/push/push-work.ts";
import type { ScheduledNotification } from "../../../src/push/schedule.ts";
import { type InstallationPage, type SelectionHost, selectPage } from "../../../src/push/selection.ts";
import { device } from "../../support/push/pushes.ts";

const NOON = Date.UTC(2026, 10, 25, 12);
const DAY = 24 * 60 * 60_000;
const NUMBER = 7;

const notification = (content: JsonObject = { alert: "Cheese" }): ScheduledNotification => ({
  push: {
    id: "65537a0e00000000000000ab",
    cause: { type: "notification", notificationId: "launch" },
    content,
    environment: "prod",
    teamId: undefined,
    topic: undefined,
    expiresAt: NOON + 7 * DAY,
  },
  where: { city: "Burbank" },
  at: NOON,
  createdAt: NOON,
});

/** An iPhone, by a number that its id ends with. */
function numbered(at: number, more: Partial<Installation> = {}): Installation {
  const id = `65537a0e0000000000${String(at).padStart(6, "0")}`;
  const times = { createdAt: NOON, updatedAt: NOON };
  return device({ id, deviceType: "ios", deviceToken: `token${at}`, ...times, ...more });
}

const iphones = (count: number) => Array.from({ length: count }, (_, at) => numbered(at));
const android = (at: number, vendor: string | undefined) => numbered(at, { deviceType: "android", vendor });

const way = (name: ProviderName, serves: (installation: Installation) => boolean) => ({ name, serves });
const apns = way("apns", ({ deviceType }) => deviceType === "ios");
const fcm = way("fcm", ({ vendor }) => vendor === "fcm");
const webhook = way("webhook", () => true);

/** What there is around a selection, kept in lists. */
class World implements SelectionHost {
  providers = [apns, fcm, webhook];
  devices: Installation[] = [];
  kept: ScheduledNotification | undefined = notification();
  queued: PushWork[][] = [];
  asked: InstallationPage[] = [];
  incremented: string[] = [];
  states: string[] = [];
  counts: NotificationCounts[] = [];
  time = NOON;
  failing: "queue" | "record" | undefined;

  notification = async (number: number) =>
    this.kept === undefined || number !== NUMBER ? undefined : { number, ...this.kept };

  installations: SelectionHost["installations"] = async (page) => {
    this.asked.push(page);
    const { after = "", limit } = page;
    return this.devices.filter(({ id }) => id > after).slice(0, limit);
  };

  incrementBadges = async (ids: readonly string[]) => {
    this.incremented.push(...ids);
  };

  queue = async (work: readonly PushWork[]) => {
    if (this.failing === "queue") throw new Error("the queue is down");
    this.queued.push([...work]);
  };

  remove = async () => {
    this.kept = undefined;
  };

  record = {
    counted: async (id: string, counts: NotificationCounts) => {
      if (this.failing === "record") throw new Error("D1 is down");
      this.counts.push({ ...counts, ...(id !== "launch" && { lastError: id }) });
    },
    settle: async (_id: string, state: { status: string; why?: string }) => {
      if (this.failing === "record") throw new Error("D1 is down");
      this.states.push(state.why ?? state.status);
    },
  };

  now = () => this.time;

  /** Selects page after page until nothing is left. */
  async run(): Promise<void> {
    const waiting: Selection[] = [{ type: "select", number: NUMBER, after: undefined }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const before = this.queued.length;
      await selectPage(next, this);
      for (const work of this.queued.slice(before).flat()) if (work.type === "select") waiting.push(work);
    }
  }

  get deliveries(): PushDelivery[] {
    return this.queued.flat().filter((work) => work.type === "deliver");
  }

  get recipients(): string[] {
    return this.deliveries.flatMap(({ recipients }) => recipients.map(({ installation }) => installation));
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("[N-04] a notification's devices", () => {
  test("[N-04] a notification selects all devices that fit its conditions, page by page, each once", async () => {
    world.devices = iphones(1_234);
    await world.run();
    expect(world.recipients).toEqual(world.devices.map(({ id }) => id));
    expect(world.asked.map(({ after, limit }) => [after, limit])).toEqual([
      [undefined, 500],
      [numbered(499).id, 500],
      [numbered(999).id, 500],
    ]);
    expect(world.states).toEqual(["in-queue", "done"]);
    expect(world.counts).toEqual([{ devices: 500 }, { devices: 500 }, { devices: 234 }]);
    expect(world.kept).toBeUndefined();
  });

  test("[N-04] a notification selects devices that were used within 90 days", async () => {
    await world.run();
    expect(world.asked).toEqual([
      { where: { city: "Burbank" }, after: undefined, limit: 500, updatedSince: NOON - 90 * DAY },
    ]);
  });

  test("[N-04] a selection ends after a page that is just full", async () => {
    world.devices = iphones(500);
    await world.run();
    expect(world.recipients).toHaveLength(500);
    expect(world.states).toEqual(["in-queue", "done"]);
  });

  test("[N-04] a notification selects no invalid devices", async () => {
    world.devices = [numbered(1), numbered(2, { valid: false })];
    await world.run();
    expect(world.recipients).toEqual([numbered(1).id]);
  });

  test("[N-04] [P-03] a notification selects no Android devices without a vendor, even if a webhook accepts all", async () => {
    world.devices = [android(1, undefined), android(2, "mi")];
    await world.run();
    expect(world.recipients).toEqual([android(2, "mi").id]);
  });

  test("[N-04] a notification without devices is done", async () => {
    await world.run();
    expect(world.queued).toEqual([]);
    expect(world.states).toEqual(["in-queue", "done"]);
    expect(world.kept).toBeUndefined();
  });
});

describe("deliveries", () => {
  test("a delivery has one provider, the first that serves its devices, and at most a hundred recipients", async () => {
    world.devices = [
      ...iphones(201),
      android(300, "fcm"),
      android(301, "mi"),
      numbered(302, { deviceType: "web" }),
    ];
    await world.run();
    expect(world.deliveries.map(({ provider, recipients }) => [provider, recipients.length])).toEqual([
      ["apns", 100],
      ["apns", 100],
      ["apns", 1],
      ["fcm", 1],
      ["webhook", 2],
    ]);
    expect(world.counts).toEqual([{ devices: 204 }]);
  });

  test("deliveries leave out devices that no provider serves", async () => {
    world.providers = [fcm];
    world.devices = [numbered(1), android(2, "fcm")];
    await world.run();
    expect(world.recipients).toEqual([android(2, "fcm").id]);
    expect(world.counts).toEqual([{ devices: 1 }]);
  });

  test("[N-07] deliveries of a notification have its content, for devices without clients", async () => {
    const content = { alert: "Cheese", ios: { sound: "squeak" }, mi: { title: "Cheese!" } };
    world.kept = notification(content);
    world.devices = [numbered(1)];
    await world.run();
    expect(world.deliveries).toEqual([
      {
        type: "deliver",
        provider: "apns",
        attempts: 0,
        push: notification(content).push,
        recipients: [{ installation: numbered(1).id, clientIds: [] }],
      },
    ]);
  });

  test("deliveries of a whole page with the largest content fit into one batch of the queue", async () => {
    // A letter beyond Latin makes a text take two bytes for each, which are three in the request.
    world.kept = notification({ alert: "鼠".repeat(1_300), x: "x".repeat(100) });
    world.devices = iphones(500).map((each, at) => (at % 2 === 0 ? each : { ...each, deviceType: "web" }));
    await selectPage({ type: "select", number: NUMBER, after: undefined }, world);
    const sizes = world.queued.flat().map((work) => serialize(work).length);
    expect(sizes).toHaveLength(7);
    expect(Math.max(...sizes)).toBeLessThan(100_000);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(256_000);
  });

  test("[P-06] deliveries increment the badges of Apple devices only, if the content requests it", async () => {
    world.kept = notification({ alert: "Cheese", badge: "Increment" });
    world.devices = [numbered(1), android(2, "fcm"), numbered(3)];
    await world.run();
    expect(world.incremented).toEqual([numbered(1).id, numbered(3).id]);
    world.kept = notification({ alert: "Cheese", badge: 3 });
    await world.run();
    expect(world.incremented).toHaveLength(2);
  });
});

describe("[N-11] [N-12] a notification is not sent", () => {
  test("[N-11] [N-12] nothing is sent of a canceled notification, even between two pages", async () => {
    world.devices = iphones(600);
    await selectPage({ type: "select", number: NUMBER, after: undefined }, world);
    world.kept = undefined;
    await selectPage({ type: "select", number: NUMBER, after: numbered(499).id }, world);
    expect(world.recipients).toHaveLength(500);
  });

  test("[N-11] [N-12] nothing is sent of an expired notification, and its record shows it", async () => {
    world.devices = iphones(1);
    world.time = NOON + 7 * DAY;
    await world.run();
    expect(world.queued).toEqual([]);
    expect(world.states).toEqual(["It expired before all its devices were found."]);
    expect(world.kept).toBeUndefined();
  });

  test("[N-11] [N-12] nothing is sent again of a notification that is done", async () => {
    world.devices = iphones(1);
    await world.run();
    await world.run();
    expect(world.recipients).toHaveLength(1);
  });

  test("[N-11] [N-12] nothing is sent by conditions that are no longer valid", async () => {
    world.installations = async () => ({ refused: "CONVERSATION_QUERY_FAILED", detail: "102: too slow" });
    await world.run();
    expect(world.states).toEqual(["in-queue", "102: too slow"]);
    expect(world.kept).toBeUndefined();
  });
});

describe("[I11] a failure", () => {
  const page: Selection = { type: "select", number: NUMBER, after: undefined };

  test("[I11] a selection that fails before the queue has its page is repeated from the start of the page", async () => {
    world.devices = iphones(600);
    world.failing = "queue";
    await expect(selectPage(page, world)).rejects.toThrow("the queue is down");
    expect(world.counts).toEqual([]);
    expect(world.kept).toBeDefined();
    world.failing = undefined;
    await world.run();
    expect(world.recipients).toHaveLength(600);
  });

  test("[I11] a selection that fails in a page keeps the pages before it", async () => {
    world.devices = iphones(600);
    await selectPage(page, world);
    const [work = []] = world.queued;
    expect(world.queued).toHaveLength(1);
    expect(work.at(-1)).toEqual({ type: "select", number: NUMBER, after: numbered(499).id });
  });

  test("[I11] a selection whose record fails repeats nothing", async () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    world.devices = iphones(600);
    world.failing = "record";
    await world.run();
    expect(world.recipients).toHaveLength(600);
    expect(world.kept).toBeUndefined();
    expect(told).toHaveBeenCalled();
  });
});
