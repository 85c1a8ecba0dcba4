/** @module-tag chromium */
import type { Page, Route } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  barriers,
  type ConsoleWorld,
  keys,
  openConsoleWorld,
  PHONE,
  picture,
  signIn,
  type Visit,
  visit,
} from "./support/console.ts";

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

/** The number below a name. */
const number = (page: Page, name: string) =>
  page.locator(".number").filter({ hasText: name }).locator(".value");

async function conversation(): Promise<string> {
  const made = await world.call("POST", "/1.2/rtm/conversations", { name: "Cheese", m: ["Tom", "Jerry"] });
  if (typeof made !== "object" || made === null || !("objectId" in made)) throw new Error("no id");
  return String(made.objectId);
}

const say = (id: string) =>
  world.call("POST", `/1.2/rtm/conversations/${id}/messages`, {
    from_client: "Tom",
    message: "hello",
  });

/** As if the viewer had gone to another tab, or came back. */
const hide = (page: Page, hidden: boolean) =>
  page.evaluate(`
    Object.defineProperty(document, "hidden", { value: ${hidden}, configurable: true });
    Object.defineProperty(document, "visibilityState", { value: "${hidden ? "hidden" : "visible"}", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  `);

test("the owner of an empty server reads what to do first, and it goes when the first conversation is there", async () => {
  open = await visit(world);
  const { page } = open;
  const first = page.getByRole("heading", { name: "This server is empty: what to do first" });
  await first.waitFor();
  expect(await page.getByText(`server: "${world.server.url}"`).count()).toBe(1);
  expect(await page.getByText(`appId: "${keys.APP_ID}"`).count()).toBe(1);
  await page.getByText("Switches against strangers are off").waitFor();
  await picture(page, "overview-empty");
  expect(await barriers(page)).toEqual([]);
  await conversation();
  await first.waitFor({ state: "detached" });
  expect(open.problems).toEqual([]);
});

test("the owner sees Tom's messages counted without a reload, also after the connection was lost", async () => {
  const id = await conversation();
  open = await visit(world);
  const { page } = open;
  await page.getByText("Live", { exact: true }).waitFor();
  // A minute may end in between: then it is in the one before.
  const counted = async (least: number) => {
    await expect
      .poll(
        async () => {
          const tile = await page.locator(".number").filter({ hasText: "Messages this minute" }).innerText();
          return (tile.match(/\d+/g) ?? []).reduce((sum, digits) => sum + Number(digits), 0);
        },
        { timeout: 15_000 },
      )
      .toBeGreaterThanOrEqual(least);
  };
  await say(id);
  await counted(1);
  // A stream that breaks, and then a server that refuses for a while.
  const refuse = (route: Route) => route.abort();
  await page.route("**/admin/metrics/live", refuse);
  await hide(page, true);
  await hide(page, false);
  await page.getByText("Connection lost, trying again…", { exact: true }).waitFor();
  await page.unroute("**/admin/metrics/live", refuse);
  await say(id);
  await say(id);
  await page.getByText("Live", { exact: true }).waitFor();
  await counted(3);
  expect(open.problems.filter((problem) => !problem.includes("net::"))).toEqual([]);
});

test("an owner whose session ran out signs in over the overview, which goes on", async () => {
  open = await visit(world);
  const { page } = open;
  await page.getByText("Live", { exact: true }).waitFor();
  await page.context().clearCookies();
  await hide(page, true);
  await hide(page, false);
  await page.getByRole("dialog").getByText("Your session has ended").waitFor();
  await signIn(page);
  await page.getByText("Live", { exact: true }).waitFor();
  expect(open.problems).toEqual([]);
});

test("nothing is asked of the server while the overview is in a hidden tab", async () => {
  open = await visit(world);
  const { page } = open;
  await page.getByText("Live", { exact: true }).waitFor();
  await hide(page, true);
  await page.getByText("Paused", { exact: true }).waitFor();
  await hide(page, false);
  await page.getByText("Live", { exact: true }).waitFor();
  expect(open.problems).toEqual([]);
});

test("the owner looks at the last day, sends the address to a colleague, and follows a warning to where it is mended", async () => {
  open = await visit(world);
  const { page } = open;
  await page.getByRole("tab", { name: "Last day" }).click();
  await page.getByText("Messages", { exact: true }).waitFor();
  expect(page.url()).toContain("range=day");
  await page.reload();
  await page.getByRole("tab", { name: "Last day", selected: true }).waitFor();
  const notice = page.getByRole("listitem").filter({ hasText: "Switches against strangers are off" });
  await notice.getByText(/^Which/).click();
  const origins = notice.getByRole("link", { name: "security.origins" });
  expect(await origins.getAttribute("href")).toBe("/console/settings?setting=security.origins");
  expect(await number(page, "D1 uses").innerText()).toMatch(/B$/);
  await picture(page, "overview");
  await notice.getByRole("link", { name: "Open Settings" }).click();
  await page.waitForURL("**/console/settings");
  expect(open.problems).toEqual([]);
});

test("the overview is usable on a phone, in the dark, and in Chinese", async () => {
  open = await visit(world, { viewport: PHONE, dark: true, language: "zh" });
  const { page } = open;
  await page.getByText("实时", { exact: true }).waitFor();
  await page.getByText("防范陌生人的开关未打开").waitFor();
  expect(await barriers(page)).toEqual([]);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(PHONE.width);
  await picture(page, "overview-phone-dark-zh");
  expect(open.problems).toEqual([]);
});
