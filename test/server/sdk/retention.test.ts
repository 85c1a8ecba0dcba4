import { expect, test } from "vitest";
import { sdk5 } from "./sdk.ts";
import { useTestApp } from "./test-app.ts";
import { viewOf } from "./tom-and-jerry.ts";
import { eventually } from "./waiting.ts";

const app = useTestApp();
const DAY = 24 * 60 * 60_000;

test("[B-30] the JavaScript SDK pages back to where messages are kept, and counts and shows none from before", async () => {
  const [tom, jerry] = [app().named("Tom"), app().named("Jerry")];
  const objectId = "5f00000000000000000000a1";
  const begun = new Date(Date.now() - 30 * DAY).toISOString();
  const row = { objectId, m: [tom, jerry], c: tom, createdAt: begun, updatedAt: begun };
  await app().ask("/admin/import/conversations", { method: "POST", body: { results: [row] } });
  const ages = Array.from({ length: 12 }, (_, at) => 12 - at);
  const results = ages.map((age) => ({
    to: objectId,
    from: tom,
    "msg-id": `of-day-${age}`,
    timestamp: Date.now() - age * DAY,
    data: JSON.stringify({ _lctype: -1, _lctext: `${age} days ago` }),
  }));
  await app().ask("/admin/import/messages", { method: "POST", body: { results } });
  const unread = [{ conversation: objectId, client: jerry, unread: 12 }];
  await app().ask("/admin/import/unread", { method: "POST", body: { results: unread } });

  await app().configure({ retention: { messageDays: 5 } });
  const person = await app().logIn(sdk5, jerry);
  const view = await viewOf(person, { id: objectId });
  const kept = ["4 days ago", "3 days ago", "2 days ago", "1 days ago"];
  const texts = (messages: readonly unknown[]) =>
    messages.map((message) => (message as { text: string }).text);

  const pages = view.createMessagesIterator({ limit: 3 });
  const read = [await pages.next(), await pages.next(), await pages.next()];
  expect(read.map(({ value }) => texts(value))).toEqual([kept.slice(1), kept.slice(0, 1), []]);
  expect(read.map(({ done }) => done)).toEqual([false, true, true]);
  expect(texts(await view.queryMessages({ limit: 100, direction: 2 }))).toEqual(kept);
  await eventually(
    () => view.unreadMessagesCount,
    (count) => count === 4,
  );
  expect(view.lastMessage).toMatchObject({ text: "1 days ago" });

  await app().configure({ retention: { messageDays: 1 } });
  expect(await view.queryMessages()).toEqual([]);
  const [found] = await person.client
    .getQuery()
    .equalTo("objectId", objectId)
    .withLastMessagesRefreshed()
    .find();
  expect(found?.id).toBe(objectId);
  const sent = await view.send(new person.sdk.TextMessage("still here"));
  expect((await view.queryMessages()).map(({ id }) => id)).toEqual([sent.id]);
});
