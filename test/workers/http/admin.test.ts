import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { AppEvent } from "../../../src/hooks/events.ts";
import { sources } from "../../../src/http/sources.ts";
import { masterKeys, openWorld, world } from "../support/world.ts";
import { answering, ask } from "./ask.ts";

beforeAll(() => openWorld());

const done: unknown[] = [];
beforeEach(() => {
  done.length = 0;
  vi.spyOn(sources, "saveBans").mockImplementation(async (_, bans) => {
    done.push(["listed", bans.map(({ clientId, reason }) => [clientId, reason])]);
  });
  vi.spyOn(sources, "removeBans").mockImplementation(async (_, clientIds) => {
    done.push(["unlisted", clientIds]);
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
      ["listed", [["Tom", "Spam"]]],
    ]);
  });

  test("are taken back", async () => {
    await to("DELETE", "/admin/bans", { client_ids: ["Tom", "Jerry"] });
    expect(done).toEqual([["unban"], ["unban"], ["unlisted", ["Tom", "Jerry"]]]);
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
  test("is filtered by every field there is, and bytes in it are Base64", async () => {
    const event: AppEvent = {
      ...{ id: "e1", at: 5, messageId: "m1", conversationId: "c1", from: "Tom" },
      name: "messageSent",
      ...{ content: new Uint8Array([0, 255]), timestamp: 5, address: undefined, transient: false },
      ...{ receipt: false, online: ["Jerry"], offline: [] },
    };
    vi.spyOn(sources, "findEvents").mockResolvedValue({ events: [event], cursor: "next" });
    const query =
      "event=messageSent&client_id=Tom&conv_id=c1&message_id=m1&from=1&until=9&cursor=here&limit=7";
    const response = await to("GET", `/admin/events?${query}`);
    expect(await response.json()).toMatchObject({
      results: [{ id: "e1", name: "messageSent", content: "AP8=", online: ["Jerry"] }],
      next: "next",
    });
    expect(vi.spyOn(sources, "findEvents").mock.calls).toEqual([
      [
        world.DB,
        {
          ...{ name: "messageSent", clientId: "Tom", conversationId: "c1", messageId: "m1" },
          ...{ from: 1, until: 9, cursor: "here", limit: 7 },
        },
      ],
    ]);
  });

  test.each(["event=nope", "from=x", "limit=x"])("%s is refused", async (query) => {
    expect((await to("GET", `/admin/events?${query}`)).status).toBe(400);
  });
});
