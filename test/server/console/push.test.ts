/** @module-tag chromium */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { appleKey } from "../../support/push/apns-server.ts";
import { HuaweiServer, huaweiAnswer } from "../../support/push/vendors/huawei-server.ts";
import {
  barriers,
  type ConsoleWorld,
  openConsoleWorld,
  PHONE,
  picture,
  type Visit,
  visit,
} from "./support/console.ts";

const MARKUP = "<img src=x onerror=alert(1)>";
const huawei = new HuaweiServer();
let world: ConsoleWorld;
let open: Visit | undefined;
beforeAll(async () => {
  await huawei.open();
  world = await openConsoleWorld();
  await world.call("PATCH", "/admin/settings", {
    hooks: { allowPrivate: true },
    events: { logDays: 7 },
    push: { hms: huawei.settings, static: null },
  });
});
afterAll(async () => {
  await world?.stop();
  await huawei.close();
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail" && open) {
    console.error(open.problems, await open.page.locator("body").innerText());
    await picture(open.page, `failed-${task.name.slice(0, 40)}`);
  }
  await open?.close();
  open = undefined;
});

/** A Huawei phone with this client among its channels. */
async function phoneOf(client: string): Promise<{ id: string; token: string }> {
  const token = `${client}-phone-token`;
  const body = { deviceType: "android", vendor: "HMS", registrationId: token, channels: [client] };
  return { id: Object(await world.call("POST", "/1.1/installations", body)).objectId, token };
}

const conversationOf = async (name: string, members: string[]): Promise<string> =>
  Object(await world.call("POST", "/1.2/rtm/conversations", { name, m: members })).objectId;

test("the owner finds why Jerry was not pushed, mends it, and sees that Jerry would be", async () => {
  await phoneOf("Jerry");
  const conversation = await conversationOf("Cheese", ["Tom", "Jerry"]);
  await world.call("POST", `/1.2/rtm/conversations/${conversation}/messages`, {
    from_client: "Tom",
    message: JSON.stringify({ _lctype: -1, _lctext: `Dinner? ${MARKUP}` }),
  });
  open = await visit(world);
  const { page } = open;
  await open.open("/console/push");
  await page.getByRole("tab", { name: "Why not pushed?" }).click();
  await page.getByLabel("Client").fill("Jerry");
  await page.getByLabel("Conversation").selectOption("Cheese");
  const message = page.getByLabel("Message", { exact: true });
  await page.getByRole("option", { name: /Dinner\?/ }).waitFor({ state: "attached" });
  await message.selectOption({ index: 1 });
  await page.getByText("Something said now would not be pushed to Jerry.").waitFor();
  const now = page.locator("section").filter({ hasText: "As things are now" });
  await now.getByText("There is nothing to push").waitFor();
  await page.getByText("This was not pushed to Jerry.").waitFor();
  await picture(page, "push-why");
  expect(await barriers(page)).toEqual([]);
  const mend = now.getByRole("link", { name: "Set a static content" });
  expect(await mend.getAttribute("href")).toContain("push.static");
  await world.call("PATCH", "/admin/settings", {
    push: { static: { alert: "Something new", title: "Cheese" } },
  });
  await page.reload();
  await page.getByText("Something said now would be pushed to Jerry.").waitFor();
  await now.getByText("the setting push.static").waitFor();
  expect(open.problems).toEqual([]);
});

test("the owner sends a test push to a phone and reads the provider's answer", async () => {
  const phone = await phoneOf("Spike");
  open = await visit(world);
  const { page } = open;
  await open.open("/console/push?tab=installations");
  await page.getByLabel("Search").fill("Spike");
  await page.getByRole("row").filter({ hasText: "Spike" }).waitFor();
  await picture(page, "push-installations");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("link", { name: "android: HMS" }).click();
  await page.getByRole("button", { name: "Push now" }).click();
  await page.getByText("80000000").waitFor();
  await page.getByText("Taken", { exact: true }).waitFor();
  await picture(page, "push-test");
  expect(huawei.arrived.map(({ registrationId }) => registrationId)).toContain(phone.token);
  huawei.trouble.push(huaweiAnswer("80000003", MARKUP));
  await page.getByRole("button", { name: "Push now" }).click();
  await page.getByText("Refused", { exact: true }).waitFor();
  await page.getByText(MARKUP).last().waitFor();
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("button", { name: "Delete the installation" }).click();
  await page.getByText("The installation was deleted.").waitFor();
  expect(open.problems).toEqual([]);
});

