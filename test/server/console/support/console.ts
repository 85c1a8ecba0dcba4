import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "../../../support/browser.ts";
import { type Server, startServer } from "../../../support/server.ts";

/** A view that shows nothing for this long is broken, in milliseconds. */
const PATIENCE = 15_000;
const PICTURES = "artifacts/console";
const MASTER_KEY = "console-master-key";

export const keys = { APP_ID: "console-app", APP_KEY: "console-app-key", MASTER_KEY };

/** A server with the console on, a browser, and the owner in front of it. */
export interface ConsoleWorld {
  server: Server;
  browser: Browser;
  /** Calls the HTTP API with the master key. Throws unless it succeeds. */
  call(method: string, path: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts both. `npm start` on loopback serves the console without a setting. */
export async function openConsoleWorld(): Promise<ConsoleWorld> {
  const [server, browser] = await Promise.all([startServer({ env: keys }), launchBrowser()]);
  return {
    server,
    browser,
    call: async (method, path, body) => {
      const response = await fetch(server.url + path, {
        method,
        headers: {
          "X-LC-Id": keys.APP_ID,
          "X-LC-Key": `${MASTER_KEY},master`,
          "Content-Type": "application/json",
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return response.json();
    },
    stop: async () => {
      await browser.close();
      await server.stop();
    },
  };
}

export interface Visit {
  page: Page;
  /** What the page reported as errors, those of the Content-Security-Policy included. */
  problems: string[];
  /** Opens a path, such as `/console/users`, and waits for the heading. */
  open(path: string): Promise<void>;
  close(): Promise<void>;
}

export interface VisitOptions {
  /** In pixels; a desk's by default. */
  viewport?: { width: number; height: number };
  dark?: boolean;
  language?: "en" | "zh";
  signedIn?: boolean;
}

export const PHONE = { width: 390, height: 800 };

/** A window of its own, with the owner signed in unless asked otherwise. */
export async function visit({ server, browser }: ConsoleWorld, options: VisitOptions = {}): Promise<Visit> {
  const { viewport = { width: 1200, height: 800 }, dark, language = "en", signedIn = true } = options;
  const context = await browser.newContext({
    viewport,
    colorScheme: dark ? "dark" : "light",
    locale: language === "zh" ? "zh-CN" : "en-GB",
    timezoneId: "Europe/Berlin",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    // Chromium reports each answer of 401 like an error of the page; to be signed out is none.
    if (message.type() === "error" && !message.text().includes("status of 401"))
      problems.push(message.text());
  });
  if (signedIn) {
    await page.goto(`${server.url}/console`);
    await signIn(page);
    await page.locator("#page-title").waitFor();
  }
  return {
    page,
    problems,
    open: async (path) => {
      await page.goto(server.url + path);
      await page.locator("#page-title").waitFor();
    },
    close: () => context.close(),
  };
}

/** Fills the sign-in form that the page shows. */
export async function signIn(page: Page, masterKey = MASTER_KEY): Promise<void> {
  await page.getByLabel(/Master key|主密钥/).fill(masterKey);
  await page.getByRole("button", { name: /^(Sign in|登录)$/ }).click();
}

/** Keeps a picture of the page for whoever reads the results: `artifacts/console/<name>.png`. */
export async function picture(page: Page, name: string): Promise<void> {
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}/${name}.png` });
}

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What axe finds that keeps people out, serious or worse: a line for each. */
export async function barriers(page: Page): Promise<string[]> {
  // By the debugger: the page's own policy allows no other script.
  await page.evaluate(await readFile(axe, "utf8"));
  const results: AxeResults = await page.evaluate("axe.run()");
  return results.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`,
    );
}

/** Makes the network slow, as in a train: a latency in milliseconds, bytes per second. */
export async function slowNetwork(page: Page, latency = 400, bytesPerSecond = 50_000): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency,
    downloadThroughput: bytesPerSecond,
    uploadThroughput: bytesPerSecond,
  });
}
