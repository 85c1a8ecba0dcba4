import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EventDeliverer, type EventMessage, postpone } from "../../../../src/hooks/events/event-deliverer.ts";
import type { AppEvent, QueuedEvent } from "../../../../src/model/app-events.ts";
import type { JsonObject } from "../../../../src/model/json.ts";
import type { Fetch } from "../../../../src/outbound/http-client.ts";
import { serverWith, settingsWith } from "../../../support/app-hooks.ts";
import { arriving, sending, unseen } from "../../../support/hook-examples.ts";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

const DAY = 24 * 60 * 60 * 1_000; // ms
const engineUrl = "https://engine.example.com";
const webhookUrl = "https://app.example.com/";
const both = { hooks: { url: engineUrl }, webhooks: { url: webhookUrl }, events: { logDays: 7 } };
const allHooks = () => Response.json({ result: ["_clientOnline", "_messageSent"] });

/** An app's server, an event log, push and a queue, each of which can be made to fail. */
function place(settings: JsonObject = both) {
  let now = 0;
  const consumer = new EventDeliverer();
  const took: string[] = [];
  const logged: AppEvent[] = [];
  const dropped: number[] = [];
  const queued: { event: QueuedEvent; delaySeconds: number }[] = [];
  const answers: Record<string, () => Response | Promise<Response>> = {
    engine: () => Response.json({ result: {} }),
    app: () => new Response(null, { status: 204 }),
  };
  const network: Fetch = async (url, init) => {
    const { hostname, pathname } = new URL(url);
    if (pathname.endsWith("metadatas")) return allHooks();
    const host = hostname.split(".")[0] ?? "";
    const id = host === "app" ? ` ${new Headers(init.headers).get("webhook-id")}` : "";
    took.push(`${host}${id}`);
    return answers[host]?.() ?? Response.error();
  };
  const known = settingsWith(settings);
  const server = serverWith(known, { fetch: network, now: () => now });
  let late = 0;
  const host = {
    settings: known,
    server,
    log: {
      save: async (events: AppEvent[]) => {
        logged.push(...events);
      },
      dropBefore: async (time: number) => {
        dropped.push(time);
      },
    },
    push: async (event: AppEvent) => {
      took.push(`push ${event.id}`);
    },
    queue: async (events: QueuedEvent[], delaySeconds: number) => {
      queued.push(...events.map((event) => ({ event, delaySeconds })));
    },
    late: () => {
      late += 1;
    },
    now: () => now,
  };
  /** Hands over events as one batch and tells what became of each: taken, or when it comes again (s). */
  async function consume(events: QueuedEvent[], attempts = 1) {
    const fates: ("taken" | number | undefined)[] = events.map(() => undefined);
    const messages = events.map((body, index): EventMessage => {
      const settle = (fate: "taken" | number) => {
        if (fates[index] !== undefined) throw new Error("settled twice");
        fates[index] = fate;
      };
      return {
        body,
        attempts,
        ack: () => settle("taken"),
        retry: ({ delaySeconds }) => settle(delaySeconds),
      };
    });
    await consumer.consume(messages, host);
    return fates;
  }
  return {
    host,
    answers,
    took,
    logged,
    dropped,
    queued,
    consume,
    late: () => late,
    at: (time: number) => {
      now = time;
    },
  };
}

