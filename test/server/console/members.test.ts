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
  await world.call("PATCH", "/admin/settings", { security: { memberRoles: true, blacklists: true } });
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

async function made(kind: string, row: object): Promise<string> {
  return Object(await world.call("POST", `/1.2/rtm/${kind}`, row)).objectId;
}

test("the owner adds Spike, silences Jerry for an hour, makes Spike a manager and blocks Jerry", async () => {
  const id = await made("conversations", { name: "Cheese", m: ["Tom", "Jerry"], c: "Tom" });
  open = await visit(world);
  const { page } = open;
  await open.open(`/console/conversations/${id}?tab=members`);
  const row = (name: string) => page.getByRole("row").filter({ hasText: name });
  const choose = async (name: string, action: string): Promise<void> => {
    await page.getByRole("button", { name: `What to do about ${name}` }).click();
    await page.getByRole("menuitem", { name: action, exact: true }).click();
  };
  await page.getByLabel("Add members").fill("Spike, Tyke");
  await page.getByRole("button", { name: "Add" }).click();
  await row("Tyke").waitFor();
  await choose("Jerry", "Silence for an hour");
  await row("Jerry").getByText("silenced until").waitFor();
  await choose("Spike", "Make a manager");
  await row("Spike").getByText("manager").waitFor();
  await picture(page, "members");
  expect(await barriers(page)).toEqual([]);
  await choose("Jerry", "Block");
  await page.getByRole("button", { name: "Block" }).click();
  await page.getByRole("button", { name: "Unblock" }).waitFor();
  await row("Jerry").waitFor({ state: "detached" });
  await choose("Tyke", "Remove");
  await page.getByRole("button", { name: "Remove" }).click();
  await row("Tyke").waitFor({ state: "detached" });
  expect(open.problems).toEqual([]);
});

test("the owner changes an attribute in the form, adds one, and deletes the conversation", async () => {
  const id = await made("conversations", { name: "Old", m: ["Tom"], attr: { holes: 3, mild: true } });
  open = await visit(world);
  const { page } = open;
  await open.open(`/console/conversations/${id}?tab=attributes`);
  await page.getByLabel("attr.holes").fill("many");
  await page.getByText("This is no number").waitFor();
  await page.getByLabel("attr.holes").fill("4");
  await page.getByLabel("New field of attr").fill("smell");
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByLabel("attr.smell").fill("<b>strong</b>");
  await page.getByRole("button", { name: "Take mild away" }).click();
  await picture(page, "attributes");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Save these fields" }).click();
  await page.getByText("Saved").waitFor();
  const { results } = Object(
    await world.call("GET", `/1.2/rtm/conversations?where=${JSON.stringify({ objectId: id })}`),
  );
  expect(results[0]).toMatchObject({ name: "Old", attr: { holes: 4, smell: "<b>strong</b>" } });
  expect(results[0].attr).not.toHaveProperty("mild");
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("alertdialog").getByRole("textbox").fill("Old");
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("heading", { name: "Conversations" }).waitFor();
  expect(open.problems).toEqual([]);
});

test("the owner broadcasts to a service's subscribers, then to everybody, and deletes the second", async () => {
  const id = await made("service-conversations", { name: "News" });
  open = await visit(world);
  const { page } = open;
  await open.open(`/console/conversations/${id}?tab=members`);
  await page.getByLabel("Subscribe clients").fill("Tom");
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByRole("row").filter({ hasText: "Tom" }).waitFor();
  await page.getByRole("tab", { name: "Messages" }).click();
  const send = async (text: string, to: string): Promise<void> => {
    await page.getByLabel("As", { exact: true }).fill("editor");
    await page.getByLabel("To", { exact: true }).selectOption(to);
    await page.getByLabel("Message", { exact: true }).fill(text);
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("listitem").filter({ hasText: text }).waitFor();
  };
  await send("Gouda is half price", "all subscribers");
  await send("The kitchen is closed", "everybody");
  const closed = page.getByRole("listitem").filter({ hasText: "The kitchen is closed" });
  await closed.getByText("to everybody until").waitFor();
  await page.getByLabel("To", { exact: true }).selectOption("some clients");
  await page.getByLabel("Clients", { exact: true }).fill("Jerry");
  await page.getByLabel("Message", { exact: true }).fill("You have won");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("to Jerry").waitFor();
  await picture(page, "service");
  expect(await barriers(page)).toEqual([]);
  await closed.getByRole("button", { name: "What to do with this message" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).last().click();
  await closed.waitFor({ state: "detached" });
  expect(open.problems).toEqual([]);
});

test("the owner sees on a phone how many are in a chat room, and what they were not sent", async () => {
  const id = await made("chatrooms", { name: "Kitchen" });
  open = await visit(world, { viewport: PHONE, dark: true });
  await open.open(`/console/conversations/${id}?tab=members`);
  await open.page.getByText("Nobody is in this room now").waitFor();
  await open.page.getByText("0 of low priority").waitFor();
  await open.page.getByRole("tab", { name: "Event log" }).click();
  await open.page.getByText("The event log has nothing of this conversation").waitFor();
  await picture(open.page, "room-phone-dark");
  expect(await barriers(open.page)).toEqual([]);
  expect(open.problems).toEqual([]);
});
