/** @module-tag python */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EngineProcess, startEngine } from "../hooks/engine-process.ts";
import { sdk5 } from "../sdk/sdk.ts";
import { useTestApp } from "../sdk/test-app.ts";
import { tomAndJerry } from "../sdk/tom-and-jerry.ts";
import { next } from "../sdk/waiting.ts";
import { environmentOf, installPython, PYTHON } from "./python.ts";

/* An app's hooks on the official Python engine. */

const app = useTestApp({}, { appId: "parley-dev" });

let engine: EngineProcess;
beforeAll(async () => {
  await installPython();
  engine = await startEngine({
    program: PYTHON,
    script: join(import.meta.dirname, "engine.py"),
    env: { ...environmentOf(app()), LEANCLOUD_APP_HOOK_KEY: "the-hook-key" },
  });
  await app().configure({ hooks: { url: engine.url, key: "the-hook-key", timeoutMs: 15_000 } });
}, 400_000);
afterAll(() => engine?.stop());

describe("an engine on the Python SDK 3.0.2", () => {
  test("[H-01] an engine on the Python SDK 3.0.2 drops and rewrites messages, lets others pass, and is called after they were sent", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    await expect(chat.send(new tom.sdk.TextMessage("come to my casino"))).rejects.toMatchObject({
      code: 4402,
      appCode: 7,
    });
    const polite = next(jerry.client, "message");
    await chat.send(new tom.sdk.TextMessage("rude"));
    expect((await polite)[0]).toMatchObject({ text: "polite" });
    const hello = next(jerry.client, "message");
    await chat.send(new tom.sdk.TextMessage("hello"));
    expect((await hello)[0]).toMatchObject({ text: "hello" });
    await expect
      .poll(() => engine.printed.filter((line) => line.includes("hello")), { timeout: 20_000 })
      .toHaveLength(1);
  });

  test("[H-01] an engine on the Python SDK 3.0.2 receives the documented parameters by name and no unnamed ones", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    const heard = next(jerry.client, "message");
    await chat.send(new tom.sdk.TextMessage("what do you see?"));
    const [message] = await heard;
    expect(JSON.parse("text" in message ? String(message.text) : "")).toEqual({
      fromPeer: tom.id,
      convId: chat.id,
      toPeers: [jerry.id],
      others: ["bin", "groupId", "receipt", "sourceIP", "system", "timestamp", "transient"],
    });
  });

  test("[H-05] an engine on the Python SDK 3.0.2 refuses a conversation", async () => {
    const { tom, jerry } = await tomAndJerry(app(), sdk5);
    const starting = tom.client.createConversation({ members: [jerry.id], name: "forbidden", unique: false });
    await expect(starting).rejects.toMatchObject({ code: 4305, appCode: 9, detail: `not for ${tom.id}` });
  });

  test("[H-11] an engine on the Python SDK 3.0.2 that has a bug changes nothing", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    const heard = next(jerry.client, "message");
    await chat.send(new tom.sdk.TextMessage("crash"));
    expect((await heard)[0]).toMatchObject({ text: "crash" });
  });
});