describe("[H-02 to H-09, G-05] an event", () => {
  test("[H-02 to H-09, G-05] an event reaches the event log, the engine and the webhook, once each", async () => {
    const { consume, took, logged } = place();
    expect(await consume([arriving("1"), arriving("2")])).toEqual(["taken", "taken"]);
    expect(took.sort()).toEqual(["app 1", "app 2", "engine", "engine"]);
    expect(logged).toEqual([arriving("1"), arriving("2")]);
  });

  test("[G-01] an event that two targets do not take is counted twice, and one that all take is not", async () => {
    const { consume, answers, late } = place();
    await consume([arriving("1")]);
    expect(late()).toBe(0);
    for (const name of ["app", "engine"]) answers[name] = () => new Response("down", { status: 503 });
    await consume([arriving("2")]);
    expect(late()).toBe(2);
  });

  test("[H-02 to H-09, G-05] an event reaches only the targets that the settings name", async () => {
    const silent = place({});
    expect(await silent.consume([arriving("1")])).toEqual(["taken"]);
    expect([silent.took, silent.logged]).toEqual([[], []]);
    const choosy = place({ webhooks: { url: webhookUrl, events: ["messageSent"] } });
    expect(await choosy.consume([arriving("1")])).toEqual(["taken"]);
    expect(choosy.took).toEqual([]);
  });

  test("[H-02 to H-09] an event causes no call to an engine without its hook", async () => {
    const { consume, took } = place({ hooks: { url: engineUrl } });
    const gone = { clientId: "Tom", why: "lost" as const, message: "", address: undefined, tag: undefined };
    expect(await consume([{ id: "1", at: 0, name: "clientOffline", ...gone }])).toEqual(["taken"]);
    expect(took).toEqual([]);
  });

  test("[H-03] an event for offline recipients goes only to push", async () => {
    const { consume, took, logged } = place();
    expect(await consume([unseen("hello", { id: "1" })])).toEqual(["taken"]);
    expect(took).toEqual(["push 1"]);
    expect(logged).toHaveLength(1);
  });
});

describe("[I11] a target that fails", () => {
  test("[I11] a target that fails gets a message of its own, and the others no second one", async () => {
    const { consume, answers, took, queued } = place();
    answers.app = () => new Response("", { status: 500 });
    expect(await consume([arriving("1")])).toEqual(["taken"]);
    expect(queued).toEqual([{ event: { ...arriving("1"), only: "webhook", attempted: 1 }, delaySeconds: 5 }]);
    took.splice(0);
    expect(await consume([{ ...arriving("1"), only: "webhook" }])).toEqual([5]);
    expect(took).toEqual(["app 1"]);
  });

  test("[I11] a target that fails is retried with growing delays of up to 15 minutes", async () => {
    const { consume, answers } = place({ webhooks: { url: webhookUrl } });
    answers.app = () => new Response("", { status: 500 });
    const delays: unknown[] = [];
    for (const attempts of [1, 2, 3, 8, 9, 20]) delays.push(...(await consume([arriving("1")], attempts)));
    expect(delays).toEqual([5, 10, 20, 640, 900, 900]);
  });

  test("[I11] a target that fails is dropped once the settings no longer name it", async () => {
    const { consume, took } = place({ hooks: { url: engineUrl } });
    expect(await consume([{ ...arriving("1"), only: "webhook" }])).toEqual(["taken"]);
    expect(took).toEqual([]);
  });

  test("[I11] all targets receive an event again if one of them and the queue fail", async () => {
    const { consume, answers, host } = place();
    answers.app = () => new Response("", { status: 500 });
    host.queue = () => Promise.reject(new Error("down"));
    expect(await consume([arriving("1")])).toEqual([5]);
  });

  test("[I11] an event log that fails does not delay the other targets", async () => {
    const { consume, host, took, queued } = place();
    host.log.save = () => Promise.reject(new Error("down"));
    expect(await consume([arriving("1")])).toEqual(["taken"]);
    expect(took.sort()).toEqual(["app 1", "engine"]);
    expect(queued.map(({ event }) => event.only)).toEqual(["log"]);
  });

  test("[I11] push is retried if it fails", async () => {
    const { consume, host } = place({});
    host.push = () => Promise.reject(new Error("down"));
    expect(await consume([unseen("hello")])).toEqual([5]);
  });

  test("[I11] an event that a target's handler rejects is not retried", async () => {
    const { consume, answers } = place({ hooks: { url: engineUrl } });
    answers.engine = () => Response.json({ code: 1, error: "no" }, { status: 400 });
    expect(await consume([arriving("1")])).toEqual(["taken"]);
    answers.engine = () => new Response("", { status: 401 }); // keys change
    expect(await consume([arriving("1")])).toEqual([5]);
    answers.engine = () => new Response("", { status: 500 });
    expect(await consume([arriving("1")])).toEqual([5]);
  });

  test("[I11] a target without a response is called a few times for a whole batch, not once for each event", async () => {
    const { consume, answers, took } = place({ webhooks: { url: webhookUrl } });
    answers.app = () => {
      throw new TypeError("connection refused");
    };
    const fates = await consume(Array.from({ length: 100 }, (_, index) => arriving(String(index))));
    expect(new Set(fates)).toEqual(new Set([5]));
    expect(took.length).toBeLessThanOrEqual(6);
  });
});

