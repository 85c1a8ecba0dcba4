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
beforeAll(async () => {
  world = await openConsoleWorld();
  await world.call("POST", "/1.2/rtm/conversations", { name: "Cheese", m: ["Tom", "Jerry"], c: "Tom" });
  await world.call("POST", "/1.2/rtm/conversations", {
    name: "Holes (1+1)",
    m: ["Spike"],
    attr: { holes: 3 },
  });
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

test("the owner finds a conversation by its name, its member and an attribute, and the address keeps it", async () => {
  open = await visit(world);
  await open.open("/console/conversations");
  const { page } = open;
  const row = (name: string) => page.getByRole("row").filter({ hasText: name });
  await row("Cheese").waitFor();
  await picture(page, "conversations");
  expect(await barriers(page)).toEqual([]);
  await page.getByLabel("Search").fill("(1+");
  await row("Cheese").waitFor({ state: "detached" });
  await row("Holes").waitFor();
  await page.getByLabel("Find by").selectOption("Member");
  await page.getByLabel("Search").fill("Tom");
  await row("Cheese").waitFor();
  await page.getByLabel("Find by").selectOption("where (JSON)");
  await page.getByLabel("Search").fill('{"attr.holes": 3}');
  await row("Holes").waitFor();
  expect(await row("Cheese").count()).toBe(0);
  await page.reload();
  await row("Holes").waitFor();
  expect(open.problems).toEqual([]);
});

test("the console is usable on a phone, and dark", async () => {
  open = await visit(world, { viewport: PHONE, dark: true });
  await open.open("/console/conversations");
  await picture(open.page, "conversations-phone-dark");
  await open.page.getByRole("button", { name: "Open the list of views" }).click();
  await picture(open.page, "navigation-phone-dark");
  await open.page.getByRole("link", { name: "Users" }).click();
  await open.page.getByRole("heading", { name: "Users" }).waitFor();
  expect(await barriers(open.page)).toEqual([]);
  expect(open.problems).toEqual([]);
});
