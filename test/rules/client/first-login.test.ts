import { expect, test, vi } from "vitest";
import { clientTables } from "../../../src/client/client-tables.ts";
import { FirstLogin } from "../../../src/client/first-login.ts";
import { Inbox } from "../../../src/client/inbox.ts";
import { SubscribedServices } from "../../../src/client/subscribed-services.ts";
import { catchUpModes } from "../../../src/protocol/link-controls.ts";
import { MemorySql } from "../../support/sqlite.ts";

const fresh = { unread: undefined, reads: undefined, patches: undefined };

/** Jerry's object, and D1 with pages of what Jerry is a member of. */
function jerrys(...pages: string[][]) {
  const sql = new MemorySql();
  const page = (at: number) => ({ conversations: pages[at] ?? [], more: at < pages.length - 1 });
  const services = {
    now: () => 1_000_000,
    registerClient: vi.fn(async (_client: string) => ({ ...page(0), subscribed: [] })),
    conversationsAfter: vi.fn(async (_client: string, last: string) =>
      page(1 + pages.findIndex((ids) => ids.at(-1) === last)),
    ),
    retryAfter: vi.fn(),
  };
  const begin = () => {
    const tables = clientTables(sql);
    return new FirstLogin(tables, new Inbox(tables), new SubscribedServices(tables), services);
  };
  return {
    services,
    begin,
    news: () => new Inbox(clientTables(sql)).newsFor(catchUpModes.COUNTS, fresh).sort(),
  };
}

test("all conversations of a client may have news at the first login, over any number of pages", async () => {
  const { begin, news, services } = jerrys(["a", "b"], ["c", "d"], ["e"]);
  expect(await begin().look("jerry", {})).toEqual(["a", "b", "c", "d", "e"]);
  expect(news()).toEqual(["a", "b", "c", "d", "e"]);
  expect(services.conversationsAfter.mock.calls).toEqual([
    ["jerry", "b"],
    ["jerry", "d"],
  ]);
});

test("[I9] the first login is done once, also after the object hibernated", async () => {
  const { begin } = jerrys([]);
  expect(begin().isDone).toBe(false);
  await begin().look("jerry", {});
  expect(begin().isDone).toBe(true);
});

test("a first login during which D1 fails keeps what was found and is done again", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const { begin, news, services } = jerrys(["a"], ["b"]);
  services.conversationsAfter.mockRejectedValueOnce(new Error("D1 is down"));
  const first = begin();
  expect(await first.look("jerry", {})).toEqual(["a"]);
  expect([first.isDone, services.retryAfter.mock.calls.length]).toEqual([false, 1]);
  expect(await first.look("jerry", {})).toEqual(["a", "b"]);
  expect([first.isDone, news()]).toEqual([true, ["a", "b"]]);
});
