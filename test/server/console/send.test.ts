/** @module-tag chromium */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { next } from "../sdk/waiting.ts";
import {
  barriers,
  type ConsoleWorld,
  openConsoleWorld,
  PHONE,
  picture,
  type Visit,
  visit,
} from "./support/console.ts";
import { logInWithSdk } from "./support/sdk-client.ts";

/** A picture of one pixel. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

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

test("the owner uploads a picture and sends it to a room, where Tom gets it", async () => {
  const room = String(Object(await world.call("POST", "/1.2/rtm/chatrooms", { name: "Kitchen" })).objectId);
  const tom = await logInWithSdk(world, "Tom");
  const joined = await tom.getConversation(room);
  await joined?.join();
  const message = next(tom, "message", (_, { id }) => id === room);
  open = await visit(world);
  const { page } = open;
  await open.open(`/console/send?to=subscribers&conv=${service}`);
  await page.getByLabel("To", { exact: true }).selectOption({ label: "a chat room" });
  expect(await page.getByLabel("Chat room", { exact: true }).inputValue()).toBe("");
  await page.getByLabel("Chat room", { exact: true }).fill("kitch");
  await page.getByRole("button", { name: /Kitchen/ }).click();
  await page.getByLabel("From client").fill("Spike");
  await page.getByLabel("Content").selectOption({ label: "Picture" });
  const upload = { name: "gouda.png", mimeType: "image/png", buffer: PNG };
  await page.getByLabel("Or upload one").setInputFiles(upload);
  await expect.poll(() => page.getByLabel("Address of the picture").inputValue()).not.toBe("");
  await page.getByLabel("Text with the picture").fill("Look");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByRole("alertdialog").getByText("1 client in the room gets it.").waitFor();
  await page.getByRole("alertdialog").getByRole("button", { name: "Send" }).click();
  await page.locator('a[href*="/messages/"]').waitFor();
  const { _lctext: text, _lcfile: file } = Object(JSON.parse(JSON.stringify((await message)[0]))).data;
  expect(text).toBe("Look");
  expect(file.metaData).toEqual({
    name: "gouda.png",
    format: "image/png",
    size: PNG.length,
    width: 1,
    height: 1,
  });
  expect(Buffer.from(await (await fetch(file.url)).arrayBuffer())).toEqual(PNG);
  await tom.close();
  expect(open.problems).toEqual([]);
});
