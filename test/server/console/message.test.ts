/** @module-tag chromium */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { People } from "../../../scripts/demo/people.ts";
import {
  barriers,
  type ConsoleWorld,
  keys,
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

async function cheese(): Promise<string> {
  const row = { name: "Cheese", m: ["Tom", "Jerry", "Spike"], c: "Tom" };
  return Object(await world.call("POST", "/1.2/rtm/conversations", row)).objectId;
}

const say = async (id: string, text: string): Promise<void> => {
  const message = { from_client: "Tom", message: { _lctype: -1, _lctext: text } };
  await world.call("POST", `/1.2/rtm/conversations/${id}/messages`, message);
};

test("the owner finds out whether Jerry has read a message, and why nobody knows whether it was pushed", async () => {
  const id = await cheese();
  await say(id, "Is there any left?");
  const people = await People.logIn({ appId: keys.APP_ID, appKey: keys.APP_KEY, server: world.server.url }, [
    "Jerry",
  ]);
  await (await people.in("Jerry", id)).read();
  open = await visit(world);
  const { page } = open;
  await open.open(`/console/conversations/${id}`);
  await page.getByRole("link", { name: "What became of it" }).click();
  const row = (name: string) => page.getByRole("row").filter({ hasText: name });
  const read = async (name: string) => row(name).locator('[data-label="Read"]').innerText();
  await row("Jerry").waitFor();
  // What Jerry's device said may be on its way.
  await expect
    .poll(async () => {
      await page.reload();
      await row("Jerry").waitFor();
      return read("Jerry");
    })
    .toMatch(/^yes\s.*by the member's mark/s);
  expect(await read("Spike")).toMatch(/^no\s/);
  expect(await row("Jerry").locator('[data-label="Pushed"]').innerText()).toContain("the event log is off");
  expect(await page.getByRole("link", { name: "turn it on" }).getAttribute("href")).toContain("settings");
  expect(await row("Jerry").getByRole("link").getAttribute("href")).toBe("/console/users/Jerry");
  await picture(page, "message");
  expect(await barriers(page)).toEqual([]);
  await people.leave();
  expect(open.problems).toEqual([]);
});

test("the owner finds out in the event log that Jerry was away and has no device for a push", async () => {
  await world.call("PATCH", "/admin/settings", { events: { logDays: 7 } });
  const id = await cheese();
  open = await visit(world, { viewport: PHONE, dark: true, language: "zh" });
  const { page } = open;
  await expect
    .poll(
      async () => {
        await say(id, "Hello?");
        const { results } = Object(await world.call("GET", `/admin/events?conv_id=${id}&event=pushSettled`));
        return results.length;
      },
      { timeout: 20_000, interval: 1_000 },
    )
    .toBeGreaterThan(0);
  const { results } = Object(await world.call("GET", `/admin/events?conv_id=${id}&event=pushSettled`));
  await open.open(`/console/conversations/${id}/messages/${results[0].message_id}`);
  const jerry = page.getByRole("row").filter({ hasText: "Jerry" });
  await jerry.getByText("未推送").waitFor();
  expect(await jerry.locator('[data-label="发送时在线"]').innerText()).toMatch(/^否\s*依据事件日志/);
  await picture(page, "message-phone-dark-zh");
  expect(await barriers(page)).toEqual([]);
  expect(open.problems).toEqual([]);
});

test("the owner edits a message, sees when it was changed, and recalls it from its own page", async () => {
  const id = await cheese();
  await say(id, "Meet me at noon");
  open = await visit(world);
  const { page } = open;
  await open.open(`/console/conversations/${id}`);
  await page.getByRole("button", { name: "What to do with this message" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  await page.getByRole("dialog").getByLabel("Message").fill('{"_lctype":-1,"_lctext":"Meet me at one"}');
  await page.getByRole("dialog").getByRole("button", { name: "Edit" }).click();
  await page.getByText("Meet me at one").waitFor();
  await page.getByText(/^changed/).waitFor();
  await page.getByRole("link", { name: "What became of it" }).click();
  await page.getByText("Edited", { exact: true }).waitFor();
  await page.getByRole("button", { name: "What to do with this message" }).click();
  await page.getByRole("menuitem", { name: "Recall" }).click();
  await page.getByRole("button", { name: "Recall" }).click();
  await page.getByText("Recalled", { exact: true }).first().waitFor();
  expect(await page.getByText("Meet me at one").count()).toBe(0);
  expect(open.problems).toEqual([]);
});

test("a message that nobody knows is answered with a sentence, on its page and on that of a conversation", async () => {
  const id = await cheese();
  open = await visit(world);
  await open.open(`/console/conversations/${id}/messages/AaIlWCGkdsHNuW_lsg0zpg`);
  await open.page.getByText("Nothing is known of such a message").waitFor();
  await open.open("/console/conversations/_tmp:nothing");
  await open.page.getByText("There is no such conversation").waitFor();
});
