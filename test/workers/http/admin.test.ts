import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type LoggedEvent, sources } from "../../../src/http/sources.ts";
import { masterKeys, openWorld, world } from "../support/world.ts";
import { answering, ask } from "./ask.ts";

beforeAll(() => openWorld());

const done: unknown[] = [];
beforeEach(() => {
  done.length = 0;
  vi.spyOn(sources, "saveBan").mockImplementation(async (_, { clientId, reason }) => {
    done.push(["listed", clientId, reason]);
  });
  vi.spyOn(sources, "removeBan").mockImplementation(async (_, clientId) => {
    done.push(["unlisted", clientId]);
  });
});

const env = answering({
  clients: {
    ban: async (reason: string) => {
      done.push(["ban", reason]);
    },
    unban: async () => {
      done.push(["unban"]);
    },
  },
});

const to = (method: string, path: string, body?: object) =>
  ask(`http://im.example.com${path}`, {
    ...{ method, headers: masterKeys, env },
    ...(body && { body: JSON.stringify(body) }),
  });

describe("[X-22] bans", () => {
  test("count before they are listed", async () => {
    const response = await to("POST", "/admin/bans", { client_ids: ["Tom"], reason: "Spam" });
    expect(await response.json()).toEqual({});
    expect(done).toEqual([
      ["ban", "Spam"],
      ["listed", "Tom", "Spam"],
    ]);
  });

  test("are taken back", async () => {
    await to("DELETE", "/admin/bans", { client_ids: ["Tom", "Jerry"] });
    expect(done).toEqual([["unban"], ["unban"], ["unlisted", "Tom"], ["unlisted", "Jerry"]]);
  });

  test("are listed page by page", async () => {
    const page = Array.from({ length: 100 }, (_, at) => ({ clientId: `c${at}`, reason: "", at: 0 }));
    vi.spyOn(sources, "listBans").mockResolvedValueOnce(page).mockResolvedValueOnce(page.slice(0, 1));
    const first = await (await to("GET", "/admin/bans")).json();
    expect(first).toMatchObject({ next: "c99", results: { length: 100 } });
    expect(await (await to("GET", "/admin/bans?after=c99")).json()).toEqual({
      results: [{ client_id: "c0", reason: "", at: "1970-01-01T00:00:00.000Z" }],
    });
    expect(vi.spyOn(sources, "listBans").mock.calls.map(([, asked]) => asked.after)).toEqual([
      undefined,
      "c99",
    ]);
  });

  test.each([{}, { client_ids: [] }, { client_ids: Array.from({ length: 101 }, (_, at) => `c${at}`) }])(
    "%j is refused",
    async (body) => {
      expect((await to("POST", "/admin/bans", body)).status).toBe(400);
      expect(done).toEqual([]);
    },
  );
});

describe("[G-05] the event log", () => {
  test("is filtered by every field there is, page by page", async () => {
    const event: LoggedEvent = {
      ...{ id: "e1", at: 5, clientId: "Tom", conversationId: "c1", messageId: "m1" },
      name: "messageSent",
      detail: { online: ["Jerry"] },
    };
    const find = vi.spyOn(sources, "findEvents");
    find.mockResolvedValueOnce({ events: [event], next: { at: 5, id: "e1" } });
    const query = "event=messageSent&client_id=Tom&conv_id=c1&message_id=m1&from=1&until=9&limit=7";
    const first = await (await to("GET", `/admin/events?${query}`)).json<{ next: string }>();
    expect(first).toEqual({
      results: [
        {
          ...{ id: "e1", event: "messageSent", at: 5, client_id: "Tom", conv_id: "c1", message_id: "m1" },
          detail: { online: ["Jerry"] },
        },
      ],
      next: expect.any(String),
    });
    find.mockResolvedValueOnce({ events: [], next: undefined });
    const cursor = encodeURIComponent(first.next);
    const last = await to("GET", `/admin/events?${query}&cursor=${cursor}`);
    expect(await last.json()).toEqual({ results: [] });
    const filter = {
      ...{ name: "messageSent", clientId: "Tom", conversationId: "c1", messageId: "m1" },
      ...{ from: 1, until: 9, limit: 7 },
    };
    expect(find.mock.calls).toEqual([
      [world.DB, { ...filter, before: undefined }],
      [world.DB, { ...filter, before: { at: 5, id: "e1" } }],
    ]);
  });

  test.each(["event=nope", "cursor=x", "from=x", "limit=x"])("%s is refused", async (query) => {
    expect((await to("GET", `/admin/events?${query}`)).status).toBe(400);
  });
});
