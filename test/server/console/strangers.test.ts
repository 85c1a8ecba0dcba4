/** @module-tag chromium */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { People } from "../../../scripts/demo/people.ts";
import { type ConsoleWorld, keys, openConsoleWorld, picture, type Visit, visit } from "./support/console.ts";

/* What clients and their servers can fill is shown as text, whatever it is (G-01). */

const RUN = "globalThis.wasRun = 1";
/** Runs if it is taken for markup, an address or a template. */
const markup = `"><img src=x onerror="${RUN}"><svg onload="${RUN}">`;
const script = `</script><script>${RUN}</script>`;
const link = `javascript:${RUN}//`;
const odd = ["a/b?c#d%2f..", "\u202eevil", "\ud800x", "..", "=1+1|x", "{{x}}", " lead", "toString"];
const ids = [`<b onclick=${RUN}>`, link, ...odd];

let world: ConsoleWorld;
let open: Visit | undefined;
let id: string;
let messages: string[];
let people: People | undefined;

const created = async (row: object): Promise<string> =>
  Object(await world.call("POST", "/1.2/rtm/conversations", row)).objectId;

const say = async (from: string, message: unknown): Promise<string> =>
  Object(
    await world.call("POST", `/1.2/rtm/conversations/${id}/messages`, {
      from_client: from,
      message,
      push_data: { alert: markup, url: link },
    }),
  )["msg-id"];

beforeAll(async () => {
  world = await openConsoleWorld();
  await world.call("PATCH", "/admin/settings", { events: { logDays: 1 } });
  const attr = { [markup]: markup, [link]: { href: link, html: script } };
  id = await created({ name: markup, m: ids, c: ids[0], attr });
  for (const name of [script, link, "\u202eevil", "x".repeat(1_024)])
    await created({ name, m: ids, c: link });
  const deep = `{"_lctype":9,"a":${"[".repeat(14_000)}${"]".repeat(14_000)}}`;
  const file = (type: number, url: unknown) => ({
    _lctype: type,
    _lctext: markup,
    _lcfile: { url, metaData: { name: markup, format: script } },
  });
  const said = [
    { _lctype: -1, _lctext: markup },
    ...[link, ` ${link}`, `data:text/html,${script}`, markup, { href: link }, "//evil.example/x.png"].flatMap(
      (url) => [file(-2, url), file(-6, url)],
    ),
    { _lctype: -5, _lctext: script, _lcloc: { latitude: markup, longitude: { a: 1 } } },
    { _lctype: 7, _lctext: markup, [markup]: script },
    { _lctype: markup },
    { _lctype: null, _lctext: 5 },
    script,
    "[]",
    "null",
    deep,
    "x".repeat(30_000),
  ];
  messages = [];
  for (const message of said) messages.push(await say(link, message));
  const app = { appId: keys.APP_ID, appKey: keys.APP_KEY, server: world.server.url };
  people = await People.logIn(app, [link, `<b onclick=${RUN}>`]);
  await world.call("POST", "/admin/bans", { client_ids: [markup.slice(0, 60)], reason: markup });
  await world.call("POST", "/1.1/installations", {
    deviceType: "ios",
    deviceToken: "a".repeat(64),
    channels: ["Jerry", link],
    [`x${"y".repeat(20)}`]: markup,
  });
  await world.call("PUT", "/admin/moving/12345678", {
    command: "import",
    state: "stopped",
    started_at: Number.MAX_SAFE_INTEGER,
    source: markup,
    why: link,
  });
});
afterAll(async () => {
  await people?.leave();
  await world?.stop();
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail" && open) {
    console.error(open.problems, await open.page.locator("body").innerText());
    await picture(open.page, `failed-${task.name.slice(0, 40)}`);
  }
  await open?.close();
  open = undefined;
});

test("nothing that clients wrote runs in the console, leads elsewhere or keeps a page from showing", {
  timeout: 120_000,
}, async () => {
  open = await visit(world);
  const { page, problems } = open;
  const foreign: string[] = [];
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== world.server.url && protocol !== "data:" && protocol !== "blob:")
      foreign.push(request.url());
  });
  page.on("dialog", (dialog) => {
    foreign.push(dialog.message());
    void dialog.dismiss();
  });
  const user = (name: string) => `/console/users/${encodeURIComponent(name.toWellFormed())}`;
  const paths = [
    "/console",
    "/console/conversations",
    `/console/conversations/${id}`,
    `/console/conversations/${id}?tab=members`,
    `/console/conversations/${id}?tab=attributes`,
    ...messages.map((message) => `/console/conversations/${id}/messages/${encodeURIComponent(message)}`),
    "/console/users",
    ...[link, `<b onclick=${RUN}>`, "a/b?c#d%2f..", "\u202eevil", "toString"].map(user),
    "/console/events",
    "/console/events?tab=audit",
    "/console/push",
    "/console/push?tab=installations",
    "/console/settings",
    "/console/moving",
    `/console/conversations?q=${encodeURIComponent(markup)}`,
    `/console/${encodeURIComponent(markup)}`,
  ];
  for (const path of paths) {
    await open.open(path);
    await expect.poll(() => page.locator(".loading").count(), { timeout: 10_000 }).toBe(0);
    await page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })");
    const wasRun = await page.evaluate("'wasRun' in globalThis");
    const handlers = await page.locator("main :is([onclick], [onerror], [onload], script)").count();
    expect([path, wasRun, handlers]).toEqual([path, false, 0]);
    const protocols = await page.evaluate("[...document.links].map(({ protocol }) => protocol)");
    expect([path, new Set(Object.values(Object(protocols)))]).toEqual([path, new Set(["http:"])]);
    // A client's id or a message that nobody has is no error of the page.
    const errors = problems.filter((problem) => !/status of 40[04]/.test(problem));
    expect([path, errors]).toEqual([path, []]);
  }
  expect(foreign).toEqual([]);
  await picture(page, "strangers");
});
