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

test("the owner says something as Tom, recalls what Jerry wrote, and markup in messages stays text", async () => {
  const { objectId } = Object(
    await world.call("POST", "/1.2/rtm/conversations", {
      name: "<img src=x onerror=alert(1)>",
      m: ["Tom", "Jerry"],
    }),
  );
  const messages = `/1.2/rtm/conversations/${objectId}/messages`;
  const markup = "<script>document.title='taken'</script>";
  await world.call("POST", messages, { from_client: "Jerry", message: { _lctype: -1, _lctext: markup } });
  open = await visit(world);
  const { page } = open;
  await open.open(`/console/conversations/${objectId}`);
  await page.getByText(markup).waitFor();
  await page.getByLabel("As", { exact: true }).fill("Tom");
  await page.getByLabel("Message", { exact: true }).fill("Cheese?");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("listitem").filter({ hasText: "Cheese?" }).waitFor();
  await picture(page, "conversation");
  const jerrys = page.getByRole("listitem").filter({ hasText: markup });
  await jerrys.getByRole("button", { name: "What to do with this message" }).click();
  await page.getByRole("menuitem", { name: "Recall" }).click();
  await page.getByRole("button", { name: "Recall" }).click();
  await page.getByText("Recalled").waitFor();
  expect(await jerrys.count()).toBe(0);
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("tab", { name: "Members" }).click();
  await page.getByRole("row").filter({ hasText: "Jerry" }).waitFor();
  await picture(page, "conversation-members");
  await page.getByRole("tab", { name: "Attributes" }).click();
  const json = page.getByLabel("All attributes, as JSON");
  await json.fill('{"name": "Cheese", ');
  await page.getByText("This is no JSON").waitFor();
  await json.fill('{"name": "Mild", "attr": {"holes": 1}}');
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("heading", { name: "Mild" }).waitFor();
  await picture(page, "conversation-attributes");
  expect(await page.title()).toBe("Mild · Parley");
  expect(open.problems).toEqual([]);
});

test("the owner reads a chat room and recalls what was said there", async () => {
  const { objectId } = Object(await world.call("POST", "/1.2/rtm/chatrooms", { name: "Kitchen" }));
  const messages = `/1.2/rtm/chatrooms/${objectId}/messages`;
  await world.call("POST", messages, { from_client: "Spike", message: { _lctype: -1, _lctext: "Bones" } });
  open = await visit(world);
  const { page } = open;
  await open.open(`/console/conversations/${objectId}`);
  await page.getByText("Bones").waitFor();
  await page.getByRole("button", { name: "What to do with this message" }).click();
  await page.getByRole("menuitem", { name: "Recall" }).click();
  await page.getByRole("button", { name: "Recall" }).click();
  await page.getByText("Recalled").waitFor();
  expect(open.problems).toEqual([]);
});

test("[B-30] the owner puts a conversation on legal hold, which its page says, and ends the hold", async () => {
  const made = await world.call("POST", "/1.2/rtm/conversations", { name: "Evidence", m: ["Tom"] });
  const id: string = Object(made).objectId;
  open = await visit(world);
  const { page } = open;
  await open.open(`/console/conversations/${id}`);
  await page.getByRole("tab", { name: "Legal hold" }).click();
  await page.getByText("Not on hold").waitFor();
  await page.getByLabel("Reason").fill("File <b>12-345</b>");
  await page.getByLabel("Reason").press("Enter");
  await page.getByText("On legal hold").waitFor();
  await page.getByText("File <b>12-345</b>").waitFor();
  expect(await world.call("GET", "/admin/retention")).toMatchObject({ held: [id] });
  await picture(page, "conversation-hold");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "End the hold" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "End the hold" }).click();
  await page.getByText("Not on hold").waitFor();
  await page.getByText("On legal hold").waitFor({ state: "detached" });
  expect(await world.call("GET", `/admin/conversations/${id}/hold`)).toEqual({ hold: null });
  expect(open.problems).toEqual([]);
});
