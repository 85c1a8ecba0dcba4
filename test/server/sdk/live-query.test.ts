import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { sdk5 } from "./sdk.ts";
import type { Realtime } from "./sdk-types.ts";
import { useTestApp } from "./test-app.ts";
import { viewOf } from "./tom-and-jerry.ts";
import { next } from "./waiting.ts";

const require = createRequire(import.meta.url);
const app = useTestApp();

interface LiveStorage {
  init(options: object): void;
  Query: new (className: string) => { subscribe(): Promise<unknown> };
}

/** A copy of the storage SDK with live queries, on the socket of a client. */
function liveStorage(realtime: Realtime): LiveStorage {
  const entry = require.resolve("leancloud-storage/live-query");
  for (const path of Object.keys(require.cache))
    if (path.includes("leancloud-storage")) delete require.cache[path];
  const AV: LiveStorage = require(entry);
  AV.init({ ...app().keys, serverURL: app().url, realtime });
  return AV;
}

describe("live queries of the storage SDK on a socket of the JavaScript SDK", () => {
  test("a live query is refused with a reason, and the client on its socket chats on", async () => {
    const { LiveQueryPlugin } = require("leancloud-realtime-plugin-live-query");
    const tom = await app().logIn(sdk5, app().named("Tom"), { plugins: [LiveQueryPlugin] });
    const jerry = await app().logIn(sdk5, app().named("Jerry"));
    const chat = await tom.client.createConversation({ members: [jerry.id] });
    const view = await viewOf(jerry, chat);
    const AV = liveStorage(tom.realtime);
    await expect(new AV.Query("Todo").subscribe()).rejects.toMatchObject({
      code: 404,
      rawMessage: expect.stringContaining("LiveQuery"),
    });
    const heard = next(tom.client, "message");
    await view.send(new jerry.sdk.TextMessage("still there?"));
    expect((await heard)[0]).toMatchObject({ text: "still there?" });
    const answered = next(jerry.client, "message");
    await chat.send(new tom.sdk.TextMessage("yes"));
    expect((await answered)[0]).toMatchObject({ text: "yes" });
  });
});
