/** @module-tag chromium */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  barriers,
  type ConsoleWorld,
  openConsoleWorld,
  PHONE,
  picture,
  type Visit,
  visit,
} from "./support/console.ts";

/** A client whose id wants to be a part of the page. */
const EVIL = '<img src=x onerror="document.title=1">';

let world: ConsoleWorld;
let open: Visit | undefined;
beforeAll(async () => {
  world = await openConsoleWorld();
});
afterAll(() => world?.stop());
afterEach(async ({ task }) => {
  if (task.result?.state === "fail" && open) {
    console.error(open.problems, await open.page.locator("body").innerText());
    await picture(open.page, `failed-${task.name.slice(0, 40)}`);
  }
  await open?.close();
  open = undefined;
});

/** Tom, or somebody else, writes to Jerry, who is away. Resolves to the conversation's id. */
async function writeToJerry(from = "Tom"): Promise<string> {
  const made = await world.call("POST", "/1.2/rtm/conversations", { name: "Cheese", m: [from, "Jerry"] });
  if (typeof made !== "object" || made === null || !("objectId" in made)) throw new Error("no id");
  const id = String(made.objectId);
  await world.call("POST", `/1.2/rtm/conversations/${id}/messages`, {
    from_client: from,
    message: "hello",
  });
  return id;
}

/** A row of the log, by a text in it, once the event is there. */
async function rowWith(page: Page, text: string) {
  const row = page.getByRole("row").filter({ hasText: text }).first();
  // Events are logged a moment after they happen.
  for (let tries = 0; tries < 15 && (await row.count()) === 0; tries++) {
    await page.reload();
    await page.getByRole("tab", { name: "Event log" }).waitFor();
    await page.waitForTimeout(700);
  }
  await row.waitFor();
  return row;
}

test("the owner turns the event log on, and finds why Jerry was not pushed", async () => {
  open = await visit(world);
  await open.open("/console/events");
  const { page } = open;
  await page.getByText("The event log is off", { exact: true }).waitFor();
  await picture(page, "events-off");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Keep events for 7 days" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Keep events for 7 days" }).click();
  await page.getByText("Events are kept for 7 days, without contents of messages.").waitFor();
  const id = await writeToJerry();
  await page.getByLabel("Event", { exact: true }).selectOption("push");
  const row = await rowWith(page, "not pushed");
  expect(page.url()).toContain("event=pushSettled");
  await row.click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("link", { name: "Jerry", exact: true }).waitFor();
  expect(await dialog.getByRole("link", { name: id }).getAttribute("href")).toBe(
    `/console/conversations/${id}`,
  );
  const why = dialog.getByRole("link", { name: "Why was Jerry not pushed?" });
  expect(await why.getAttribute("href")).toContain(`/console/push?tab=why&client=Jerry&conv=${id}`);
  await picture(page, "event");
  expect(await barriers(page)).toEqual([]);
  // What a colleague who is sent the address sees.
  await page.reload();
  await dialog.getByRole("link", { name: "Jerry", exact: true }).waitFor();
  await dialog.getByRole("button", { name: "Only its events" }).first().click();
  await dialog.waitFor({ state: "detached" });
  expect(page.url()).toContain(`conversation=${id}`);
  expect(open.problems).toEqual([]);
});

test("a client's id is text in the log, whatever it is made of, and is found by typing it", async () => {
  await world.call("PATCH", "/admin/settings", { events: { logDays: 7 } });
  await writeToJerry(EVIL);
  open = await visit(world);
  await open.open("/console/events");
  const { page } = open;
  await page.getByLabel("Client").fill(EVIL);
  await page.waitForURL(/client=/);
  const row = await rowWith(page, EVIL);
  expect(await page.getByRole("row").filter({ hasText: "Tom" }).count()).toBe(0);
  await row.click();
  await page.getByRole("dialog").getByRole("link", { name: EVIL }).waitFor();
  expect(await page.title()).toBe("Events · Parley");
  expect(await page.locator("img").count()).toBe(0);
  expect(open.problems).toEqual([]);
});

test("by keyboard alone, the owner walks down the log, opens an event and comes back to it", async () => {
  await world.call("PATCH", "/admin/settings", { events: { logDays: 7 } });
  await writeToJerry();
  open = await visit(world);
  await open.open("/console/events");
  const { page } = open;
  await rowWith(page, "message sent");
  const focused = () => page.evaluate("document.activeElement?.dataset.index");
  for (let tabs = 0; tabs < 30 && (await focused()) === undefined; tabs++) await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowDown");
  await expect.poll(focused).toBe("1");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await expect.poll(focused).toBe("1");
  expect(open.problems).toEqual([]);
});

test("the owner sees who changed a setting, from what to what", async () => {
  await world.call("PATCH", "/admin/settings", { limits: { members: 321 } });
  open = await visit(world);
  await open.open("/console/events");
  const { page } = open;
  await page.getByRole("tab", { name: "Who changed what" }).click();
  const row = page.getByRole("row").filter({ hasText: "321" });
  await row.waitFor();
  await picture(page, "audit");
  await row.click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("limits.members").waitFor();
  expect(await dialog.locator("ins").innerText()).toContain("321");
  await picture(page, "audit-entry");
  expect(await barriers(page)).toEqual([]);
  await page.reload();
  await dialog.getByText("limits.members").waitFor();
  await page.keyboard.press("Escape");
  await page.getByLabel("Who", { exact: true }).fill("nobody");
  await page.getByText("Nothing found").waitFor();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await row.waitFor();
  expect(open.problems).toEqual([]);
});

test("the event log is usable on a phone, in the dark, and in Chinese", async () => {
  await world.call("PATCH", "/admin/settings", { events: { logDays: 7 } });
  await writeToJerry();
  open = await visit(world, { viewport: PHONE, dark: true, language: "zh" });
  await open.open("/console/events");
  const { page } = open;
  await page.getByText("事件保留 7 天，不含消息内容。").waitFor();
  await page.getByRole("row").first().waitFor();
  expect(await barriers(page)).toEqual([]);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(PHONE.width);
  await picture(page, "events-phone-dark-zh");
  expect(open.problems).toEqual([]);
});
