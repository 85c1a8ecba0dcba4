/** @module-tag chromium */
import { mkdir } from "node:fs/promises";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { type Server, startServer } from "../support/server.ts";

/** A page that says nothing for this long is broken, in milliseconds. */
const PATIENCE = 15_000;

let browser: Browser;
let page: Page;
/** Errors that the page reported. */
let problems: string[];

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1100, height: 760 } });
  page.setDefaultTimeout(PATIENCE);
  problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(problems, await page.locator("body").innerText());
  await page.close();
});

const person = (name: string): Locator => page.getByTestId(name);

/** Waits until this person's newest message reads so. */
async function sees(name: string, text: string): Promise<Locator> {
  const message = person(name).getByTestId("message").filter({ hasText: text });
  await message.waitFor();
  return message;
}

async function arrived(): Promise<void> {
  for (const name of ["Tom", "Jerry"]) {
    await person(name).and(page.locator('[data-state="online"]')).waitFor();
  }
}

async function say(name: string, text: string): Promise<void> {
  await person(name).getByTestId("text").fill(text);
  await person(name).getByTestId("send").click();
}

/** The progress of a message once it is stored. */
async function progress(name: string, text: string): Promise<string | null> {
  const tick = (await sees(name, text)).locator('[data-progress]:not([data-progress="sending"])');
  return tick.getAttribute("data-progress");
}

describe("the page at /", () => {
  let server: Server;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server?.stop());

  test("two people chat on the page, and a reload shows their messages", async () => {
    await page.goto(server.url);
    await arrived();
    expect(await person("Tom").getByTestId("members").textContent()).toBe("Members: Jerry, Tom");
    // Without any set-up, visitors of a trial can turn notifications on.
    await person("Tom").getByRole("button", { name: "Notify me" }).waitFor();

    await say("Tom", "Hello Jerry, this is my own socket.");
    await sees("Tom", "Hello Jerry");
    await sees("Jerry", "Hello Jerry");

    await say("Jerry", "And this is mine. Cheese?");
    await sees("Tom", "And this is mine. Cheese?");

    await mkdir("artifacts", { recursive: true });
    await page.screenshot({ path: "artifacts/page.png" });

    await page.reload();
    await arrived();
    for (const name of ["Tom", "Jerry"]) {
      const messages = person(name).getByTestId("message");
      await expect.poll(() => messages.count()).toBe(2);
      expect(await messages.locator("p").allTextContents()).toEqual([
        "Hello Jerry, this is my own socket.",
        "And this is mine. Cheese?",
      ]);
    }
    expect(problems).toEqual([]);
  });

  test("the page links to the console of a server that has one", async () => {
    await page.goto(server.url);
    await page.getByRole("link", { name: "console" }).click();
    await page.getByLabel("Master key").waitFor();
  });

  test("a person who logs in again sees the messages sent meanwhile, and the sender sees how far they came", async () => {
    await page.goto(server.url);
    await arrived();
    await person("Jerry").getByRole("button", { name: "Log out" }).click();
    await person("Jerry").and(page.locator('[data-state="loggedOut"]')).waitFor();
    await say("Tom", "Are you there?");
    expect(await progress("Tom", "Are you there?")).toBe("stored");
    await person("Jerry").getByRole("button", { name: "Log in" }).click();
    await sees("Jerry", "Are you there?");
    // The SDK gathers its read cursors for a second before it sends them.
    const afterReload = async () => {
      await page.reload();
      await arrived();
      return progress("Tom", "Are you there?");
    };
    await expect.poll(afterReload, { timeout: PATIENCE }).toBe("read");
    expect(problems).toEqual([]);
  });

  test("a person who was offline receives the messages sent meanwhile once online again", async () => {
    await page.goto(server.url);
    await arrived();
    await person("Jerry").getByRole("button", { name: "Go offline" }).click();
    await person("Jerry").and(page.locator('[data-state="offline"]')).waitFor();
    await say("Tom", "Into the tunnel?");
    expect(await progress("Tom", "Into the tunnel?")).toBe("stored");
    await person("Jerry").getByRole("button", { name: "Go online" }).click();
    await sees("Jerry", "Into the tunnel?");
    await arrived();
    expect(problems).toEqual([]);
  });

  test("the page fits a narrow screen and a dark colour scheme", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.emulateMedia({ colorScheme: "dark" });
    await page.goto(server.url);
    await arrived();
    const width = await page.evaluate("document.documentElement.scrollWidth");
    expect(width).toBeLessThanOrEqual(360);
    await page.screenshot({ path: "artifacts/page-narrow.png", fullPage: true });
    const paper = await page.evaluate("getComputedStyle(document.body).backgroundColor");
    expect(paper).toBe("rgb(23, 24, 28)");
  });
});

describe("the page of an app with keys of its own", () => {
  let server: Server;
  beforeAll(async () => {
    server = await startServer({
      env: { APP_ID: "our-own-app", APP_KEY: "our-own-key", MASTER_KEY: "our-own-master" },
    });
  });
  afterAll(() => server?.stop());

  test("the page of an app with keys of its own asks for the app's id and key", async () => {
    await page.goto(server.url);
    await page.getByLabel("App id").fill("our-own-app");
    await page.getByLabel("App key").fill("our-own-key");
    await page.getByRole("button", { name: "Log in" }).click();
    await arrived();
    expect(await page.getByRole("button", { name: "Notify me" }).count()).toBe(0); // no Web Push here
    await say("Jerry", "<b>It works</b> here too.");
    await sees("Tom", "<b>It works</b> here too.");
  });

  test("the page reports a wrong app key and lets the visitor try again", async () => {
    await page.goto(server.url);
    await page.getByLabel("App id").fill("our-own-app");
    await page.getByLabel("App key").fill("nobody's key");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByTestId("problem").filter({ hasText: "another app id or app key" }).waitFor();
    expect(await person("Tom").getByTestId("state").textContent()).toBe("not logged in");
    await page.getByLabel("App key").fill("our-own-key");
    await page.getByRole("button", { name: "Log in" }).click();
    await arrived();
  });

  test("the page explains that logins have to be signed", async () => {
    const keys = { "X-LC-Id": "our-own-app", "X-LC-Key": "our-own-master,master" };
    const set = (signLogin: boolean | null) =>
      fetch(`${server.url}/admin/settings`, {
        method: "PATCH",
        headers: { ...keys, "Content-Type": "application/json" },
        body: JSON.stringify({ security: { signLogin } }),
      });
    await set(true);
    try {
      await page.goto(server.url);
      await page.getByLabel("App id").fill("our-own-app");
      await page.getByLabel("App key").fill("our-own-key");
      await page.getByRole("button", { name: "Log in" }).click();
      await person("Tom").getByText("security.signLogin").waitFor();
    } finally {
      await set(null);
    }
  });
});