describe("[V-06] the hook of services", () => {
  const written = (id: string): AppEvent => ({ ...sending(id), isForService: true, to: [], online: [] });

  test("[V-06] messages of one batch come to the hook of services in one request, in their order", async () => {
    const { consume, answers, took } = place({ serviceHook: { url: webhookUrl } });
    answers.app = () => new Response(null, { status: 204 });
    const events = [written("1"), arriving("2"), written("3"), { ...sending("4"), to: ["Jerry"] }];
    expect(await consume(events)).toEqual(["taken", "taken", "taken", "taken"]);
    expect(took).toHaveLength(1);
  });

  test.each([
    ["alone", { serviceHook: { url: webhookUrl } }],
    ["beside the event log", { serviceHook: { url: webhookUrl }, events: { logDays: 7 } }],
  ])("[V-06] a hook of services that fails, %s, gets a message three times more", async (_, settings) => {
    const { consume, answers, took, queued } = place(settings);
    answers.app = () => new Response("", { status: 500 });
    let message: { event: QueuedEvent; attempts: number } = { event: written("1"), attempts: 1 };
    const delays: unknown[] = [];
    for (;;) {
      const [fate] = await consume([message.event], message.attempts);
      const moved = queued.pop();
      if (fate === "taken" && moved === undefined) break;
      message = moved ? { event: moved.event, attempts: 1 } : { ...message, attempts: message.attempts + 1 };
      delays.push(moved?.delaySeconds ?? fate);
    }
    expect(delays).toEqual([5, 10, 20]);
    expect(took).toHaveLength(4);
  });
});

describe("an endpoint", () => {
  test("an endpoint gets a few events at a time", async () => {
    const { consume, answers } = place({ webhooks: { url: webhookUrl } });
    let open = 0;
    let most = 0;
    answers.app = async () => {
      most = Math.max(most, ++open);
      await Promise.resolve();
      open--;
      return new Response(null, { status: 204 });
    };
    const fates = await consume(Array.from({ length: 50 }, (_, index) => arriving(String(index))));
    expect(new Set(fates)).toEqual(new Set(["taken"]));
    expect(most).toBe(4);
  });
});

test("[I11] events wait with growing delays while the settings are unknown", () => {
  const delays: number[] = [];
  const messages = [1, 3, 20].map((attempts) => ({
    body: arriving("1"),
    attempts,
    ack: () => expect.unreachable(),
    retry: ({ delaySeconds }: { delaySeconds: number }) => {
      delays.push(delaySeconds);
    },
  }));
  postpone(messages);
  expect(delays).toEqual([5, 20, 900]);
});

describe("[G-05] the event log", () => {
  test("[G-05] the event log loses its old rows once a day, as events arrive", async () => {
    const { consume, dropped, at } = place();
    at(100 * DAY);
    await consume([arriving("1")]);
    await consume([arriving("2")]);
    expect(dropped).toEqual([93 * DAY]);
    at(101 * DAY - 1);
    await consume([arriving("3")]);
    expect(dropped).toHaveLength(1);
    at(101 * DAY);
    await consume([arriving("4")]);
    expect(dropped).toEqual([93 * DAY, 94 * DAY]);
  });

  test("[G-05] the event log loses all rows once it is switched off", async () => {
    const { consume, dropped, logged, at } = place({});
    at(100 * DAY);
    await consume([arriving("1")]);
    expect([dropped, logged]).toEqual([[100 * DAY], []]);
  });

  test("[G-05] the event log deletes its old rows another day if that fails", async () => {
    const { consume, host } = place();
    host.log.dropBefore = () => Promise.reject(new Error("down"));
    expect(await consume([arriving("1")])).toEqual(["taken"]);
  });
});
