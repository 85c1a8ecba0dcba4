/** @module-tag java */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { useTestApp } from "../sdk/test-app.ts";
import { AppUpstream } from "../upstream/app-upstream.ts";
import { buildPhone, JavaClient, Phone } from "./phone.ts";

/* A small app on the official Java SDK, all of it by one address: Parley, and behind it the app's own server. */

const app = useTestApp({ users: { where: "here" }, security: { signLogin: true } });

let upstream: AppUpstream;
const phones: Phone[] = [];
beforeAll(async () => {
  await buildPhone();
  upstream = new AppUpstream({ appId: app().keys.appId, masterKey: app().masterKey });
  await upstream.open();
  await app().configure({ hooks: { allowPrivate: true }, upstream: { url: upstream.url } });
}, 400_000);
afterEach(() => Promise.all(phones.splice(0).map((one) => one.kill())));
afterAll(() => upstream?.close());

async function phone(): Promise<Phone> {
  const one = await Phone.start({ url: app().url, ...app().keys });
  phones.push(one);
  return one;
}

/** Signs up on a phone, logs in on another, and into messaging as that user. */
async function joined(name: string): Promise<JavaClient> {
  const account = { username: app().named(name), password: "cheese" };
  const first = await phone();
  const signedUp = await first.ask("sign up", account);
  const one = await phone();
  const id = await one.ask("log in", account);
  expect(id).toBe(signedUp);
  await one.ask("open as user");
  return new JavaClient(one, String(id));
}

describe("a whole app with the Java SDK 6.0.5", () => {
  test("people sign up, log in, chat as these users, send a picture, and keep rows of the app's own", async () => {
    const [tom, jerry] = [await joined("Tom"), await joined("Jerry")];
    const { conversation } = await tom.ask("create", { members: [jerry.id], name: "Tom and Jerry" });
    await jerry.next("invited", (heard) => heard.conversation === conversation);
    await tom.say(conversation, "hello");
    expect(await jerry.next("message")).toMatchObject({ from: tom.id, text: "hello" });

    const picture = readFileSync(join(import.meta.dirname, "../../fixtures/media/still.png"));
    const file = { kind: "image", name: "cat.png", bytes: picture.toString("base64") };
    await tom.ask("send", { conversation, file });
    const seen = await jerry.next("message", (heard) => heard.file !== undefined);
    const shown = await fetch(seen.file?.url ?? "");
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(picture);

    await tom.plain("save", { class: "Todo", row: { title: "catch Jerry", chat: conversation } });
    const rows = await jerry.plain("rows", { class: "Todo", key: "chat", value: conversation });
    expect(rows).toEqual(["catch Jerry"]);
  });

  test("a cloud function answers through the app's one address", async () => {
    const one = await phone();
    const signed = await one.ask("call", { name: "sign", with: { clientId: "Spike" } });
    expect(signed).toMatchObject({ nonce: "a-nonce", signature: expect.stringMatching(/^[0-9a-f]{40}$/) });
  });
});
