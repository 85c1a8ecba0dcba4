/** @module-tag php */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sdk5 } from "../sdk/sdk.ts";
import { useTestApp } from "../sdk/test-app.ts";
import { tomAndJerry } from "../sdk/tom-and-jerry.ts";
import { next } from "../sdk/waiting.ts";

const app = useTestApp({}, { appId: "parley-dev" });

let engine: { url: string; stop(): Promise<void> };
beforeAll(async () => {
  engine = await startPhp();
  await app().configure({ hooks: { url: engine.url, timeoutMs: 15_000 } });
});
afterAll(() => engine?.stop());

/** PHP's own server on a free port, with the engine. */
async function startPhp() {
  const child = spawn("php", ["-S", "127.0.0.1:0", join(import.meta.dirname, "engine.php")], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...process.env,
      LEANCLOUD_APP_ID: app().keys.appId,
      LEANCLOUD_APP_KEY: app().keys.appKey,
      LEANCLOUD_APP_MASTER_KEY: app().masterKey,
    },
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`PHP left with ${code}`)));
    createInterface(child.stderr).on("line", (line) => {
      const started = /Development Server \((http:\S+)\) started/.exec(line)?.[1];
      if (started !== undefined) resolve(started);
    });
  });
  const stop = async () => {
    const gone = once(child, "exit");
    child.kill();
    await gone;
  };
  return { url, stop };
}

test("[H-13] an engine in PHP, which checks the signature of hooks alone, decides about messages without any setting", async () => {
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
});
