/** @module-tag chromium */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { type Server, startServer } from "../support/server.ts";

/** The viewer shows a large document (ms). */
const PATIENCE = 20_000;

let server: Server;
let browser: Browser;
beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

let context: BrowserContext;
let page: Page;
/** What the browser complained of, and where the page went beside this server. */
let problems: string[];
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1100, height: 900 } });
  page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(server.url) && !url.startsWith("data:")) problems.push(url);
  });
});
afterEach(() => context.close());

/** Opens the reference at one operation. */
async function open(tag: string, id: string) {
  await page.goto(`${server.url}/docs#/${tag}/${id}`);
  const operation = page.locator(`#operations-${tag}-${id}`);
  await operation.getByRole("button", { name: "Execute" }).waitFor();
  return operation;
}

/** Fills in keys by the name of their security scheme. */
async function authorize(keys: Record<string, string>): Promise<void> {
  await page.locator(".scheme-container").getByRole("button", { name: "Authorize" }).click();
  const dialog = page.locator(".dialog-ux");
  for (const [scheme, key] of Object.entries(keys)) {
    const form = dialog.locator(".auth-container").filter({ hasText: `${scheme}\u00a0(apiKey)` });
    await form.locator("input").fill(key);
    await form.locator("button.authorize").click();
  }
  await dialog.getByRole("button", { name: "Close" }).first().click();
}

describe("the reference at /docs", () => {
  test("the reference at /docs shows every group of operations, with nothing from elsewhere and no error", async () => {
    await page.goto(`${server.url}/docs`);
    await page.getByText("Create a conversation").first().waitFor();
    await page.getByText("Errors of the protocol").click();
    await page.getByText("CONVERSATION_NOT_FOUND").first().waitFor();
    const { tags }: { tags: { name: string }[] } = await (await fetch(`${server.url}/openapi.json`)).json();
    await page.getByPlaceholder("Filter by tag").fill("Push");
    await page.locator("#operations-tag-Push").waitFor();
    expect(tags.length).toBeGreaterThan(10);
    expect(problems).toEqual([]);
  });

  test("a reader of /docs tries an operation out with the master key, and the server does it", async () => {
    const operation = await open("Conversations", "createConversation");
    await authorize({ masterKey: "parley-dev-master,master" });
    await operation.locator("textarea.body-param__text").fill('{"name": "Cheese", "m": ["Tom", "Jerry"]}');
    await operation.getByRole("button", { name: "Execute" }).click();
    const answer = operation.locator(".live-responses-table");
    await expect.poll(() => answer.innerText()).toContain('"objectId"');
    const { results }: { results: { name: string }[] } = await (
      await fetch(`${server.url}/1.2/rtm/conversations`, {
        headers: { "X-LC-Id": "parley-dev", "X-LC-Key": "parley-dev-master,master" },
      })
    ).json();
    expect(results).toMatchObject([{ name: "Cheese" }]);
    expect(problems).toEqual([]);
  });

  test("a reader of /docs needs no key of the app on a trial, and none is kept in the browser", async () => {
    const operation = await open("Clients", "countUnread");
    await operation.getByPlaceholder("client").fill("Jerry");
    await operation.getByRole("button", { name: "Execute" }).click();
    await expect.poll(() => operation.locator(".live-responses-table").innerText()).toContain('"count": 0');
    expect(await page.evaluate("[localStorage.length, sessionStorage.length]")).toEqual([0, 0]);
    expect(await context.cookies()).toEqual([]);
    expect(problems).toEqual([]);
  });

  test("whoever is signed in at /console tries an owner's operation out without a key", async () => {
    await page.goto(`${server.url}/console`);
    await page.getByLabel("Master key").fill("parley-dev-master");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect.poll(async () => (await context.cookies()).length).toBe(1);
    await page.getByRole("navigation").first().waitFor();
    const operation = await open("Administration", "getSettings");
    await operation.getByRole("button", { name: "Execute" }).click();
    const answer = operation.locator(".live-responses-table");
    await expect.poll(() => answer.innerText()).toContain('"security"');
  });

  test("without a key the reference sends the header that makes a session of the console count", async () => {
    const operation = await open("Administration", "getHealth");
    const asked = page.waitForRequest(/admin\/health$/);
    await operation.getByRole("button", { name: "Execute" }).click();
    const headers = await (await asked).allHeaders();
    expect([headers["x-parley-console"], headers["x-lc-key"]]).toEqual(["1", undefined]);
    await expect.poll(() => operation.locator(".live-responses-table").innerText()).toContain("401");
  });

  test("the reference is dark where the system is, and changes with it", async () => {
    await page.emulateMedia({ colorScheme: "dark" });
    await page.goto(`${server.url}/docs`);
    await page.getByText("Create a conversation").first().waitFor();
    const paper = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    expect(await paper()).toBe("rgb(23, 24, 28)");
    expect(await page.locator("html.dark-mode").count()).toBe(1);
    await page.emulateMedia({ colorScheme: "light" });
    await expect.poll(() => page.locator("html.dark-mode").count()).toBe(0);
    expect(await paper()).toBe("rgb(243, 241, 236)");
    expect(problems).toEqual([]);
  });
});