test("the owner sends a notification after seeing how many devices fit, and schedules and cancels another", async () => {
  await phoneOf("Butch");
  open = await visit(world);
  const { page } = open;
  await open.open("/console/push");
  await page.getByRole("link", { name: "Send a notification" }).click();
  await page.getByLabel("Clients or channels").fill("Butch");
  await page.getByText("1 device fits now.").waitFor();
  await page.getByLabel("Text").fill(`Fish ${MARKUP}`);
  await picture(page, "push-send");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Send …" }).click();
  await page.getByText("Push to 1 device now?").waitFor();
  await page.getByRole("button", { name: "Send it" }).click();
  await page.getByRole("heading", { name: `Fish ${MARKUP}` }).waitFor();
  await page.getByText("Huawei: 1").waitFor();
  await picture(page, "push-notification");
  expect(await barriers(page)).toEqual([]);

  await open.open("/console/push/new?to=channel&who=Butch");
  await page.getByLabel("Text").fill("Breakfast");
  await page.getByLabel("When").selectOption("Later");
  await page.getByLabel("At (your time)").fill("2020-01-01T08:00");
  await page.getByRole("button", { name: "Send …" }).click();
  await page.getByText("Choose a time that is more than a minute ahead.").waitFor();
  await page.getByLabel("At (your time)").fill("2099-01-01T08:00");
  await page.getByRole("button", { name: "Send …" }).click();
  await page.getByRole("button", { name: "Send it" }).click();
  await page.getByRole("heading", { name: "Breakfast" }).waitFor();
  await page.getByRole("link", { name: "Notifications", exact: true }).click();
  await page.getByRole("row").filter({ hasText: "Fish" }).waitFor();
  await picture(page, "push-notifications");
  await page.getByRole("tab", { name: "Scheduled" }).click();
  const row = page.getByRole("row").filter({ hasText: "Breakfast" });
  await row.waitFor();
  await picture(page, "push-scheduled");
  expect(await barriers(page)).toEqual([]);
  await row.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Cancel the notification" }).click();
  await page.getByText("Nothing waits for its time").waitFor();
  expect(Object(await world.call("GET", "/1.1/scheduledPushMessages")).results).toEqual([]);
  expect(open.problems).toEqual([]);
});

test("the owner adds a key for APNs by its file, sees what it is valid for but never the key, and removes it", async () => {
  const { teamId, keyId, privateKey } = await appleKey("MOUSETEAM1", "MOUSEKEY01", []);
  open = await visit(world);
  const { page } = open;
  await open.open("/console/push?tab=keys");
  await page.getByRole("button", { name: "Add a key" }).click();
  await page.getByRole("button", { name: "Save the key" }).click();
  await page.getByText("This is no private key in PEM").waitFor();
  expect(await barriers(page)).toEqual([]);
  await page
    .getByLabel("The .p8 file")
    .setInputFiles({ name: `AuthKey_${keyId}.p8`, mimeType: "text/plain", buffer: Buffer.from(privateKey) });
  await page.getByLabel("Team").fill(teamId);
  await page.getByLabel("Valid for the bundle ids").fill("com.example.mouse\ncom.example.cat");
  expect(await page.getByLabel("Key id").inputValue()).toBe(keyId);
  await page.getByRole("button", { name: "Save the key" }).click();
  await page.getByText(`Key ${keyId} was saved.`).waitFor();
  await page.getByText("com.example.cat").waitFor();
  await page.getByText("privateKey: set, and never shown").waitFor();
  await picture(page, "push-keys");
  expect(await barriers(page)).toEqual([]);
  expect(await page.content()).not.toContain(privateKey.split("\n")[1]);
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("alertdialog").getByRole("textbox").fill(keyId);
  await page.getByRole("button", { name: "Remove the key" }).click();
  await page.getByText(`Key ${keyId} was removed.`).waitFor();
  await page.getByText("com.example.cat").waitFor({ state: "detached" });
  expect(open.problems).toEqual([]);
});

test("push is usable on a phone, in the dark, in Chinese", async () => {
  await phoneOf("Nibbles");
  const conversation = await conversationOf("Larder", ["Tom", "Nibbles"]);
  open = await visit(world, { viewport: PHONE, dark: true, language: "zh" });
  const { page } = open;
  const views = {
    notifications: "/console/push",
    installations: "/console/push?tab=installations",
    keys: "/console/push?tab=keys",
    test: "/console/push?tab=test",
    why: `/console/push?tab=why&client=Nibbles&conv=${conversation}`,
    new: "/console/push/new",
  };
  for (const [name, path] of Object.entries(views)) {
    await open.open(path);
    if (name === "why") await page.getByText("推送给 Nibbles。").waitFor();
    if (name === "keys") await page.getByText("荣耀").waitFor();
    await page.waitForLoadState("networkidle");
    await picture(page, `push-${name}-phone-dark-zh`);
    expect([name, await barriers(page)]).toEqual([name, []]);
    const [wide, shown] = await page.evaluate<[number, number]>(
      "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
    );
    expect([name, wide]).toEqual([name, shown]);
  }
  expect(open.problems).toEqual([]);
});
