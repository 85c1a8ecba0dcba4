import { describe, expect, test } from "vitest";
import { sdks } from "./sdk.ts";
import { AppService, serviceOf } from "./services.ts";
import { useTestApp } from "./test-app.ts";
import { viewOf } from "./tom-and-jerry.ts";
import { eventually, next } from "./waiting.ts";

const app = useTestApp();

describe.each(sdks)("service conversations in the JavaScript SDK $version", (sdk) => {
  test(`[V-01] [V-02] [V-03] [V-05] with the SDK ${sdk.version} people subscribe, hear broadcasts and what is for them, and answer`, async () => {
    const news = await AppService.create(app());
    const tom = await app().logIn(sdk, app().named("Tom"));
    const jerry = await app().logIn(sdk, app().named("Jerry"));
    const service = await serviceOf(tom, news);
    await service.subscribe();
    const heard = next(tom.client, "message");
    await news.broadcast("hello, all");
    expect((await heard)[0]).toMatchObject({ text: "hello, all", cid: news.id, from: "news" });
    const told = next(jerry.client, "message");
    await news.write([jerry.id], "your parcel");
    expect((await told)[0]).toMatchObject({ text: "your parcel", cid: news.id });
    await service.send(new tom.sdk.TextMessage("thank you"));
    expect(await service.queryMessages({ limit: 10 })).toMatchObject([
      { text: "hello, all" },
      { text: "thank you" },
    ]);
    const theirs = await serviceOf(jerry, news);
    expect(await theirs.queryMessages({ limit: 10 })).toMatchObject([{ text: "your parcel" }]);
    await service.unsubscribe();
    expect(await news.ask("GET", "subscribers/count")).toEqual({ count: 0 });
  });

  test(`[V-02] [Y-10] with the SDK ${sdk.version} a subscriber that was away is told how many broadcasts are unread`, async () => {
    const news = await AppService.create(app());
    const name = app().named("Tom");
    const tom = await app().logIn(sdk, name);
    await (await serviceOf(tom, news)).subscribe();
    await tom.client.close();
    for (const words of ["one", "two"]) await news.broadcast(words);
    const again = await app().logIn(sdk, name);
    const service = await viewOf(again, news);
    await eventually(
      async () => service.unreadMessagesCount,
      (unread) => unread === 2,
    );
    await service.read();
  });
});
