/** @module-tag chromium */
import { createHmac } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { next } from "../sdk/waiting.ts";
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
import { logInWithSdk } from "./support/sdk-client.ts";

const HOSTILE = "<img src=x onerror=alert(1)>";
/** The name of what has the focus. */
const FOCUSED = `(({ activeElement: element }) =>
  element.getAttribute("aria-label") ?? element.closest("label, button, a")?.textContent)(document)`;
let world: ConsoleWorld;
let open: Visit | undefined;
let conversation: string;
let room: string;
beforeAll(async () => {
  world = await openConsoleWorld();
  conversation = await created("/1.2/rtm/conversations", { name: "Cheese", m: ["Tom", "Jerry", HOSTILE] });
  room = await created("/1.2/rtm/chatrooms", { name: "Kitchen" });
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

async function created(path: string, body: unknown): Promise<string> {
  return String(Object(await world.call("POST", path, body)).objectId);
}

const say = (path: string, from: string, text: string) =>
  world.call("POST", `${path}/messages`, { from_client: from, message: { _lctype: -1, _lctext: text } });

/** Says something in a conversation and in a room, and waits until the archive lists it for the sender. */
async function spam(from: string, ...texts: string[]): Promise<void> {
  for (const text of texts) await say(`/1.2/rtm/conversations/${conversation}`, from, text);
  await say(`/1.2/rtm/chatrooms/${room}`, from, `${from} in the room`);
  await expect
    .poll(() => world.call("GET", `/1.2/rtm/clients/${encodeURIComponent(from)}/messages`), {
      timeout: 20_000,
    })
    .toHaveLength(texts.length + 1);
}

/** Chromium reports an answer of 404 like an error of the page; a client that nobody knows is none. */
const problemsOf = ({ problems }: Visit) => problems.filter((text) => !text.includes("status of 404"));

test("the owner bans a spammer and recalls what they wrote", async () => {
  await spam("Spike", "Cheap bones", HOSTILE);
  open = await visit(world);
  const { page } = open;
  await open.open("/console/users/Spike?tab=messages");
  await page.getByText("Cheap bones").waitFor();
  await page.getByText(HOSTILE).waitFor();
  expect(await barriers(page)).toEqual([]);
  await page.getByLabel("Select all 3 shown").check();
  await picture(page, "user-messages");
  await page.getByRole("button", { name: "Ban and recall" }).click();
  await page.getByLabel("Reason").fill("Spam");
  await picture(page, "user-ban-and-recall");
  await page.getByRole("dialog").getByRole("button", { name: "Ban and recall" }).click();
  await page.getByText("3 messages recalled").waitFor();
  await page.getByText("banned", { exact: true }).waitFor();
  expect(await page.getByText("Cheap bones").count()).toBe(0);
  for (const path of [`conversations/${conversation}`, `chatrooms/${room}`]) {
    const history = await world.call("GET", `/1.2/rtm/${path}/messages`);
    expect(JSON.stringify(history)).not.toMatch(/bones|onerror|in the room/);
  }
  const bans = Object(await world.call("GET", "/admin/bans"));
  expect(bans.results).toMatchObject([{ client_id: "Spike", reason: "Spam" }]);
  await page.getByRole("button", { name: "Take the ban back" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Take the ban back" }).click();
  await page.getByRole("button", { name: "Ban", exact: true }).waitFor();
  expect(problemsOf(open)).toEqual([]);
});

test("by keyboard alone the owner recalls a message of a spammer", async () => {
  await spam("Butch", "Cheap fish");
  open = await visit(world);
  const { page } = open;
  await open.open("/console/users/Butch?tab=messages");
  await page.getByText("Cheap fish").waitFor();
  const tabTo = async (name: RegExp): Promise<void> => {
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press("Tab");
      const focused = await page.evaluate(FOCUSED);
      if (name.test(String(focused))) return;
    }
    throw new Error(`Tab does not reach ${name}`);
  };
  await tabTo(/^Select all 2 shown/);
  await page.keyboard.press("Space");
  await tabTo(/^Recall$/);
  await page.keyboard.press("Enter");
  await page.getByRole("alertdialog").waitFor();
  await tabTo(/^Recall$/);
  await page.keyboard.press("Enter");
  await page.getByText("2 messages recalled").waitFor();
  expect(problemsOf(open)).toEqual([]);
});

test("the owner signs Tom out, whose SDK closes, and nobody else", async () => {
  const [tom, tuffy] = [
    await logInWithSdk(world, "Tom", { tag: "Mobile" }),
    await logInWithSdk(world, "Tuffy"),
  ];
  const closed = next(tom, "close");
  open = await visit(world);
  const { page } = open;
  await open.open("/console/users?which=online");
  await page.getByRole("link", { name: "Tom", exact: true }).click();
  await page.getByText("js/5.0.0-rc.8").waitFor();
  await page.getByText("Mobile", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.getByLabel("Reason").fill("bedtime");
  await picture(page, "user-sign-out");
  await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  expect((await closed)[0]).toMatchObject({ code: 4115 });
  await page.getByText("Offline: no device is connected.").waitFor();
  expect(await tuffy.ping(["Tom", "Tuffy"])).toEqual(["Tuffy"]);
  await tuffy.close();
  expect(problemsOf(open)).toEqual([]);
});

test("the owner recalls more messages than one page shows, and is told which are not loaded", async () => {
  const saying = Array.from({ length: 130 }, (_, number) =>
    say(`/1.2/rtm/conversations/${conversation}`, "Topsy", `Cheap milk ${number}`),
  );
  await Promise.all(saying);
  const path = "/1.2/rtm/clients/Topsy/messages?limit=200";
  await expect.poll(() => world.call("GET", path), { timeout: 20_000 }).toHaveLength(130);
  open = await visit(world);
  const { page } = open;
  await open.open("/console/users/Topsy?tab=messages");
  await page.getByText("Older messages are not loaded, and so not selected.").waitFor();
  await page.getByText(/^(Complete up to|The archive has just started)/).waitFor();
  await page.getByRole("button", { name: "Load up to 2,000 older ones" }).click();
  await page.getByLabel("Select all 130 shown").check();
  await page.getByRole("button", { name: "Recall", exact: true }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Recall" }).click();
  await page.getByText("130 messages recalled").waitFor();
  expect(problemsOf(open)).toEqual([]);
});

test("a client's page shows the account with its id, where accounts live here", async () => {
  await world.call("PATCH", "/admin/settings", { users: { where: "here" } });
  const account = { username: "Toodles", password: "cheese", email: "toodles@example.com" };
  const id = await created("/1.1/users", account);
  open = await visit(world);
  const { page } = open;
  await open.open(`/console/users/${id}`);
  await page.getByText("Toodles", { exact: true }).waitFor();
  await page.getByText("toodles@example.com").waitFor();
  await page.getByRole("link", { name: "Find it among the accounts" }).click();
  await page.getByRole("link", { name: "Toodles" }).waitFor();
  expect(problemsOf(open)).toEqual([]);
});

test("the owner finds out why a signature is refused", async () => {
  open = await visit(world);
  const { page } = open;
  await open.open("/console/users?tab=signature&client=Tom");
  const time = Date.now();
  const sign = (text: string) => createHmac("sha1", keys.MASTER_KEY).update(text).digest("hex");
  await page.getByLabel("Signature", { exact: true }).fill(sign(`${keys.APP_ID}:Jerry::${time}:n0nce`));
  await page.getByLabel("Timestamp").fill(String(time));
  await page.getByLabel("Nonce").fill("n0nce");
  await page.getByRole("button", { name: "Check" }).click();
  await page.getByText("It is refused").waitFor();
  await page.getByText(`${keys.APP_ID}:Tom::${time}:n0nce`).waitFor();
  await picture(page, "signature-refused");
  expect(await barriers(page)).toEqual([]);
  await page.getByLabel("Signature", { exact: true }).fill(sign(`${keys.APP_ID}:Tom::${time}:n0nce`));
  await page.getByRole("button", { name: "Check" }).click();
  await page.getByText("It counts").waitFor();
  expect(problemsOf(open)).toEqual([]);
});

test("hostile ids are text, and a client that nobody knows is offline", async () => {
  open = await visit(world, { viewport: PHONE, dark: true });
  const { page } = open;
  await open.open(`/console/users/${encodeURIComponent(HOSTILE)}`);
  await page.getByRole("heading", { name: HOSTILE }).waitFor();
  await page.getByText("Devices online").waitFor();
  await picture(page, "user-phone-dark");
  expect(await barriers(page)).toEqual([]);
  await open.open("/console/users/nobody.at%2Fall");
  await page.getByText("Nobody knows this client").waitFor();
  await page.getByText("offline", { exact: true }).waitFor();
  expect(await barriers(page)).toEqual([]);
  expect(problemsOf(open)).toEqual([]);
});

test("the owner opens the page of a client whose id a browser would take for a step of the path", async () => {
  await world.call("POST", "/1.2/rtm/conversations", { name: "Dots", m: ["..", "Tom"] });
  open = await visit(world);
  const { page } = open;
  await open.open("/console/users/%252E%252E");
  await page.getByRole("heading", { name: "..", exact: true }).waitFor();
  await page.getByText("Offline: no device is connected.").waitFor();
  await world.call("POST", "/admin/bans", { client_ids: [".."], reason: "dots" });
  await page.reload();
  await page.getByText("banned", { exact: true }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/console/users/%252E%252E");
  expect(problemsOf(open)).toEqual([]);
});
