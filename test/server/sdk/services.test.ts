import { describe, expect, test } from "vitest";
import { sdks } from "./sdk.ts";
import { AppService, serviceOf } from "./services.ts";
import { useTestApp } from "./test-app.ts";
import { viewOf } from "./tom-and-jerry.ts";
import { eventually, next, record } from "./waiting.ts";

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

  test(`[V-04] with the SDK ${sdk.version} a broadcast to everybody reaches who is online, and a newcomer at the first login`, async () => {
    const news = await AppService.create(app());
    const tom = await app().logIn(sdk, app().named("Tom"));
    const heard = next(tom.client, "message");
    const sent = await news.broadcastToAll("to all");
    const [message, conversation] = await heard;
    expect(message).toMatchObject({ id: sent.id, text: "to all", cid: news.id, from: "news" });
    expect(conversation).toMatchObject({ id: news.id, system: true });
    const mary = await app().logIn(sdk, app().named("Mary"));
    const service = await serviceOf(mary, news);
    await eventually(
      () => service.unreadMessagesCount,
      (unread) => unread === 1,
    );
    expect(service.lastMessage).toMatchObject({ id: sent.id, text: "to all" });
    await service.read();
    expect(await service.queryMessages({ limit: 10 })).toMatchObject([{ text: "to all" }]);
    await news.endBroadcast(sent.id);
    // Whoever has it keeps it; a newcomer finds nothing.
    const spike = await app().logIn(sdk, app().named("Spike"));
    expect(await (await serviceOf(spike, news)).queryMessages({ limit: 10 })).toEqual([]);
  });

  test(`[V-07] with the SDK ${sdk.version} a subscriber sees a broadcast edited and recalled, and a client what was for it alone`, async () => {
    const news = await AppService.create(app());
    const [tom, jerry] = [
      await app().logIn(sdk, app().named("Tom")),
      await app().logIn(sdk, app().named("Jerry")),
    ];
    await (await serviceOf(tom, news)).subscribe();
    const [toTom, toJerry] = [next(tom.client, "message"), next(jerry.client, "message")];
    const [everybodys, jerrys] = [await news.broadcast("helo"), await news.write([jerry.id], "your parcle")];
    await Promise.all([toTom, toJerry]);
    const tomsChanges = record(tom.client, "messageupdate");
    const updated = Promise.all([next(tom.client, "messageupdate"), next(jerry.client, "messageupdate")]);
    await news.edit(everybodys, "hello");
    await news.edit(jerrys, "your parcel", [jerry.id]);
    const [[toms], [theirs]] = await updated;
    expect(toms).toMatchObject({ id: everybodys.id, text: "hello" });
    expect(theirs).toMatchObject({ id: jerrys.id, text: "your parcel" });
    const recalled = Promise.all([next(tom.client, "messagerecall"), next(jerry.client, "messagerecall")]);
    await news.recall(everybodys);
    await news.recall(jerrys, [jerry.id]);
    expect((await recalled).map(([{ id }]) => id)).toEqual([everybodys.id, jerrys.id]);
    expect(tomsChanges.map(([{ id }]) => id)).toEqual([everybodys.id]);
    const [kept] = await (await serviceOf(tom, news)).queryMessages({ limit: 10 });
    expect(kept).toBeInstanceOf(tom.sdk.RecalledMessage);
  });

  test(`[V-08] who subscribed with the SDK ${sdk.version} is listed and counted over HTTP, until they unsubscribe`, async () => {
    const news = await AppService.create(app());
    const [tom, jerry] = [
      await app().logIn(sdk, app().named("Tom")),
      await app().logIn(sdk, app().named("Jerry")),
    ];
    for (const one of [tom, jerry]) await (await serviceOf(one, news)).subscribe();
    const row = { conv_id: news.id, timestamp: expect.any(Number) };
    const listed = [jerry, tom].map(({ id }) => ({ ...row, subscriber: id }));
    expect(await news.ask("GET", "subscribers")).toEqual(listed);
    expect(await news.ask("GET", "subscribers/count")).toEqual({ count: 2 });
    const servicesOf = (id: string) =>
      app().ask(`/1.2/rtm/clients/${id}/service-conversations`, { method: "GET" });
    expect(await servicesOf(tom.id)).toEqual([{ ...row, subscriber: tom.id }]);
    await (await serviceOf(tom, news)).unsubscribe();
    expect(await news.ask("GET", "subscribers")).toEqual([{ ...row, subscriber: jerry.id }]);
    expect(await servicesOf(tom.id)).toEqual([]);
  });
});
