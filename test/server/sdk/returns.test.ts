import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Receiver } from "../hooks/receiver.ts";
import { sdk5 } from "./sdk.ts";
import { useTestApp } from "./test-app.ts";
import { tomAndJerry } from "./tom-and-jerry.ts";
import { next, record } from "./waiting.ts";

const SECRET = "whsec_c2VjcmV0";
/** The time in which devices may come back (s). */
const RETURN = 8;

const receiver = new Receiver(SECRET);
const app = useTestApp();
beforeAll(async () => {
  await receiver.open();
  const events = ["clientOnline", "clientOffline", "receiversOffline"];
  await app().configure({
    hooks: { allowPrivate: true },
    webhooks: { url: `${receiver.url}/parley`, secret: SECRET, events },
    limits: { returnSeconds: RETURN },
  });
});
afterAll(() => receiver.close());

/** The types of the webhook's events about a client, without clientOnline. */
function toldOf(clientId: string): string[] {
  return receiver.received
    .filter(({ data }) => data.peerId === clientId || JSON.stringify(data.offlinePeers)?.includes(clientId))
    .map(({ type }) => type)
    .filter((type) => type !== "clientOnline");
}

test("[M-47] [H-09] [P-01] a server that was killed and restarted sends no will, event or push for clients that are back in seconds", async () => {
  const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
  const phone = await app().raw(app().named("Spike"));
  await chat.add([phone.clientId]);
  await chat.send(new tom.sdk.TextMessage("I dropped out"), { will: true });
  const told = record(jerry.client, "message");
  const comings = () => receiver.received.filter(({ data }) => data.peerId === tom.id).length;
  await expect.poll(comings, { timeout: 10_000 }).toBe(1);

  const back = [next(tom.client, "reconnect"), next(jerry.client, "reconnect")];
  await app().crash();
  await Promise.any(back);
  // The first client that is back writes to the one that is not.
  await phone.closing();
  await Promise.all(back);
  await view.send(new jerry.sdk.TextMessage("what was that?"));
  await wait((RETURN + 2) * 1000);
  expect(told).toEqual([]);
  expect([toldOf(tom.id), toldOf(jerry.id)]).toEqual([[], []]);
  expect(comings()).toBe(1);
  // Spike's phone is the one that stayed away.
  await expect
    .poll(() => toldOf(phone.clientId).toSorted(), { timeout: 20_000 })
    .toEqual(["clientOffline", "receiversOffline"]);

  // The will of a client whose device goes is sent at once.
  const will = next(jerry.client, "message");
  tom.realtime.pause();
  expect((await will)[0]).toMatchObject({ text: "I dropped out" });
});
