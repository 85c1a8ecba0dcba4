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

const markup = "<img src=x onerror=\"document.title='taken'\">";

test("an owner who has moved nothing yet finds the commands, for this server", async () => {
  open = await visit(world);
  const { page } = open;
  await open.open("/console/moving");
  await page.getByText("Nothing has been moved yet").waitFor();
  await page.getByText(`npm run verify -- export-1 --server ${world.server.url}`).waitFor();
  await page.getByText("Messages are not mirrored").waitFor();
  await page.getByText("It is not known: there is no event log").waitFor();
  await picture(page, "moving-empty");
  expect(await barriers(page)).toEqual([]);
  expect(open.problems).toEqual([]);
});

test("the owner sees how the import stopped, what verify found, and what the mirror left out", async () => {
  const startedAt = Date.now() - 60_000;
  await world.call("PUT", "/admin/moving/import-run-1", {
    command: "import",
    state: "stopped",
    started_at: startedAt,
    source: markup,
    stage: "messages",
    rows: 123_456,
    share: 0.4,
    why: "The disk is full.",
    stages: [{ stage: "conversations", added: 12_345, changed: 2, kept: 0, refused: 3 }],
  });
  await world.call("PUT", "/admin/moving/verify-run-1", {
    command: "verify",
    state: "done",
    started_at: startedAt,
    source: "export-1",
    differences: [
      { what: "messages", why: "were recalled here since", count: 40, expected: true, ids: [] },
      { what: "conversations", why: markup, count: 2, expected: false, ids: ["65537a0e0000000000000001"] },
    ],
  });
  await world.call("PUT", "/admin/moving/export-run-1", {
    command: "export",
    state: "running",
    started_at: startedAt,
    stage: "users",
    rows: 10,
    share: 0.25,
  });
  open = await visit(world);
  const { page } = open;
  await open.open("/console/moving");
  await page.getByText("2 differ that should not").waitFor();
  await page.getByRole("progressbar", { name: "users" }).waitFor();
  await page.getByText("Verify", { exact: true }).click();
  const differing = page.getByRole("listitem").filter({ hasText: markup });
  await differing.getByRole("link", { name: "65537a0e0000000000000001" }).waitFor();
  await picture(page, "moving");
  expect(await barriers(page)).toEqual([]);
  // By the keyboard: the summary of a run opens it.
  await page.locator("summary").filter({ hasText: "Import" }).press("Enter");
  await page.getByText("The disk is full.").waitFor();
  await page.getByText("12,345").waitFor();
  expect(new URL(page.url()).searchParams.get("run")).toBe("import-run-1");
  await page.reload();
  await page.getByText("The disk is full.").waitFor();
  expect(await page.title()).toBe("Moving · Parley");
  expect(open.problems).toEqual([]);
});

test("the state of moving is usable on a phone, dark, and in Chinese", async () => {
  open = await visit(world, { viewport: PHONE, dark: true, language: "zh" });
  const { page } = open;
  await open.open("/console/moving?run=import-run-1");
  await page.getByText("导出、导入与校验").waitFor();
  await picture(page, "moving-phone-dark");
  expect(await page.evaluate("document.documentElement.scrollWidth > innerWidth")).toBe(false);
  expect(await barriers(page)).toEqual([]);
  expect(open.problems).toEqual([]);
});
