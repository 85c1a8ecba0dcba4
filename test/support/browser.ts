import { type Browser, type BrowserContext, chromium } from "playwright-core";
import { chromium as executablePath } from "../server/support/requirements.ts";

/** Headless, and kept from looking for anything on the network by itself. */
const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Debian's Chromium. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args: flags });
}

/** The same with a profile of its own in a folder: pages of any other can neither subscribe to pushes nor stay so. */
export function launchProfile(folder: string, moreFlags: string[]): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, { executablePath, args: [...flags, ...moreFlags] });
}
