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
let service: string;
beforeAll(async () => {
  world = await openConsoleWorld();
  const made = await world.call("POST", "/1.2/rtm/service-conversations", { name: "Cheese news" });
  service = String(Object(made).objectId);
  for (const client_id of ["Tom", "Jerry"])
    await world.call("POST", `/1.2/rtm/service-conversations/${service}/subscribers`, { client_id });
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

test("the owner sends to all subscribers of a service, and is told first how many they are", async () => {
  open = await visit(world);
  const { page } = open;
  await open.open("/console/send?to=subscribers");
  await page.getByRole("button", { name: /Cheese news/ }).click();
  await page.getByLabel("From client").fill("Spike");
  await page.getByLabel("Text", { exact: true }).fill("Gouda is here");
  await page.getByText("It goes to all devices of the app").waitFor();
  await page.getByLabel("Push", { exact: true }).fill("Cheese!");
  await picture(page, "send");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("2 subscribers get it. The push goes to all devices of the app").waitFor();
  await picture(page, "send-confirm");
  await page.getByRole("alertdialog").getByRole("button", { name: "Send" }).click();
  const link = page.getByRole("link").and(page.locator('a[href*="/messages/"]'));
  await link.waitFor();
  expect(await link.getAttribute("href")).toContain(`/console/conversations/${service}/messages/`);
  const path = `/1.2/rtm/service-conversations/${service}/subscribers/Tom/messages`;
  expect(JSON.stringify(await world.call("GET", path))).toContain("Gouda is here");
  expect(open.problems).toEqual([]);
});

test("on a phone the owner sees what Jerry would be pushed before anything is sent", async () => {
  open = await visit(world, { viewport: PHONE, dark: true, language: "zh" });
  const { page } = open;
  await open.open(`/console/send?to=clients&clients=Jerry&conv=${service}`);
  await page.getByLabel("发送者").fill("Spike");
  await page.getByLabel("文本", { exact: true }).fill("Brie");
  await page.getByRole("button", { name: "预览" }).click();
  await page.getByText("不会推送").waitFor();
  await picture(page, "send-phone-dark");
  expect(await barriers(page)).toEqual([]);
  expect(open.problems).toEqual([]);
});
