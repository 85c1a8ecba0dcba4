/** @module-tag chromium */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encryptNotification } from "@block65/webcrypto-web-push";
import type { BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { launchProfile } from "../../support/browser.ts";
import { PushService } from "../../support/push/gcm/push-service.ts";
import { type Server, startServer } from "../../support/server.ts";
import { VAPID } from "../../support/vapid.ts";
import { callAsOwner, configure } from "../support/owner.ts";

/**
 * Tom and Jerry on the page at `/` in Chromium, which is connected to a push service: what Parley pushes comes back as
 * a notification of their service workers.
 */

/** A page that says nothing for this long is broken, in milliseconds. */
const PATIENCE = 15_000;

/** A subscription as the page registers it, with Chromium's endpoint. */
interface Subscription {
  endpoint: string;
  keys: { p256dh: string; auth: string };
}

interface Notice {
  title: string;
  body: string;
  tag: string;
}

let server: Server;
let service: PushService;
let folder: string;
let browser: BrowserContext;
let page: Page;
/** Pushes that service workers are done with, and those that a test has seen. */
let pushesHandled: number;
let pushesExpected: number;
/** The page's requests about a browser: method, person, subscription. */
let asked: { method: string; name: string; subscription: Subscription }[];

beforeAll(async () => {
  service = await PushService.start();
  server = await startServer();
  await configure(server, { push: { webPush: VAPID } });
});
afterAll(async () => {
  await server?.stop();
  await service?.close();
});

beforeEach(async () => {
  asked = [];
  folder = await mkdtemp(join(tmpdir(), "parley-chromium-"));
  browser = await launchProfile(folder, service.flags);
  browser.setDefaultTimeout(PATIENCE);
  await browser.grantPermissions(["notifications"], { origin: server.url });
  // Chromium names Google's server in every endpoint, wherever it registered.
  await browser.route(/\/web-push$/, async (route) => {
    const subscription: Subscription = route.request().postDataJSON();
    const [, name = ""] = /clients\/(\w+)\//.exec(route.request().url()) ?? [];
    asked.push({ method: route.request().method(), name, subscription });
    const endpoint = service.endpointOf(subscription.endpoint);
    await route.continue({ postData: JSON.stringify({ ...subscription, endpoint }) });
  });
  page = await browser.newPage();
  await countPushes();
  await page.goto(server.url);
  await arrived();
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(await page.locator("body").innerText());
  await browser.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

const person = (name: string): Locator => page.getByTestId(name);
const button = (name: string, label: string): Locator => person(name).getByRole("button", { name: label });
const notify = (name: string): Locator => button(name, "Notify me");

async function is(name: string, state: string): Promise<void> {
  await person(name)
    .and(page.locator(`[data-state="${state}"]`))
    .waitFor();
}

async function arrived(): Promise<void> {
  for (const name of ["Tom", "Jerry"]) await is(name, "online");
}

async function switchedTo(name: string, state: "on" | "off" | "blocked"): Promise<void> {
  await person(name)
    .and(page.locator(`[data-push="${state}"]`))
    .waitFor();
}

async function turnOn(name: string): Promise<void> {
  await notify(name).click();
  await switchedTo(name, "on");
}

async function goOffline(name: string): Promise<void> {
  await button(name, "Go offline").click();
  await is(name, "offline");
}

async function say(name: string, text: string): Promise<void> {
  await person(name).getByTestId("text").fill(text);
  await person(name).getByTestId("send").click();
  await person(name).locator('[data-progress="stored"]').last().waitFor();
}

/** Sends to the conversation of the page over HTTP. */
async function sayByServer(from: string, text: string): Promise<void> {
  const conversations = "/1.2/rtm/conversations";
  const where = encodeURIComponent(JSON.stringify({ m: from }));
  const { results } = await callAsOwner<{ results: { objectId: string }[] }>(
    server,
    "GET",
    `${conversations}?where=${where}`,
  );
  const message = { from_client: from, message: text, push_data: { title: from, alert: text } };
  await callAsOwner(server, "POST", `${conversations}/${results[0]?.objectId}/messages`, message);
}

/** The notifications of a person. */
function noticesOf(name: string): Promise<Notice[]> {
  return page.evaluate(`navigator.serviceWorker.getRegistration("/push/${name}/")
    .then((registration) => registration.getNotifications())
    .then((all) => all.map(({ title, body, tag }) => ({ title, body, tag })))`);
}

/**
 * Waits until one more push was handled, and then reads the notifications of a person. Not before: Chromium
 * forgets a notification whose list is asked for while it is on its way to the screen.
 */
async function noticed(name: string, ...texts: string[]): Promise<void> {
  pushesExpected += 1;
  await expect.poll(() => pushesHandled, { timeout: PATIENCE }).toBe(pushesExpected);
  const notices = await noticesOf(name);
  expect(notices.map(({ title, body }) => `${title}: ${body}`).toSorted()).toEqual(texts.toSorted());
}

/** Counts the pushes that a service worker is done with, from now on. */
async function countPushes(): Promise<void> {
  pushesHandled = pushesExpected = 0;
  const devTools = await browser.newCDPSession(page);
  devTools.on("BackgroundService.backgroundServiceEventReceived", ({ backgroundServiceEvent: event }) => {
    if (event.eventName === "Push event completed") pushesHandled += 1;
  });
  const service = "pushMessaging";
  await devTools.send("BackgroundService.setRecording", { shouldRecord: true, service });
  await devTools.send("BackgroundService.startObserving", { service });
}

/** The subscription that the page last registered for a person. */
function subscriptionOf(name: string): Subscription {
  const registered = asked.filter((request) => request.method === "PUT" && request.name === name);
  const last = registered.at(-1);
  if (last === undefined) throw new Error(`${name} is not registered`);
  return last.subscription;
}

/** Pushes past Parley, which would not send the same twice or without anything. */
async function push(name: string, content: object): Promise<void> {
  const subscription = subscriptionOf(name);
  const plain = new TextEncoder().encode(JSON.stringify(content));
  const body = await encryptNotification({ ...subscription, expirationTime: null }, plain);
  expect(service.deliver(subscription.endpoint, body)).toBe(true);
}

/**
 * Clicks a person's notification, as far as a script can: a headless browser shows none that could be. What the worker
 * would have brought to the front, by its URL.
 */
async function click(name: string): Promise<string[]> {
  const scope = `${server.url}/push/${name}/`;
  for (const worker of browser.serviceWorkers()) {
    if ((await worker.evaluate("registration.scope")) !== scope) continue;
    return worker.evaluate(`(async () => {
      const shown = [];
      WindowClient.prototype.focus = async function () { shown.push(this.url); };
      const [notification] = await registration.getNotifications();
      const click = new NotificationEvent("notificationclick", { notification });
      // The browser's own alone may prolong the worker's life.
      const work = new Promise((resolve) => { click.waitUntil = resolve; });
      dispatchEvent(click);
      await work;
      return shown;
    })()`);
  }
  throw new Error(`${name} has no worker`);
}

describe("a person who is offline", () => {
  test("[P-01] [P-13] a person who is offline gets a notification of a message, and the message once online", async () => {
    await turnOn("Jerry");
    await goOffline("Jerry");
    await say("Tom", "Are you there?");
    await noticed("Jerry", "Tom: Are you there?");

    await button("Jerry", "Go online").click();
    await person("Jerry").getByTestId("message").filter({ hasText: "Are you there?" }).waitFor();
  });

  test("[P-01] a person with no page open gets a notification", async () => {
    await turnOn("Jerry");
    await page.goto(`${server.url}/docs`);
    await sayByServer("Tom", "Where is everybody?");
    await noticed("Jerry", "Tom: Where is everybody?");
  });

  test("[C-12] a person gets no notification after logging out, and gets them again after logging in", async () => {
    await turnOn("Jerry");
    await button("Jerry", "Log out").click();
    await is("Jerry", "loggedOut");
    await say("Tom", "Gone?");
    await button("Jerry", "Log in").click();
    await is("Jerry", "online");
    await switchedTo("Jerry", "on");
    await goOffline("Jerry");
    await say("Tom", "Back?");
    await noticed("Jerry", "Tom: Back?");
  });
});

describe("a browser", () => {
  test("[P-02] a browser has a subscription for each person of the page, and keeps it when the page is loaded again", async () => {
    await turnOn("Tom");
    await turnOn("Jerry");
    const before = [subscriptionOf("Tom"), subscriptionOf("Jerry")];
    expect(before[0]?.endpoint).not.toBe(before[1]?.endpoint);

    asked = [];
    await page.reload();
    await switchedTo("Tom", "on");
    await switchedTo("Jerry", "on");
    expect([subscriptionOf("Tom"), subscriptionOf("Jerry")]).toEqual(before);
  });

  test("[P-02] a browser gets no push once notifications are turned off", async () => {
    await turnOn("Jerry");
    const { endpoint } = subscriptionOf("Jerry");
    await notify("Jerry").click();
    await switchedTo("Jerry", "off");
    expect(asked.at(-1)).toEqual({ method: "DELETE", name: "Jerry", subscription: { endpoint } });
    await expect.poll(() => service.deliver(endpoint, new Uint8Array())).toBe(false);
    await page.reload();
    await switchedTo("Jerry", "off");
  });

  test("a browser shows a push with the id of an earlier one in its place, under a default title if it has none", async () => {
    await turnOn("Jerry");
    await push("Jerry", { alert: "Cheese?", _id: "first" });
    await noticed("Jerry", "Parley: Cheese?");
    await push("Jerry", { alert: "Cheese!", _id: "first" });
    await noticed("Jerry", "Parley: Cheese!");
    await push("Jerry", { title: "Tom", alert: { body: "Mice?" }, _id: "second" });
    await noticed("Jerry", "Parley: Cheese!", "Tom: Mice?");
  });

  test("a browser shows the open page when a notification is clicked", async () => {
    await turnOn("Jerry");
    await push("Jerry", { title: "Tom", alert: "Look here" });
    await noticed("Jerry", "Tom: Look here");
    expect(await click("Jerry")).toEqual([`${server.url}/`]);
    await expect.poll(() => noticesOf("Jerry")).toEqual([]);
  });

  test("a browser that blocks notifications reports that on the page", async () => {
    await browser.clearPermissions();
    await notify("Jerry").click();
    await switchedTo("Jerry", "blocked");
    expect(await notify("Jerry").isDisabled()).toBe(true);
    expect(await person("Jerry").getByTestId("note").textContent()).toContain("blocks notifications");
  });
});
