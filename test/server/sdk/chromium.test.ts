/** @module-tag chromium */
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser, Page as Tab } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser } from "../../support/browser.ts";
import { sdks } from "./sdk.ts";
import { useTestApp } from "./test-app.ts";
import { eventually, next } from "./waiting.ts";

type InPage = typeof import("./page.ts");
type Call = <Name extends keyof InPage>(
  name: Name,
  ...args: Parameters<InPage[Name]>
) => Promise<Awaited<ReturnType<InPage[Name]>>>;

const app = useTestApp();

describe("realtime in Chromium", () => {
  let browser: Browser;
  let script: string;
  /** An origin of its own, as a web app has. */
  const web = createServer((_, response) =>
    response.setHeader("Content-Type", "text/html").end("<!doctype html>"),
  );
  let origin: string;

  beforeAll(async () => {
    const bundle = await build({
      entryPoints: [fileURLToPath(new URL("./page.ts", import.meta.url))],
      bundle: true,
      write: false,
      platform: "browser",
      format: "iife",
      globalName: "inPage",
    });
    script = bundle.outputFiles[0]?.text ?? "";
    await new Promise<void>((resolve) => web.listen(0, "localhost", resolve));
    const address = web.address();
    if (address === null || typeof address === "string") throw new Error("the web server has no port");
    origin = `http://localhost:${address.port}`;
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await new Promise((resolve) => web.close(resolve));
  });

  async function openTab(): Promise<{ tab: Tab; call: Call }> {
    const tab = await browser.newPage();
    await tab.goto(origin);
    await tab.addScriptTag({ content: script });
    return { tab, call: (name, ...args) => tab.evaluate(`inPage.${name}(...${JSON.stringify(args)})`) };
  }

  for (const noBinary of [false, true]) {
    test.each(sdks)(
      `[C-02] [B-09] [B-24] a page talks with SDK $version in Node${noBinary ? ", noBinary" : ""}`,
      async (sdk) => {
        const jerry = await app().logIn(sdk, app().named("Jerry"));
        const { tab, call } = await openTab();
        const tom = app().named("Tom");
        const options = { ...app().keys, server: app().url, noBinary };
        expect(await call("logIn", tom, options)).toBe(tom);

        const invited = next(jerry.client, "invited");
        const chat = await call("create", [jerry.id], "from a page");
        const [invitation, view] = await invited;
        expect(invitation).toEqual({ invitedBy: tom });
        expect(view).toMatchObject({ id: chat, name: "from a page" });

        const text = next(jerry.client, "message");
        const sentText = await call("sendText", chat, "héllo 猫");
        expect((await text)[0]).toMatchObject({ id: sentText.id, text: "héllo 猫" });
        const binary = next(jerry.client, "message");
        const sentBytes = await call("sendBytes", chat, [0, 127, 128, 255]);
        expect((await binary)[0]).toMatchObject({ id: sentBytes.id });

        const answers = [
          await view.send(new jerry.sdk.TextMessage("good to see you")),
          await view.send(new jerry.sdk.BinaryMessage(Uint8Array.of(255, 0, 1).buffer)),
        ];
        const heard = await eventually(
          () => call("messages"),
          (messages) => messages.length === 2,
        );
        expect(heard).toMatchObject([
          { id: answers[0]?.id, from: jerry.id, text: "good to see you" },
          { id: answers[1]?.id, from: jerry.id, bytes: [255, 0, 1] },
        ]);
        expect(await call("history", chat)).toEqual([sentText, sentBytes, ...heard]);

        await call("logOut");
        expect(await jerry.client.ping([tom])).toEqual([]);
        await tab.close();
      },
    );
  }
});
