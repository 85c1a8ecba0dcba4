/** @module-tag java */
import { afterAll, beforeAll, expect, test } from "vitest";
import { AppService } from "../sdk/services.ts";
import { useTestApp } from "../sdk/test-app.ts";
import { buildPhone, Phone } from "./phone.ts";

/* Service conversations with the official Java SDK. */

const app = useTestApp();

let toms: Phone;
let jerrys: Phone;
beforeAll(async () => {
  await buildPhone();
  const options = { url: app().url, ...app().keys };
  [toms, jerrys] = await Promise.all([Phone.start(options), Phone.start(options)]);
}, 400_000);
afterAll(() => Promise.all([toms?.kill(), jerrys?.kill()]));

const saying = (text: string) => (heard: { text?: string }) => heard.text === text;

/** Tom, who is subscribed to a service, and Jerry, who is not. */
async function tomAndJerry() {
  const news = await AppService.create(app());
  const tom = await toms.logIn(app().named("Tom"));
  const jerry = await jerrys.logIn(app().named("Jerry"));
  await tom.ask("subscribe", { conversation: news.id });
  return { news, tom, jerry };
}

test("[V-01] [V-02] [V-03] [V-05] with the Java SDK 6.0.5 people subscribe, hear what is for them, answer, and unsubscribe", async () => {
  const { news, tom, jerry } = await tomAndJerry();
  const { id: conversation } = news;
  expect(await news.ask("GET", "subscribers")).toMatchObject([{ subscriber: tom.id }]);
  await news.broadcast("hello, all");
  expect(await tom.next("message", saying("hello, all"))).toMatchObject({ conversation, from: "news" });
  await news.write([jerry.id], "your parcel");
  expect(await jerry.next("message", saying("your parcel"))).toMatchObject({ conversation, from: "news" });
  await tom.say(conversation, "thank you");
  const read = await tom.list("history", { conversation, limit: 10 });
  expect(read.map(({ text }) => text)).toEqual(["hello, all", "thank you"]);
  await tom.ask("quit", { conversation });
  await news.broadcast("to nobody");
  await news.write([tom.id], "to Tom");
  await tom.next("message", saying("to Tom"));
  expect(tom.heard("message").map(({ text }) => text)).toEqual(["hello, all", "to Tom"]);
  expect(jerry.heard("message").map(({ text }) => text)).toEqual(["your parcel"]);
});

test("[V-02] [V-04] [Y-10] with the Java SDK 6.0.5 a client is told at its login what is unread of services, and a newcomer of the broadcast to everybody", async () => {
  const { news, tom } = await tomAndJerry();
  await tom.plain("close");
  for (const words of ["one", "two"]) await news.broadcast(words);
  const again = await jerrys.logIn(tom.id);
  const unread = (count: number) => (heard: { conversation: string; unread: number }) =>
    heard.conversation === news.id && heard.unread === count;
  expect(await again.next("unread", unread(2))).toMatchObject({ last: { text: "two" } });
  const sent = await news.broadcastToAll("to all");
  await again.next("message", saying("to all"));
  const mary = await toms.logIn(app().named("Mary"));
  expect(await mary.next("unread", unread(1))).toMatchObject({ last: { text: "to all" } });
  await news.endBroadcast(sent.id);
});

test("[V-07] with the Java SDK 6.0.5 a subscriber sees a broadcast edited and recalled", async () => {
  const { news, tom } = await tomAndJerry();
  const sent = await news.broadcast("helo");
  await tom.next("message", saying("helo"));
  await news.edit(sent, "hello");
  expect(await tom.next("updated")).toMatchObject({ message: sent.id, text: "hello" });
  await news.recall(sent);
  expect(await tom.next("recalled")).toMatchObject({ message: sent.id });
});
