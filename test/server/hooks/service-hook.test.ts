import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { sdk5, sdks } from "../sdk/sdk.ts";
import { AppService, serviceOf } from "../sdk/services.ts";
import { useTestApp } from "../sdk/test-app.ts";
import { eventually } from "../sdk/waiting.ts";
import { contentOf } from "./app-engine.ts";
import { Receiver } from "./receiver.ts";
import { type Reaction, ServiceReceiver } from "./service-receiver.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/** As long as Parley waits for an answer (ms). */
const DEADLINE = 5_000;

/** More than all retries take (ms): after 5, 10 and 20 s. */
const RETRIES = 60_000;

const app = useTestApp({}, { appId: "parley-dev" });

const receiver = new ServiceReceiver(SECRET);
/** Takes the same events as a webhook: what this one has taken is not sent to it again. */
const webhook = new Receiver(SECRET);

beforeAll(async () => {
  await Promise.all([receiver.open(), webhook.open()]);
  await app().configure({
    serviceHook: { url: `${receiver.url}/written`, secret: SECRET },
    webhooks: { url: webhook.url, secret: SECRET, events: ["messageSent"] },
  });
});
afterEach(() => {
  expect(receiver.refused).toEqual([]);
  receiver.react = () => 200;
});
afterAll(() => Promise.all([receiver.close(), webhook.close()]));

/** Tom, who writes to a service. */
async function tomAndService(sdk = sdk5) {
  const news = await AppService.create(app());
  const tom = await app().logIn(sdk, app().named("Tom"));
  const service = await serviceOf(tom, news);
  const write = (words: string) => service.send(new tom.sdk.TextMessage(words));
  return { news, tom, write };
}

describe.each(sdks)("the web hook of services and the JavaScript SDK $version", (sdk) => {
  test(`[V-06] what a client with the SDK ${sdk.version} writes to a service comes to the web hook, signed`, async () => {
    const { news, tom, write } = await tomAndService(sdk);
    const { id } = await write("where is my parcel?");
    const [delivered] = await eventually(
      () => receiver.from(tom.id),
      (found) => found.length > 0,
    );
    const date = { __type: "Date", iso: expect.any(String) };
    expect(delivered).toMatchObject({ path: "POST /written" });
    expect(delivered?.rows).toEqual([
      {
        msgId: id,
        from: tom.id,
        fromIp: expect.any(String),
        bin: false,
        data: contentOf("where is my parcel?"),
        conv: { __type: "Pointer", className: "_Conversation", objectId: news.id },
        createdAt: date,
        updatedAt: date,
      },
    ]);
  });
});

test("[V-06] messages written while the web hook is busy come together in one request, in their order", async () => {
  const { tom, write } = await tomAndService();
  const { promise: ready, resolve: answer } = Promise.withResolvers<Reaction>();
  receiver.react = () => ready;
  const words = Array.from({ length: 12 }, (_, index) => `message ${index}`);
  await write(words[0] ?? "");
  await eventually(
    () => receiver.from(tom.id),
    (found) => found.length === 1,
  );
  for (const each of words.slice(1)) await write(each);
  answer(200);
  expect(
    await eventually(
      () => receiver.wordsFrom(tom.id),
      (heard) => heard.length >= words.length,
    ),
  ).toEqual(words);
  expect(receiver.from(tom.id).map(({ rows }) => rows.length)).toEqual([1, 11]);
});

test("[V-06] a web hook without a right answer within 5 s gets a message three times more, at no other address, and then no more", async () => {
  const { tom, write } = await tomAndService();
  const reactions: Reaction[] = [
    "silence",
    { status: 302, location: `${receiver.url}/elsewhere` },
    "hang up",
  ];
  receiver.react = () => reactions.shift() ?? 500;
  await write("hello?");
  await eventually(
    () => receiver.from(tom.id),
    (found) => found.length === 1,
  );
  await expect.poll(() => app().output, { timeout: RETRIES }).toContain("1 given up");
  const attempts = receiver.from(tom.id);
  expect(attempts.map(({ path }) => path)).toEqual(Array.from({ length: 4 }, () => "POST /written"));
  expect(new Set(attempts.map(({ id }) => id)).size).toBe(1);
  const [first] = attempts;
  const waited = Number(first?.abandonedAt) - Number(first?.at);
  expect(waited).toBeGreaterThan(DEADLINE - 500);
  expect(waited).toBeLessThan(DEADLINE + 2_000);
  const rows = await app().ask(`/1.1/classes/_SysMessage?where=${JSON.stringify({ from: tom.id })}`, {
    method: "GET",
  });
  expect(rows).toMatchObject({ results: [{ from: tom.id, data: contentOf("hello?") }] });
  const told = webhook.received.filter(({ data }) => data.fromPeer === tom.id);
  expect(told).toHaveLength(1);
});

test("[V-06] what the web hook has not taken comes again after kill -9 of the server", async () => {
  const { tom, write } = await tomAndService();
  receiver.react = () => 503;
  await write("written down");
  await eventually(
    () => receiver.from(tom.id),
    (found) => found.length === 1,
  );
  receiver.react = () => 200;
  await app().crash();
  const attempts = await eventually(
    () => receiver.from(tom.id),
    (found) => found.length === 2,
  );
  expect(attempts[1]?.rows).toEqual(attempts[0]?.rows);
});
