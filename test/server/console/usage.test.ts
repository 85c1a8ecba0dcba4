/** @module-tag chromium */
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

let world: ConsoleWorld;
let open: Visit | undefined;
let chat = "";
beforeAll(async () => {
  world = await openConsoleWorld();
  const made = await world.call("POST", "/1.2/rtm/conversations", { name: "Cheese", m: ["Tom", "Jerry"] });
  chat = Object(made).objectId;
  const messages = `/1.2/rtm/conversations/${chat}/messages`;
  for (let said = 0; said < 3; said++)
    await world.call("POST", messages, { from_client: "Tom", message: "Cheese?" });
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

test("[G-07] the owner sees what was used, what it costs, and which conversation was the busiest", async () => {
  open = await visit(world);
  const { page } = open;
  await page.getByRole("link", { name: "Usage" }).click();
  await page.getByRole("heading", { name: "Usage", level: 1 }).waitFor();
  await page.getByRole("tab", { name: "30 days", selected: true }).waitFor();
  const meters = page.getByRole("table", { name: "By what is billed" });
  const written = meters.getByRole("row").filter({ hasText: "Rows written in objects" });
  // A few rows cost less than a cent, which is not shown as nothing.
  await written.getByText(/^\$0\.0000\d+$/).waitFor();
  const busiest = page.getByRole("table", { name: "Busiest conversations" });
  const row = busiest.getByRole("row").filter({ hasText: chat });
  expect(await row.getByRole("cell").allInnerTexts()).toEqual([chat, "3", expect.stringMatching(/^\d+$/)]);
  await picture(page, "usage");
  expect(await barriers(page)).toEqual([]);
  // By the keyboard: the days are tabs, and Enter opens a conversation.
  await page.getByRole("tab", { name: "30 days" }).press("ArrowRight");
  await page.getByRole("tab", { name: "100 days" }).press("Enter");
  await page.getByRole("tab", { name: "100 days", selected: true }).waitFor();
  expect(new URL(page.url()).searchParams.get("days")).toBe("100");
  await row.press("Enter");
  await page.getByRole("heading", { name: "Cheese" }).waitFor();
  expect(open.problems).toEqual([]);
});

test("[G-07] the usage is readable on a phone, dark, and in Chinese", async () => {
  open = await visit(world, { viewport: PHONE, dark: true, language: "zh" });
  const { page } = open;
  await open.open("/console/usage?days=7");
  await page.getByText("最繁忙的对话").first().waitFor();
  await page.getByRole("table", { name: "按计费项" }).getByText("对象写入行数").waitFor();
  await picture(page, "usage-phone-dark");
  expect(await page.evaluate("document.documentElement.scrollWidth > innerWidth")).toBe(false);
  expect(await barriers(page)).toEqual([]);
  expect(open.problems).toEqual([]);
});
