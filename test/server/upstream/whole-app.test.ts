import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FileMessages, fileIn, fileMessagesOf } from "../sdk/file-messages.ts";
import { sdks } from "../sdk/sdk.ts";
import type { ImClient, SdkExports, SdkUser } from "../sdk/sdk-types.ts";
import { useTestApp } from "../sdk/test-app.ts";
import { next } from "../sdk/waiting.ts";
import { AppUpstream } from "./app-upstream.ts";

/*
 * A small app as people have it, all of it by one address: Parley, with users of its own, and behind it the app's server
 * with its classes and functions. Logins have to be signed.
 */

const require = createRequire(import.meta.url);
const app = useTestApp({ users: { where: "here" }, security: { signLogin: true } });

let upstream: AppUpstream;
beforeAll(async () => {
  upstream = new AppUpstream({ appId: app().keys.appId, masterKey: app().masterKey });
  await upstream.open();
  await app().configure({ hooks: { allowPrivate: true }, upstream: { url: upstream.url } });
});
afterAll(() => upstream?.close());

/** A copy of the storage SDK, since each has one user. */
function storage(): typeof import("leancloud-storage") {
  const entry = require.resolve("leancloud-storage");
  for (const path of Object.keys(require.cache)) {
    if (path.includes("leancloud-storage")) delete require.cache[path];
  }
  const AV = require(entry);
  AV.init({ ...app().keys, serverURL: app().url });
  return AV;
}

const picture = readFileSync(join(import.meta.dirname, "../../fixtures/media/still.png"));

interface Device {
  AV: typeof import("leancloud-storage");
  sdk: SdkExports;
  Messages: FileMessages;
  user: SdkUser;
  client: ImClient;
}

describe.each(sdks)("a whole app with the JavaScript SDK $version", (sdk) => {
  /** Signs up on one device, logs in on another, and into messaging as that user. */
  async function joined(name: string): Promise<Device> {
    const username = app().named(name);
    const first = storage();
    const signedUp = await first.User.signUp(username, "cheese", {});
    const AV = storage();
    const user = await AV.User.logIn(username, "cheese");
    const { id } = user;
    if (id === undefined || id !== signedUp.id) throw new Error(`another user: ${id}`);
    const device = await app().device(sdk);
    const known = Object.assign(user, { id });
    const Messages = fileMessagesOf(device, AV);
    return { AV, sdk: device.sdk, Messages, user: known, client: await device.logIn(known) };
  }

  test("people sign up, log in, chat as these users, send a picture, and keep rows of the app's own", async () => {
    const [tom, jerry] = [await joined("Tom"), await joined("Jerry")];
    expect(tom.client.id).toBe(tom.user.id);
    const heard = next(jerry.client, "message");
    const chat = await tom.client.createConversation({ members: [jerry.client.id] });
    await chat.send(new tom.sdk.TextMessage("hello"));
    expect((await heard)[0]).toMatchObject({ from: tom.user.id, text: "hello" });

    const seen = next(jerry.client, "message");
    const file = await new tom.AV.File("cat.png", picture, "image/png").save();
    await chat.send(new tom.Messages.ImageMessage(file));
    const shown = await fetch(fileIn((await seen)[0]).url());
    expect(shown.headers.get("Content-Type")).toBe("image/png");
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(picture);

    const todo = new tom.AV.Object("Todo");
    await todo.save({ title: "catch Jerry", chat: chat.id });
    const found = await new jerry.AV.Query("Todo").equalTo("chat", chat.id).find();
    expect(found.map((row) => [row.id, row.get("title")])).toEqual([[todo.id, "catch Jerry"]]);
    todo.set("title", "leave Jerry alone");
    await tom.AV.Object.saveAll([todo]);
    expect((await new jerry.AV.Query("Todo").get(todo.id ?? "")).get("title")).toBe("leave Jerry alone");
    const sessions = upstream.requests.map(({ headers }) => headers["x-lc-session"]);
    expect(sessions).toEqual(expect.arrayContaining([expect.any(String)]));
  });

  test("a client logs in with the signature that a cloud function makes", async () => {
    const AV = storage();
    const id = app().named("Spike");
    const signatureFactory = (clientId: string) => AV.Cloud.run("sign", { clientId });
    const spike = await app().logIn(sdk, id, { signatureFactory });
    expect(await spike.client.ping([id])).toEqual([id]);
    await expect(app().logIn(sdk, app().named("Butch"))).rejects.toMatchObject({ code: 4102 });
  });
});
