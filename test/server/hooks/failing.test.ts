import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { sdk5 } from "../sdk/sdk.ts";
import type { Conversation, Message } from "../sdk/sdk-types.ts";
import { useTestApp } from "../sdk/test-app.ts";
import { tomAndJerry } from "../sdk/tom-and-jerry.ts";
import { eventually, next } from "../sdk/waiting.ts";
import { type AppEngine, contentOf, HOOK_KEY, startAppEngine } from "./app-engine.ts";

const app = useTestApp({}, { appId: "parley-dev" });

/** More than a hook takes that answers at all (ms). */
const SHORT = 1_000;
/** No test waits for it (ms). */
const LONG = 15_000;

let engine: AppEngine;
beforeAll(async () => {
  engine = await startAppEngine(app());
  await app().configure({ hooks: { url: engine.url, key: HOOK_KEY, timeoutMs: SHORT } });
});
afterEach(() => app().configure({ hooks: { timeoutMs: SHORT, onFailure: null } }));
afterAll(() => engine?.stop());

const words = (message: Message) => ("text" in message ? message.text : undefined);
const said = async (view: Conversation) => (await view.queryMessages()).map(words);

describe("a hook without an answer", () => {
  test("[H-11] a message whose hook gives no answer is delivered as if there were no hook", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    const heard = next(jerry.client, "message");
    await chat.send(new tom.sdk.TextMessage("no answer"));
    expect(words((await heard)[0])).toBe("no answer");
  });

  test("[H-11] a message whose hook gives no answer is refused with 4402 if the owner wants that", async () => {
    const { tom, chat, view } = await tomAndJerry(app(), sdk5);
    await app().configure({ hooks: { onFailure: "refuse" } });
    await expect(chat.send(new tom.sdk.TextMessage("no answer"))).rejects.toMatchObject({ code: 4402 });
    expect(await said(view)).toEqual([]);
  });
});

describe("a slow hook", () => {
  test("[I2] while a hook is slow, messages of other members pass and the sender's own keep their order", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    await app().configure({ hooks: { timeoutMs: LONG } });
    const sent = ["after you", "and I am next"].map((text) => chat.send(new tom.sdk.TextMessage(text)));
    await engine.called("onIMMessageReceived", { fromPeer: tom.id });
    await view.send(new jerry.sdk.TextMessage("me first"));
    await Promise.all(sent);
    expect(await said(view)).toEqual(["me first", "thank you", "and I am next"]);
  });
});

// Takes its 5 seconds, and has nothing to do with whose SDK it is.
describe("an engine that is down for a while", () => {
  test("[H-11] [H-12] messages are delivered while the engine is down, and it decides again once it is back", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const send = (text: string) => chat.send(new tom.sdk.TextMessage(text));
    const outcome = (text: string) =>
      send(text).then(
        () => "sent",
        ({ code }) => code,
      );
    const refused = (code: unknown) => code === 4402;
    await app().configure({ hooks: { timeoutMs: LONG } });
    await eventually(() => outcome("casino"), refused);
    const waiting = send("no answer");
    await engine.called("onIMMessageReceived", { fromPeer: tom.id, content: contentOf("no answer") });
    await engine.kill();
    await waiting;
    const heard = next(jerry.client, "message", (message) => words(message) === "my casino");
    await send("my casino");
    await heard;
    expect((await said(view)).slice(-2)).toEqual(["no answer", "my casino"]);

    engine = await startAppEngine(app(), { port: engine.port });
    // Its list of hooks is requested again after 5 s at most.
    await eventually(() => outcome("casino"), refused);
    await send("rude");
    expect((await said(view)).at(-1)).toBe("polite");
  });
});
