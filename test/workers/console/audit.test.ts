import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { dropAuditBefore } from "../../../src/database/audit.ts";
import { ask } from "../http/ask.ts";
import { conversationOf, done, rest } from "../support/rest.ts";
import { appKeys, configure, http, masterKeys, openWorld, world } from "../support/world.ts";
import { askConsole, byConsole, signedIn } from "./console.ts";

/* Who changed what with the rights of the owner (G-01). */

beforeAll(() => openWorld({ console: { enabled: true } }));
beforeEach(() => world.DB.prepare("DELETE FROM audit").run());

interface Entry {
  who: string;
  address: string | null;
  action: string;
  target: string;
  before: unknown;
  after: unknown;
  status: number | null;
}

const log = async (query = "") =>
  (await done<{ results: Entry[]; next?: string }>("GET", `/admin/audit${query}`)).results;

const patch = (body: object, headers: Record<string, string> = masterKeys, env = {}) =>
  ask("https://im.example.com/admin/settings", { method: "PATCH", headers, body: JSON.stringify(body), env });

describe("[G-01] the audit log", () => {
  test("[G-01] a change of settings is in the audit log as it was and as it is, with who made it", async () => {
    const cookie = await signedIn();
    const headers = { ...byConsole, cookie, "cf-connecting-ip": "203.0.113.7" };
    await patch({ limits: { members: 7 } }, headers);
    expect(await log("?action=changeSettings")).toMatchObject([
      {
        who: "Tom",
        address: "203.0.113.7",
        target: "/admin/settings",
        before: { limits: { members: 500 } },
        after: { limits: { members: 7 } },
        status: 200,
      },
    ]);
    await patch({ limits: { members: null } });
    expect((await log("?who=API")).map(({ after }) => after)).toEqual([{ limits: { members: 500 } }]);
    expect((await log("?who=Tom")).map(({ action }) => action)).toEqual(["changeSettings", "signIn"]);
  });

  test("[G-01] the audit log tells that a secret was changed, and never the secret", async () => {
    await patch({ webhooks: { secret: "cheese-one" } });
    await patch({ webhooks: { secret: "cheese-two" } });
    const entries = await log();
    expect(entries[0]).toMatchObject({
      before: { webhooks: { secret: "***" } },
      after: { webhooks: { secret: "***" } },
    });
    const { results } = await world.DB.prepare("SELECT * FROM audit").all();
    expect(JSON.stringify(results)).not.toContain("cheese");
  });

  test("[G-01] what a command reports about a move is not in the audit log", async () => {
    await done("PUT", "/admin/moving/2f1c9a64", { command: "import", state: "running", started_at: 1 });
    expect(await log()).toEqual([]);
  });

  test("[G-01] a refused change is not in the audit log", async () => {
    expect((await patch({ limits: { members: 0 } })).status).toBe(400);
    expect((await patch({ limits: { members: 3 } }, appKeys)).status).toBe(401);
    expect((await patch({ limits: { members: 3 } }, { ...masterKeys, "if-match": '"old"' })).status).toBe(
      412,
    );
    expect(await log()).toEqual([]);
  });

  test("[G-01] a batch that saved something before it was refused is in the audit log", async () => {
    const headers = { ...byConsole, cookie: await signedIn() };
    const good = { deviceType: "ios", deviceToken: "b".repeat(64) };
    const requests = [good, { deviceType: 7 }].map((each) => {
      return { method: "POST", path: "/1.1/installations", body: each };
    });
    const body = JSON.stringify({ requests });
    const refused = await askConsole("/1.1/batch/save", { method: "POST", headers, body });
    expect(refused.status).toBe(400);
    expect(await log("?action=saveBatch")).toMatchObject([{ who: "Tom", status: 400 }]);
    const { results } = await world.DB.prepare("SELECT * FROM audit").all();
    expect(JSON.stringify(results)).not.toContain("bbbb");
  });

  test("[G-01] what the console changes elsewhere is in the audit log, and what the app's server does is not", async () => {
    const id = await conversationOf(["Tom", "Jerry"]);
    const path = `/1.2/rtm/conversations/${id}/messages`;
    const body = JSON.stringify({ from_client: "Tom", message: "hello" });
    await rest("POST", path, { from_client: "Tom", message: "hello" });
    expect(await log()).toEqual([]);
    const cookie = await signedIn();
    const sent = await askConsole(path, { method: "POST", headers: { ...byConsole, cookie }, body });
    expect(sent.status).toBe(200);
    const [entry] = await log();
    expect(entry).toMatchObject({ who: "Tom", action: "sendMessage", target: path, before: null });
    expect(entry?.after).toMatchObject({ from_client: "Tom", message: "hello" });
    await askConsole("/1.2/rtm/clients/check-online", {
      method: "POST",
      headers: { ...byConsole, cookie },
      body: '{"client_ids":["Tom"]}',
    });
    expect((await log()).length).toBe(2);
  });

  test("[G-01] bans, word lists and keys are in the audit log", async () => {
    await done("POST", "/admin/bans", { client_ids: ["Spike"], reason: "Spam" });
    await rest("PUT", "/admin/keywords", "cheese\n", { "content-type": "text/plain" });
    await done("DELETE", "/admin/bans", { client_ids: ["Spike"] });
    await rest("DELETE", "/admin/keywords");
    const entries = await log();
    expect(entries.map(({ action }) => action)).toEqual([
      "removeKeywords",
      "unban",
      "replaceKeywords",
      "ban",
    ]);
    expect(entries[2]?.after).toMatchObject({ words: 1 });
    expect(entries[3]?.after).toEqual({ client_ids: ["Spike"], reason: "Spam" });
  });

  test("[G-01] nothing is changed where the audit log cannot be written", async () => {
    const prepare = (query: string) => {
      if (/insert into .audit/i.test(query)) throw new Error("full");
      return world.DB.prepare(query);
    };
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const DB = new Proxy(world.DB, {
      get: (db, name) => (name === "prepare" ? prepare : Reflect.get(db, name)),
    });
    expect((await patch({ limits: { members: 9 } }, masterKeys, { DB })).status).toBe(503);
    const settings = await done<{ limits: { members: number } }>("GET", "/admin/settings");
    expect(settings.limits.members).not.toBe(9);
  });

  test("[G-01] a change whose outcome could not be written is in the audit log without one", async () => {
    const prepare = (query: string) => {
      if (/update .audit/i.test(query)) throw new Error("full");
      return world.DB.prepare(query);
    };
    const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const DB = new Proxy(world.DB, {
      get: (db, name) => (name === "prepare" ? prepare : Reflect.get(db, name)),
    });
    expect((await patch({ limits: { members: 9 } }, masterKeys, { DB })).status).toBe(200);
    expect(await log()).toMatchObject([{ action: "changeSettings", status: null }]);
    expect(said).toHaveBeenCalled();
    await configure({ limits: { members: null } });
  });

  test("[G-01] a page of the audit log ends early where entries are long, and nothing is left out", async () => {
    const insertion = world.DB.prepare(
      "INSERT INTO audit (at, id, who, action, target, after, status) VALUES (?, ?, 'Tom', 'ban', '/', ?, 200)",
    );
    const long = JSON.stringify("x".repeat(8_000));
    await world.DB.batch(Array.from({ length: 200 }, (_, at) => insertion.bind(at, `id-${at}`, long)));
    const enormous = JSON.stringify("x".repeat(600_000));
    await insertion.bind(200, "id-200", enormous).run();
    let cursor = "";
    const sizes: number[] = [];
    do {
      const query = `/admin/audit?limit=1000${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
      const page = await done<{ results: Entry[]; next?: string }>("GET", query);
      sizes.push(page.results.length);
      cursor = page.next ?? "";
    } while (cursor !== "");
    expect(sizes[0]).toBe(1);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(201);
    expect(Math.max(...sizes)).toBeLessThan(100);
  });

  test("[G-01] the audit log is read page by page, and old entries go", async () => {
    for (const members of [3, 4, 5]) await configure({ limits: { members } });
    const first = await done<{ results: Entry[]; next: string }>("GET", "/admin/audit?limit=2");
    const rest = await log(`?limit=2&cursor=${encodeURIComponent(first.next)}`);
    const members = [...first.results, ...rest].map(({ after }) => JSON.stringify(after));
    expect(members).toEqual([5, 4, 3].map((count) => `{"limits":{"members":${count}}}`));
    await dropAuditBefore(world.DB, Date.now() + 1);
    expect(await log()).toEqual([]);
    expect((await http("/admin/audit", { headers: appKeys })).status).toBe(401);
  });
});
