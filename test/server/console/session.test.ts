/** @module-tag chromium */
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  barriers,
  type ConsoleWorld,
  openConsoleWorld,
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
afterEach(async () => {
  await open?.close();
  open = undefined;
});

test("a wrong key is refused in words, and the right one leads to the page that was asked for", async () => {
  open = await visit(world, { signedIn: false });
  const { page } = open;
  await page.goto(`${world.server.url}/console/users`);
  await page.getByRole("heading", { name: "Parley" }).waitFor();
  expect(await barriers(page)).toEqual([]);
  await picture(page, "sign-in");
  await signIn(page, "guessed");
  await page.getByText("This is not the master key.").waitFor();
  await signIn(page);
  await page.getByRole("heading", { name: "Users" }).waitFor();
  expect(page.url()).toBe(`${world.server.url}/console/users`);
  expect(open.problems).toEqual([]);
});

test("who is signed out while a page is open signs in over it, and the page stays", async () => {
  open = await visit(world);
  const { page } = open;
  await open.open("/console/conversations?by=member");
  await page.getByText("There is no conversation yet").waitFor();
  await page.context().clearCookies();
  await page.getByLabel("Search").fill("Tom");
  await page.getByRole("dialog", { name: "Your session has ended" }).waitFor();
  await picture(page, "session-ended");
  await signIn(page);
  await page.getByText("Nothing found").waitFor();
  expect(await page.getByLabel("Search").inputValue()).toBe("Tom");
});

test("a view that was not loaded before the session ended is there after signing in", async () => {
  open = await visit(world);
  const { page } = open;
  await open.open("/console/conversations");
  await page.context().clearCookies();
  await page.getByRole("link", { name: "Moving" }).press("Enter");
  await page.getByRole("dialog", { name: "Your session has ended" }).waitFor();
  await signIn(page);
  await page.getByRole("heading", { name: "Moving", exact: true }).waitFor();
});

test("after a navigation the focus is on the heading of the new page, loaded before or not", async () => {
  open = await visit(world);
  const { page } = open;
  // The link that is pressed has the same text, and the focus until then.
  const focused = () => page.evaluate("document.querySelector('h1:focus')?.textContent");
  for (const name of ["Send", "Conversations", "Send"]) {
    await page.getByRole("link", { name, exact: true }).press("Enter");
    await expect.poll(focused).toBe(name);
  }
});

test("the console is in Chinese for who asks for it, and dark by the switch", async () => {
  open = await visit(world, { language: "zh" });
  const { page } = open;
  await page.getByRole("button", { name: "当前登录与外观" }).click();
  await page.getByRole("menuitem", { name: "深色" }).click();
  await page.getByRole("link", { name: "对话" }).click();
  await page.getByRole("heading", { name: "对话", exact: true }).waitFor();
  await picture(page, "chinese-dark");
  expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("dark");
  expect(await barriers(page)).toEqual([]);
});

test("the first load of the console is less than 200 KB, compressed", async () => {
  open = await visit(world);
  const loaded = new Set<string>();
  open.page.on("response", (response) => {
    if (/\/console\/(assets|sign-in)\//.test(response.url())) loaded.add(response.url());
  });
  await open.page.context().clearCookies();
  await open.page.goto(`${world.server.url}/console/conversations`);
  await signIn(open.page);
  await open.page.getByText("There is no conversation yet").waitFor();
  let bytes = 0;
  for (const url of loaded) bytes += gzipSync(await (await open.page.request.get(url)).body()).length;
  console.log(`first load: ${bytes} bytes`);
  expect(bytes).toBeGreaterThan(20_000);
  expect(bytes).toBeLessThan(200_000);
});
