import { describe, expect, test } from "vitest";
import { sdks } from "./sdk.ts";
import type { ServiceConversation } from "./sdk-types.ts";
import { type Person, useTestApp } from "./test-app.ts";
import { viewOf } from "./tom-and-jerry.ts";
import { eventually, next } from "./waiting.ts";

const app = useTestApp();

const SERVICES = "/1.2/rtm/service-conversations";

/** A service conversation of the app's server. */
async function newService(): Promise<string> {
  const made = await app().ask(SERVICES, { method: "POST", body: { name: "News" } });
  return String(Object.entries(made ?? {}).find(([key]) => key === "objectId")?.[1]);
}

const tell = (id: string, path: string, body: object) =>
  app().ask(`${SERVICES}/${id}/${path}`, { method: "POST", body: { from_client: "news", ...body } });

const text = (words: string) => JSON.stringify({ _lctype: -1, _lctext: words });

async function serviceOf(person: Person, id: string): Promise<ServiceConversation> {
  const view = await viewOf(person, { id });
  if (!isService(view)) throw new Error("the SDK takes it for another kind");
  return view;
}

const isService = (view: object): view is ServiceConversation => "subscribe" in view;

describe.each(sdks)("service conversations in the JavaScript SDK $version", (sdk) => {
  test(`[V-01] [V-02] [V-03] [V-05] with the SDK ${sdk.version} people subscribe, hear broadcasts and what is for them, and answer`, async () => {
    const id = await newService();
    const tom = await app().logIn(sdk, app().named("Tom"));
    const jerry = await app().logIn(sdk, app().named("Jerry"));
    const service = await serviceOf(tom, id);
    await service.subscribe();
    const heard = next(tom.client, "message");
    await tell(id, "broadcasts", { message: text("hello, all") });
    expect((await heard)[0]).toMatchObject({ text: "hello, all", cid: id, from: "news" });
    const told = next(jerry.client, "message");
    await tell(id, "messages", { message: text("your parcel"), to_clients: [jerry.id] });
    expect((await told)[0]).toMatchObject({ text: "your parcel", cid: id });
    await service.send(new tom.sdk.TextMessage("thank you"));
    expect(await service.queryMessages({ limit: 10 })).toMatchObject([
      { text: "hello, all" },
      { text: "thank you" },
    ]);
    const theirs = await serviceOf(jerry, id);
    expect(await theirs.queryMessages({ limit: 10 })).toMatchObject([{ text: "your parcel" }]);
    await service.unsubscribe();
    const count = () => app().ask(`${SERVICES}/${id}/subscribers/count`, { method: "GET" });
    expect(await count()).toEqual({ count: 0 });
  });

  test(`[V-02] [Y-10] with the SDK ${sdk.version} a subscriber that was away is told how many broadcasts are unread`, async () => {
    const id = await newService();
    const name = app().named("Tom");
    const tom = await app().logIn(sdk, name);
    await (await serviceOf(tom, id)).subscribe();
    await tom.client.close();
    for (const words of ["one", "two"]) await tell(id, "broadcasts", { message: text(words) });
    const again = await app().logIn(sdk, name);
    const service = await viewOf(again, { id });
    await eventually(
      async () => service.unreadMessagesCount,
      (unread) => unread === 2,
    );
    await service.read();
  });
});
