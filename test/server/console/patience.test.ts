/** @module-tag chromium */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  type ConsoleWorld,
  openConsoleWorld,
  picture,
  signIn,
  slowNetwork,
  type Visit,
  visit,
} from "./support/console.ts";

/** What the console bears: long lists, slow networks, the end of a session, an upgrade while it is open. */

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

const ROWS = 10_000;

test("a list of 10,000 conversations is scrolled, sorted and walked through by keyboard", async () => {
  open = await visit(world);
  const { page } = open;
  const at = new Date(0).toISOString();
  const results = Array.from({ length: ROWS }, (_, index) => ({
    id: `c${index}`,
    kind: "normal",
    name: `Chat ${String(index).padStart(5, "0")}`,
    member_count: 2,
    members: ["Jerry", "Tom"],
    unique: false,
    created_at: at,
    updated_at: at,
  }));
  await page.route("**/admin/conversations?*", (route) => route.fulfill({ json: { results } }));
  await open.open("/console/conversations");
  const row = (index: number) => page.getByRole("row", { name: `Chat ${String(index).padStart(5, "0")}` });
  const took = async (what: string, act: () => Promise<unknown>): Promise<void> => {
    const start = performance.now();
    await act();
    console.log(`${ROWS} rows: ${what} ${Math.round(performance.now() - start)} ms`);
  };
  await took("shown", () => row(0).waitFor());
  expect(await page.locator("[data-index]").count()).toBeLessThan(100);
  await took("scrolled to the middle", async () => {
    await page.getByRole("table").evaluate((table) => table.scrollTo(0, 5_000 * 36));
    await row(5_005).waitFor();
  });
  await row(5_005).focus();
  await took("End", async () => {
    await page.keyboard.press("End");
    await expect.poll(() => page.evaluate("document.activeElement.dataset.index")).toBe("9999");
  });
  await took("100 times up", async () => {
    for (let step = 0; step < 100; step += 1) await page.keyboard.press("ArrowUp");
    await expect.poll(() => page.evaluate("document.activeElement.dataset.index")).toBe("9899");
  });
  await took("Home", async () => {
    await page.keyboard.press("Home");
    await expect.poll(() => page.evaluate("document.activeElement.dataset.index")).toBe("0");
  });
  await took("sorted the other way", async () => {
    await page.getByRole("button", { name: "Name" }).click();
    await page.getByRole("button", { name: "Name" }).click();
    await row(ROWS - 1).waitFor();
  });
  await row(ROWS - 1).focus();
  await page.keyboard.press("Enter");
  await page.getByText("There is no such conversation").waitFor();
  expect(new URL(page.url()).pathname).toBe(`/console/conversations/c${ROWS - 1}`);
  expect(open.problems).toEqual([]);
});

test("what the owner was writing survives the end of the session, and is sent after signing in again", async () => {
  const row = { name: "Cheese", m: ["Tom", "Jerry"] };
  const { objectId } = Object(await world.call("POST", "/1.2/rtm/conversations", row));
  open = await visit(world);
  const { page } = open;
  await open.open(`/console/conversations/${objectId}`);
  await page.getByLabel("As", { exact: true }).fill("Tom");
  await page.getByLabel("Message", { exact: true }).fill("A long and careful answer");
  await page.context().clearCookies();
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("dialog", { name: "Your session has ended" }).waitFor();
  await signIn(page);
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await page.getByLabel("Message", { exact: true }).inputValue()).toBe("A long and careful answer");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("listitem").filter({ hasText: "A long and careful answer" }).waitFor();
  expect(open.problems).toEqual([]);
});

test("a page that was left open over an upgrade says so, and offers to load it anew", async () => {
  open = await visit(world);
  const { page } = open;
  await page.route("**/console/assets/*.js", (route) => route.fulfill({ status: 404, body: "{}" }));
  await page.getByRole("link", { name: "Users" }).click();
  await page.getByText("Parley was updated since this page was opened").waitFor();
  await picture(page, "updated");
  await page.unroute("**/console/assets/*.js");
  await page.getByRole("button", { name: "Reload the page" }).click();
  await page.getByRole("heading", { name: "Users" }).waitFor();
});

test("on a slow network the owner sees that a list is on its way, and then the list", async () => {
  open = await visit(world);
  const { page } = open;
  await slowNetwork(page);
  await page.getByRole("link", { name: "Conversations" }).click();
  await page.getByRole("status", { name: "Loading…" }).first().waitFor();
  await page.getByRole("row").filter({ hasText: "Cheese" }).waitFor();
  expect(open.problems).toEqual([]);
});
